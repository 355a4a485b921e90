//! Claim codes that nobody can guess.

use super::Checker;
use crate::{config::ConfigFile, yaml::Path};

/// Figures of a code for those who have an account, and for everybody.
const FIGURES: (usize, usize) = (6, 12);
const FIGURES_FOR_ALL: usize = 10;

/// A day.
const MOST_MINUTES: u64 = 24 * 60;

impl Checker<'_> {
    pub(in crate::config) fn claims(&mut self, file: &ConfigFile) {
        let claims = file.claims;
        let at = |key| Path::of(&["claims", key]);
        if !(FIGURES.0..=FIGURES.1).contains(&claims.figures) {
            self.wrong(&at("figures"), format!("must be from {} to {}", FIGURES.0, FIGURES.1), None);
        } else if claims.without_account && claims.figures < FIGURES_FOR_ALL {
            let hint = format!("set `claims.figures` to {FIGURES_FOR_ALL} or more");
            self.wrong(&at("without_account"), "so short a code can be guessed by everybody", Some(&hint));
        }
        if !(1..=MOST_MINUTES).contains(&claims.minutes) {
            self.wrong(&at("minutes"), format!("must be from 1 to {MOST_MINUTES}"), None);
        }
    }
}

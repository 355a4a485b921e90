//! Figures as they are read aloud in a language: numbers, dates, times, amounts, codes. The forms are data, the rules are these.

mod numbers;
mod rules;
mod table;

use serde::Deserialize;

pub use table::{Behind, Counted, Dates, Forms, Genders, Numbers, Own, Plural, Scale, Table, Times, Unit};

use crate::yaml::Path;

/// How figures are read aloud.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figures {
    /// The voice has rules of its own for the language.
    Voice,
    /// By a table of forms.
    Table(Box<Table>),
}

impl Figures {
    /// What is wrong with them: where, and what.
    pub(super) fn wrong(&self) -> Vec<(Path, String)> {
        match self {
            Self::Voice => Vec::new(),
            Self::Table(table) => table.wrong(&Path::of(&["figures", "table"])),
        }
    }

    /// A text with its figures in words; as it was, where the voice reads them.
    #[must_use]
    pub fn spoken(&self, text: &str) -> String {
        match self {
            Self::Voice => text.to_owned(),
            Self::Table(table) => rules::spoken(text, table),
        }
    }
}

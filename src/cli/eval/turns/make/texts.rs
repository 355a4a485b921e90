//! What synthetic callers say.

use anyhow::{Context, Result};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Expected, Part};

/// The list of the parts a and b; a bar is where somebody may pause.
const TEXTS: &str = include_str!("texts.yaml");
/// The list of the parts c and d.
const TEXTS_C: &str = include_str!("texts_c.yaml");
/// The list of part e.
const TEXTS_E: &str = include_str!("texts_e.yaml");
/// What is said over the bot's words in part f.
const TEXTS_F: &str = include_str!("texts_f.yaml");
/// The same in part g.
const TEXTS_G: &str = include_str!("texts_g.yaml");
/// The same in part h.
const TEXTS_H: &str = include_str!("texts_h.yaml");

#[derive(Debug, Deserialize)]
struct Lists {
    sentences: Vec<String>,
    numbers: Vec<String>,
    yes_no: Vec<String>,
    interruptions: Vec<String>,
    back_channels: Vec<String>,
    // The parts from c on have none of their own.
    #[serde(default)]
    romanian_interruptions: Vec<String>,
    #[serde(default)]
    romanian_back_channels: Vec<String>,
    #[serde(default)]
    bot: Vec<String>,
    #[serde(default)]
    romanian_bot: Vec<String>,
}

/// What is said over the bot's words alone.
#[derive(Debug, Deserialize)]
struct Over {
    interruptions: Vec<String>,
    back_channels: Vec<String>,
}

fn read<T: DeserializeOwned>(texts: &str, file: &str) -> Result<T> {
    let read = crate::yaml::read::<T>(texts, file).map_err(|mistake| anyhow::anyhow!("{mistake}"))?;
    read.value.with_context(|| format!("{file} cannot be read: {:?}", read.mistakes))
}

/// In which language somebody speaks over the bot's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    English,
    Romanian,
}

/// The list of one part.
pub(super) struct Texts(Lists);

impl Texts {
    pub(super) fn read(part: Part) -> Result<Self> {
        let mut lists = read::<Lists>(TEXTS, "texts.yaml")?;
        let younger = match part {
            Part::A | Part::B | Part::Practice => None,
            Part::C | Part::D => Some((TEXTS_C, "texts_c.yaml")),
            Part::E | Part::F | Part::G | Part::H => Some((TEXTS_E, "texts_e.yaml")),
        };
        if let Some((texts, file)) = younger {
            let Lists { sentences, numbers, yes_no, interruptions, back_channels, .. } = read::<Lists>(texts, file)?;
            let Over { interruptions, back_channels } = match part {
                Part::F => read(TEXTS_F, "texts_f.yaml")?,
                Part::G => read(TEXTS_G, "texts_g.yaml")?,
                Part::H => read(TEXTS_H, "texts_h.yaml")?,
                _ => Over { interruptions, back_channels },
            };
            return Ok(Self(Lists { sentences, numbers, yes_no, interruptions, back_channels, ..lists }));
        }
        let half = |list: &mut Vec<String>| {
            let mut index = 0;
            list.retain(|_| {
                index += 1;
                (index % 2 == 1) == (part == Part::A)
            });
        };
        for list in [&mut lists.sentences, &mut lists.numbers, &mut lists.yes_no, &mut lists.interruptions, &mut lists.back_channels] {
            half(list);
        }
        for list in [&mut lists.romanian_interruptions, &mut lists.romanian_back_channels, &mut lists.bot, &mut lists.romanian_bot] {
            half(list);
        }
        Ok(Self(lists))
    }

    /// A turn: of ten, seven are sentences, two are numbers of six digits, one is a yes or a no.
    pub(super) fn turn(&self, number: usize) -> (String, Expected) {
        let (list, expected) = match number % 10 {
            6 | 7 => (&self.0.numbers, Expected::Digits(6)),
            9 => (&self.0.yes_no, Expected::YesNo),
            _ => (&self.0.sentences, Expected::Sentence),
        };
        (list[(number / 10 * 7 + number % 10) % list.len()].clone(), expected)
    }

    pub(super) fn interruption(&self, number: usize, tongue: Tongue) -> String {
        nth(if tongue == Tongue::English { &self.0.interruptions } else { &self.0.romanian_interruptions }, number)
    }

    pub(super) fn back_channel(&self, number: usize, tongue: Tongue) -> String {
        nth(if tongue == Tongue::English { &self.0.back_channels } else { &self.0.romanian_back_channels }, number)
    }

    /// What the bot says meanwhile.
    pub(super) fn bot(&self, number: usize, tongue: Tongue) -> String {
        nth(if tongue == Tongue::English { &self.0.bot } else { &self.0.romanian_bot }, number)
    }
}

fn nth(list: &[String], number: usize) -> String {
    list[number % list.len()].clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_something_to_say_in_both_languages() {
        for part in [Part::A, Part::B, Part::C, Part::D, Part::E, Part::F, Part::G, Part::H] {
            let texts = Texts::read(part).unwrap();
            for tongue in [Tongue::English, Tongue::Romanian] {
                assert!(!texts.interruption(1, tongue).is_empty() && !texts.back_channel(1, tongue).is_empty());
            }
            assert!(!texts.turn(0).0.is_empty() && !texts.0.bot.is_empty() && !texts.0.romanian_bot.is_empty());
        }
    }
}

//! Scripts of conversations: plain lines, or a YAML list.
//!
//! ```yaml
//! - Where is my order?
//! - four five seven one two nine
//! - service: { status: shipped, expected: Tuesday }
//! - keys: "457129"
//! - silence
//! - nothing       # the service knows no such thing
//! - failed        # the service fails
//! - colleague: Yes, until Friday.
//! - unanswered: late   # the human who is asked does not answer: why
//! ```

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

use crate::{
    call::{
        event::{Failure, Found},
        flow::{rehearse::Cue, step::Consulted},
    },
    yaml,
};

/// Who answers in scripts.
const COLLEAGUE: &str = "Maria";

/// Reads a script. `name` is for mistakes.
pub(super) fn parse(text: &str, name: &str) -> Result<Vec<Cue>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    if !lines.clone().next().is_some_and(|first| first.starts_with("- ")) {
        return Ok(lines.map(|line| Cue::Says(line.to_owned())).collect());
    }
    let read = yaml::read::<Vec<Line>>(text, name).map_err(|mistake| anyhow!("{mistake}"))?;
    if let Some(mistake) = read.mistakes.first() {
        return Err(anyhow!("{mistake}"));
    }
    Ok(read.value.unwrap_or_default().into_iter().map(|line| line.0).collect())
}

/// One line of a script.
pub(super) struct Line(pub(super) Cue);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LineVisitor).map(Self)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Cue;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("what the caller says, `silence`, `nothing`, `failed`, or one of `keys:`, `service:`, `colleague:` and `unanswered:`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Cue, E> {
        Ok(match text {
            "silence" => Cue::Silence,
            "nothing" => Cue::Service(Ok(Found::Nothing)),
            "failed" => Cue::Service(Err(Failure::TimedOut)),
            said => Cue::Says(said.to_owned()),
        })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cue, E> {
        Ok(Cue::Says(number.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cue, A::Error> {
        match map.next_key::<String>()?.as_deref() {
            Some("keys") => Ok(Cue::Keys(map.next_value()?)),
            Some("service") => Ok(Cue::Service(Ok(Found::Fields { fields: map.next_value::<BTreeMap<String, String>>()? }))),
            Some("colleague") => {
                Ok(Cue::Colleague(Consulted::Answer { name: COLLEAGUE.to_owned(), text: map.next_value()?, choice: None }))
            }
            Some("unanswered") => Ok(Cue::Colleague(Consulted::Nothing(map.next_value()?))),
            Some(other) => Err(de::Error::unknown_field(other, &["keys", "service", "colleague", "unanswered"])),
            None => Err(de::Error::custom("an empty entry")),
        }
    }
}

//! Which flow takes which call.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize, de};

/// A flow for a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// The trunk, or the trunks, that the call comes in on; empty: any.
    #[serde(default)]
    pub trunk: TrunkNames,
    /// The number or SIP user that is called; `*` stands for anything.
    pub called: String,
    /// The caller's number or SIP user, with `*`; `anonymous` for withheld ones; empty: anybody.
    #[serde(default)]
    pub caller: Option<String>,
    /// When the route is open; empty: always.
    #[serde(default)]
    pub hours: Option<HoursConfig>,
    /// The flow file.
    pub flow: PathBuf,
    /// Flow files of other languages: the caller's first words decide.
    #[serde(default)]
    pub other_languages: Vec<PathBuf>,
}

impl RouteConfig {
    /// A route for a pattern, and nothing else.
    #[must_use]
    pub fn to(called: &str, flow: &str) -> Self {
        Self {
            trunk: TrunkNames::default(),
            called: called.to_owned(),
            caller: None,
            hours: None,
            flow: flow.into(),
            other_languages: Vec::new(),
        }
    }
}

/// A window of time on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursConfig {
    /// Days and ranges of days: "mon", "mon..fri"; empty: every day.
    #[serde(default)]
    pub days: Vec<String>,
    /// When it opens: a time of day.
    #[serde(default = "midnight")]
    pub from: String,
    /// When it closes; a time before `from` is on the next day.
    #[serde(default = "next_midnight")]
    pub to: String,
    /// Where these times are told: "Europe/Bucharest".
    pub time_zone: String,
}

fn midnight() -> String {
    "00:00".to_owned()
}

fn next_midnight() -> String {
    "24:00".to_owned()
}

/// Names of trunks: one, or a list. None: any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TrunkNames(pub Vec<String>);

impl<'de> Deserialize<'de> for TrunkNames {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> de::Visitor<'de> for NamesVisitor {
    type Value = TrunkNames;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a trunk, or a list of names")
    }

    fn visit_unit<E: de::Error>(self) -> Result<TrunkNames, E> {
        Ok(TrunkNames::default())
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<TrunkNames, E> {
        Ok(TrunkNames(vec![name.to_owned()]))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<TrunkNames, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = items.next_element()? {
            names.push(name);
        }
        Ok(TrunkNames(names))
    }
}

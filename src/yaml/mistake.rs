//! One thing that is wrong with a file, drawn with the line it is in.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, Report};
use serde::Serialize;

use crate::yaml::tree::Place;

/// One thing that is wrong with a file: where, what, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mistake {
    /// The file, as it was named.
    pub file: String,
    /// Where in it.
    #[serde(flatten)]
    pub place: Place,
    /// The keys that lead there ("nodes.ask_number.next").
    pub key: String,
    /// What is wrong, one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Mistake {
    /// The mistake drawn into the text of its file, for a terminal.
    #[must_use]
    pub fn draw(&self, source: &str) -> Report {
        Report::new(self.clone()).with_source_code(NamedSource::new(&self.file, source.to_owned()))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.place.line, self.place.column, self.message)?;
        if !self.key.is_empty() {
            write!(f, " (at {})", self.key)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistake {}

impl Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new(Some("here".to_owned()), self.place.offset, self.place.len))))
    }
}

/// The known name that is nearest to a mistyped one, if one is near.
#[must_use]
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count().max(typed.chars().count()) / 4)
        .min()
        .map(|(_, name)| name)
}

/// "did you mean …?", or the list of what is known.
#[must_use]
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(name) = nearest(typed, known.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let known: Vec<&str> = known.into_iter().collect();
    (!known.is_empty()).then(|| format!("known here: {}", known.join(", ")))
}

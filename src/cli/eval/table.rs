//! Right and wrong, by class.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

/// The class of what is none of them.
pub(super) const NONE: &str = "(none)";

/// What was meant and what was found, sentence by sentence.
#[derive(Debug, Default)]
pub(super) struct Table {
    pairs: Vec<(String, String)>,
}

/// The figures of one class.
#[derive(Debug, Serialize)]
struct Class {
    class: String,
    sentences: usize,
    recall: f64,
    precision: f64,
}

impl Table {
    /// Counts a sentence.
    pub(super) fn add(&mut self, meant: Option<&str>, found: Option<&str>) {
        self.pairs.push((meant.unwrap_or(NONE).to_owned(), found.unwrap_or(NONE).to_owned()));
    }

    /// The share of all sentences that were right.
    pub(super) fn accuracy(&self) -> Option<f64> {
        self.share(|_| true)
    }

    /// The same of those that are meant for some class.
    pub(super) fn in_scope(&self) -> Option<f64> {
        self.share(|meant| meant != NONE)
    }

    /// The share of what is none of the classes that was found to be none.
    pub(super) fn out_of_scope(&self) -> Option<f64> {
        self.share(|meant| meant == NONE)
    }

    /// The share of sentences for some class that were taken for another one.
    pub(super) fn mistaken(&self) -> Option<f64> {
        let inside: Vec<_> = self.pairs.iter().filter(|(meant, _)| meant != NONE).collect();
        ratio(inside.iter().filter(|(meant, found)| found != NONE && found != meant).count(), inside.len())
    }

    fn share(&self, of: impl Fn(&str) -> bool) -> Option<f64> {
        let chosen: Vec<_> = self.pairs.iter().filter(|(meant, _)| of(meant)).collect();
        ratio(chosen.iter().filter(|(meant, found)| meant == found).count(), chosen.len())
    }

    fn classes(&self) -> Vec<Class> {
        let names: BTreeSet<&str> = self.pairs.iter().flat_map(|(meant, found)| [meant.as_str(), found.as_str()]).collect();
        let count = |of: &dyn Fn(&(String, String)) -> bool| self.pairs.iter().filter(|pair| of(pair)).count();
        let class = |name: &str| {
            let right = count(&|(meant, found)| meant == name && found == name);
            let sentences = count(&|(meant, _)| meant == name);
            let found = count(&|(_, found)| found == name);
            Class {
                class: name.to_owned(),
                sentences,
                recall: ratio(right, sentences).unwrap_or_default(),
                precision: ratio(right, found).unwrap_or_default(),
            }
        };
        names.into_iter().map(class).collect()
    }

    /// How often one class was taken for another, the most frequent first.
    fn confusion(&self) -> Vec<(usize, &str, &str)> {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (meant, found) in self.pairs.iter().filter(|(meant, found)| meant != found) {
            *counts.entry((meant, found)).or_default() += 1;
        }
        let mut confusion: Vec<_> = counts.into_iter().map(|((meant, found), count)| (count, meant, found)).collect();
        confusion.sort_by_key(|it| std::cmp::Reverse(it.0));
        confusion
    }

    /// As lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{:<28} {:>9} {:>7} {:>9}", "class", "sentences", "recall", "precision")];
        lines.extend(self.classes().iter().map(|it| {
            let recall = if it.sentences == 0 { "-".to_owned() } else { format!("{:.1} %", it.recall * 100.0) };
            format!("{:<28} {:>9} {:>7} {:>7.1} %", it.class, it.sentences, recall, it.precision * 100.0)
        }));
        let confusion = self.confusion();
        if !confusion.is_empty() {
            lines.extend([String::new(), "taken for another (the most frequent)".to_owned()]);
            lines.extend(confusion.iter().take(15).map(|(count, meant, found)| format!("{count:>6}  {meant} → {found}")));
        }
        lines
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        let confusion: Vec<Value> =
            self.confusion().into_iter().map(|(count, meant, found)| json!({ "meant": meant, "found": found, "count": count })).collect();
        json!({
            "sentences": self.pairs.len(),
            "accuracy": self.accuracy(),
            "in_scope": self.in_scope(),
            "out_of_scope_recall": self.out_of_scope(),
            "mistaken": self.mistaken(),
            "classes": self.classes(),
            "confusion": confusion,
        })
    }
}

/// A share; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "sentences are few")]
pub(super) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_by_what_was_meant() {
        let mut table = Table::default();
        table.add(Some("a"), Some("a"));
        table.add(Some("a"), Some("b"));
        table.add(Some("b"), None);
        table.add(None, None);
        assert_eq!((table.accuracy(), table.in_scope(), table.out_of_scope()), (Some(0.5), Some(1.0 / 3.0), Some(1.0)));
        assert_eq!(table.mistaken(), Some(1.0 / 3.0));
        assert_eq!(table.confusion().len(), 2);
        assert_eq!(Table::default().accuracy(), None);
    }
}

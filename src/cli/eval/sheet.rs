//! Labelled sentences, as JSON lines.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer};

use crate::cli::understand::Asked;

/// One line.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    /// The sentence or conversation.
    #[serde(flatten)]
    pub(super) asked: Asked,
    /// What is wanted; null is none of the flow's intents, left out is unknown.
    #[serde(default, deserialize_with = "known")]
    pub(super) intent: Option<Option<String>>,
    /// Which knowledge entry answers it; null is none.
    #[serde(default, deserialize_with = "known")]
    pub(super) knowledge: Option<Option<String>>,
    /// Should a human be called?
    #[serde(default)]
    pub(super) escalate: Option<bool>,
    /// Why ("asked_for_human", "critical:complaint").
    #[serde(default)]
    pub(super) reason: Option<String>,
    /// The tone ("anger", "neutral").
    #[serde(default)]
    tone: Option<String>,
    /// The label of a public set.
    #[serde(default)]
    label: Option<String>,
    /// The labels of a public set, where a sentence may have several.
    #[serde(default)]
    labels: Vec<String>,
    /// Is it sarcasm? (iSarcasmEval.)
    #[serde(default)]
    sarcastic: Option<bool>,
}

/// Tells "null" from "left out".
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

impl Row {
    /// The labels of the row, whatever they are of.
    pub(super) fn labels(&self) -> Vec<&str> {
        let all = self.tone.iter().chain(&self.label).chain(&self.labels);
        let mut labels: Vec<&str> = all.map(String::as_str).collect();
        match self.sarcastic {
            Some(true) => labels.push("sarcasm"),
            Some(false) if labels.is_empty() => labels.push("not_sarcasm"),
            Some(false) | None => {}
        }
        labels
    }

    /// What is wanted: the intent, or the label of a public set.
    pub(super) fn wanted(&self, names: &Names) -> Option<Option<String>> {
        match (&self.intent, self.labels().first()) {
            (Some(intent), _) => Some(intent.as_deref().and_then(|intent| names.of(intent))),
            (None, Some(label)) => Some(names.of(label)),
            (None, None) => None,
        }
    }
}

/// Reads a file.
pub(super) fn read(file: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| serde_json::from_str(line).with_context(|| format!("{}:{}", file.display(), number + 1))).collect()
}

/// What labels are called here.
#[derive(Debug, Default)]
pub(super) struct Names {
    renamed: BTreeMap<String, Option<String>>,
    others: Option<Option<String>>,
}

impl Names {
    /// From `label=name` each; no name is none of them.
    pub(super) fn new(map: &[String]) -> Result<Self> {
        let mut names = Self::default();
        for pair in map {
            let Some((label, name)) = pair.split_once('=') else { bail!("`{pair}` is not LABEL=NAME") };
            let name = (!name.is_empty()).then(|| name.to_owned());
            if label == "*" {
                names.others = Some(name);
            } else {
                names.renamed.insert(label.to_owned(), name);
            }
        }
        Ok(names)
    }

    /// The name of a label; none for what is none of them ("oos" in CLINC150).
    pub(super) fn of(&self, label: &str) -> Option<String> {
        match (self.renamed.get(label), &self.others) {
            (Some(name), _) => name.clone(),
            (None, _) if label == "oos" => None,
            (None, Some(other)) => other.clone(),
            (None, None) => Some(label.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_public_sets_are_read() {
        let row = |text: &str| serde_json::from_str::<Row>(text).unwrap();
        let names = Names::new(&["track_order=order_status".to_owned(), "*=".to_owned()]).unwrap();
        assert_eq!(row(r#"{"id":1,"text":"a","label":"track_order"}"#).wanted(&names), Some(Some("order_status".to_owned())));
        assert_eq!(row(r#"{"id":1,"text":"a","label":"review"}"#).wanted(&names), Some(None));
        assert_eq!(row(r#"{"id":1,"text":"a","intent":null}"#).wanted(&names), Some(None));
        assert_eq!(row(r#"{"id":1,"text":"a"}"#).wanted(&names), None);
        assert_eq!(row(r#"{"id":1,"text":"a","sarcastic":true}"#).labels(), ["sarcasm"]);
        assert!(Names::new(&["nothing".to_owned()]).is_err());
    }
}

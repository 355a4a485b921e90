//! Sentences to measure with are no examples: what a flow or a model was made of proves nothing about what callers say.

use std::path::Path;

use serde_json::Value;
use warmline::call::flow::text;

use super::source::{Source, files};

/// From how many pairs of letters in common (Sørensen and Dice, 0..=1) two sentences are one, as "I took the day off and nobody came" and "I took a day off …".
const ALIKE: f64 = 0.85;
/// What is written to be measured with. The `_seen_` and `_unseen_` files have been tuned to.
const MEASURED: [&str; 2] = ["_new_", "_fresh_"];

/// A sentence as it is compared, and the file in which it stands.
struct Sentence {
    folded: String,
    /// Its pairs of letters, and how many of them begin with each letter (of 16 that letters are taken for).
    pairs: u32,
    begin: [u32; 16],
    file: String,
}

impl Sentence {
    fn new(text: &str, file: &str) -> Self {
        let folded = text::folded(text);
        let mut begin = [0; 16];
        let letters: Vec<char> = folded.chars().filter(|letter| !letter.is_whitespace()).collect();
        letters.iter().rev().skip(1).for_each(|letter| begin[*letter as usize % 16] += 1);
        Self { folded, pairs: begin.iter().sum(), begin, file: file.to_owned() }
    }

    /// No sentences have more pairs in common than the shorter one has, and than begin with the same letters: that is soon known of nearly all.
    fn may_be_like(&self, other: &Self) -> bool {
        let both = ALIKE * f64::from(self.pairs + other.pairs);
        2.0 * f64::from(self.pairs.min(other.pairs)) >= both
            && 2.0 * f64::from(self.begin.iter().zip(&other.begin).map(|(a, b)| a.min(b)).sum::<u32>()) >= both
    }
}

/// Every text of a file of YAML, JSON lines or columns.
fn texts(source: &Source) -> Vec<String> {
    let values: Vec<Value> = match Path::new(&source.path).extension().and_then(|ending| ending.to_str()) {
        Some("yaml") => vec![serde_saphyr::from_str(&source.text).unwrap_or_else(|e| panic!("{}: {e}", source.path))],
        Some("jsonl") => {
            source.text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}", source.path))).collect()
        }
        _ => return source.text.split(['\n', '\t']).map(str::to_owned).collect(),
    };
    let mut found = Vec::new();
    values.iter().for_each(|value| collect(value, &mut found));
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        // What the bot says in a conversation is not what anything is measured by.
        Value::Object(fields) if fields.get("speaker").is_some_and(|speaker| speaker == "bot") => {}
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What flows, their cases and the training files hold.
fn examples() -> Vec<Sentence> {
    let training = [".tsv", ".jsonl"].into_iter().flat_map(|ending| files("models/train", ending));
    let sources = files("config/flows", ".yaml").into_iter().chain(training);
    let examples: Vec<Sentence> = sources
        .flat_map(|source| texts(&source).into_iter().map(move |it| Sentence::new(&it, &source.path)))
        .filter(|it| !it.folded.is_empty())
        .collect();
    assert!(examples.len() > 1_500, "only {} examples were read", examples.len());
    examples
}

/// The example that a sentence repeats, if one does.
fn repeated<'a>(sentence: &str, examples: &'a [Sentence]) -> Option<&'a Sentence> {
    let sentence = Sentence::new(sentence, "");
    let alike = |it: &Sentence| it.may_be_like(&sentence) && strsim::sorensen_dice(&it.folded, &sentence.folded) >= ALIKE;
    examples.iter().find(|it| it.folded == sentence.folded || alike(it))
}

#[test]
fn no_sentence_to_measure_with_is_an_example() {
    let examples = examples();
    let measured = files("tests/data", ".jsonl").into_iter().filter(|file| MEASURED.iter().any(|name| file.path.contains(name)));
    let (mut sentences, mut wrong) = (0, Vec::new());
    for file in measured {
        // A text says something; an id or a label is one word.
        for said in texts(&file).iter().filter(|said| said.contains([' ', '.', '?'])) {
            sentences += 1;
            if let Some(example) = repeated(&said.replace('|', " "), &examples) {
                wrong.push(format!("{}: “{said}” is “{}” of {}", file.path, example.folded, example.file));
            }
        }
    }
    assert!(sentences > 600, "only {sentences} sentences were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sentence_that_was_taken_from_a_flow_or_a_training_file_is_found() {
    let examples = examples();
    let taken = [
        "ARE YOU OPEN, on Saturday",
        "Câte grade sunt afară?",
        "Cate grade sunt afara",
        "Ne vedem la tribunal!",
        "I took the day off and nobody came.",
    ];
    for taken in taken {
        assert!(repeated(taken, &examples).is_some(), "“{taken}” was not found");
    }
    assert!(repeated("My aunt's bread bin has a lid that whistles.", &examples).is_none());
}

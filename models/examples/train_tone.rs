//! Trains the heads of tone and prints their held-out figures.
//!
//! `cargo run --release -p warmline-models --example train_tone -- train/caller_tone.tsv GOEMOTIONS.jsonl > weights/tone.bin`
//!
//! The first file is our own sentences (tone, tab, sentence). The others are JSON lines with `text` and `label` (GoEmotions: anger,
//! annoyance, …); they count a hundredth each, because comments are not telephone calls. Sarcasm of tweets (iSarcasmEval) was tried, and makes that of callers
//! harder to tell.

mod logistic;

use std::io::Write;

use logistic::{Row, probability};
use warmline_models::{Embedder, Embedding, ModelsDir, Runtime};

const TONES: [&str; 4] = ["anger", "frustration", "sarcasm", "gratitude"];
/// Its place among them.
const SARCASM: usize = 2;
const PUBLIC_WEIGHT: f32 = 0.01;
const FOLDS: usize = 5;
/// No vector is longer, in relation to the mean.
const LONGEST: f32 = 0.5;
/// Mockery is rare among callers, and common in what is trained on: its score is lower by this, as a logarithm.
const SARCASM_DOUBT: f32 = 0.8;
/// Inverse of the regularisation; that of mockery, which nothing but our own sentences speaks of.
const FREEDOM: f32 = 100.0;
const SARCASM_FREEDOM: f32 = 30.0;

/// A sentence that speaks for or against each tone, or says nothing about it.
struct Example {
    vector: Embedding,
    speaks: [Option<bool>; 4],
    own: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let embedder = Embedder::load(&Runtime::load(&ModelsDir::of_user()?)?, 2)?;
    let mut examples = Vec::new();
    for (index, file) in std::env::args().skip(1).enumerate() {
        let text = std::fs::read_to_string(&file)?;
        let rows: Vec<(String, [Option<bool>; 4])> =
            text.lines().filter_map(|line| if index == 0 { own(line) } else { public(line) }).collect();
        let vectors = embedder.embed_all(&rows.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>())?;
        examples.extend(vectors.into_iter().zip(rows).map(|(vector, (_, speaks))| Example { vector, speaks, own: index == 0 }));
    }
    let mean = logistic::mean(examples.iter().filter(|example| example.own).map(|example| &example.vector));
    for example in &mut examples {
        example.vector.iter_mut().zip(&mean).for_each(|(number, mean)| *number -= mean);
    }
    let mut numbers = mean;
    for (tone, name) in TONES.iter().enumerate() {
        held_out(&examples, tone, name);
        let mut head = train(&examples, tone, |_| true);
        if let Some(bias) = head.last_mut().filter(|_| tone == SARCASM) {
            *bias -= SARCASM_DOUBT;
        }
        numbers.extend(head);
    }
    std::io::stdout().write_all(&logistic::bytes(&numbers))?;
    Ok(())
}

fn own(line: &str) -> Option<(String, [Option<bool>; 4])> {
    let (label, text) = line.split_once('\t')?;
    Some((text.to_owned(), TONES.map(|tone| Some(tone == label))))
}

fn public(line: &str) -> Option<(String, [Option<bool>; 4])> {
    let row: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = row["text"].as_str()?.to_owned();
    let label = row["label"].as_str()?;
    // Neighbours in feeling say neither yes nor no.
    let says = |yes: &[&str], unclear: &[&str]| if unclear.contains(&label) { None } else { Some(yes.contains(&label)) };
    let anger = says(&["anger"], &["annoyance", "disgust", "disapproval"]);
    let frustration = says(&["annoyance", "disappointment"], &["anger", "disapproval", "disgust"]);
    Some((text, [anger, frustration, None, says(&["gratitude"], &[])]))
}

fn train(examples: &[Example], tone: usize, keep: impl Fn(usize) -> bool) -> Vec<f32> {
    let kept = examples.iter().enumerate().filter(|(index, _)| keep(*index));
    let rows: Vec<Row<'_>> = kept
        .filter_map(|(_, example)| Some((&example.vector[..], example.speaks[tone]?, if example.own { 1.0 } else { PUBLIC_WEIGHT })))
        .collect();
    logistic::learn(&rows, LONGEST, if tone == SARCASM { SARCASM_FREEDOM } else { FREEDOM })
}

/// Every own sentence judged by a head that has not seen it.
fn held_out(examples: &[Example], tone: usize, name: &str) {
    let mut judged: Vec<(bool, bool, f32)> = Vec::new();
    for fold in 0..FOLDS {
        let head = train(examples, tone, |index| !examples[index].own || index % FOLDS != fold);
        for (_, example) in examples.iter().enumerate().filter(|(index, example)| example.own && index % FOLDS == fold) {
            let neutral = example.speaks.iter().all(|says| *says == Some(false));
            judged.push((example.speaks[tone] == Some(true), neutral, probability(&head, &example.vector)));
        }
    }
    let share = |of: &dyn Fn(&(bool, bool, f32)) -> bool| {
        let group: Vec<_> = judged.iter().filter(|row| of(row)).collect();
        group.iter().filter(|row| row.2 >= 0.5).count() as f32 / group.len().max(1) as f32
    };
    let positive: Vec<f32> = judged.iter().filter(|row| row.0).map(|row| row.2).collect();
    let negative: Vec<f32> = judged.iter().filter(|row| !row.0).map(|row| row.2).collect();
    let wins = positive.iter().flat_map(|p| negative.iter().map(move |n| p > n)).filter(|wins| *wins).count();
    eprintln!(
        "{name:<12} AUC {:.3}, at 0.5: found {:.2}, false alarms {:.3} (neutral {:.3})",
        wins as f32 / (positive.len() * negative.len()) as f32,
        share(&|row| row.0),
        share(&|row| !row.0),
        share(&|row| row.1),
    );
}

//! Trains the head that tells "right you are" from "how much?", and prints its held-out figures.
//!
//! `cargo run --release -p warmline-models --example train_listening -- train/caller_listening.tsv > weights/listening.bin`
//!
//! Lines of `back` or `turn`, a tab, a language, a tab, a few words.

mod logistic;

use std::io::Write;

use logistic::Row;
use warmline_models::{Embedder, Embedding, ModelsDir, Runtime, dot};

const FOLDS: usize = 5;
/// Inverse of the regularisation.
const FREEDOM: f32 = 5.0;
/// From here on words are taken to want no turn (`src/call/turn/overlap.rs`).
const LISTENS: f32 = 0.8;

struct Example {
    vector: Embedding,
    listens: bool,
    language: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let embedder = Embedder::load(&Runtime::load(&ModelsDir::of_user()?)?, 2)?;
    let file = std::env::args().nth(1).ok_or("which file?")?;
    let text = std::fs::read_to_string(&file)?;
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let vectors = embedder.embed_all(&rows.iter().map(|row| row[2]).collect::<Vec<_>>())?;
    let mean = logistic::mean(vectors.iter());
    let example = |(row, vector): (&Vec<&str>, Embedding)| {
        let moved: Embedding = vector.iter().zip(&mean).map(|(number, mean)| number - mean).collect();
        let length = dot(&moved, &moved).sqrt();
        let vector = moved.iter().map(|number| number / length).collect();
        Example { vector, listens: row[0] == "back", language: row[1].to_owned() }
    };
    let examples: Vec<Example> = rows.iter().zip(vectors).map(example).collect();
    held_out(&examples);
    std::io::stdout().write_all(&logistic::bytes(mean.iter().chain(&train(examples.iter()))))?;
    Ok(())
}

fn train<'e>(examples: impl Iterator<Item = &'e Example>) -> Vec<f32> {
    let rows: Vec<Row<'_>> = examples.map(|example| (&example.vector[..], example.listens, 1.0)).collect();
    logistic::learn(&rows, 1.0, FREEDOM)
}

/// Everything judged by a head that has not seen it.
fn held_out(examples: &[Example]) {
    for language in ["en", "ro"] {
        let mut judged: Vec<(bool, f32)> = Vec::new();
        for fold in 0..FOLDS {
            let head = train(examples.iter().enumerate().filter(|(index, _)| index % FOLDS != fold).map(|(_, example)| example));
            let held = examples.iter().enumerate().filter(|(index, example)| index % FOLDS == fold && example.language == language);
            judged.extend(held.map(|(_, example)| (example.listens, logistic::probability(&head, &example.vector))));
        }
        let share = |listens: bool| {
            let scores: Vec<f32> = judged.iter().filter(|row| row.0 == listens).map(|row| row.1).collect();
            scores.iter().filter(|score| **score >= LISTENS).count() as f32 / scores.len() as f32
        };
        eprintln!("{language}: at {LISTENS} {:.3} of those who listen, {:.3} of turns", share(true), share(false));
    }
}

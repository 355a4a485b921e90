//! Trains the head that tells "right you are" from "how much?", and prints its held-out figures.
//!
//! `cargo run --release -p warmline-models --example train_listening -- train/caller_listening.tsv > weights/listening.bin`
//!
//! Lines of `back` or `turn`, a tab, a language, a tab, a few words.

use std::io::Write;

use warmline_models::{EMBEDDING_WIDTH as WIDTH, Embedder, Embedding, ModelsDir, Runtime, dot};

const STEPS: usize = 1_500;
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
    let mean: Vec<f32> = (0..WIDTH).map(|i| vectors.iter().map(|vector| vector[i]).sum::<f32>() / vectors.len() as f32).collect();
    let examples: Vec<Example> = rows
        .iter()
        .zip(vectors)
        .map(|(row, vector)| {
            let moved: Vec<f32> = vector.iter().zip(&mean).map(|(number, mean)| number - mean).collect();
            let length = dot(&moved, &moved).sqrt();
            let vector = moved.iter().map(|number| number / length).collect();
            Example { vector, listens: row[0] == "back", language: row[1].to_owned() }
        })
        .collect();
    held_out(&examples);
    let head = train(examples.iter());
    let bytes: Vec<u8> = mean.iter().chain(&head).flat_map(|number| number.to_le_bytes()).collect();
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}

/// Logistic regression by accelerated gradient descent (Nesterov 1983): the weights, then the bias.
fn train<'e>(examples: impl Iterator<Item = &'e Example>) -> Vec<f32> {
    let rows: Vec<(&[f32], f32)> = examples.map(|example| (&example.vector[..], f32::from(u8::from(example.listens)))).collect();
    // The curvature of the loss is at most a quarter of the largest squared length, which is 2 with the bias.
    let step = 1.0 / (0.5 * rows.len() as f32 + 1.0 / FREEDOM);
    let (mut at, mut before) = (vec![0.0; WIDTH + 1], vec![0.0; WIDTH + 1]);
    for n in 0..STEPS {
        let momentum = n as f32 / (n as f32 + 3.0);
        let ahead: Vec<f32> = at.iter().zip(&before).map(|(a, b)| a + momentum * (a - b)).collect();
        let mut slope: Vec<f32> = ahead.iter().map(|weight| weight / FREEDOM).collect();
        slope[WIDTH] = 0.0;
        for (row, target) in &rows {
            let error = probability(&ahead, row) - target;
            slope.iter_mut().zip(*row).for_each(|(slope, x)| *slope += error * x);
            slope[WIDTH] += error;
        }
        before = std::mem::replace(&mut at, ahead.iter().zip(&slope).map(|(a, s)| a - step * s).collect());
    }
    at
}

fn probability(head: &[f32], row: &[f32]) -> f32 {
    1.0 / (1.0 + (-(dot(&head[..WIDTH], row) + head[WIDTH])).exp())
}

/// Everything judged by a head that has not seen it.
fn held_out(examples: &[Example]) {
    for language in ["en", "ro"] {
        let mut judged: Vec<(bool, f32)> = Vec::new();
        for fold in 0..FOLDS {
            let head = train(examples.iter().enumerate().filter(|(index, _)| index % FOLDS != fold).map(|(_, example)| example));
            let held = examples.iter().enumerate().filter(|(index, example)| index % FOLDS == fold && example.language == language);
            judged.extend(held.map(|(_, example)| (example.listens, probability(&head, &example.vector))));
        }
        let share = |listens: bool| {
            let scores: Vec<f32> = judged.iter().filter(|row| row.0 == listens).map(|row| row.1).collect();
            scores.iter().filter(|score| **score >= LISTENS).count() as f32 / scores.len() as f32
        };
        eprintln!("{language}: at {LISTENS} {:.3} of those who listen, {:.3} of turns", share(true), share(false));
    }
}

//! Makes `weights/matters.bin`: `cargo run -p warmline-models --example train_matters -- train/caller_matters.tsv > weights/matters.bin`.

use std::io::Write;

use warmline_models::{Embedder, ModelsDir, Runtime};

/// As in `src/matters.rs`; what is none of them comes last.
const CLASSES: [&str; 9] =
    ["human", "cancellation", "complaint", "legal_threat", "safety", "fraud", "data_protection", "vulnerability", "none"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let embedder = Embedder::load(&Runtime::load(&ModelsDir::of_user()?)?, 1)?;
    let file = std::env::args().nth(1).ok_or("which file?")?;
    let mut bytes = Vec::new();
    for line in std::fs::read_to_string(file)?.lines() {
        let (class, text) = line.split_once('\t').ok_or("a line is class, tab, sentence")?;
        let number = CLASSES.iter().position(|known| *known == class).ok_or_else(|| format!("no class {class}"))?;
        let sentence = embedder.embed(text)?;
        let scale = sentence.iter().fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs())) / 127.0;
        bytes.push(u8::try_from(number)?);
        bytes.extend(scale.to_le_bytes());
        bytes.extend(sentence.iter().map(|number| ((number / scale).round() as i8).to_le_bytes()[0]));
    }
    eprintln!("{} bytes", bytes.len());
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}

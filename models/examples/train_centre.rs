//! Makes `weights/centre.bin`, the mean embedding of callers' sentences: `cargo run --release -p warmline-models --example train_centre -- train/caller_tone.tsv >
//! weights/centre.bin`. A line is a label, a tab, a sentence.

use std::io::Write;

use warmline_models::{EMBEDDING_WIDTH as WIDTH, Embedder, ModelsDir, Runtime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let embedder = Embedder::load(&Runtime::load(&ModelsDir::of_user()?)?, 2)?;
    let file = std::fs::read_to_string(std::env::args().nth(1).ok_or("which file?")?)?;
    let sentences: Vec<&str> = file.lines().filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    let vectors = embedder.embed_all(&sentences)?;
    let mean = |index: usize| vectors.iter().map(|vector| vector[index]).sum::<f32>() / vectors.len() as f32;
    let bytes: Vec<u8> = (0..WIDTH).flat_map(|index| mean(index).to_le_bytes()).collect();
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}

//! Makes `weights/background.bin`: what people also say to machines, and how Romanian sentences lie beside English ones.
//!
//! `cargo run --release -p warmline-models --example train_background -- train/everything_else_en.tsv train/everything_else_ro.tsv GOEMOTIONS.jsonl REDV2.jsonl
//! CLINC150.jsonl… > weights/background.bin`
//!
//! The first two files are our own: a matter, a tab, a sentence, four of each matter. The next two give English sentences (those labelled neutral) and Romanian ones;
//! the rest are CLINC150 (`text`, `label`), of whose 150 matters four typical sentences each are kept: the centroids of four groups of their sentences. No
//! sentence itself is kept.

use std::{collections::BTreeMap, io::Write};

use warmline_models::{EMBEDDING_WIDTH as WIDTH, Embedder, Embedding, ModelsDir, Runtime, dot};

const OF_A_MATTER: usize = 4;
/// What was written for this, in English and in Romanian.
const OWN_FILES: usize = 2;
const ROUNDS: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let embedder = Embedder::load(&Runtime::load(&ModelsDir::of_user()?)?, 1)?;
    let (mut languages, mut matters): ([Vec<Embedding>; 2], BTreeMap<String, Vec<Embedding>>) = Default::default();
    for (index, file) in std::env::args().skip(1 + OWN_FILES).enumerate() {
        for line in std::fs::read_to_string(&file)?.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let (text, label) = (row["text"].as_str().unwrap_or_default(), row["label"].as_str().unwrap_or_default());
            match index {
                0 if label != "neutral" => {}
                0 | 1 => languages[index].push(embedder.embed_as_is(text)?),
                _ if label == "oos" => {}
                _ => matters.entry(label.to_owned()).or_default().push(embedder.embed_as_is(text)?),
            }
        }
    }
    let mut typical: Vec<Embedding> = matters.values().flat_map(|sentences| groups(sentences)).collect();
    let mut english = 0;
    for (index, own) in std::env::args().skip(1).take(OWN_FILES).enumerate() {
        let mut written: BTreeMap<String, Vec<Embedding>> = BTreeMap::new();
        for (matter, text) in std::fs::read_to_string(own)?.lines().filter_map(|line| line.split_once('\t')) {
            written.entry(matter.to_owned()).or_default().push(embedder.embed(text)?);
        }
        typical.extend(written.into_values().flatten());
        if index == 0 {
            english = u32::try_from(typical.len() / OF_A_MATTER)?;
        }
    }
    let middle = mean(&typical.iter().collect::<Vec<_>>());
    let mut bytes = english.to_le_bytes().to_vec();
    for front in [mean(&languages[0].iter().collect::<Vec<_>>()), mean(&languages[1].iter().collect::<Vec<_>>()), middle.clone()] {
        bytes.extend(front.iter().flat_map(|number| number.to_le_bytes()));
    }
    for sentence in &typical {
        let moved: Vec<f32> = sentence.iter().zip(&middle).map(|(number, mean)| number - mean).collect();
        let scale = moved.iter().fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs())) / 127.0;
        bytes.extend(scale.to_le_bytes());
        bytes.extend(moved.iter().map(|number| ((number / scale).round() as i8).to_le_bytes()[0]));
    }
    eprintln!("{} matters, {} typical sentences, {} bytes", matters.len(), typical.len(), bytes.len());
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}

/// The centroids of the groups that the sentences fall into: k-means on the sphere, begun with the sentences that are farthest from one another.
fn groups(sentences: &[Embedding]) -> Vec<Embedding> {
    let mut centres = vec![sentences[0].clone()];
    while centres.len() < OF_A_MATTER {
        let near = |sentence: &Embedding| centres.iter().map(|centre| dot(centre, sentence)).fold(f32::MIN, f32::max);
        let far = sentences.iter().min_by(|a, b| near(a).total_cmp(&near(b))).expect("a matter has sentences");
        centres.push(far.clone());
    }
    for _ in 0..ROUNDS {
        let of = |sentence: &Embedding| (0..OF_A_MATTER).max_by(|a, b| dot(&centres[*a], sentence).total_cmp(&dot(&centres[*b], sentence)));
        let home: Vec<Option<usize>> = sentences.iter().map(of).collect();
        for (index, centre) in centres.iter_mut().enumerate() {
            let members: Vec<&Embedding> =
                sentences.iter().zip(&home).filter(|(_, home)| **home == Some(index)).map(|(it, _)| it).collect();
            if !members.is_empty() {
                *centre = mean(&members);
                let length = dot(centre, centre).sqrt();
                centre.iter_mut().for_each(|number| *number /= length);
            }
        }
    }
    centres
}

fn mean(sentences: &[&Embedding]) -> Vec<f32> {
    (0..WIDTH).map(|i| sentences.iter().map(|sentence| sentence[i]).sum::<f32>() / sentences.len() as f32).collect()
}

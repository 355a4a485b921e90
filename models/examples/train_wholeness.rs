//! Trains the head that tells whole sentences from beginnings, and prints its held-out figures.
//!
//! `cargo run --release -p warmline-models --example train_wholeness -- train/caller_matters.tsv train/caller_tone.tsv train/everything_else_ro.tsv
//! CLINC150.jsonl… GOEMOTIONS.jsonl REDV2.jsonl > weights/wholeness.bin`
//!
//! Files that end in `.tsv` are our own sentences (label, tab, sentence) and count more; the others are JSON lines with `text`. Of each sentence up to
//! three beginnings are made, cut at random words.

use std::{
    collections::{BTreeMap, HashSet},
    io::Write,
};

use warmline_models::{EMBEDDING_WIDTH as WIDTH, Embedder, ModelsDir, Runtime, dot, word_keys};

const BEGINNINGS: usize = 3;
/// Sentences of one word are neither, and longer ones than these are written, not said.
const WORDS: std::ops::RangeInclusive<usize> = 2..=22;
/// Texts of at least so many words are judged together.
const LONG: usize = 12;
const OWN_WEIGHT: f32 = 3.0;
/// Comments of GoEmotions and REDv2 are written, not said.
const WRITTEN_WEIGHT: f32 = 0.5;
/// There are more beginnings than whole sentences, and whoever pauses has mostly finished.
const WHOLE_WEIGHT: f32 = 2.5;
/// Words that are seen less often have no weight of their own.
const SELDOM: usize = 4;
const ROUNDS: usize = 20;
const RATE: f32 = 0.05;
/// Of weights, against learning by heart.
const DECAY: f32 = 7e-5;
/// The embedding's numbers are small.
const STRETCH: f32 = 30.0;
const HELD_OUT: usize = 10;

struct Example {
    text: String,
    sentence: usize,
    whole: bool,
    words: usize,
    weight: f32,
    vector: Vec<f32>,
    keys: Vec<usize>,
}

struct Head {
    dense: Vec<f32>,
    bias: f32,
    words: Vec<f32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let embedder = Embedder::load(&Runtime::load(&ModelsDir::of_user()?)?, 2)?;
    let mut examples = examples()?;
    let vectors = embedder.embed_all(&examples.iter().map(|example| example.text.as_str()).collect::<Vec<_>>())?;
    let mean: Vec<f32> = (0..WIDTH).map(|at| vectors.iter().map(|vector| vector[at]).sum::<f32>() / vectors.len() as f32).collect();
    for (example, vector) in examples.iter_mut().zip(vectors) {
        example.vector = vector.iter().zip(&mean).map(|(number, mean)| (number - mean) * STRETCH).collect();
    }
    let keys = number_keys(&mut examples);
    let judge = train(&examples, keys.len(), |example| example.sentence % HELD_OUT != 0);
    held_out(&examples, &judge);
    write(&train(&examples, keys.len(), |_| true), &keys, &mean)?;
    Ok(())
}

/// Whole sentences and beginnings.
fn examples() -> Result<Vec<Example>, Box<dyn std::error::Error>> {
    let (mut examples, mut seen, mut chance) = (Vec::new(), HashSet::new(), 0x9E37_79B9_7F4A_7C15_u64);
    for file in std::env::args().skip(1) {
        let own = file.ends_with(".tsv");
        let weight = if own {
            OWN_WEIGHT
        } else if file.contains("goemotions") || file.contains("redv2") {
            WRITTEN_WEIGHT
        } else {
            1.0
        };
        for line in std::fs::read_to_string(&file)?.lines() {
            let said = if own { line.split('\t').nth(1).map(str::to_owned) } else { text(line) };
            let Some(said) = said.filter(|said| !said.contains(['[', '@', '#', '/'])) else { continue };
            let words: Vec<&str> = said.split_whitespace().collect();
            if !WORDS.contains(&words.len()) || !seen.insert(said.to_lowercase()) {
                continue;
            }
            let sentence = seen.len();
            let mut add = |count: usize| {
                let text = words[..count].join(" ").trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned();
                let (whole, words) = (count == words.len(), count.min(LONG));
                let weight = if whole { weight * WHOLE_WEIGHT } else { weight };
                examples.push(Example { text, sentence, whole, words, weight, vector: Vec::new(), keys: Vec::new() });
            };
            add(words.len());
            let mut cuts: Vec<usize> = (*WORDS.start()..words.len()).collect();
            for _ in 0..BEGINNINGS.min(cuts.len()) {
                chance ^= chance << 13;
                chance ^= chance >> 7;
                chance ^= chance << 17;
                add(cuts.swap_remove(chance as usize % cuts.len()));
            }
        }
    }
    Ok(examples)
}

fn text(line: &str) -> Option<String> {
    serde_json::from_str::<serde_json::Value>(line).ok()?["text"].as_str().map(str::to_owned)
}

/// Gives numbers to the keys that are not seldom.
fn number_keys(examples: &mut [Example]) -> Vec<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    examples.iter().flat_map(|example| word_keys(&example.text)).for_each(|key| *counts.entry(key).or_default() += 1);
    let keys: Vec<u32> = counts.into_iter().filter(|(_, count)| *count >= SELDOM).map(|(key, _)| key).collect();
    for example in examples {
        example.keys = word_keys(&example.text).iter().filter_map(|key| keys.binary_search(key).ok()).collect();
    }
    keys
}

impl Head {
    fn score(&self, example: &Example) -> f32 {
        dot(&self.dense, &example.vector) + self.bias + example.keys.iter().map(|key| self.words[*key]).sum::<f32>()
    }
}

/// Logistic regression, example by example, each weight with a rate of its own (Duchi et al. 2011, AdaGrad).
fn train(examples: &[Example], keys: usize, keep: impl Fn(&Example) -> bool) -> Head {
    let mut head = Head { dense: vec![0.0; WIDTH], bias: 0.0, words: vec![0.0; keys] };
    let (mut dense, mut bias, mut words) = (vec![1e-3_f32; WIDTH], 1e-3_f32, vec![1e-3_f32; keys]);
    let step = |weight: &mut f32, sum: &mut f32, slope: f32| {
        *sum += slope * slope;
        *weight -= RATE * slope / sum.sqrt();
    };
    for round in 0..ROUNDS {
        // A stride that has no divisor in common with the count visits every example once.
        let stride = (examples.len() / 3 + round * 97..).find(|stride| divisor(*stride, examples.len()) == 1).unwrap_or(1);
        for index in 0..examples.len() {
            let example = &examples[index * stride % examples.len()];
            if !keep(example) {
                continue;
            }
            let error = example.weight * (1.0 / (1.0 + (-head.score(example)).exp()) - f32::from(u8::from(example.whole)));
            for ((weight, sum), x) in head.dense.iter_mut().zip(&mut dense).zip(&example.vector) {
                step(weight, sum, error * x + DECAY * *weight);
            }
            step(&mut head.bias, &mut bias, error);
            for key in &example.keys {
                let slope = error + DECAY * head.words[*key];
                step(&mut head.words[*key], &mut words[*key], slope);
            }
        }
    }
    head
}

fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// How often a whole sentence gets more than a beginning of the same length.
fn held_out(examples: &[Example], head: &Head) {
    for words in 1..=LONG {
        let of = |whole: bool| {
            let group = examples.iter().filter(move |it| it.sentence % HELD_OUT == 0 && it.words == words && it.whole == whole);
            group.map(|example| head.score(example)).collect::<Vec<f32>>()
        };
        let (whole, begun) = (of(true), of(false));
        let wins = whole.iter().flat_map(|a| begun.iter().map(move |b| a > b)).filter(|wins| *wins).count();
        let mean = |of: &[f32]| of.iter().sum::<f32>() / of.len().max(1) as f32;
        let right = wins as f32 / (whole.len() * begun.len()).max(1) as f32;
        let (whole_mean, begun_mean) = (mean(&whole), mean(&begun));
        eprintln!("{words:>2} words: AUC {right:.3} of {} and {}, means {whole_mean:.2} and {begun_mean:.2}", whole.len(), begun.len());
    }
}

fn write(head: &Head, keys: &[u32], mean: &[f32]) -> std::io::Result<()> {
    let weights: Vec<f32> = head.dense.iter().map(|weight| weight * STRETCH).collect();
    let bias = head.bias - dot(&weights, mean);
    let most = head.words.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
    let scale = most / 127.0;
    let mut bytes: Vec<u8> = weights.iter().chain([&bias, &scale]).flat_map(|number| number.to_le_bytes()).collect();
    for (key, weight) in keys.iter().zip(&head.words) {
        let small = (weight / scale).round() as i8;
        if small != 0 {
            bytes.extend(key.to_le_bytes().iter().chain(&small.to_le_bytes()));
        }
    }
    std::io::stdout().write_all(&bytes)
}

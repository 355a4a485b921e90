//! Thousands of mutated headers: no panic, and never verified unless it says what was signed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use warmline_sip::identity::Verification;

use crate::authority::{root, store};
use crate::{NOW, header_json, payload_json, verified};

const PIECES: [&str; 16] = [
    ";",
    ".",
    "..",
    "<",
    ">",
    "\"",
    "=",
    "info=",
    "ppt=shaken",
    ";alg=ES256",
    "é",
    "\u{0}",
    "A",
    "%00",
    "{\"",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

fn mutate(text: &str, random: &mut StdRng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.random_range(1..4) {
        let (from, to) = (random.random_range(0..=characters.len()), random.random_range(0..=characters.len()));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
        match random.random_range(0..5) {
            0 => drop(characters.drain(from..to)),
            1 => drop(characters.splice(from..from, PIECES[random.random_range(0..PIECES.len())].chars())),
            2 => characters.extend_from_within(from..to),
            3 => characters.truncate(to.max(1)),
            _ if from < characters.len() => characters[from] = char::from(random.random_range(32..127_u8)),
            _ => {}
        }
    }
    characters.into_iter().collect()
}

#[test]
fn mutated_headers_never_panic_and_never_prove_anything_else() {
    let anchor = root("Authority");
    let provider = anchor.provider();
    let store = store(&anchor, &provider);
    let good = provider.identity(&header_json(), &payload_json());
    let signed = good.split_once(';').unwrap().0;
    let mut random = StdRng::seed_from_u64(8_224);
    for _ in 0..30_000 {
        let mutated = mutate(&good, &mut random);
        if let Verification::Verified { .. } = verified(&mutated, NOW, &store) {
            assert!(mutated.trim_start().starts_with(signed), "{mutated}");
        }
    }
}

#[test]
fn mutated_claims_with_a_right_signature_never_panic() {
    let anchor = root("Authority");
    let provider = anchor.provider();
    let store = store(&anchor, &provider);
    let mut random = StdRng::seed_from_u64(8_225);
    for round in 0..3_000 {
        let (header, payload) = (header_json(), payload_json());
        let (header, payload) =
            if round % 2 == 0 { (mutate(&header, &mut random), payload) } else { (header, mutate(&payload, &mut random)) };
        let _ = verified(&provider.identity(&header, &payload), NOW, &store);
    }
}

#[test]
fn deep_and_large_tokens_are_refused() {
    let anchor = root("Authority");
    let provider = anchor.provider();
    let store = store(&anchor, &provider);
    for payload in ["[".repeat(3_000), format!("{{\"attest\":{}", "{\"a\":".repeat(600)), "9".repeat(4_000)] {
        assert!(matches!(verified(&provider.identity(&header_json(), &payload), NOW, &store), Verification::Failed(_)));
    }
    let many = format!("\"dest\":{{\"tn\":[{}\"40213000000\"]}}", "\"1\",".repeat(500));
    let payload = payload_json().replace("\"dest\":{\"tn\":[\"40213000000\"]}", &many);
    assert!(matches!(verified(&provider.identity(&header_json(), &payload), NOW, &store), Verification::Failed(_)));
}

//! The replay itself.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::corpus::{corpus, regressions, with_regressions};
use crate::entrance::{ENTRANCES, Entrance};
use crate::mutant::mutate;

/// Mutants of each input, unless `WARMLINE_FUZZ_MUTANTS` says otherwise.
const MUTANTS: u64 = 4;
/// What they are made of, unless `WARMLINE_FUZZ_SEED` says otherwise.
const SEED: u64 = 3_261;

fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// Gives one input to an entrance; a failure shows what it was, ready to become a regression.
fn give(entrance: Entrance, name: &str, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| entrance(input))) {
        eprintln!("{name}: the input is {}", input.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

fn replay(name: &str) {
    let entrance = ENTRANCES.into_iter().find(|(known, _)| *known == name).unwrap().1;
    let mut inputs = corpus(name);
    for (file, input) in regressions(name) {
        give(entrance, &format!("{name}/{file}"), &input);
        inputs.push(input);
    }
    let (mutants, seed) = (setting("WARMLINE_FUZZ_MUTANTS", MUTANTS), setting("WARMLINE_FUZZ_SEED", SEED));
    println!("{name}: {} inputs, {mutants} mutants of each, seed {seed}", inputs.len());
    let mut rng = StdRng::seed_from_u64(seed);
    for at in 0..inputs.len() {
        give(entrance, name, &inputs[at]);
        for _ in 0..mutants {
            let mut mutant = inputs[at].clone();
            let other = rng.random_range(0..inputs.len());
            mutate(&mut rng, &mut mutant, &inputs[other]);
            give(entrance, name, &mutant);
        }
    }
}

/// One test for each entrance, so that they run side by side and a failure has its name.
macro_rules! entrances {
    ($($name:ident),*) => {
        $(#[test] fn $name() { replay(stringify!($name)); })*

        #[test]
        fn every_entrance_is_replayed() {
            assert_eq!(ENTRANCES.map(|(name, _)| name), [$(stringify!($name)),*]);
            for name in with_regressions() {
                assert!(ENTRANCES.iter().any(|(known, _)| *known == name), "{name} is no entrance");
            }
        }
    };
}

entrances!(agent, answer, digest, dtls, events, guard, headers, identity, info, offer, registrar, rtcp, rtp, srtp, stream, stun, websocket);

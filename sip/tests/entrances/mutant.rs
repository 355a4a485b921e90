//! Small changes of an input, the same for the same seed.

use rand::Rng;
use rand::rngs::StdRng;

use crate::entrance::LONGEST;

/// Words that readers of texts and packets treat specially.
const WORDS: [&[u8]; 18] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b";",
    b",",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"=",
    b":",
    b"-1",
    b"4294967296",
    b"18446744073709551616",
    b"\xff\xff",
    b"\0\0\0\0",
    b"\xc3\xa9",
];

/// Changes an input in a few places; now and then with a part of another one.
pub(crate) fn mutate(rng: &mut StdRng, input: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..rng.random_range(1..5) {
        if input.is_empty() {
            input.push(rng.random());
        }
        let at = rng.random_range(0..input.len());
        let end = (at + rng.random_range(1..24)).min(input.len());
        match rng.random_range(0..8) {
            0 => input[at] = rng.random(),
            1 => input[at] ^= 1 << rng.random_range(0..8),
            2 => drop(input.drain(at..end)),
            3 => drop(input.splice(at..at, WORDS[rng.random_range(0..WORDS.len())].iter().copied())),
            4 => drop(input.splice(at..end, WORDS[rng.random_range(0..WORDS.len())].iter().copied())),
            5 => input.extend_from_within(at..end),
            6 => input.truncate(at + 1),
            _ if other.is_empty() => {}
            _ => {
                let from = rng.random_range(0..other.len());
                input.splice(at..end, other[from..].iter().take(48).copied());
            }
        }
    }
    input.truncate(LONGEST);
}

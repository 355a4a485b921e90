//! The messages of RFC 4475 and RFC 5118, and small changes of them. The whole gateway is tested with them, too (`tests/it/wire/torture.rs`).

use std::path::{Path, PathBuf};

use rand::Rng;
use rand::rngs::StdRng;

/// What one datagram can hold.
const LONGEST: usize = 60_000;

fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Of whichever of the two crates includes this file.
    if root.ends_with("sip") { root.join("tests/data/torture") } else { root.join("sip/tests/data/torture") }
}

/// Every message with its name.
pub(crate) fn messages() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in ["rfc4475", "rfc5118"] {
        for entry in std::fs::read_dir(self::folder().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            if !bytes.windows(2).any(|two| two == b"\r\n") {
                bytes = String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes();
            }
            found.push((path.file_name().unwrap().to_string_lossy().into_owned(), bytes));
        }
    }
    found.sort();
    assert_eq!(found.len(), 62, "50 files of RFC 4475 and 12 of RFC 5118");
    found
}

/// One of them, changed in a few places, and at least in so many.
pub(crate) fn mutant(rng: &mut StdRng, originals: &[(String, Vec<u8>)], least: usize) -> Vec<u8> {
    let mut bytes = originals[rng.random_range(0..originals.len())].1.clone();
    for _ in 0..rng.random_range(least..6) {
        mutate(rng, &mut bytes, originals);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn mutate(rng: &mut StdRng, bytes: &mut Vec<u8>, originals: &[(String, Vec<u8>)]) {
    const TOKENS: [&[u8]; 14] = [
        b"\r\n",
        b"\r\n\r\n",
        b"\0",
        b";",
        b",",
        b"\"",
        b"<",
        b">",
        b":",
        b"%00",
        b"4294967296",
        b"-1",
        b"\xff\xfe",
        b"Content-Length: 99999999999\r\n",
    ];
    if bytes.is_empty() {
        bytes.push(b'I');
    }
    let at = rng.random_range(0..bytes.len());
    let end = (at + rng.random_range(1..40)).min(bytes.len());
    match rng.random_range(0..7) {
        0 => bytes[at] = rng.random(),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        3 => {
            let token = TOKENS[rng.random_range(0..TOKENS.len())];
            bytes.splice(at..at, token.iter().copied());
        }
        4 => {
            // A whole line twice, or gone.
            let line = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
            let stop = bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n + 1);
            let copy = bytes[line..stop].to_vec();
            if rng.random() {
                bytes.splice(line..line, copy);
            } else {
                bytes.drain(line..stop);
            }
        }
        5 => bytes.truncate(at),
        _ => {
            let other = &originals[rng.random_range(0..originals.len())].1;
            let from = rng.random_range(0..other.len());
            bytes.splice(at..end, other[from..].iter().take(60).copied());
        }
    }
}

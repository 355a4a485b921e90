//! `a=crypto` (RFC 4568 §9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Keys, Suite};

/// Lines of one offer that are read.
pub const MAX_CRYPTO_LINES: usize = 8;

/// One line that we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CryptoLine {
    /// Names the line in offer and answer.
    pub tag: u32,
    /// The writer's keys.
    pub keys: Keys,
}

impl CryptoLine {
    /// Reads what stands behind `a=crypto:`. `None` for suites that we do not have, for session parameters that change the packets (an
    /// unknown one must not be ignored, §6.3.7) and for keys with a master key identifier, which would stand in every packet.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let tag = words.next()?.parse().ok()?;
        let suite = Suite::from_name(words.next()?)?;
        let key = words.next()?;
        // Only one key: several need identifiers.
        let inline = key.strip_prefix("inline:").filter(|rest| !rest.contains(';'))?;
        let mut parts = inline.split('|');
        let bytes = decode(parts.next()?)?;
        if parts.any(|part| part.contains(':')) || words.any(changes_packets) {
            return None;
        }
        Some(Self { tag, keys: Keys::new(suite, &bytes)? })
    }

    /// What to write behind `a=crypto:`.
    #[must_use]
    pub fn write(&self) -> String {
        let mut bytes = Vec::with_capacity(46);
        self.keys.write(&mut bytes);
        format!("{} {} inline:{}", self.tag, self.keys.suite().name(), STANDARD.encode(bytes))
    }
}

/// Some phones leave the padding out.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() > 128 {
        return None;
    }
    STANDARD.decode(text).ok().or_else(|| base64::engine::general_purpose::STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok())
}

/// `WSH` only sizes the replay window; a leading minus allows to ignore what is not known.
fn changes_packets(parameter: &str) -> bool {
    !parameter.starts_with("WSH=") && !parameter.starts_with('-')
}

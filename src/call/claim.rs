//! Claim codes: a few figures with which an agent finds the call on their screen, where nothing that is sent beside the call arrives.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Six figures for a call to which nobody has given a code.
#[must_use]
pub fn code(call_id: &str) -> String {
    // The same in every process: replayed calls say what they said.
    let mut hasher = DefaultHasher::new();
    call_id.hash(&mut hasher);
    format!("{:06}", hasher.finish() % 1_000_000)
}

/// A code as it is spoken: figure by figure.
pub(crate) fn spoken(code: &str) -> String {
    code.chars().map(String::from).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_one_code() {
        assert_eq!(code("call-1"), code("call-1"));
        assert_ne!(code("call-1"), code("call-2"));
        assert_eq!((code("call-1").len(), spoken("012").as_str()), (6, "0 1 2"));
    }
}

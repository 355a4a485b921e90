//! `Digest realm="…", nonce="…"`: one or many in one field, read leniently (RFC 7235 §2.1, RFC 3261 §25.1).

use crate::uri::{is_unbalanced, split_outside_quotes};

/// Challenges or credentials of one message that are looked at.
const MAX_SCHEMES: usize = 16;
/// Parameters of one scheme that are looked at.
const MAX_PARAMS: usize = 32;

/// One scheme with its parameters, values without their quotes. Escapes stay as written: the hash is made over them as they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scheme<'a> {
    name: &'a str,
    params: Vec<(&'a str, &'a str)>,
}

impl<'a> Scheme<'a> {
    pub(super) fn is_digest(&self) -> bool {
        self.name.eq_ignore_ascii_case("Digest")
    }

    /// The first parameter of that name.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.params.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// A parameter that has to be there and to say something.
    pub(super) fn need(&self, name: &str) -> Option<&'a str> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// Every scheme of one field value. A comma separates both parameters and schemes: a word before the first `=` begins a scheme.
pub(super) fn schemes(field: &str) -> Vec<Scheme<'_>> {
    let mut found: Vec<Scheme<'_>> = Vec::new();
    for piece in split_outside_quotes(field, ',').map(str::trim).filter(|piece| !piece.is_empty()) {
        let (name, param) = begin(piece);
        if let Some(name) = name {
            if found.len() == MAX_SCHEMES {
                break;
            }
            found.push(Scheme { name, params: Vec::new() });
        }
        if let (Some(scheme), Some((name, value))) = (found.last_mut(), param.and_then(|param| param.split_once('=')))
            && let Some(value) = unquoted(value)
            && scheme.params.len() < MAX_PARAMS
        {
            scheme.params.push((name.trim(), value));
        }
    }
    found
}

/// The scheme that a piece begins, if any, and its parameter.
fn begin(piece: &str) -> (Option<&str>, Option<&str>) {
    let cut = piece.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(piece.len());
    let rest = piece[cut..].trim_start();
    if rest.starts_with('=') { (None, Some(piece)) } else { (Some(&piece[..cut]), Some(rest)) }
}

/// The inside of a quoted string, or a token. With half a quoted string an answer that repeats it would say more than it means.
fn unquoted(value: &str) -> Option<&str> {
    let value = value.trim();
    if is_unbalanced(value) {
        return None;
    }
    match value.strip_prefix('"') {
        Some(inside) => inside.strip_suffix('"'),
        // A backslash would escape the quote that is put behind it.
        None => Some(value).filter(|value| !value.contains('\\')),
    }
}

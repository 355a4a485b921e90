//! The Identity header (RFC 8224 §4): three base64url parts with dots between, then parameters.

/// Longer ones are not looked at; a usual one has 900 bytes.
const LONGEST: usize = 8_192;
const LONGEST_INFO: usize = 1_024;
const MOST_PARAMETERS: usize = 16;
/// The profile that we understand (RFC 8588).
const SHAKEN: &str = "shaken";

/// An Identity header taken apart; nothing is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IdentityHeader<'a> {
    pub(super) token: Token<'a>,
    /// Where the certificate is said to be.
    pub(super) info: &'a str,
    pub(super) algorithm: Option<&'a str>,
    pub(super) profile: Option<&'a str>,
}

/// The two forms of RFC 8224 §4.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Everything is there.
    Full {
        /// What was signed: header, dot, payload.
        signed: &'a str,
        header: &'a str,
        payload: &'a str,
        signature: &'a str,
    },
    /// Only the signature is there.
    Compact,
}

impl<'a> IdentityHeader<'a> {
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        if value.len() > LONGEST || !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
            return None;
        }
        let (token, parameters) = value.split_once(';')?;
        let mut header = Self { token: Token::parse(token.trim())?, info: "", algorithm: None, profile: None };
        header.take_parameters(parameters)?;
        (!header.info.is_empty()).then_some(header)
    }

    /// Does it claim to be of the SHAKEN profile?
    pub(super) fn is_shaken(&self) -> bool {
        self.profile == Some(SHAKEN)
    }

    fn take_parameters(&mut self, mut rest: &'a str) -> Option<()> {
        for _ in 0..MOST_PARAMETERS {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = parameter_value(after.trim_start())?;
            match name.trim().to_ascii_lowercase().as_str() {
                // Each once: with two, signer and verifier might not mean the same.
                "info" if self.info.is_empty() && value.len() <= LONGEST_INFO => self.info = value,
                "alg" if self.algorithm.is_none() => self.algorithm = Some(value),
                "ppt" if self.profile.is_none() => self.profile = Some(value),
                "info" | "alg" | "ppt" => return None,
                _ => {}
            }
            let after = after.trim_start();
            if after.is_empty() {
                return Some(());
            }
            rest = after.strip_prefix(';')?;
        }
        None
    }
}

impl<'a> Token<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let url_safe = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if signature.is_empty() || ![header, payload, signature].into_iter().all(url_safe) {
            return None;
        }
        match (header.is_empty(), payload.is_empty()) {
            (true, true) => Some(Self::Compact),
            (false, false) => Some(Self::Full { signed, header, payload, signature }),
            (true, false) | (false, true) => None,
        }
    }
}

/// `<…>`, `"…"` or a plain word; and what follows it.
fn parameter_value(text: &str) -> Option<(&str, &str)> {
    if let Some(bracketed) = text.strip_prefix('<') {
        return bracketed.split_once('>');
    }
    if let Some(quoted) = text.strip_prefix('"') {
        // Nothing that we look for needs a backslash.
        return quoted.split_once('"');
    }
    let end = text.find(';').unwrap_or(text.len());
    Some((text[..end].trim_end(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_with_parameters_in_any_order_and_writing() {
        let full = IdentityHeader::parse("aGVh.cGF5.c2ln ;ppt=\"shaken\"; ALG = ES256;info=<https://a.example/c;v=1.pem>;x=y").unwrap();
        assert_eq!(full.token, Token::Full { signed: "aGVh.cGF5", header: "aGVh", payload: "cGF5", signature: "c2ln" });
        assert_eq!((full.info, full.algorithm, full.is_shaken()), ("https://a.example/c;v=1.pem", Some("ES256"), true));
        let compact = IdentityHeader::parse("..c2ln;info=<https://a.example/c.pem>;ppt=shaken").unwrap();
        assert_eq!((compact.token, compact.is_shaken()), (Token::Compact, true));
    }

    #[test]
    fn what_is_no_identity() {
        for wrong in [
            "",
            ";",
            "a.b.c",
            "a.b.c;ppt=shaken",
            "a.b.c;info=",
            "a.b.c;info=<>",
            "a.b.c;info=<https://a.example",
            "a.b;info=<https://a.example>",
            "a.b.;info=<https://a.example>",
            "a..c;info=<https://a.example>",
            "a.b.c.d;info=<https://a.example>",
            "a.b=.c;info=<https://a.example>",
            "a.b.c;info=<https://a.example>;info=<https://b.example>",
            "a.b.c;info=<https://a.example>;ppt=shaken;ppt=div",
            "a.b.c;info=<https://a.example> x",
            "a.b.c;info=<https://ä.example>",
        ] {
            assert_eq!(IdentityHeader::parse(wrong), None, "{wrong}");
        }
        assert_eq!(IdentityHeader::parse(&format!("a.b.c;info=<{}>", "x".repeat(2_000))), None);
        assert_eq!(IdentityHeader::parse(&format!("{}.b.c;info=<https://a.example>", "x".repeat(9_000))), None);
        assert_eq!(IdentityHeader::parse(&format!("a.b.c{}", ";x=y".repeat(20))), None);
    }
}

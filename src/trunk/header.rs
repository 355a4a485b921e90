//! Header fields that we add to calls which we place: `X-Call: "{{ call_id }}"`.

/// Characters of a value that is sent.
const LONGEST: usize = 256;
/// What a template may name.
const NAMES: [&str; 3] = ["call_id", "reason", "claim_code"];

/// What fills a template. What is not known is left empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    /// The call's id.
    pub call_id: &'a str,
    /// Why a person is called, in one line.
    pub reason: &'a str,
    /// The code with which an agent's screen finds the call.
    pub claim_code: &'a str,
}

/// A header's value with places for what is known only in the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderTemplate(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    CallId,
    Reason,
    ClaimCode,
}

impl HeaderTemplate {
    /// Reads "call {{ call_id }}".
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("a header is one line".to_owned());
        }
        let mut parts = text.split("{{");
        let mut pieces = vec![Piece::Text(parts.next().unwrap_or_default().to_owned())];
        for part in parts {
            let (name, rest) = part.split_once("}}").ok_or_else(|| "`{{` without `}}`".to_owned())?;
            pieces.push(match name.trim() {
                "call_id" => Piece::CallId,
                "reason" => Piece::Reason,
                "claim_code" => Piece::ClaimCode,
                other => return Err(format!("nothing is called `{other}`; known here: {}", NAMES.join(", "))),
            });
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The value of one call: one line, whatever a caller has said.
    #[must_use]
    pub fn fill(&self, values: Values<'_>) -> String {
        let of = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::CallId => values.call_id.to_owned(),
            Piece::Reason => values.reason.to_owned(),
            Piece::ClaimCode => values.claim_code.to_owned(),
        };
        let filled: String = self.0.iter().map(of).collect();
        filled.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect()
    }
}

/// Is this the name of a header that belongs to nobody's protocol? `X-` and letters, digits and dashes.
#[must_use]
pub fn is_header_name(name: &str) -> bool {
    let rest = name.strip_prefix("X-").or_else(|| name.strip_prefix("x-"));
    rest.is_some_and(|rest| !rest.is_empty() && name.len() <= 64 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_and_stay_one_line() {
        let template = HeaderTemplate::parse("{{ call_id }}; {{reason}}").unwrap();
        let values = Values { call_id: "abc", reason: "angry\r\nEvil: yes", ..Values::default() };
        assert_eq!(template.fill(values), "abc; angry  Evil: yes");
        let long = "ă".repeat(1_000);
        assert_eq!(template.fill(Values { reason: &long, ..values }).chars().count(), LONGEST);
    }

    #[test]
    fn what_is_no_template() {
        for (text, message) in [("{{ cal_id }}", "nothing is called `cal_id`"), ("{{ call_id", "without"), ("a\nb", "one line")] {
            assert!(HeaderTemplate::parse(text).unwrap_err().contains(message), "{text}");
        }
        assert!(is_header_name("X-Call-Id") && !is_header_name("X-") && !is_header_name("Diversion") && !is_header_name("X-a b"));
    }
}

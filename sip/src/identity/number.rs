//! Telephone numbers in the one form in which they are compared (RFC 8224 §8.3): digits with the country code, nothing else.

/// ITU-T E.164 allows 15 digits; service codes with `*` and `#` may be somewhat longer.
const LONGEST: usize = 32;
/// Longer input is no number.
const LONGEST_TEXT: usize = 128;

/// A canonical number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(String);

/// How numbers are dialled where the gateway stands, for numbers that come without their country code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberPlan {
    /// The country code without `+`, such as `40`. Empty: numbers are taken as they are.
    pub country_code: String,
    /// Before a number of another country, such as `00`. Empty: none.
    pub international_prefix: String,
    /// Before a number of the same country, such as `0`. Empty: none.
    pub national_prefix: String,
}

impl Number {
    /// From a number as written: `+40 (722) 123-456`, `tel:+40722123456`. `None` when it is no number.
    #[must_use]
    pub fn new(text: &str, plan: &NumberPlan) -> Option<Self> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let text = text.trim();
        let text = text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("tel:")).map_or(text, |scheme| &text[scheme.len()..]);
        // Parameters of a tel URI (RFC 3966 §3) are no part of the number.
        let text = text.split(';').next().unwrap_or(text);
        let (global, text) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        let mut digits = String::with_capacity(LONGEST);
        for character in text.chars() {
            match character {
                '0'..='9' | '*' | '#' if digits.len() < LONGEST => digits.push(character),
                // Visual separators (RFC 3966 §5.1.1) and blanks.
                '-' | '.' | '(' | ')' | ' ' => {}
                _ => return None,
            }
        }
        let digits = if global { digits } else { plan.with_country(digits) };
        (!digits.is_empty()).then_some(Self(digits))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NumberPlan {
    fn with_country(&self, digits: String) -> String {
        let after = |prefix: &str| if prefix.is_empty() { None } else { digits.strip_prefix(prefix) };
        if let Some(international) = after(&self.international_prefix) {
            return international.to_owned();
        }
        match after(&self.national_prefix) {
            Some(national) if !self.country_code.is_empty() => format!("{}{national}", self.country_code),
            Some(_) | None => digits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_many_writings() {
        let plan = NumberPlan { country_code: "40".into(), international_prefix: "00".into(), national_prefix: "0".into() };
        for text in [
            "+40722123456",
            "40722123456",
            "tel:+40-722-123-456",
            "+40 (722) 123.456",
            "0040722123456",
            "0722123456",
            "TEL:+40722123456;x=1",
        ] {
            assert_eq!(Number::new(text, &plan).map(|number| number.0).as_deref(), Some("40722123456"), "{text}");
        }
        let none = NumberPlan::default();
        assert_eq!(Number::new("0722123456", &none).unwrap().as_str(), "0722123456");
        assert_eq!(Number::new("*31#", &none).unwrap().as_str(), "*31#");
        for text in ["", "+", "anonymous", "sip:+4072@example", "+40722é", &"1".repeat(33), &" ".repeat(500), "tel:", "té:1"] {
            assert_eq!(Number::new(text, &none), None, "{text}");
        }
    }
}

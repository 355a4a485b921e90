//! Patterns with `*`.

/// Does a pattern with `*` fit?
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    captures(pattern, text).is_some()
}

/// What each `*` of a pattern stands for, in their order; none if the pattern does not fit. All but the last stand for as little as they can.
pub(super) fn captures<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let Some((head, rest)) = pattern.split_once('*') else { return (pattern == text).then(Vec::new) };
    let mut left = text.strip_prefix(head)?;
    let mut found = Vec::new();
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            found.push(left.strip_suffix(part)?);
            break;
        }
        let at = left.find(part)?;
        found.push(&left[..at]);
        left = &left[at + part.len()..];
    }
    Some(found)
}

/// Does the first pattern fit whatever the second one fits? False where that takes more than a look.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    let prefix = |pattern: &str| pattern.strip_suffix('*').filter(|head| !head.contains('*')).map(str::to_owned);
    wide == narrow
        || match (prefix(wide), prefix(narrow)) {
            (Some(wide), Some(narrow)) => narrow.starts_with(&wide),
            (Some(_), None) => !narrow.contains('*') && matches(wide, narrow) || wide == "*",
            (None, _) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, found) in [
            ("*", "", Some(vec![""])),
            ("00*", "0049", Some(vec!["49"])),
            ("00*", "049", None),
            ("100", "100", Some(vec![])),
            ("1*0*9", "12039", Some(vec!["2", "3"])),
            ("1*0*9", "1239", None),
            ("**", "1", Some(vec!["", "1"])),
            ("*ă", "țară", Some(vec!["țar"])),
        ] {
            assert_eq!(captures(pattern, text), found, "{pattern} {text}");
        }
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        for (wide, narrow, covered) in [
            ("*", "1*2*3", true),
            ("+40*", "+4021*", true),
            ("+4021*", "+40*", false),
            ("+40*", "+4021", true),
            ("1*3", "1*3", true),
            ("1*3", "123", false),
            ("100", "*", false),
        ] {
            assert_eq!(covers(wide, narrow), covered, "{wide} {narrow}");
        }
    }
}

//! Reason (RFC 3326).

use std::str::FromStr;

use crate::uri::split_outside_quotes;

/// The figure of one protocol in a Reason header: there is at most one of each (§2). Its text is a stranger's, and is left out.
#[must_use]
pub fn reason_cause<T: FromStr>(reason: &str, protocol: &str) -> Option<T> {
    let mut values = split_outside_quotes(reason, ',').map(|value| split_outside_quotes(value, ';').map(str::trim));
    let mut params = values.find_map(|mut value| value.next().filter(|name| name.eq_ignore_ascii_case(protocol)).map(|_| value))?;
    let cause = params.find_map(|param| param.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("cause")))?.1;
    cause.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_a_figure_for_each_protocol() {
        let both = |reason: &str| (reason_cause::<u16>(reason, "SIP"), reason_cause::<u8>(reason, "Q.850"));
        assert_eq!(both("Q.850;cause=17;text=\"User busy\""), (None, Some(17)));
        assert_eq!(both("SIP ; cause = 200 ;text=\"a, Q.850;cause=1\" , q.850;text=x;Cause=16"), (Some(200), Some(16)));
        for nothing in ["", ",;=", "Q.850", "Q.850;cause", "Q.850;cause=x", "Q.850;cause=999", "X;cause=17", "Q.850;text=\"cause=17"] {
            assert_eq!(both(nothing), (None, None), "{nothing}");
        }
    }
}

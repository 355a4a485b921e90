//! Why a leg does not come up or is gone: what the network says of it (RFC 3326, ITU-T Q.850), and what we say.

use std::time::Duration;

use warmline_sip::uri::split_outside_quotes;

use super::switchboard::Leg;
use crate::call::event::{Event, LegCause};

/// We are done with it.
pub(super) const DONE: &str = "Q.850;cause=16;text=\"Normal call clearing\"";
/// Nothing is heard of the far end: temporary failure.
pub(super) const NO_SOUND: &str = "Q.850;cause=41;text=\"No media\"";
/// Another telephone of the same person has the call.
pub(super) const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

impl Leg {
    /// Tells the call what the network says, if it says anything.
    pub(super) fn explain(&self, status: Option<u16>, reason: Option<&str>, retry_after: Option<Duration>) {
        let cause = LegCause {
            sip: status.or_else(|| reason_cause(reason?, "SIP")),
            q850: reason.and_then(|reason| reason_cause(reason, "Q.850")),
            retry_after_s: retry_after.map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX)),
        };
        if cause != LegCause::default() {
            self.link.tell(Event::LegCause { leg: self.id, cause });
        }
    }
}

/// The figure of one protocol in a Reason header: there is at most one of each (RFC 3326 §2). Its text is a stranger's, and is left out.
fn reason_cause<T: std::str::FromStr>(reason: &str, protocol: &str) -> Option<T> {
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
        assert_eq!(both(DONE), (None, Some(16)));
        assert_eq!(both(NO_SOUND), (None, Some(41)));
        assert_eq!(both(ELSEWHERE), (Some(200), None));
    }
}

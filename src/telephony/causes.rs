//! Why a leg does not come up or is gone: what the network says of it (RFC 3326, ITU-T Q.850), and what we say.

use std::time::Duration;

use warmline_sip::message::reason_cause;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_say_is_read_as_it_is_meant() {
        let both = |reason: &str| (reason_cause::<u16>(reason, "SIP"), reason_cause::<u8>(reason, "Q.850"));
        assert_eq!(both(DONE), (None, Some(16)));
        assert_eq!(both(NO_SOUND), (None, Some(41)));
        assert_eq!(both(ELSEWHERE), (Some(200), None));
    }
}

//! Asking the peer to place a call: blind and attended transfer (RFC 3515, RFC 3891, RFC 5589).

use std::time::{Duration, Instant};

use super::super::command::ReferRequest;
use super::super::event::{Event, LegId, ReferProgress};
use super::client::{Outcome, Purpose};
use super::inbound::clean_headers;
use super::leg::LegState;
use super::{Core, Hop, Timer};
use crate::message::{Method, Request};
use crate::uri::{Params, Uri};

/// The longest that nothing need be heard about a transfer, whatever the peer's subscription says.
const LONGEST_SILENCE: Duration = Duration::from_secs(180);

/// One REFER of ours and the subscription that came with it.
#[derive(Debug)]
pub(super) struct Referral {
    /// The number of the REFER: the `id` of its subscription (RFC 3515 §2.4.6).
    cseq: u32,
    accepted: bool,
    /// The last thing that was reported.
    last: Option<ReferProgress>,
    deadline: Instant,
}

impl Referral {
    /// Whether the outcome is still to come.
    fn is_open(&self) -> bool {
        !self.last.is_some_and(ReferProgress::is_final)
    }

    /// The call ends first; `true` if that has to be reported.
    pub(super) fn abandon(&mut self) -> bool {
        let open = self.is_open();
        self.last = Some(ReferProgress::Lost);
        open
    }
}

/// The status in a `message/sipfrag` body (RFC 3420): its first line that is one, whatever stands before.
fn sipfrag_status(body: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(&body[..body.len().min(2_048)]);
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("SIP/2.0"))?;
    line.split_whitespace().next()?.get(..3)?.parse().ok().filter(|status| (100..700).contains(status))
}

/// The value of a parameter behind a token.
fn param(value: &str, name: &str) -> Option<String> {
    let cut = value.find(';')?;
    Params::parse(&value[cut..]).ok()?.get(name).map(str::to_owned)
}

/// Escapes what may not stand in the header part of a URI (RFC 3261 §25.1).
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Whether a text is a URI that may be referred to, without headers.
fn is_referable(uri: &str) -> bool {
    let tel = uri.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    let digits = |c: char| c.is_ascii_alphanumeric() || "+-.()*#;=".contains(c);
    if tel { uri.len() > 4 && uri[4..].chars().all(digits) } else { uri.parse::<Uri>().is_ok_and(|uri| !uri.has_headers) }
}

/// The value of Refer-To. Only SIP URIs have headers.
fn refer_to(request: &ReferRequest, replaces: Option<&str>) -> String {
    let sip = request.refer_to.get(..3).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sip"));
    let carried = clean_headers(&request.carried).filter(|_| sip);
    let headers: Vec<String> = replaces
        .map(|value| ("Replaces", value))
        .into_iter()
        .chain(carried)
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    if headers.is_empty() { format!("<{}>", request.refer_to) } else { format!("<{}?{}>", request.refer_to, headers.join("&")) }
}

impl Core {
    /// Sends a REFER inside the call.
    pub(super) fn refer(&mut self, now: Instant, id: LegId, request: &ReferRequest) {
        let refuse = |status| Event::Referred { leg: id, progress: ReferProgress::Refused(status) };
        let replaces = request.replaces.map(|other| self.legs.get(&other).and_then(super::leg::Leg::replaces_value));
        let Some(leg) = self.legs.get(&id) else { return };
        let busy = leg.referral.as_ref().is_some_and(Referral::is_open);
        let refer_to = match replaces {
            _ if !is_referable(&request.refer_to) || !request.referred_by.as_deref().is_none_or(is_referable) => {
                return self.tell(id, refuse(400));
            }
            _ if busy => return self.tell(id, refuse(491)),
            _ if !matches!(leg.state, LegState::Talking) => return self.tell(id, refuse(481)),
            Some(None) => return self.tell(id, refuse(481)),
            Some(replaces) => refer_to(request, replaces.as_deref()),
            None => refer_to(request, None),
        };
        let (flow, hop) = (leg.hop, leg.next_hop(&self.config.allowed));
        let mut extra = vec![("Contact".to_owned(), self.contact(flow)), ("Refer-To".to_owned(), refer_to)];
        extra.extend(request.referred_by.iter().map(|by| ("Referred-By".to_owned(), format!("<{by}>"))));
        extra.extend(clean_headers(&request.headers).map(|(name, value)| (name.to_owned(), value.to_owned())));
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let parts = leg.dialog.request(Method::Refer, extra);
        // Until the answer, the transaction keeps the time; afterwards the NOTIFYs do.
        leg.referral = Some(Referral { cseq: parts.cseq, accepted: false, last: None, deadline: now });
        self.start_client(now, Purpose::Refer(id), parts, hop, None);
    }

    pub(super) fn refer_outcome(&mut self, now: Instant, id: LegId, outcome: &Outcome<'_>) {
        match outcome {
            Outcome::Response(response) if response.status < 300 => {
                self.refer_accepted(now, id);
                // RFC 4488: without a subscription nothing more is heard.
                if response.headers.get("Refer-Sub").is_some_and(|value| value.trim().eq_ignore_ascii_case("false")) {
                    self.refer_progress(id, ReferProgress::Lost);
                }
            }
            Outcome::Response(response) => self.refer_progress(id, ReferProgress::Refused(response.status)),
            Outcome::Timeout | Outcome::Unreachable => self.refer_progress(id, ReferProgress::Refused(408)),
        }
    }

    /// The peer will try, or says already how it goes.
    fn refer_accepted(&mut self, now: Instant, id: LegId) {
        let first = now + self.config.timers.limit();
        let Some(referral) = self.legs.get_mut(&id).and_then(|leg| leg.referral.as_mut()).filter(|referral| !referral.accepted) else {
            return;
        };
        (referral.accepted, referral.deadline) = (true, first);
        self.arm(first, Timer::Referral(id));
        self.refer_progress(id, ReferProgress::Accepted);
    }

    fn refer_progress(&mut self, id: LegId, progress: ReferProgress) {
        let Some(referral) = self.legs.get_mut(&id).and_then(|leg| leg.referral.as_mut()) else { return };
        if referral.is_open() && referral.last != Some(progress) {
            referral.last = Some(progress);
            self.tell(id, Event::Referred { leg: id, progress });
        }
    }

    /// Nothing was heard about the transfer for too long.
    pub(super) fn referral_due(&mut self, at: Instant, id: LegId) {
        if self.legs.get(&id).and_then(|leg| leg.referral.as_ref()).is_some_and(|referral| referral.deadline == at) {
            self.refer_progress(id, ReferProgress::Lost);
        }
    }

    /// NOTIFY of our REFER's subscription; any other gets 481 (RFC 6665 §4.1.3).
    pub(super) fn notify_received(&mut self, now: Instant, request: Request, hop: Hop, id: LegId, tag: &str) {
        let event = request.headers.get("Event").unwrap_or_default().to_owned();
        let subscription = request.headers.get("Subscription-State").unwrap_or_default().to_owned();
        let refer = event.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("refer");
        let number = param(&event, "id");
        let referral = self.legs.get(&id).and_then(|leg| leg.referral.as_ref());
        let ours = referral.filter(|referral| refer && number.is_none_or(|number| number.parse() == Ok(referral.cseq)));
        if ours.is_none() {
            return self.answer_at_once(now, request, hop, tag, 481, Vec::new());
        }
        let status = sipfrag_status(&request.body);
        self.answer_at_once(now, request, hop, tag, 200, Vec::new());
        // It may overtake the answer to the REFER (RFC 3515 §2.4.4).
        self.refer_accepted(now, id);
        match status {
            Some(status @ ..200) => self.refer_progress(id, ReferProgress::Trying(status)),
            Some(status @ 200..300) => self.refer_progress(id, ReferProgress::Succeeded(status)),
            Some(status) => self.refer_progress(id, ReferProgress::Failed(status)),
            None => {}
        }
        if subscription.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("terminated") {
            return self.refer_progress(id, ReferProgress::Lost);
        }
        let expires = param(&subscription, "expires").and_then(|expires| expires.parse().ok()).map(Duration::from_secs);
        let least = self.config.timers.limit().min(LONGEST_SILENCE);
        let silence = expires.unwrap_or(LONGEST_SILENCE).clamp(least, LONGEST_SILENCE);
        if let Some(referral) = self.legs.get_mut(&id).and_then(|leg| leg.referral.as_mut()).filter(|referral| referral.is_open()) {
            referral.deadline = now + silence;
            self.arm(now + silence, Timer::Referral(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_phones_put_into_a_notify() {
        for (body, status) in [
            ("SIP/2.0 200 OK", Some(200)),
            ("\r\n  SIP/2.0 180\r\n", Some(180)),
            ("Content: x\r\nSIP/2.0 603 Decline\r\nTo: <sip:a@b>\r\n", Some(603)),
            ("SIP/2.0 999 Odd", None),
            ("SIP/2.0", None),
            ("SIP/2.0 2é0", None),
            ("HTTP/1.1 200 OK", None),
            ("", None),
        ] {
            assert_eq!(sipfrag_status(body.as_bytes()), status, "{body}");
        }
    }

    #[test]
    fn refers_only_to_telephones() {
        for good in ["sip:a@b", "sips:a@b;transport=tls", "tel:+40212345", "TEL:100;phone-context=x"] {
            assert!(is_referable(good), "{good}");
        }
        for bad in ["", "tel:", "http://x", "sip:a@b?Replaces=x", "sip:a@b>,<sip:c@d", "tel:1>;x", "sip:a@b\r\nVia: x", "tél:1"] {
            assert!(!is_referable(bad), "{bad}");
        }
        assert_eq!(escaped("a@b;to-tag=1"), "a%40b%3Bto-tag%3D1");
    }
}

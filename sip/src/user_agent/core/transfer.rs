//! The peer of an authorised leg asks us to place a call (RFC 3515). Nothing is done about it here: the application decides and acts.

use std::time::Instant;

use super::super::event::{Event, LegId, TransactionId};
use super::client::Purpose;
use super::leg::LegState;
use super::{Core, Hop, Timer, TxId};
use crate::guard::ALLOW;
use crate::message::{Method, Request, ResponseParts, reason_phrase};
use crate::uri::{NameAddr, Uri};

/// What a leg's peer may ask for, and has asked for.
#[derive(Debug, Default)]
pub(super) struct Transfer {
    authorised: bool,
    /// The REFER that the application has not answered, with its number.
    asked: Option<(TxId, u32)>,
    /// The number of the accepted REFER whose sender is told how it goes.
    subscribed: Option<u32>,
}

/// Where to call, and what Replaces has to say.
struct ReferTo {
    uri: String,
    replaces: Option<String>,
}

/// Reads Refer-To: one SIP URI, whose only header may be Replaces. Other headers are not taken over: they are a stranger's words in our name.
fn refer_to(request: &Request) -> Option<ReferTo> {
    let mut values = request.headers.all("Refer-To");
    let whole: NameAddr = values.next().filter(|value| value.len() <= 1_024)?.parse().ok()?;
    let (uri, headers) = whole.uri.split_once('?').unwrap_or((&whole.uri, ""));
    uri.parse::<Uri>().ok().filter(|_| values.next().is_none())?;
    let replaces = headers.split('&').filter_map(|header| header.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("Replaces"));
    let replaces = match replaces {
        Some((_, value)) => Some(unescaped(value).filter(|value| value.len() <= 512)?),
        None => None,
    };
    Some(ReferTo { uri: uri.to_owned(), replaces })
}

/// Undoes `%40` and the like; `None` for what is broken or no plain text.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        out.push(if byte == b'%' { digit()? << 4 | digit()? } else { byte });
    }
    String::from_utf8(out).ok().filter(|text| !text.chars().any(char::is_control))
}

impl Transfer {
    /// The peer may ask from the beginning, or not.
    pub(super) fn of(authorised: bool) -> Self {
        Self { authorised, ..Self::default() }
    }
}

impl Core {
    /// From now on the leg's peer may ask.
    pub(super) fn authorise(&mut self, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.transfer.authorised = true;
        }
    }

    /// The methods that a leg's peer may use (RFC 3261 §20.5): telephones offer no transfer where REFER is not among them.
    pub(super) fn allow(&self, id: LegId) -> String {
        let may_refer = self.legs.get(&id).is_some_and(|leg| leg.transfer.authorised);
        if may_refer { format!("{ALLOW}, REFER") } else { ALLOW.to_owned() }
    }

    /// REFER inside a call. From anybody who is not authorised it is refused like a method that we do not have.
    pub(super) fn refer_received(&mut self, now: Instant, request: Request, hop: Hop, id: LegId, tag: &str) {
        let Some(leg) = self.legs.get(&id) else { return };
        let status = match refer_to(&request) {
            _ if !leg.transfer.authorised || leg.told => 405,
            _ if !matches!(leg.state, LegState::Talking) || leg.transfer.asked.is_some() => 491,
            None => 400,
            Some(ReferTo { uri, replaces }) => {
                let replaced = replaces.as_deref().and_then(|value| self.leg_of_replaces(value));
                let cseq = request.essentials.cseq;
                let tx = self.open_server(request, hop, Some(id), tag);
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.transfer.asked = Some((tx, cseq));
                }
                self.arm(now + self.config.timers.reoffer, Timer::TransferLimit(id, tx));
                return self
                    .tell(id, Event::TransferAsked { leg: id, transaction: TransactionId(tx.0), refer_to: uri, replaces, replaced });
            }
        };
        let extra = if status == 405 { vec![("Allow", ALLOW.to_owned())] } else { Vec::new() };
        self.answer_at_once(now, request, hop, tag, status, extra);
    }

    /// The application's decision.
    pub(super) fn answer_transfer(&mut self, now: Instant, id: LegId, tx: TxId, answer: Result<(), u16>) {
        let asked = self.legs.get_mut(&id).and_then(|leg| Some((leg.transfer.asked.take_if(|(asked, _)| *asked == tx)?.1, leg.hop)));
        let Some((cseq, hop)) = asked else {
            // Where the leg is gone, the request still wants an answer.
            if !self.legs.contains_key(&id) {
                self.respond(now, tx, ResponseParts { status: 481, ..ResponseParts::default() });
            }
            return;
        };
        let status = answer.map_or_else(|status| if (300..700).contains(&status) { status } else { 603 }, |()| 202);
        self.respond(now, tx, ResponseParts { status, extra: vec![("Contact", self.contact(hop))], ..ResponseParts::default() });
        if let Some(leg) = self.legs.get_mut(&id).filter(|_| status == 202) {
            leg.transfer.subscribed = Some(cseq);
            // The first NOTIFY follows at once (RFC 3515 §2.4.4).
            self.transfer_progress(now, id, 100);
        }
    }

    /// Tells the peer how the call that it asked for goes; a final status ends the subscription.
    pub(super) fn transfer_progress(&mut self, now: Instant, id: LegId, status: u16) {
        let Some(leg) = self.legs.get(&id).filter(|leg| matches!(leg.state, LegState::Talking) && (100..700).contains(&status)) else {
            return;
        };
        let Some(cseq) = leg.transfer.subscribed else { return };
        let (flow, hop) = (leg.hop, leg.next_hop(&self.config.allowed));
        let state = if status < 200 { "active;expires=180" } else { "terminated;reason=noresource" };
        let extra = vec![
            ("Contact".to_owned(), self.contact(flow)),
            ("Event".to_owned(), format!("refer;id={cseq}")),
            ("Subscription-State".to_owned(), state.to_owned()),
        ];
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if status >= 200 {
            leg.transfer.subscribed = None;
        }
        let parts = leg.dialog.request(Method::Notify, extra);
        let body = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        self.start_client(now, Purpose::Nothing, parts, hop, Some(("message/sipfrag;version=2.0", body.as_bytes())));
    }
}

//! Legs of browsers: their signalling is a page's requests, their sound is like every other leg's.

use std::collections::{HashMap, HashSet};

use tokio::sync::watch;
use warmline_sip::{sdp::Direction, user_agent::LegId as WireLeg};

use super::switchboard::{Stage, Switchboard};
use crate::{
    call::event::{DialFailure, Event},
    trunk::{Call, Claims, Party, Signed},
    web_call::{Reply, Request, WebCall, WebCallId, WebRefused},
};

/// Characters of a name that a page may bring.
const LONGEST_NAME: usize = 80;

/// What is known of the browsers.
#[derive(Default)]
pub(super) struct Browsers {
    calls: HashMap<WebCallId, WireLeg>,
    links: HashMap<WireLeg, Link>,
    /// Phones that ring on pages, by agent.
    ringing: HashMap<String, WireLeg>,
    /// Agents whose page was open, and is not any more.
    closed: HashSet<String>,
}

struct Link {
    id: WebCallId,
    ended: watch::Sender<bool>,
    /// The page that waits for our session description.
    reply: Option<Reply<WebCall>>,
}

impl Browsers {
    pub(super) fn has(&self, leg: WireLeg) -> bool {
        self.links.contains_key(&leg)
    }

    /// Is it a page's leg, also one that only rings there?
    pub(super) fn is_page(&self, leg: WireLeg) -> bool {
        self.has(leg) || self.ringing.values().any(|ringing| *ringing == leg)
    }

    fn add(&mut self, leg: WireLeg, reply: Reply<WebCall>) {
        let id = WebCallId::random();
        self.calls.insert(id.clone(), leg);
        self.links.insert(leg, Link { id, ended: watch::Sender::new(false), reply: Some(reply) });
    }

    /// Tells the page our session description. Without a page that waits for it any more, the call is over.
    pub(super) fn answer(&mut self, leg: WireLeg, answer: String) -> bool {
        let Some(link) = self.links.get_mut(&leg) else { return false };
        let call = WebCall { id: link.id.clone(), answer, ended: link.ended.subscribe() };
        link.reply.take().is_some_and(|reply| reply.send(Ok(call)).is_ok())
    }

    /// The leg is over: its page is told.
    pub(super) fn forget(&mut self, leg: WireLeg, why: WebRefused) {
        self.ringing.retain(|_, ringing| *ringing != leg);
        if let Some(link) = self.links.remove(&leg) {
            self.calls.remove(&link.id);
            link.ended.send_replace(true);
            if let Some(reply) = link.reply {
                // A page that has gone meanwhile needs no answer.
                let _ = reply.send(Err(why));
            }
        }
    }

    /// An agent's page rings. Another call that rings there loses its place: one agent is offered one call.
    pub(super) fn ring(&mut self, agent: &str, leg: WireLeg) {
        self.ringing.insert(agent.to_owned(), leg);
    }

    /// Nobody would see that it rings there.
    pub(super) fn is_closed(&self, agent: &str) -> bool {
        self.closed.contains(agent)
    }
}

impl Switchboard {
    pub(super) async fn on_request(&mut self, request: Request) {
        match request {
            Request::Call { called, name, offer, reply } => self.web_call(&called, name, offer, reply),
            Request::Answer { agent, offer, reply } => self.web_answer(&agent, &offer, reply).await,
            Request::Reoffer { id, offer, reply } => {
                let answer = self.web_reoffer(&id, &offer);
                // A page that has gone meanwhile needs no answer.
                let _ = reply.send(answer);
            }
            Request::End { id, why } => {
                if let Some(&wire) = self.browsers.calls.get(&id) {
                    self.ended(wire, why);
                    self.browsers.forget(wire, WebRefused::Busy);
                }
            }
            Request::Desk { agent, open: true } => _ = self.browsers.closed.remove(&agent),
            Request::Desk { agent, open: false } => self.desk_closed(agent),
        }
    }

    /// What rings on this agent's page, rings for nobody.
    fn desk_closed(&mut self, agent: String) {
        if let Some(leg) = self.browsers.ringing.remove(&agent).and_then(|wire| self.drop_leg(wire)) {
            leg.link.tell(Event::LegFailed { leg: leg.id, why: DialFailure::Unreachable });
        }
        self.browsers.closed.insert(agent);
    }

    /// A caller's page calls: like an INVITE.
    fn web_call(&mut self, called: &str, name: Option<String>, offer: String, reply: Reply<WebCall>) {
        let name = name.map(|name| name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect::<String>());
        let from = Party { display: name.filter(|name| !name.trim().is_empty()), ..Party::default() };
        let claims = Claims { from, ..Claims::default() };
        let call = Call { source: None, called, claims: &claims, signed: Signed::No };
        let wire = self.user_agent.new_leg();
        let arrived = self.may_come(call, Some(offer.as_bytes()), || Signed::No);
        match arrived.and_then(|arrived| self.announce(wire, Some(offer.into_bytes()), None, arrived)) {
            Ok(()) => self.browsers.add(wire, reply),
            Err(why) => _ = reply.send(Err(WebRefused::from_sip(why.status()))),
        }
    }

    /// An agent's page takes the call that rings there.
    async fn web_answer(&mut self, agent: &str, offer: &str, reply: Reply<WebCall>) {
        let ringing = self.browsers.ringing.get(agent).copied();
        let (Some(wire), Some(leg)) = (ringing, ringing.and_then(|wire| self.legs.get_mut(&wire))) else {
            _ = reply.send(Err(WebRefused::NothingRings));
            return;
        };
        let negotiated = leg.sdp.answer(offer.as_bytes(), Direction::SendRecv);
        let (body, negotiated) = match negotiated {
            Ok(agreed) => agreed,
            Err(error) => {
                // The phone goes on ringing: another page may do better.
                _ = reply.send(Err(WebRefused::from_sip(error.status_code())));
                return;
            }
        };
        let Stage::Offered { sockets } = std::mem::replace(&mut leg.stage, Stage::Up) else {
            _ = reply.send(Err(WebRefused::NothingRings));
            return;
        };
        leg.start(sockets, &negotiated);
        leg.link.tell(Event::LegAnswered { leg: leg.id });
        self.browsers.ringing.remove(agent);
        self.browsers.add(wire, reply);
        if !self.browsers.answer(wire, body) {
            self.hang_up(wire).await;
        }
    }

    fn web_reoffer(&mut self, id: &WebCallId, offer: &str) -> Result<String, WebRefused> {
        let wire = self.browsers.calls.get(id).ok_or(WebRefused::NoSuchCall)?;
        let leg = self.legs.get_mut(wire).ok_or(WebRefused::NoSuchCall)?;
        let answer = leg.sdp.answer(offer.as_bytes(), Direction::SendRecv);
        let (body, negotiated) = answer.map_err(|error| WebRefused::from_sip(error.status_code()))?;
        leg.update(&negotiated);
        Ok(body)
    }
}

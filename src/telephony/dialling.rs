//! Placing calls: straight, to telephones that registered, over a trunk with all its peers, or to a page.

use std::{sync::Arc, time::Duration};

use warmline_sip::{
    sdp::{Direction, SdpSession},
    user_agent::{DialRequest, FailWhy, LegId as WireLeg, Offers, Target, Way},
};

use super::{
    callee::Callee,
    lines::Outward,
    media::Listening,
    switchboard::{Dial, Leg, Link, Stage, Switchboard},
};
use crate::{
    call::{
        event::{DialFailure, Event},
        ids::LegId,
    },
    clock,
    trunk::Permit,
};

/// A call that is to be placed.
struct Call {
    to: Target,
    trunk: Option<String>,
    outward: Outward,
    peers: Way,
    permit: Option<Permit>,
}

impl Switchboard {
    pub(super) async fn dial(&mut self, wire: WireLeg, id: LegId, wanted: &Dial, link: Arc<Link>) {
        let call = match Callee::of(&wanted.target) {
            Callee::Page(agent) => return self.ring_page(wire, id, agent, link),
            callee => match self.plan(callee) {
                Ok(call) => call,
                Err(why) => return link.tell(Event::LegFailed { leg: id, why }),
            },
        };
        let Ok(sockets) = self.media.reserve() else {
            tracing::error!("cannot dial: no free RTP port");
            return link.tell(Event::LegFailed { leg: id, why: DialFailure::Unreachable });
        };
        let line = self.lines.of(call.trunk.as_deref());
        let mut sdp = self.session_on(&line, sockets.rtp_port());
        let offers = offers(&mut sdp);
        let mut leg = Leg::new(id, link, sdp, Stage::Offered { sockets }, line.listening(true));
        (leg.agent, leg.dialled, leg.permit) = (wanted.agent.clone(), true, call.permit);
        self.callers += usize::from(id == LegId::CALLER);
        self.legs.insert(wire, leg);
        // What the call is about is for agents.
        let about = wanted.agent.as_ref().map(|_| call.outward.headers(&wanted.about));
        let mut headers = about.unwrap_or_default();
        headers.extend(wanted.replaces.iter().map(|value| ("Replaces".to_owned(), value.clone())));
        let request = DialRequest {
            leg: wire,
            target: call.to,
            account: call.outward.account.clone(),
            from: call.outward.from_user.clone().unwrap_or_else(|| self.from_user.clone()),
            display_name: Some(self.display_name.clone()),
            offers,
            headers,
            ring_timeout: Duration::from_millis(wanted.ring_ms),
            follow_redirects: call.outward.follow_redirects,
            // What an agent may do with the caller is decided when they want to; a caller hands nobody on.
            may_refer: id != LegId::CALLER,
            way: call.peers,
        };
        self.user_agent.dial(request).await;
    }

    /// The way to a callee. Over a trunk it takes one of the trunk's places.
    fn plan(&self, callee: Callee<'_>) -> Result<Call, DialFailure> {
        let straight = |to| Call { to, trunk: None, outward: Outward::default(), peers: Way::default(), permit: None };
        match callee {
            Callee::Registered(user) => Ok(straight(Target::Registered(user.to_owned()))),
            Callee::At(target) => target.parse().map(straight).map_err(|_| {
                tracing::error!(target, "cannot dial: no SIP address");
                DialFailure::Unreachable
            }),
            Callee::Over { trunk, user } => {
                let outward = self.lines.outward.get(trunk).cloned().unwrap_or_default();
                let mut peers = outward.at_peers(user);
                let first = peers.next().ok_or(DialFailure::Unreachable)?;
                let peers = Way { peers: peers.collect(), proxy: outward.proxy.clone(), from_host: outward.from_host.clone() };
                let permit = self.trunks.admit(trunk, clock::now()).map_err(|why| {
                    metrics::counter!("warmline_dials_refused_total", "trunk" => trunk.to_owned()).increment(1);
                    tracing::warn!(trunk, "no call can be placed: {why}");
                    DialFailure::NoLine
                })?;
                Ok(Call { to: Target::Uri(first), trunk: Some(trunk.to_owned()), outward, peers, permit: Some(permit) })
            }
            Callee::Page(_) => Err(DialFailure::Unreachable),
        }
    }

    /// An agent's phone is a page: it shows the call by itself, and sends its session description when the agent takes it.
    fn ring_page(&mut self, wire: WireLeg, id: LegId, agent: &str, link: Arc<Link>) {
        if self.browsers.is_closed(agent) {
            return link.tell(Event::LegFailed { leg: id, why: DialFailure::Unreachable });
        }
        let Ok(sockets) = self.media.reserve() else {
            tracing::error!("cannot ring a page: no free RTP port");
            link.tell(Event::LegFailed { leg: id, why: DialFailure::Unreachable });
            return;
        };
        let sdp = self.new_session(sockets.rtp_port());
        link.tell(Event::LegRinging { leg: id });
        self.browsers.ring(agent, wire);
        self.legs.insert(wire, Leg::new(id, link, sdp, Stage::Offered { sockets }, Listening::DIALLED));
    }
}

/// An offer for each family of addresses in which we have one.
fn offers(sdp: &mut SdpSession) -> Offers {
    let other = sdp.offer_from_other(Direction::SendRecv).map(String::into_bytes);
    let own = Some(sdp.offer(Direction::SendRecv).into_bytes());
    if sdp.local().address.is_ipv4() { Offers { v4: own, v6: other } } else { Offers { v4: other, v6: own } }
}

pub(super) const fn dial_failure(why: FailWhy) -> DialFailure {
    match why {
        FailWhy::Busy => DialFailure::Busy,
        FailWhy::Declined => DialFailure::Declined,
        FailWhy::NoAnswer | FailWhy::Cancelled => DialFailure::NoAnswer,
        FailWhy::Unreachable | FailWhy::Timeout => DialFailure::Unreachable,
        FailWhy::Rejected => DialFailure::Rejected,
    }
}

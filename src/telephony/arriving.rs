//! Calls that come in. Whether one may come is decided here, by what its trunk agrees to and may bring, before anything is made of it.

use std::net::IpAddr;

use warmline_sip::{
    sdp::{Direction, SdpError},
    uri::Uri,
    user_agent::{Incoming, LegId as WireLeg},
};

use super::{Arrival, claims::claims, switchboard::Switchboard};
use crate::{
    clock,
    trunk::{Arrived, Call, Refusal, Signed, SignedPolicy},
};

/// Why a call is refused at the door.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// As many callers as may are here, or nobody takes calls up.
    #[error("there are too many calls")]
    Full,
    /// It offers no sound that its trunk agrees to.
    #[error("its session description: {0}")]
    Offer(#[from] SdpError),
    /// By what is configured of trunks and routes.
    #[error("{0}")]
    Refusal(#[from] Refusal),
}

impl Refused {
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::Full => 503,
            Self::Offer(error) => error.status_code(),
            Self::Refusal(why) => why.status(),
        }
    }

    /// The word for metrics.
    const fn word(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Offer(_) => "offer",
            Self::Refusal(why) => why.word(),
        }
    }
}

impl Switchboard {
    pub(super) async fn incoming(&mut self, incoming: Incoming) {
        if let Some(replaced) = incoming.replaces {
            return self.take_over(incoming, replaced).await;
        }
        let leg = incoming.leg;
        if let Err(why) = self.arrives(incoming) {
            self.user_agent.turn_away(leg, why.status()).await;
        }
    }

    fn arrives(&mut self, incoming: Incoming) -> Result<(), Refused> {
        let called = incoming.request_uri.parse::<Uri>().ok().and_then(|uri| uri.user).unwrap_or_default();
        let claims = claims(&incoming);
        let call = Call { source: Some(incoming.source.ip()), called: &called, claims: &claims, signed: Signed::No };
        let signatures = self.signatures.clone();
        let signed = || signatures.map_or(Signed::No, |signatures| signatures.check(&incoming));
        let arrived = self.may_come(call, incoming.offer.as_deref(), signed)?;
        self.announce(incoming.leg, incoming.offer, Some(incoming.source.ip()), arrived)
    }

    /// Whether a call may come: cheap questions first, and its signature only if its trunk asks for it.
    pub(super) fn may_come(&self, call: Call<'_>, offer: Option<&[u8]>, signed: impl FnOnce() -> Signed) -> Result<Arrived, Refused> {
        let look = || {
            if self.is_full() {
                return Err(Refused::Full);
            }
            let trunk = call.source.and_then(|source| self.trunks.identify(source));
            // A stranger does not learn whether its offer was read.
            if let Some(offer) = offer.filter(|_| trunk.is_some() || call.source.is_none()) {
                // The port is of no account: a session that is only tried.
                self.session_on(&self.lines.of(trunk.map(|trunk| trunk.name.as_str())), 9).answer(offer, Direction::SendRecv)?;
            }
            let asks = trunk.is_some_and(|trunk| trunk.signed != SignedPolicy::Ignore);
            let signed = if asks { signed() } else { Signed::No };
            Ok(self.trunks.arrive(Call { signed, ..call }, clock::now(), unix_ms())?)
        };
        look().inspect_err(|why| refused(why, call.source))
    }

    /// Somebody is to take the call up.
    pub(super) fn announce(
        &mut self,
        leg: WireLeg,
        offer: Option<Vec<u8>>,
        source: Option<IpAddr>,
        arrived: Arrived,
    ) -> Result<(), Refused> {
        let Arrived { caller, route, permit } = arrived;
        if self.arrivals.try_send(Arrival { caller, route, permit, leg, offer, source }).is_err() {
            refused(&Refused::Full, None);
            return Err(Refused::Full);
        }
        self.waiting.insert(leg);
        Ok(())
    }
}

fn refused(why: &Refused, source: Option<IpAddr>) {
    metrics::counter!("warmline_calls_refused_total", "why" => why.word()).increment(1);
    // A flood of calls must not become a flood of lines.
    if !matches!(why, Refused::Full) {
        tracing::info!(?source, "a call was refused: {why}");
    }
}

fn unix_ms() -> i64 {
    i64::try_from(clock::utc().as_millis()).unwrap_or(i64::MAX)
}

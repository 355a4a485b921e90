//! Taking a running call over: Replaces (RFC 3891).

use std::net::SocketAddr;

use super::super::event::LegId;
use super::Core;
use super::leg::{Leg, LegState};
use crate::message::Request;
use crate::uri::{Params, split_outside_quotes};

/// One dialog, as its other side names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replaces {
    call_id: String,
    to_tag: String,
    from_tag: String,
    early_only: bool,
}

impl Replaces {
    /// Reads a header value; `None` without both tags (RFC 3891 §6.1).
    pub(super) fn parse(value: &str) -> Option<Self> {
        let cut = value.find(';')?;
        let params = Params::parse(&value[cut..]).ok()?;
        let param = |name| params.get(name).filter(|tag| !tag.is_empty()).map(str::to_owned);
        let call_id = value[..cut].trim().to_owned();
        let replaces =
            Self { call_id, to_tag: param("to-tag")?, from_tag: param("from-tag")?, early_only: params.get("early-only").is_some() };
        Some(replaces).filter(|replaces| !replaces.call_id.is_empty())
    }
}

impl Leg {
    /// How a request to a third party names this call, for an attended transfer (RFC 5589 §7): as the peer sees it.
    pub(super) fn replaces_value(&self) -> Option<String> {
        let remote = self.dialog.remote_tag.as_ref().filter(|tag| !tag.is_empty() && matches!(self.state, LegState::Talking))?;
        Some(format!("{};to-tag={remote};from-tag={}", self.dialog.call_id, self.dialog.local_tag))
    }
}

impl Core {
    /// The leg that a new INVITE is to replace, or the status of its refusal. `known`: its sender is a registered telephone, or gave its password. Who is not authorised is told that there is no such call, be
    /// there one or not.
    pub(super) fn replaced(&self, request: &Request, source: SocketAddr, known: bool) -> Result<Option<LegId>, u16> {
        let mut values = request.headers.all("Replaces").flat_map(|value| split_outside_quotes(value, ','));
        let Some(value) = values.next() else { return Ok(None) };
        if !known && !self.may_replace(source) {
            return Err(481);
        }
        if values.next().is_some() {
            return Err(400);
        }
        let replaces = Replaces::parse(value).ok_or(400_u16)?;
        self.matching_leg(&replaces).map(Some)
    }

    /// The leg of a Replaces value, whoever asks.
    pub(super) fn leg_of_replaces(&self, value: &str) -> Option<LegId> {
        self.matching_leg(&Replaces::parse(value)?).ok()
    }

    /// Who may take over calls without having proved who they are.
    fn may_replace(&self, source: SocketAddr) -> bool {
        self.config.replaces_from.iter().any(|network| network.contains(source.ip()))
    }

    /// RFC 3891 §3: to-tag is ours, from-tag the peer's.
    fn matching_leg(&self, replaces: &Replaces) -> Result<LegId, u16> {
        let leg = self.tags.get(&replaces.to_tag).and_then(|id| Some((*id, self.legs.get(id)?)));
        let (id, leg) = leg.filter(|(_, leg)| leg.dialog.call_id == replaces.call_id && !leg.told).ok_or(481_u16)?;
        let confirmed = matches!(leg.state, LegState::Talking) && leg.dialog.remote_tag.as_ref() == Some(&replaces.from_tag);
        match confirmed {
            true if replaces.early_only => Err(486),
            true => Ok(id),
            // An early dialog may be replaced only by the one who called (§3): that is us where we dial.
            false if leg.has_fork(&replaces.from_tag) => Ok(id),
            false => Err(481),
        }
    }
}

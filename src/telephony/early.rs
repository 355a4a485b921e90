//! Sound before the answer (early media, RFC 3960): a network that says "busy" by a tone is understood before the time for ringing is over.

use warmline_sip::{
    sdp::{Direction, Negotiated, SdpError},
    user_agent::LegId as WireLeg,
};

use super::{
    causes::DONE,
    media::Command as MediaCommand,
    switchboard::{Leg, Stage, Switchboard},
};
use crate::call::event::{DialFailure, Event};

impl Switchboard {
    /// A call that we placed rings, and may bring sound.
    pub(super) fn progress(&mut self, wire: WireLeg, answer: Option<&[u8]>) {
        let Some(leg) = self.legs.get_mut(&wire) else { return };
        leg.link.tell(Event::LegRinging { leg: leg.id });
        if let Some(answer) = answer {
            leg.listen_early(answer);
        }
    }

    /// The network has said that nobody will answer: the call need not ring on.
    pub(super) async fn tone_before_answer(&mut self, wire: WireLeg, why: DialFailure) {
        let rings = |leg: &Leg| matches!(leg.stage, Stage::Early { .. });
        let leg = if self.legs.get(&wire).is_some_and(rings) { self.drop_leg(wire) } else { None };
        // Answered meanwhile.
        let Some(leg) = leg else { return };
        tracing::info!(?why, leg = leg.id.0, "a phone could not be reached, by the network's tone");
        leg.link.media(MediaCommand::RemoveLeg { leg: leg.id });
        self.user_agent.cancel_because(wire, DONE.to_owned()).await;
        leg.link.tell(Event::LegFailed { leg: leg.id, why });
    }
}

impl Leg {
    /// Takes an answer before the answer. Our offer stays open: the final answer may be another one, of another telephone.
    fn listen_early(&mut self, answer: &[u8]) {
        let negotiated = match self.sdp.clone().accept(answer) {
            Ok(negotiated) => Box::new(negotiated),
            Err(error) => return tracing::debug!(%error, leg = self.id.0, "sound before the answer that we cannot hear"),
        };
        let (leg, listening) = (self.id, self.listening);
        match std::mem::replace(&mut self.stage, Stage::Early { answer: answer.to_vec(), offered: None }) {
            Stage::Offered { sockets } => self.link.media(MediaCommand::AddEarlyLeg { leg, sockets, negotiated, listening }),
            Stage::Early { .. } => self.link.media(MediaCommand::UpdateLeg { leg, negotiated }),
            other @ (Stage::Arrived { .. } | Stage::Answered | Stage::Up) => self.stage = other,
        }
    }

    /// Agrees to what the far end wants changed, or says with which status not. As long as it rings, our own offer stays open beside that.
    pub(super) fn reanswer(&mut self, offer: &[u8]) -> Result<Vec<u8>, u16> {
        let before = matches!(self.stage, Stage::Early { .. }).then(|| Box::new(self.sdp.clone()));
        let (body, negotiated) = self.sdp.answer(offer, Direction::SendRecv).map_err(SdpError::status_code)?;
        if let Stage::Early { offered, .. } = &mut self.stage {
            *offered = offered.take().or(before);
        }
        self.update(&negotiated);
        Ok(body.into_bytes())
    }

    /// Whoever was heard early has answered, with nothing new.
    pub(super) fn take_early(&self) {
        self.link.media(MediaCommand::AnsweredLeg { leg: self.id });
        self.link.tell(Event::LegAnswered { leg: self.id });
    }

    /// The answer: with what was agreed on early, or something else.
    pub(super) fn end_early(&mut self, negotiated: &Negotiated) {
        self.update(negotiated);
        self.link.media(MediaCommand::AnsweredLeg { leg: self.id });
    }
}

//! Keys by signalling: those that far ends tell in INFO requests, and those that are told to a far end without telephone events. Every key goes one way.

use warmline_sip::{
    dtmf::{Digit, info},
    user_agent::LegId as WireLeg,
};

use super::{media::Command as MediaCommand, switchboard::Switchboard};

impl Switchboard {
    /// An INFO request. It carries other things too; those were answered by the user agent, and that is all.
    pub(super) fn told(&self, wire: WireLeg, content_type: &str, body: &[u8]) {
        if let Some((digit, _)) = info::parse(content_type, body)
            && let Some(leg) = self.legs.get(&wire)
        {
            leg.link.media(MediaCommand::Key { leg: leg.id, digit });
        }
    }

    /// A key for a leg that agreed on no telephone events: in an INFO request, where its far end takes these, else as tones.
    pub(super) async fn tell_key(&self, wire: WireLeg, digit: Digit) {
        if self.browsers.is_page(wire) { self.sound_key(wire, digit) } else { self.user_agent.key(wire, digit).await }
    }

    /// A key that its far end takes in no request.
    pub(super) fn sound_key(&self, wire: WireLeg, digit: Digit) {
        if let Some(leg) = self.legs.get(&wire) {
            leg.link.media(MediaCommand::Tones { leg: leg.id, digit });
        }
    }
}

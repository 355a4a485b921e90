//! Two legs that hear just each other, in the same codec: packets go across as they come.
//!
//! Nothing is mixed then, so nothing needs to be decoded, and no packet waits for the tick. Whatever else a leg is to hear (speech, hold sound,
//! a third leg, a key) ends it at the next tick, and the jitter buffer takes over.

use std::time::Duration;

use warmline_sip::{
    dtmf::{Digit, SendError},
    media::Received,
};

use super::{
    call::Call,
    command::MediaEvent,
    leg::{Leg, Scratch},
    watch::{Token, Watch},
};
use crate::call::ids::LegId;

/// How often datagrams are looked for.
pub(crate) const LOOK: Duration = Duration::from_millis(5);
/// Datagrams read at one look and leg: a flood must not hold up the other calls.
const MAX_AT_ONCE: usize = 16;

impl Call {
    /// Finds the legs whose packets can go across; once a tick, until they all do and nothing changes.
    pub(super) fn plan_passing(&mut self, watch: Option<&Watch>) {
        if self.is_settled {
            // The first packet may have come since.
            self.legs.iter_mut().for_each(Leg::fix_peer);
            return;
        }
        // Whoever listens to one leg needs the others as well, to take their echo out of it.
        let recorded = self.recording.is_some() || self.legs.iter().any(|leg| leg.listened_to);
        for source in 0..self.legs.len() {
            let to = self.only_hearer(source);
            let token = self.token(self.legs[source].id);
            self.legs[source].follow(token, watch);
            self.legs[source].pass_to(to, recorded, token, watch);
        }
        for index in 0..self.legs.len() {
            self.legs[index].is_passed_to = self.legs.iter().any(|leg| leg.passes_to == Some(index));
        }
        self.is_settled = self.legs.iter().all(|leg| leg.is_passed_to && leg.passes_to.is_some() && !leg.may_turn());
    }

    /// The one leg that hears this one and nothing else.
    fn only_hearer(&self, source: usize) -> Option<usize> {
        let leg = &self.legs[source];
        let mut hearers = self.legs.iter().enumerate().filter(|(place, hearer)| *place != source && hearer.hears.contains(&leg.id));
        let (place, hearer) = hearers.next()?;
        (hearers.next().is_none() && hearer.hears_only(leg)).then_some(place)
    }

    pub(super) const fn token(&self, leg: LegId) -> Token {
        Token::new(self.place, leg)
    }

    /// Something has come for a leg: sound goes across at once.
    pub(super) fn ready(&mut self, token: Token, (now, civil): (Duration, Duration), scratch: &mut Scratch) {
        let Some(source) = self.legs.iter().position(|candidate| candidate.id == token.leg()) else { return };
        if token.is_control() {
            self.legs[source].read_control(now, civil, &mut scratch.inbox);
            return;
        }
        let look = self.legs[source].look(now);
        for _ in 0..MAX_AT_ONCE {
            match self.carry(source, (now, civil), look.stamped, scratch) {
                None => return,
                // More are there only if this one has waited for long.
                Some(age) if age < LOOK && !look.thorough => return,
                Some(_) => {}
            }
        }
        self.legs[source].look_again();
    }

    /// What two datagrams that came together have left when nothing came after them; at slow ticks.
    pub(super) fn carry_what_is_left(&mut self, (now, civil): (Duration, Duration), scratch: &mut Scratch) {
        for source in 0..self.legs.len() {
            for _ in 0..MAX_AT_ONCE {
                if !self.legs[source].is_quiet(now) || self.carry(source, (now, civil), true, scratch).is_none() {
                    break;
                }
            }
        }
    }

    /// Carries one datagram across, and says how old it was, as far as that was asked; none if there is none.
    fn carry(&mut self, source: usize, (now, civil): (Duration, Duration), stamped: bool, scratch: &mut Scratch) -> Option<Duration> {
        let to = self.legs[source].passes_to?;
        let Ok([from, to]) = self.legs.get_disjoint_mut([source, to]) else { return None };
        let inbox = &mut scratch.inbox;
        let (arrived, received) = if stamped { from.read_one(now, civil, inbox)? } else { from.read_unstamped(now, inbox)? };
        let (age, mut key) = (arrived.age, None);
        match received {
            Received::Audio => {
                if let Some(packet) = from.session.take_passing().filter(|_| to.is_passed_to) {
                    to.pass_on(&packet, packet.payload(arrived.bytes), &mut scratch.outgoing);
                    if scratch.outgoing.is_empty() {
                        self.unsettle();
                    }
                }
            }
            Received::Digit(digit) => {
                to.session.leave_out();
                key = from.event(now, digit).map(|digit| (from.id, digit));
            }
            Received::DigitGoesOn | Received::KeepAlive => to.session.leave_out(),
            Received::Below => from.send_control(),
            Received::Control { .. } | Received::Dropped(_) => {}
        }
        if let Some((leg, digit)) = key {
            self.pressed(leg, digit);
        }
        Some(age)
    }

    /// A key was pressed, in whatever way: the call is told, and the legs that hear this one get it as well.
    pub(super) fn pressed(&mut self, leg: LegId, digit: Digit) {
        self.unsent.push_back(MediaEvent::Digit { leg, digit: digit.to_char() });
        self.unsettle();
        for hearer in self.legs.iter_mut().filter(|hearer| hearer.id != leg && hearer.hears.contains(&leg)) {
            match hearer.session.send_dtmf(digit) {
                Err(SendError::NotNegotiated) => self.unsent.push_back(MediaEvent::KeyLeft { leg: hearer.id, digit }),
                // More than a few at a time are nobody's fingers.
                Ok(()) | Err(SendError::QueueFull) => {}
            }
        }
    }
}

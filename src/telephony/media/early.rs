//! Legs that ring. What the far end sends before the answer is listened to for the network's tones, and nobody hears it.

use warmline_sip::tone::{FarEnd, FarEndConfig, Progress};

use super::{
    call::{Call, Tick},
    command::MediaEvent,
    leg::{Leg, Scratch},
};
use crate::call::{event::DialFailure, ids::LegId, media::frame::FRAME_SAMPLES};

/// A leg before its answer.
pub(super) struct Early {
    pub(super) leg: Leg,
    far_end: Box<FarEnd>,
}

impl Early {
    pub(super) fn new(leg: Leg) -> Self {
        Self { leg, far_end: Box::new(FarEnd::new(FarEndConfig::default())) }
    }

    /// One tick. Says why nobody will answer, if the network says so.
    fn tick(&mut self, tick: Tick, slow: bool, scratch: &mut Scratch) -> Option<DialFailure> {
        let leg = &mut self.leg;
        if tick.skipped > 0 {
            leg.session.skip_ticks(tick.skipped);
        }
        // Keys before the answer are nobody's.
        leg.read(tick.now, tick.civil, &mut scratch.inbox, |_| {});
        if slow {
            leg.read_control(tick.now, tick.civil, &mut scratch.inbox);
        }
        // Silence opens the way through translators, and shows border controllers where we are.
        leg.send(&[0; FRAME_SAMPLES], &mut scratch.outgoing);
        leg.report(tick.now, scratch);
        if !leg.session.is_latched() {
            return None;
        }
        let mut frame = [0; FRAME_SAMPLES];
        // A pause in which nothing is sent belongs to the rhythm of a tone.
        leg.session.pull_frame(tick.nominal, &mut frame);
        self.far_end.frame(&frame);
        self.far_end.poll().and_then(|heard| failure(heard.progress))
    }
}

const fn failure(progress: Progress) -> Option<DialFailure> {
    match progress {
        Progress::Busy => Some(DialFailure::Busy),
        Progress::Congestion | Progress::Sit => Some(DialFailure::Unreachable),
        Progress::DialTone | Progress::RingBack | Progress::Fax(_) | Progress::Human | Progress::MachineSuspected | Progress::Beep => None,
    }
}

impl Call {
    /// All legs that ring, once a tick.
    pub(super) fn listen_early(&mut self, tick: Tick, slow: bool, scratch: &mut Scratch) {
        for early in &mut self.early {
            let leg = early.leg.id;
            let why = early.tick(tick, slow, scratch);
            self.unsent.extend(why.map(|why| MediaEvent::ToneBeforeAnswer { leg, why }));
        }
    }

    /// The far end has answered: from now on it is a leg as every other one.
    pub(super) fn answered(&mut self, id: LegId, tick: Tick, scratch: &mut Scratch) {
        if let Some(index) = self.early.iter().position(|early| early.leg.id == id) {
            let mut leg = self.early.swap_remove(index).leg;
            leg.session.expect_rtp(tick.now);
            self.join(leg, scratch);
        }
    }
}

//! What is listened for in a leg's sound besides speech: keys, fax machines, answering machines.

use std::time::Duration;

use warmline_sip::{
    dtmf::{Digit, Merger, Way},
    jitter::Pulled,
    tone::{DtmfDetector, Ear, FarEnd, FarEndConfig, FaxDetector, Progress},
};

use crate::call::{event::FarEndSign, media::frame::Samples};

/// A fax machine calls with its tone first: after this nobody listens for it any more.
const FAX_FRAMES: u32 = 40 * 50;
/// A greeting and its beep are over by then.
const MACHINE_FRAMES: u32 = 60 * 50;
/// Who is heard by the caller from the answer on (`transfer: invite`) is listened to all the same for so long: a machine is left within ten seconds.
const AT_ONCE_FRAMES: u32 = 15 * 50;

/// What to listen for on a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// Keys in the sound itself: for lines that have neither telephone events nor INFO.
    pub keys_in_band: bool,
    /// Keys in INFO requests.
    pub keys_in_info: bool,
    /// We have called: the far end may be a machine. Otherwise we were called: it may be a fax.
    pub dialled: bool,
}

impl Listening {
    /// A caller's leg, with telephone events and INFO.
    pub const CALLER: Self = Self { keys_in_band: false, keys_in_info: true, dialled: false };
    /// A leg that we have dialled.
    pub const DIALLED: Self = Self { dialled: true, ..Self::CALLER };
}

/// The detectors of one leg.
pub(super) struct Detectors {
    listening: Listening,
    keys: Merger,
    in_band: Option<Box<DtmfDetector>>,
    fax: Option<Box<(Ear, FaxDetector)>>,
    machine: Option<Box<FarEnd>>,
    /// Something has come.
    begun: bool,
    frames: u32,
}

/// What a frame said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) digit: Option<Digit>,
    pub(super) sign: Option<FarEndSign>,
    /// From now on the sound need not be decoded for this.
    pub(super) enough: bool,
}

impl Detectors {
    pub(super) fn new(listening: Listening) -> Self {
        let machine = listening.dialled.then(|| {
            let mut far_end = Box::new(FarEnd::new(FarEndConfig::default()));
            // Sound flows from the answer on.
            far_end.answered();
            far_end
        });
        Self {
            listening,
            keys: Merger::default(),
            in_band: listening.keys_in_band.then(Box::default),
            fax: (!listening.dialled).then(Box::default),
            machine,
            begun: false,
            frames: 0,
        }
    }

    /// A key came as telephone events.
    pub(super) fn event(&mut self, now: Duration, digit: Digit) -> Option<Digit> {
        self.keys.press(now, Way::Event, digit)
    }

    /// A key came in an INFO request.
    pub(super) fn info(&mut self, now: Duration, digit: Digit) -> Option<Digit> {
        self.listening.keys_in_info.then(|| self.keys.press(now, Way::Info, digit)).flatten()
    }

    /// Is something listened for in the sound, so that it must be decoded?
    pub(super) fn needs_sound(&self) -> bool {
        let keys = self.in_band.is_some() && self.keys.listens_in_band();
        keys || self.machine.is_some() && self.frames < AT_ONCE_FRAMES
    }

    /// The next 20 ms.
    pub(super) fn frame(&mut self, now: Duration, samples: &Samples, pulled: Pulled) -> Noted {
        let needed = self.needs_sound();
        let noted = self.listen(now, samples, pulled);
        Noted { enough: needed && !self.needs_sound(), ..noted }
    }

    fn listen(&mut self, now: Duration, samples: &Samples, pulled: Pulled) -> Noted {
        let mut noted = Noted::default();
        self.begun |= pulled != Pulled::Silence;
        // Who sends nothing in a pause still pauses.
        if !self.begun {
            return noted;
        }
        self.frames = self.frames.saturating_add(1);
        if self.keys.listens_in_band()
            && let Some(digit) = self.in_band.as_mut().and_then(|detector| detector.frame(samples))
        {
            noted.digit = self.keys.press(now, Way::InBand, digit);
        }
        if let Some(fax) = &mut self.fax {
            let hearing = fax.0.frame(samples);
            noted.sign = fax.1.hear(&hearing, false).map(|_| FarEndSign::Fax);
            if noted.sign.is_some() || self.frames > FAX_FRAMES {
                self.fax = None;
            }
        }
        if let Some(machine) = &mut self.machine {
            machine.frame(samples);
            noted.sign = machine.poll().and_then(|heard| sign(heard.progress));
            if self.frames > MACHINE_FRAMES {
                self.machine = None;
            }
        }
        noted
    }
}

const fn sign(progress: Progress) -> Option<FarEndSign> {
    match progress {
        Progress::Fax(_) => Some(FarEndSign::Fax),
        Progress::MachineSuspected => Some(FarEndSign::MachineSuspected),
        Progress::Beep => Some(FarEndSign::Beep),
        Progress::Busy | Progress::Congestion | Progress::Sit => Some(FarEndSign::NetworkTone),
        Progress::DialTone | Progress::RingBack | Progress::Human => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: &[f64], frame: usize) -> Samples {
        std::array::from_fn(|index| {
            let at = (frame * 160 + index) as f64 / 8_000.0;
            let sum: f64 = hertz.iter().map(|hertz| (std::f64::consts::TAU * hertz * at).sin()).sum();
            (sum * 6_000.0) as i16
        })
    }

    fn listen(detectors: &mut Detectors, frames: std::ops::Range<usize>, hertz: &[f64]) -> Vec<Noted> {
        let hear = |frame: usize| detectors.frame(Duration::from_millis(frame as u64 * 20), &tone(hertz, frame), Pulled::Frame);
        frames.map(hear).filter(|noted| *noted != Noted::default()).collect()
    }

    #[test]
    fn a_calling_fax_is_heard_once() {
        let mut detectors = Detectors::new(Listening::CALLER);
        let mut noted = Vec::new();
        for second in 0..4 {
            noted.extend(listen(&mut detectors, second * 175..second * 175 + 25, &[1_100.0]));
            noted.extend(listen(&mut detectors, second * 175 + 25..(second + 1) * 175, &[]));
        }
        assert_eq!(noted, [Noted { sign: Some(FarEndSign::Fax), ..Noted::default() }]);
    }

    #[test]
    fn whoever_was_called_is_listened_to_from_the_answer_on_and_not_for_ever() {
        let mut detectors = Detectors::new(Listening::DIALLED);
        assert!(detectors.needs_sound() && !Detectors::new(Listening::CALLER).needs_sound());
        let noted = listen(&mut detectors, 0..AT_ONCE_FRAMES as usize - 1, &[]);
        assert!(noted.is_empty() && detectors.needs_sound(), "{noted:?}");
        let noted = listen(&mut detectors, 0..100, &[]);
        assert_eq!(noted, [Noted { enough: true, ..Noted::default() }]);
        assert!(!detectors.needs_sound());
    }

    #[test]
    fn a_key_that_comes_three_ways_counts_once() {
        let mut detectors = Detectors::new(Listening { keys_in_band: true, ..Listening::CALLER });
        let five = Digit::from_char('5').unwrap();
        let heard = listen(&mut detectors, 0..6, &[770.0, 1_336.0]);
        assert_eq!(heard.iter().filter(|noted| noted.digit == Some(five)).count(), 1);
        let now = Duration::from_millis(130);
        assert_eq!(detectors.info(now, five), None);
        assert_eq!(detectors.event(now + Duration::from_millis(20), five), None);
        assert_eq!(detectors.event(Duration::from_secs(3), five), Some(five));
        // From now on the sound is not listened to.
        assert_eq!(listen(&mut detectors, 200..206, &[770.0, 1_336.0]), []);
    }
}

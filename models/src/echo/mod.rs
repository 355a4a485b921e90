//! Does a caller speak, or does the bot hear itself? What was sent to a leg is looked for in what comes back, and taken out.
//!
//! A search finds the delay (up to 440 ms), an adaptive filter takes the echo out, and each frame is weighed against how loud its echo can be, band by
//! band, with and without the filter: only more than that is somebody speaking. Until a delay is known nothing is touched, but for the first second of the bot's first words: a
//! speakerphone cannot be known before it has sounded.

mod bands;
mod bound;
mod canceller;
mod search;

use bound::Bound;
use canceller::{Canceller, Parts, TAPS};
use search::{Found, Search};

/// Samples of a frame: 20 ms at 8 kHz.
pub const ECHO_FRAME: usize = 160;
const FRAME: usize = ECHO_FRAME;

/// The filter begins this much before the delay that was found: 10 ms.
const EARLY: usize = 80;
/// Sent sound that is kept: the longest delay and the filter.
const KEPT: usize = 3_520 + TAPS + FRAME;
/// Energy of a frame from which it sounds: −52 dBFS.
const SOUNDS: f32 = FRAME as f32 * 6.3e-6;
/// Frames after the bot's last sound in which its echo may still come.
const TAIL: u32 = 26;
/// Frames of the bot's speech after which a line without echo is known to be one: 1.2 s.
const UNKNOWN: u32 = 60;
/// What the filter leaves of an echo is kept of so many frames; as many are needed before it is relied on.
const REMEMBERED: usize = 100;
const ENOUGH: usize = 20;
/// What a band counts in which a frame is louder than its echo can be by any margin, and one in which more is left of it than usual; one in which it is
/// louder by far counts as one.
const SLIGHTLY: f32 = 0.2;
const LEFT: f32 = 0.5;
/// What earlier frames count, and the bands that a caller takes up: so many in one frame, or in several one after the other.
const EARLIER: f32 = 0.5;
const CALLER: f32 = 4.0;
/// Frames for which a caller who spoke is believed to go on.
const HANGS_ON: u32 = 4;
/// Frames after which what is left over is learnt from again: 0.8 s. The bot is still long before that if it was a caller.
const LONGEST_VOICE: u32 = 40;
/// The delay is taken anew when it has moved by so many samples.
const MOVED: usize = 64;
/// Frames in which the filter must have begun to take something out: otherwise what was found is no echo.
const PATIENCE: u32 = 150;

/// A frame without the bot's own voice.
#[derive(Debug, Clone, Copy)]
pub struct Cleaned {
    /// What is left of it.
    pub sound: [i16; ECHO_FRAME],
    /// Nothing in it is the caller's.
    pub is_echo: bool,
}

/// The guard of one leg.
#[derive(Debug)]
pub struct EchoGuard {
    search: Search,
    canceller: Canceller,
    bound: Bound,
    sent: Vec<f32>,
    /// Where the echo is, once that is known.
    found: Option<Found>,
    /// Frames of the bot's speech so far, and since its last one.
    spoken: u32,
    quiet: u32,
    /// What the filter left of each of the last frames, as a share of the echo.
    left: Vec<f32>,
    next: usize,
    /// The loudest echo of the last frames: rooms go on sounding.
    echo: f32,
    /// How much of late has spoken for a caller, and frames for which that counts.
    evidence: f32,
    believed: u32,
    /// Frames since the delay was found.
    tried: u32,
    /// Frames for which a caller has been believed to speak.
    spoken_over: u32,
}

impl Default for EchoGuard {
    fn default() -> Self {
        Self {
            search: Search::new(),
            canceller: Canceller::new(),
            bound: Bound::new(),
            sent: vec![0.0; KEPT],
            found: None,
            spoken: 0,
            quiet: TAIL,
            left: Vec::with_capacity(REMEMBERED),
            next: 0,
            echo: 0.0,
            believed: 0,
            evidence: 0.0,
            tried: 0,
            spoken_over: 0,
        }
    }
}

impl EchoGuard {
    /// Takes what came from a leg in a tick, and what was sent to it in the same tick.
    pub fn frame(&mut self, heard: &[i16; ECHO_FRAME], sent: &[i16; ECHO_FRAME]) -> Cleaned {
        let (input, output) = (float(heard), float(sent));
        self.sent.copy_within(FRAME.., 0);
        self.sent[KEPT - FRAME..].copy_from_slice(&output);
        self.bound.sent(bands::of(&output));
        let speaks = energy(&output) > SOUNDS;
        self.quiet = if speaks { 0 } else { self.quiet.saturating_add(1) };
        self.spoken = self.spoken.saturating_add(u32::from(speaks));
        let active = self.quiet < TAIL;
        self.search.frame(&input, &output, active);
        if !active {
            self.believed = 0;
            return Cleaned { sound: *heard, is_echo: false };
        }
        self.look();
        let cleaned = match self.found {
            Some(found) => self.clean(heard, &input, found),
            None => Cleaned { sound: *heard, is_echo: false },
        };
        // Whether this line has an echo, and how loud it is, will be known in a moment.
        Cleaned { is_echo: cleaned.is_echo || self.spoken < UNKNOWN, ..cleaned }
    }

    fn look(&mut self) {
        let Some(new) = self.search.found() else { return };
        // A filter that does its work is not given up for a likeness.
        let works = self.usual().is_some_and(|left| left < 0.25);
        match &mut self.found {
            Some(known) if known.late.abs_diff(new.late) < MOVED => known.gain = new.gain,
            Some(_) if works => {}
            Some(_) | None => {
                self.found = Some(new);
                self.canceller = Canceller::new();
                self.bound.begin(new.gain * new.gain);
                self.left.clear();
                self.next = 0;
                self.tried = 0;
            }
        }
    }

    fn clean(&mut self, heard: &[i16; FRAME], input: &[f32; FRAME], found: Found) -> Cleaned {
        let from = KEPT - FRAME - found.late.saturating_sub(EARLY).min(KEPT - FRAME - TAPS) + 1 - TAPS;
        let window = &self.sent[from..from + TAPS + FRAME - 1];
        let source = energy(window) * FRAME as f32 / window.len() as f32;
        // Over a caller's voice nothing is learnt; but what never ends is no voice, it is another path.
        let caller = self.believed > 0 && self.usual().is_some();
        self.spoken_over = if caller { self.spoken_over + 1 } else { 0 };
        let parts = self.canceller.frame(input, window, !caller || self.spoken_over > LONGEST_VOICE);
        self.tried += 1;
        if self.tried > PATIENCE && self.usual().is_none() {
            self.found = None;
            return Cleaned { sound: *heard, is_echo: false };
        }
        if source < SOUNDS && self.echo < SOUNDS * 0.1 {
            return Cleaned { sound: *heard, is_echo: false };
        }
        self.echo = (self.echo * 0.85).max(parts.echo_energy).max((source * found.gain * found.gain).min(energy(input)));
        if parts.echo_energy > SOUNDS * 0.01 {
            self.note(parts.rest_energy / parts.echo_energy);
        }
        Cleaned { sound: pcm(&parts.rest), is_echo: !self.hears_caller(&parts, input, found.late / FRAME) }
    }

    /// Weighs a frame against how loud an echo can be in each band. One frame may be a surprise, a caller is one again and again.
    fn hears_caller(&mut self, parts: &Parts, input: &[f32; FRAME], late: usize) -> bool {
        let (heard, rest) = (bands::of(input), bands::of(&parts.rest));
        let above = self.bound.weigh(late, &heard, &rest);
        let bands = above.far as f32 + above.left as f32 * LEFT + above.slightly as f32 * SLIGHTLY;
        self.evidence = self.evidence * EARLIER + bands;
        let more = self.evidence >= CALLER;
        if !more || self.spoken_over > LONGEST_VOICE {
            self.bound.learn(late, &heard, &rest);
        }
        let speaks = more && parts.rest_energy > SOUNDS * 0.5;
        self.believed = if speaks { HANGS_ON } else { self.believed.saturating_sub(1) };
        self.believed > 0
    }

    fn note(&mut self, share: f32) {
        if self.left.len() < REMEMBERED {
            self.left.push(share);
        } else {
            self.left[self.next] = share;
        }
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// What the filter leaves in its better frames: those in which nobody spoke.
    fn usual(&self) -> Option<f32> {
        if self.left.len() < ENOUGH {
            return None;
        }
        let mut sorted = self.left.clone();
        let quarter = sorted.len() / 4;
        let (_, share, _) = sorted.select_nth_unstable_by(quarter, f32::total_cmp);
        Some(*share)
    }
}

fn float(frame: &[i16; FRAME]) -> [f32; FRAME] {
    std::array::from_fn(|index| f32::from(frame[index]) / 32_768.0)
}

fn pcm(frame: &[f32; FRAME]) -> [i16; FRAME] {
    std::array::from_fn(|index| (frame[index] * 32_768.0).clamp(-32_768.0, 32_767.0) as i16)
}

fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something like speech: rumble and hiss in syllables, never the same.
    fn voice(seed: u32, frames: usize) -> Vec<i16> {
        let (mut noise, mut low) = (seed, 0.0_f32);
        (0..frames * FRAME)
            .map(|index| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                low = low * 0.8 + (noise >> 16) as f32 / 65_536.0 - 0.5;
                let syllable = (index as f32 / 8_000.0 * std::f32::consts::TAU * (2.0 + (seed % 5) as f32 * 0.3)).sin().max(0.0);
                (low * syllable * 6_000.0) as i16
            })
            .collect()
    }

    fn frames(samples: &[i16]) -> impl Iterator<Item = &[i16; FRAME]> {
        samples.as_chunks::<FRAME>().0.iter()
    }

    /// How many of the frames from `from` on are called echo, of those that sound.
    fn echoes(heard: &[i16], sent: &[i16], from: usize) -> (usize, usize) {
        let mut guard = EchoGuard::default();
        let (mut echoes, mut sounding) = (0, 0);
        for (index, (heard, sent)) in frames(heard).zip(frames(sent)).enumerate() {
            let cleaned = guard.frame(heard, sent);
            if index >= from && energy(&float(heard)) > SOUNDS {
                sounding += 1;
                echoes += usize::from(cleaned.is_echo);
            }
        }
        (echoes, sounding)
    }

    fn echo(sent: &[i16], late: usize, gain: f32) -> Vec<i16> {
        let at = |index: usize| index.checked_sub(late).map_or(0.0, |place| f32::from(sent[place]));
        (0..sent.len()).map(|index| (at(index) * gain) as i16).collect()
    }

    #[test]
    fn what_comes_back_is_known_from_the_first_word_on() {
        let sent = voice(1, 400);
        for (late, gain) in [(160, 0.5), (1_600, 0.25), (3_200, 0.12)] {
            let (echoes, sounding) = echoes(&echo(&sent, late, gain), &sent, 0);
            assert!(sounding > 100 && echoes * 100 >= sounding * 99, "{late}, {gain}: {echoes} of {sounding}");
        }
    }

    #[test]
    fn a_caller_is_heard_over_an_echo_and_without_one() {
        let (sent, caller) = (voice(1, 400), voice(77, 400));
        for gain in [0.0, 0.25, 0.5] {
            let mut heard = echo(&sent, 1_200, gain);
            // They begin after four seconds.
            heard.iter_mut().zip(&caller).skip(200 * FRAME).for_each(|(sample, own)| *sample = sample.saturating_add(*own));
            let (echoes, sounding) = echoes(&heard, &sent, 200);
            // Up to half of these frames hold the echo alone.
            assert!(sounding > 80 && echoes * 2 <= sounding, "{gain}: {echoes} of {sounding}");
        }
    }

    #[test]
    fn a_line_without_an_echo_is_not_touched() {
        let (sent, caller) = (voice(1, 400), voice(77, 400));
        let mut guard = EchoGuard::default();
        for (index, (heard, sent)) in frames(&caller).zip(frames(&sent)).enumerate() {
            let cleaned = guard.frame(heard, sent);
            assert!(cleaned.sound == *heard && (index < 160 || !cleaned.is_echo), "frame {index}");
        }
    }
}

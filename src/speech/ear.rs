//! What is heard of one leg: its sound, and where voices begin and end.

use warmline_models::{EchoGuard, VAD_WINDOW, Vad, VadState, to_float};

use super::{
    fade::Fade,
    gate::{Gate, Noticed, WINDOW_MS},
    meant::Meant,
    onset::Onset,
    ring::Ring,
    voiced::Voiced,
};
use crate::call::{
    media::frame::{FRAME_MS, FRAME_SAMPLES, Frame, Samples},
    time::Time,
};

/// A hole up to this long is filled with silence; a longer one starts anew.
const HOLE_MS: u64 = 1_000;
/// A sent sample from which the bot is to be heard: −50 dB below full scale.
const SPEAKS: u16 = 100;

/// The detector of voices is late for one interruption in ten, by 100 to 400 ms: a loud vowel in the first sound of a voice over the bot's words is at least
/// this likely one. What sounds for longer without a pause (music) has its own time to be told from a voice.
const VOWEL: f32 = 0.6;
const BEGINS_MS: u64 = 320;

/// Frames in which the bot draws breath: 400 ms.
const JUST_NOW: u32 = 20;

/// One leg being listened to.
#[derive(Default)]
pub(crate) struct LegEar {
    ring: Ring,
    vad: VadState,
    gate: Gate,
    fade: Fade,
    meant: Meant,
    onset: Onset,
    voiced: Voiced,
    /// Frames since the bot could be heard last, and whether it could when the voice began.
    bot_silent: u32,
    over_bot: bool,
    /// When the last voice began that did so over the bot's words.
    last_over_bot: Option<Time>,
    echo: EchoGuard,
    /// Samples that do not fill a window yet.
    window: Vec<i16>,
    heard_anything: bool,
}

impl LegEar {
    /// Takes a frame, and what was sent to the leg in the same tick; `notice` hears what begins, lasts and ends with it. Frames that come twice or too
    /// late are ignored.
    pub(crate) fn hear(&mut self, frame: &Frame, sent: &Samples, vad: &Vad, notice: &mut dyn FnMut(Noticed)) {
        let expected = self.ring.end();
        if self.heard_anything && frame.at < expected {
            return;
        }
        let hole = frame.at.since(expected);
        if !self.heard_anything || hole > HOLE_MS {
            if let Some(stopped) = self.gate.end() {
                notice(stopped);
            }
            self.restart(frame.at);
        } else {
            for _ in 0..hole.div_ceil(FRAME_MS) {
                self.take(&[0; FRAME_SAMPLES], &[0; FRAME_SAMPLES], vad, notice);
            }
        }
        let speaks = sent.iter().any(|sample| sample.unsigned_abs() > SPEAKS);
        self.meant.bot_speaks(speaks);
        self.bot_silent = if speaks { 0 } else { self.bot_silent.saturating_add(1) };
        if self.gate.voice_since().is_none() {
            self.over_bot = self.bot_silent < JUST_NOW;
        }
        let cleaned = self.echo.frame(&frame.samples, sent);
        // What the bot says itself is no voice to anybody; the recogniser gets what is left, in case it was one after all.
        let voice = if cleaned.is_echo { [0; FRAME_SAMPLES] } else { cleaned.sound };
        self.take(&cleaned.sound, &voice, vad, notice);
        let since = self.gate.voice_since();
        if self.over_bot {
            self.last_over_bot = since.or(self.last_over_bot);
        }
        if self.fade.frame(&cleaned.sound, since.is_some())
            && let Some(from) = since
        {
            notice(Noticed::Hushed(from, self.ring.end()));
        }
    }

    /// The sound between two times.
    pub(crate) fn between(&self, from: Time, to: Time) -> Vec<i16> {
        self.ring.between(from, to)
    }

    /// Since when somebody speaks, and until when the sound is here.
    pub(crate) fn voice(&self) -> Option<(Time, Time)> {
        self.gate.voice_since().map(|from| (from, self.ring.end()))
    }

    /// The voice that was noticed to fade has not sounded since, whether or not the detector still hears it.
    pub(crate) fn is_silent(&self) -> bool {
        self.gate.voice_since().is_none() || self.fade.is_silent()
    }

    /// A voice began between these times while the bot could be heard.
    pub(crate) fn was_over_bot(&self, from: Time, to: Time) -> bool {
        self.last_over_bot.is_some_and(|at| (from..=to).contains(&at))
    }

    /// The voice began while the bot could be heard.
    pub(crate) fn is_over_bot(&self) -> bool {
        self.over_bot
    }

    fn restart(&mut self, at: Time) {
        self.ring.restart(at);
        self.vad = VadState::default();
        self.window.clear();
        self.heard_anything = true;
    }

    fn take(&mut self, sound: &Samples, voice: &Samples, vad: &Vad, notice: &mut dyn FnMut(Noticed)) {
        self.ring.push(sound);
        self.window.extend(voice);
        while self.window.len() >= VAD_WINDOW {
            let after = self.window.len() - VAD_WINDOW;
            let at = Time(self.ring.end().0.saturating_sub(after as u64 / 8 + WINDOW_MS));
            let window: Vec<f32> = to_float(&self.window[..VAD_WINDOW]);
            self.window.drain(..VAD_WINDOW);
            let window = window.first_chunk().expect("a window was cut off just now");
            let sounded = self.onset.window(window);
            let probability = self.probability(vad, window, sounded);
            let meant = self.meant.window(window, probability, self.gate.voice_since().is_some());
            if let Some(noticed) = self.gate.window(at, probability, sounded, self.fade.is_falling(), meant) {
                notice(noticed);
                if let (Noticed::Started(_), Some(lasting)) = (noticed, self.gate.lasting(meant)) {
                    notice(lasting);
                }
            }
        }
    }

    /// How likely a window is a voice. What has sounded for `sounded` milliseconds may be one over the bot's words that is to be noticed at once.
    fn probability(&mut self, vad: &Vad, window: &[f32; VAD_WINDOW], sounded: u64) -> f32 {
        let probability = vad.probability(&mut self.vad, window);
        if sounded == 0 && self.gate.voice_since().is_none() {
            // What remembers a long silence takes the first vowel for less than it is.
            self.vad = VadState::default();
        }
        self.voiced.window(window);
        let begins = self.over_bot && (1..=BEGINS_MS).contains(&sounded);
        let vowel = begins && probability < VOWEL && self.meant.is_near(window) && self.voiced.is_vowel();
        if vowel { VOWEL } else { probability }
    }
}

//! Is a voice meant for us? Told from its sound alone, before any word of it is known. Pure.
//!
//! Three witnesses: how sure the detector is of a voice, whether it is a hum ("mhm" is spoken with closed lips, so that nothing is left above
//! some 500 Hz), and whether it is as loud as this caller is otherwise (a television is not).

use warmline_models::VAD_WINDOW;

/// The energy of the differences between samples over that of the samples: a hum stays below, vowels are above.
const HUM: f32 = 0.1;
/// Share of the windows from which a voice is a hum.
const HUMS: f32 = 0.75;
/// Likelihood that a hum is meant for us.
const HUM_IS_MEANT: f32 = 0.3;
/// A voice this much below the caller's own level is somebody else's, dB.
const FAR_DB: f32 = 10.0;
/// Likelihood that a far voice is meant for us.
const FAR_IS_MEANT: f32 = 0.3;
/// The level of a caller of whom nothing is known yet: what telephone networks bring (ITU-T P.56: −26 to −20 dBov), and for how many windows that counts.
const USUAL_DB: f32 = -24.0;
const USUAL: u32 = 16;
/// A window this certain is the caller's.
const CERTAIN: f32 = 0.9;
/// Each certain window moves the level by this share.
const SLOWLY: f32 = 0.03;
/// A window in which somebody may speak.
const LIKELY: f32 = 0.35;

/// What is known of one leg's voice.
#[derive(Debug)]
pub(crate) struct Meant {
    /// The caller's level in dB, and of how many windows.
    level: f32,
    known: u32,
    bot_speaks: bool,
    voice: Voice,
}

impl Default for Meant {
    fn default() -> Self {
        Self { level: USUAL_DB, known: USUAL, bot_speaks: false, voice: Voice::default() }
    }
}

/// The voice that sounds now.
#[derive(Debug, Default)]
struct Voice {
    windows: u32,
    probability: f32,
    hums: u32,
    power: f32,
}

impl Meant {
    /// Whether the bot can be heard now: what sounds then tells nothing of the caller's level.
    pub(crate) fn bot_speaks(&mut self, speaks: bool) {
        self.bot_speaks = speaks;
    }

    /// Takes a window with the detector's probability; `sounds`: a voice has begun and has not stopped. Says how likely it is that the voice is meant for us.
    pub(crate) fn window(&mut self, samples: &[f32; VAD_WINDOW], probability: f32, sounds: bool) -> f32 {
        if probability < LIKELY && !sounds {
            self.voice = Voice::default();
            return 0.0;
        }
        let energy = samples.iter().map(|sample| sample * sample).sum::<f32>() + 1e-9;
        let differences: f32 = samples.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
        let level = 10.0 * (energy / VAD_WINDOW as f32).log10();
        let hums = differences / energy < HUM;
        if probability >= CERTAIN && !hums && !self.bot_speaks {
            self.known += 1;
            self.level += (level - self.level) * (1.0 / self.known as f32).max(SLOWLY);
        }
        // Pauses inside the voice say nothing.
        if probability >= LIKELY {
            let voice = &mut self.voice;
            voice.power += energy / VAD_WINDOW as f32;
            voice.windows += 1;
            voice.probability += probability;
            voice.hums += u32::from(hums);
        }
        self.likelihood()
    }

    /// A window is as loud as this caller is otherwise.
    pub(crate) fn is_near(&self, samples: &[f32; VAD_WINDOW]) -> bool {
        let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / VAD_WINDOW as f32;
        10.0 * (power + 1e-9).log10() >= self.level - FAR_DB
    }

    fn likelihood(&self) -> f32 {
        let voice = &self.voice;
        let windows = voice.windows.max(1) as f32;
        let mut likelihood = voice.probability / windows;
        if voice.hums as f32 >= windows * HUMS {
            likelihood *= HUM_IS_MEANT;
        }
        // The power of all of it: the detector is late to notice that a voice is over, and silence says nothing of how near it was.
        if 10.0 * (voice.power / windows).log10() < self.level - FAR_DB {
            likelihood *= FAR_IS_MEANT;
        }
        likelihood
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32, amplitude: f32) -> [f32; VAD_WINDOW] {
        std::array::from_fn(|n| (n as f32 * std::f32::consts::TAU * hertz / 8_000.0).sin() * amplitude)
    }

    #[test]
    fn a_hum_is_less_likely_meant_than_a_vowel() {
        let (mut hum, mut vowel) = (Meant::default(), Meant::default());
        for _ in 0..6 {
            hum.window(&tone(250.0, 0.1), 0.95, true);
            vowel.window(&tone(900.0, 0.1), 0.95, true);
        }
        assert!(hum.likelihood() < 0.4 && vowel.likelihood() > 0.9, "{} and {}", hum.likelihood(), vowel.likelihood());
    }

    #[test]
    fn a_voice_in_the_background_is_not_meant() {
        let mut meant = Meant::default();
        for _ in 0..40 {
            meant.window(&tone(900.0, 0.1), 0.95, true);
        }
        meant.window(&tone(900.0, 0.0), 0.0, false);
        meant.bot_speaks(true);
        assert!(meant.window(&tone(900.0, 0.02), 0.95, true) < 0.4);
        meant.window(&tone(900.0, 0.0), 0.0, false);
        assert!(meant.window(&tone(900.0, 0.08), 0.95, true) > 0.9);
    }
}

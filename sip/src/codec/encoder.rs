//! From samples to the wire.

use audio_codec::Encoder as _;
use audio_codec::g722::{Bitrate, G722Encoder};

use super::{Codec, Law, SAMPLE_RATE};

/// Speech over a telephone's band: more would not be heard.
const OPUS_BITS_PER_SECOND: i32 = 20_000;
/// The loss for which error correction is laid out, in percent.
const OPUS_EXPECTED_LOSS: i32 = 10;
/// Between 0 and 10: what narrowband speech gains above 5 cannot be heard, what it costs can be counted.
const OPUS_COMPLEXITY: i32 = 5;
/// Larger than any packet at that rate.
const OPUS_PACKET: usize = 480;

/// One stream's encoder.
pub struct Encoder {
    codec: Codec,
    state: State,
}

enum State {
    Law(Law),
    G722(Box<Wideband>),
    Opus(Box<opus::Encoder>),
    /// The library has no memory left: silence.
    Broken,
}

impl Encoder {
    /// A fresh stream.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        let state = match codec {
            Codec::Pcmu => State::Law(Law::Mu),
            Codec::Pcma => State::Law(Law::A),
            Codec::G722 => State::G722(Box::default()),
            Codec::Opus => opus_encoder().map_or(State::Broken, |encoder| State::Opus(Box::new(encoder))),
        };
        Self { codec, state }
    }

    /// What it encodes to.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends one payload to `out`: 10, 20, 40 or 60 ms for Opus, any length for the others.
    pub fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        let start = out.len();
        match &mut self.state {
            State::Law(law) => law.encode(samples, out),
            State::G722(encoder) => encoder.encode(samples, out),
            State::Opus(encoder) => {
                out.resize(start + OPUS_PACKET, 0);
                let written = encoder.encode(samples, &mut out[start..]).unwrap_or(0);
                out.truncate(start + written);
            }
            State::Broken => {}
        }
    }
}

/// Samples before and after the place between two samples that is interpolated.
const TAPS: usize = 12;
/// A half-band low-pass (Kaiser window, β = 5) in 1/32768.
const INTERPOLATION: [i32; TAPS] = [-159, 535, -1305, 2790, -6044, 20567, 20567, -6044, 2790, -1305, 535, -159];

/// G.722 samples at 16 kHz: the telephone's band is brought there by interpolation.
struct Wideband {
    g722: G722Encoder,
    past: [i16; TAPS],
}

impl Default for Wideband {
    fn default() -> Self {
        Self { g722: G722Encoder::with_options(Bitrate::Mode1_64000, false, false), past: [0; TAPS] }
    }
}

impl Wideband {
    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        for &sample in samples {
            self.past.copy_within(1.., 0);
            self.past[TAPS - 1] = sample;
            let between: i32 = self.past.iter().zip(&INTERPOLATION).map(|(&past, &weight)| i32::from(past) * weight).sum();
            let between = (between >> 15).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
            let mut code = [0];
            if self.g722.encode_into(&[self.past[TAPS / 2 - 1], between], &mut code).is_ok() {
                out.push(code[0]);
            }
        }
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("codec", &self.codec).finish_non_exhaustive()
    }
}

fn opus_encoder() -> opus::Result<opus::Encoder> {
    let mut encoder = opus::Encoder::new(SAMPLE_RATE, opus::Channels::Mono, opus::Application::Voip)?;
    encoder.set_bitrate(opus::Bitrate::Bits(OPUS_BITS_PER_SECOND))?;
    encoder.set_complexity(OPUS_COMPLEXITY)?;
    encoder.set_inband_fec(true)?;
    encoder.set_packet_loss_perc(OPUS_EXPECTED_LOSS)?;
    encoder.set_signal(opus::Signal::Voice)?;
    Ok(encoder)
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, FRAME_SAMPLES};
    use super::*;

    fn speech(index: usize) -> i16 {
        let t = index as f64 / f64::from(SAMPLE_RATE);
        let voice: f64 = (1..8).map(|harmonic| (std::f64::consts::TAU * 140.0 * f64::from(harmonic) * t).sin() / f64::from(harmonic)).sum();
        (voice * 6_000.0 * (0.6 + 0.4 * (std::f64::consts::TAU * 3.0 * t).sin())) as i16
    }

    /// The delay at which two signals fit best, and how well.
    fn best_fit(said: &[i16], heard: &[i16]) -> (usize, f64) {
        let fit = |delay: usize| {
            let pairs = said.iter().zip(&heard[delay..]).skip(800).map(|(&a, &b)| (f64::from(a), f64::from(b)));
            let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
            for (a, b) in pairs {
                ab += a * b;
                aa += a * a;
                bb += b * b;
            }
            ab / (aa * bb).sqrt()
        };
        (0..120).map(|delay| (delay, fit(delay))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
    }

    #[test]
    fn every_codec_brings_speech_to_the_other_side() {
        let said: Vec<i16> = (0..FRAME_SAMPLES * 100).map(speech).collect();
        for codec in Codec::ALL {
            let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::default());
            let mut heard = Vec::new();
            for frame in said.chunks_exact(FRAME_SAMPLES) {
                let mut payload = Vec::new();
                encoder.encode(frame, &mut payload);
                assert_eq!(codec.samples(&payload), Some(FRAME_SAMPLES), "{codec:?}");
                let mut out = [0; 1_000];
                let count = decoder.decode(codec, &payload, &mut out);
                assert_eq!(count, FRAME_SAMPLES, "{codec:?}");
                heard.extend_from_slice(&out[..count]);
            }
            let (delay, fit) = best_fit(&said, &heard);
            // Opus keeps what is heard, not the wave.
            let floor = if codec == Codec::Opus { 0.8 } else { 0.93 };
            assert!(fit > floor, "{codec:?}: {fit:.3} at {delay}");
            assert!(delay <= 80, "{codec:?}: {delay} samples late");
        }
    }

    #[test]
    fn opus_says_again_what_was_lost() {
        let said: Vec<i16> = (0..FRAME_SAMPLES * 60).map(speech).collect();
        let mut encoder = Encoder::new(Codec::Opus);
        let payloads: Vec<Vec<u8>> = said
            .chunks_exact(FRAME_SAMPLES)
            .map(|frame| {
                let mut payload = Vec::new();
                encoder.encode(frame, &mut payload);
                payload
            })
            .collect();
        let mut whole = Decoder::default();
        let mut lossy = Decoder::default();
        let (mut real, mut guessed) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
        let mut fits = Vec::new();
        for (number, payload) in payloads.iter().enumerate() {
            whole.decode(Codec::Opus, payload, &mut real);
            if number % 10 == 9 && number + 1 < payloads.len() {
                assert_eq!(lossy.recover(Codec::Opus, &payloads[number + 1], &mut guessed), FRAME_SAMPLES);
                let energy = |samples: &[i16]| samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>();
                let both: f64 = real.iter().zip(&guessed).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                fits.push(both / (energy(&real) * energy(&guessed)).sqrt());
            } else {
                lossy.decode(Codec::Opus, payload, &mut guessed);
            }
        }
        fits.sort_by(f64::total_cmp);
        assert!(fits[fits.len() / 2] > 0.7, "{fits:?}");
    }

    #[test]
    fn noise_in_place_of_a_payload_is_no_sound_and_no_crash() {
        let mut decoder = Decoder::default();
        let mut out = [0; 1_000];
        let mut noise = 12_345_u32;
        for length in 0..600 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (noise >> 24) as u8
                })
                .collect();
            for codec in Codec::ALL {
                assert!(decoder.decode(codec, &bytes, &mut out) <= out.len());
                assert!(decoder.recover(codec, &bytes, &mut out[..160]) <= 160);
                assert!(codec.samples(&bytes).is_none_or(|count| count <= 960));
            }
        }
    }
}

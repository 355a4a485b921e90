//! What telephone lines do to speech: other people's voices behind it, and packets that never come.

use std::fmt;

use warmline_sip::conceal::Concealer;

/// Samples per second on the line.
pub(super) const RATE: u32 = 8_000;
/// Samples of a packet.
const PACKET: usize = RATE as usize / 50;
/// Voices that make babble.
const VOICES: usize = 6;
/// Speech over babble, as a factor of amplitude: 15 dB.
const BABBLE: f32 = 0.178;
/// One packet of so many is lost, by chance.
const LOST_ONE_OF: u64 = 20;

/// A condition of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Damage {
    /// None.
    Clean,
    /// The folder's other voices behind it, 15 dB below.
    Babble,
    /// 5 % of the packets are lost, and concealed as the gateway conceals them.
    Loss,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clean => "clean",
            Self::Babble => "babble",
            Self::Loss => "loss",
        })
    }
}

impl Damage {
    /// The recording with this number of `all`, as it arrives. The same one always arrives in the same way.
    pub(super) fn of(self, index: usize, all: &[&[f32]]) -> Vec<f32> {
        match self {
            Self::Clean => all[index].to_vec(),
            Self::Babble => babble(index, all),
            Self::Loss => loss(all[index], index),
        }
    }
}

fn babble(index: usize, all: &[&[f32]]) -> Vec<f32> {
    let clear = all[index];
    let mut noise = vec![0.0; clear.len()];
    for voice in 1..=VOICES {
        let other = all[(index + voice * all.len() / (VOICES + 1)) % all.len()];
        for (at, sample) in noise.iter_mut().enumerate() {
            *sample += other.get((at + voice * 1_237) % other.len().max(1)).copied().unwrap_or_default();
        }
    }
    let gain = power(clear).sqrt() * BABBLE / power(&noise).sqrt().max(1e-6);
    clear.iter().zip(noise).map(|(clear, noise)| clear + gain * noise).collect()
}

fn power(sound: &[f32]) -> f32 {
    sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len().max(1) as f32
}

fn loss(clear: &[f32], index: usize) -> Vec<f32> {
    let mut concealer = Concealer::default();
    let mut chance = index as u64 + 1;
    let mut sound = Vec::with_capacity(clear.len());
    for packet in clear.chunks(PACKET) {
        // The generator of Knuth's MMIX: good enough to say which packets are lost, and the same every time.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut samples = warmline_models::to_pcm(packet);
        if (chance >> 33).is_multiple_of(LOST_ONE_OF) {
            concealer.conceal(&mut samples);
        } else {
            concealer.good(&mut samples);
        }
        sound.extend(warmline_models::to_float(&samples));
    }
    sound
}

//! How a conversation over a leg sounds, as a number: the E-model (ITU-T G.107, and G.107.1 for wideband).
//!
//! Everything that a gateway cannot know has the standard's default, and echo is taken as perfectly controlled. What is left is delay
//! and what coding and loss do: `R = R₀ − Idd − Ie,eff`.
//!
//! A wideband codec is judged on the wideband scale, where R₀ is 129, and its R is divided by 1.29 as G.107.1 does for its mean opinion
//! score. So every codec is compared with the best of its own bandwidth: G.722 without loss is not "better than G.711" here, though it
//! sounds so.

use std::time::Duration;

use crate::codec::Codec;

/// What was spoken through, as far as it matters for quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpeechCoding {
    /// G.711 with loss concealed as in its appendix I, which is what the jitter buffer does.
    G711,
    /// G.711 where lost sound is silence.
    G711Unconcealed,
    /// G.722 at 64 kbit/s.
    G722,
    /// Opus from some 16 kbit/s up, wideband.
    Opus,
}

/// How a codec takes it.
#[derive(Debug, Clone, Copy)]
struct Impairment {
    /// R without delay or loss: 93.2 with all of G.107's defaults, 129 with those of G.107.1.
    best: f32,
    /// What coding alone takes away.
    equipment: f32,
    /// Robustness against loss.
    robustness: f32,
    /// From the codec's scale to 0…100.
    scale: f32,
}

impl SpeechCoding {
    /// G.711: G.113 appendix I. G.722: Ie,wb of G.113 appendix IV; there is no figure for its loss on the
    /// wideband scale with our concealment, so it gets G.711's robustness scaled up. Opus: the ITU has no figures; it is put beside
    /// AMR-WB at a similar rate, and half as robust again as G.711 for its own concealment. Both are assumptions of ours.
    const fn impairment(self) -> Impairment {
        match self {
            Self::G711 => Impairment { best: 93.2, equipment: 0.0, robustness: 25.1, scale: 1.0 },
            Self::G711Unconcealed => Impairment { best: 93.2, equipment: 0.0, robustness: 4.3, scale: 1.0 },
            Self::G722 => Impairment { best: 129.0, equipment: 13.0, robustness: 25.1, scale: 1.29 },
            Self::Opus => Impairment { best: 129.0, equipment: 10.0, robustness: 37.0, scale: 1.29 },
        }
    }
}

impl From<Codec> for SpeechCoding {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu | Codec::Pcma => Self::G711,
            Codec::G722 => Self::G722,
            Codec::Opus => Self::Opus,
        }
    }
}

/// What the network did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// From mouth to ear; see [`one_way_delay`].
    pub delay: Duration,
    /// Share of sound that was lost or came too late, 0 to 1.
    pub loss: f32,
    /// How much longer losses are than random ones of the same rate would be: 1 is random (G.107 §7.5), bursts are above.
    pub burst_ratio: f32,
}

/// The judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    /// Transmission rating R, 0 to 100: above 80 is good, below 60 hardly bearable (G.109).
    pub r: f32,
    /// Estimated mean opinion score, 1.0 to 4.5.
    pub mos: f32,
}

/// The delay from mouth to ear: half the round trip, the jitter buffer, and one packet that had to be filled first. Without a round trip
/// measured yet the network counts as none.
#[must_use]
pub fn one_way_delay(round_trip: Option<Duration>, jitter_buffer: Duration, packet: Duration) -> Duration {
    round_trip.unwrap_or_default() / 2 + jitter_buffer + packet
}

/// Judges a leg. Nonsense (not a number, out of range) is taken as the nearest sense.
#[must_use]
pub fn rate(coding: SpeechCoding, conditions: &Conditions) -> Rating {
    let codec = coding.impairment();
    let loss_percent = 100.0 * within(conditions.loss, 0.0, 1.0);
    let burst_ratio = within(conditions.burst_ratio, 1.0, 100.0);
    let equipment = codec.equipment + (95.0 - codec.equipment) * loss_percent / (loss_percent / burst_ratio + codec.robustness);
    let r = (codec.best - delay_impairment(conditions.delay) - equipment) / codec.scale;
    let r = r.clamp(0.0, 100.0);
    Rating { r, mos: opinion(r) }
}

/// The burst ratio of what was seen (ITU-T G.107 §7.5): the mean length of a loss against `1 / (1 − loss)`, that of random ones.
#[must_use]
pub fn burst_ratio(received: u64, lost: u64, bursts: u64) -> f32 {
    if lost == 0 || bursts == 0 || received == 0 {
        return 1.0;
    }
    let mean_length = lost as f32 / bursts as f32;
    (mean_length * received as f32 / (received as f32 + lost as f32)).max(1.0)
}

/// Idd of G.107 §7.4: nothing up to 100 ms.
fn delay_impairment(delay: Duration) -> f32 {
    let ms = delay.as_secs_f32().min(60.0) * 1_000.0;
    if ms <= 100.0 {
        return 0.0;
    }
    let x = (ms / 100.0).log2();
    let root = |x: f32| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

/// G.107 annex B. Below 6.5 its curve would rise again: held at 1.
fn opinion(r: f32) -> f32 {
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

fn within(value: f32, low: f32, high: f32) -> f32 {
    if value.is_nan() { low } else { value.clamp(low, high) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [SpeechCoding; 4] = [SpeechCoding::G711, SpeechCoding::G711Unconcealed, SpeechCoding::G722, SpeechCoding::Opus];

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn rating(coding: SpeechCoding, delay_ms: u64, loss: f32) -> Rating {
        rate(coding, &Conditions { delay: ms(delay_ms), loss, burst_ratio: 1.0 })
    }

    #[test]
    fn known_values() {
        let delay = one_way_delay(Some(ms(40)), ms(20), ms(20));
        assert_eq!(delay, ms(60));
        let best = rate(SpeechCoding::G711, &Conditions { delay, loss: 0.0, burst_ratio: 1.0 });
        assert!((best.r - 93.2).abs() < 0.1 && (best.mos - 4.41).abs() < 0.01, "{best:?}");
        // Idd of G.107: about 3 at 150 ms … 200 ms, some 25 at 400 ms.
        for (delay, low, high) in [(100, 93.1, 93.3), (200, 89.0, 92.0), (400, 66.0, 71.0)] {
            let r = rating(SpeechCoding::G711, delay, 0.0).r;
            assert!((low..high).contains(&r), "{delay} {r}");
        }
        // 95 · Ppl / (Ppl + Bpl).
        for (loss, lost) in [(0.01, 3.64), (0.05, 15.78), (0.10, 27.07)] {
            let r = rating(SpeechCoding::G711, 20, loss).r;
            assert!((93.2 - r - lost).abs() < 0.1, "{loss} {r}");
        }
        assert!((rating(SpeechCoding::G722, 20, 0.0).r - 89.9).abs() < 0.1);
    }

    #[test]
    fn concealment_helps_and_bursts_hurt() {
        assert!(rating(SpeechCoding::G711, 20, 0.03).r > rating(SpeechCoding::G711Unconcealed, 20, 0.03).r + 20.0);
        let bursts = rate(SpeechCoding::G711, &Conditions { delay: ms(20), loss: 0.05, burst_ratio: 3.0 });
        assert!(bursts.r < rating(SpeechCoding::G711, 20, 0.05).r);
        assert!((burst_ratio(900, 100, 100) - 1.0).abs() < 0.01);
        assert!((burst_ratio(900, 100, 25) - 3.6).abs() < 0.01);
        assert!((burst_ratio(0, 100, 0) - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn worse_conditions_never_rate_better() {
        for coding in ALL {
            for delay in (0..1_500).step_by(10) {
                for loss in 0..100_u8 {
                    let loss = f32::from(loss) / 100.0;
                    let here = rating(coding, delay, loss);
                    assert!((0.0..=100.0).contains(&here.r) && (1.0..=4.5).contains(&here.mos));
                    for worse in [rating(coding, delay + 10, loss), rating(coding, delay, loss + 0.01)] {
                        assert!(worse.r <= here.r + 1e-3 && worse.mos <= here.mos + 1e-4, "{coding:?} {delay} {loss}");
                    }
                }
            }
        }
    }

    #[test]
    fn nonsense_is_rated_all_the_same() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -3.0, 7.0] {
            for coding in ALL {
                let found = rate(coding, &Conditions { delay: Duration::MAX, loss: value, burst_ratio: value });
                assert!(found.r.is_finite() && (1.0..=4.5).contains(&found.mos), "{value} {found:?}");
            }
        }
    }
}

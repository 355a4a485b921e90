//! The noise between words that a peer asks for (RFC 3389): only its level is used.

use crate::codec::Frame;

/// Fills a frame with noise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comfort {
    amplitude: i32,
    random: u32,
}

impl Comfort {
    /// From the payload: the level in −dBov, then spectral data that we do without.
    pub(super) fn from_payload(payload: &[u8]) -> Option<Self> {
        let level = f64::from(payload.first()? & 0x7f);
        // Even noise between ±a has a power of a²/3.
        let amplitude = 32_767.0 * 10_f64.powf(-level / 20.0) * 3_f64.sqrt();
        Some(Self { amplitude: amplitude.min(8_000.0) as i32, random: 0x9e37_79b9 })
    }

    pub(super) fn fill(&mut self, out: &mut Frame) {
        for sample in out {
            self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (self.random >> 16) as i32 - 0x8000;
            *sample = ((noise * self.amplitude) >> 15) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_level_that_was_asked_for() {
        for level in [40_u8, 60] {
            let mut out = [0; 160];
            let mut noise = Comfort::from_payload(&[level]).unwrap();
            let mut power = 0.0;
            for _ in 0..50 {
                noise.fill(&mut out);
                power += out.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
            }
            let dbov = 10.0 * (power / 8_000.0 / 32_767_f64.powi(2)).log10();
            assert!((dbov + f64::from(level)).abs() < 1.5, "{dbov:.1}");
        }
        assert!(Comfort::from_payload(&[]).is_none());
    }
}

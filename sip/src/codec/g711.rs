//! G.711 at 8 kHz, 16-bit linear samples on our side, one byte a sample on the wire (ITU-T G.711, RFC 3551 §4.5.14).

/// The two laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// µ-law: North America, Japan.
    Mu,
    /// A-law: everywhere else.
    A,
}

impl Law {
    /// Decodes as many bytes as fit into `out`; returns the number of samples written.
    pub fn decode(self, payload: &[u8], out: &mut [i16]) -> usize {
        let table = match self {
            Self::Mu => &MU_LAW,
            Self::A => &A_LAW,
        };
        let count = payload.len().min(out.len());
        for (sample, byte) in out.iter_mut().zip(payload) {
            *sample = table[usize::from(*byte)];
        }
        count
    }

    /// Appends one byte a sample to `out`.
    pub fn encode(self, samples: &[i16], out: &mut Vec<u8>) {
        match self {
            Self::Mu => out.extend(samples.iter().map(|&sample| encode_mu_law(sample))),
            Self::A => out.extend(samples.iter().map(|&sample| encode_a_law(sample))),
        }
    }
}

const MU_LAW_BIAS: u16 = 0x84;
const MU_LAW_CLIP: u16 = 32_635;

const MU_LAW: [i16; 256] = build_table(true);
const A_LAW: [i16; 256] = build_table(false);

const fn build_table(mu_law: bool) -> [i16; 256] {
    let mut table = [0_i16; 256];
    let mut code = 0_usize;
    while code < 256 {
        table[code] = if mu_law { decode_mu_law(code as u8) } else { decode_a_law(code as u8) };
        code += 1;
    }
    table
}

const fn decode_mu_law(code: u8) -> i16 {
    let code = !code;
    let exponent = (code & 0x70) >> 4;
    let magnitude = ((((code & 0x0f) as u16) << 3) + MU_LAW_BIAS) << exponent;
    let magnitude = (magnitude - MU_LAW_BIAS) as i16;
    if code & 0x80 != 0 { -magnitude } else { magnitude }
}

const fn decode_a_law(code: u8) -> i16 {
    // Every other bit is inverted on the wire (G.711 §3.2).
    let code = code ^ 0x55;
    let exponent = (code & 0x70) >> 4;
    let mantissa = ((code & 0x0f) as i16) << 4;
    let magnitude = match exponent {
        0 => mantissa + 8,
        1 => mantissa + 0x108,
        _ => (mantissa + 0x108) << (exponent - 1),
    };
    if code & 0x80 != 0 { magnitude } else { -magnitude }
}

fn encode_mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.unsigned_abs().min(MU_LAW_CLIP) + MU_LAW_BIAS;
    // The bias puts the highest bit at 7..=14: its place is the exponent.
    let exponent = 8 - magnitude.leading_zeros() as u16;
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | ((exponent << 4) | mantissa) as u8)
}

fn encode_a_law(sample: i16) -> u8 {
    let (magnitude, mask) = if sample >= 0 { (sample as u16, 0xd5) } else { (!sample as u16, 0x55) };
    let code = if magnitude < 256 {
        magnitude >> 4
    } else {
        let exponent = 8 - magnitude.leading_zeros() as u16;
        (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)
    };
    code as u8 ^ mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(codec: Law, sample: i16) -> i16 {
        let mut wire = Vec::new();
        codec.encode(&[sample], &mut wire);
        let mut back = [0];
        assert_eq!(codec.decode(&wire, &mut back), 1);
        back[0]
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for codec in [Law::Mu, Law::A] {
            for code in 0..=255_u8 {
                let mut linear = [0];
                codec.decode(&[code], &mut linear);
                let mut wire = Vec::new();
                codec.encode(&linear, &mut wire);
                // µ-law has two zeros (0x7f and 0xff); either is right.
                let same = wire[0] == code || (codec == Law::Mu && linear[0] == 0);
                assert!(same, "{codec:?} {code:#x} -> {} -> {:#x}", linear[0], wire[0]);
            }
        }
    }

    #[test]
    fn every_sample_is_coded_to_the_neighbouring_level() {
        for codec in [Law::Mu, Law::A] {
            let mut levels: Vec<i32> = (0..=255_u8)
                .map(|code| {
                    let mut linear = [0];
                    codec.decode(&[code], &mut linear);
                    i32::from(linear[0])
                })
                .collect();
            levels.sort_unstable();
            for sample in i16::MIN..=i16::MAX {
                let coded = i32::from(round_trip(codec, sample));
                let sample = i32::from(sample);
                let nearest = levels.iter().map(|level| (level - sample).abs()).min().unwrap();
                // Truncating quantisers sit within one step; the step grows with the level.
                let step = 16 + sample.abs() / 16;
                assert!((coded - sample).abs() <= nearest + step, "{codec:?} {sample} -> {coded}");
            }
        }
    }

    #[test]
    fn known_values_of_the_standard() {
        let mut wire = Vec::new();
        Law::Mu.encode(&[0, i16::MAX, i16::MIN], &mut wire);
        assert_eq!(wire, [0xff, 0x80, 0x00]);
        wire.clear();
        Law::A.encode(&[0, i16::MAX, i16::MIN], &mut wire);
        assert_eq!(wire, [0xd5, 0xaa, 0x2a]);
    }
}

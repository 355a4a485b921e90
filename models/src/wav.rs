//! Reads any WAV that a telephone or a recorder writes, and writes plain 16-bit ones.
//!
//! RIFF is read here because µ-law and A-law (formats 7 and 6), which telephony uses, are outside what common readers take.
//! Sources: Microsoft "Multiple Channel Audio Data and WAVE Files" (format codes, extensible header), ITU-T G.711.

use std::{io::Write, path::Path};

use crate::error::ModelError;

/// Mono audio.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Samples in −1..1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate: u32,
}

impl Audio {
    /// How long it is.
    #[must_use]
    pub fn seconds(&self) -> f32 {
        self.samples.len() as f32 / self.rate.max(1) as f32
    }
}

/// The `fmt ` chunk.
struct Format {
    code: u16,
    channels: usize,
    rate: u32,
    bits: u16,
}

/// Reads a WAV file: PCM of 8, 16, 24 or 32 bits, float of 32 or 64, µ-law, A-law; several channels are averaged to one.
///
/// # Errors
/// When the file cannot be read or is no WAV of these kinds.
pub fn read_wav(path: &Path) -> Result<Audio, ModelError> {
    let bytes = std::fs::read(path).map_err(|error| ModelError::Audio(format!("{}: {error}", path.display())))?;
    parse_wav(&bytes).map_err(|reason| ModelError::Audio(format!("{}: {reason}", path.display())))
}

/// Reads a WAV file that is in memory already.
///
/// # Errors
/// Why it is no WAV of the kinds that [`read_wav`] takes.
pub fn parse_wav(bytes: &[u8]) -> Result<Audio, &'static str> {
    if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err("not a RIFF WAVE file");
    }
    let mut format = None;
    let mut rest = &bytes[12..];
    while rest.len() >= 8 {
        let (name, size) = (&rest[..4], word(rest, 4).map_or(0, |size| size as usize));
        // Recorders that were cut off leave a size of 0 or too large a one in `data`: what is there counts.
        let body = &rest[8..];
        match name {
            b"fmt " => format = Some(read_format(body.get(..size).ok_or("fmt chunk ends too early")?)?),
            b"data" => {
                let format = format.ok_or("data before fmt")?;
                let data = if size == 0 { body } else { &body[..size.min(body.len())] };
                return decode(&format, data);
            }
            _ => {}
        }
        rest = body.get(size + size % 2..).unwrap_or_default();
    }
    Err("no data chunk")
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn read_format(chunk: &[u8]) -> Result<Format, &'static str> {
    let short = "fmt chunk is too short";
    let mut code = half(chunk, 0).ok_or(short)?;
    if code == 0xFFFE {
        // WAVE_FORMAT_EXTENSIBLE: the code is the start of the sub-format's GUID.
        code = half(chunk, 24).ok_or(short)?;
    }
    let format = Format {
        code,
        channels: usize::from(half(chunk, 2).ok_or(short)?),
        rate: word(chunk, 4).ok_or(short)?,
        bits: half(chunk, 14).ok_or(short)?,
    };
    if format.channels == 0 || format.channels > 32 || !(1_000..=384_000).contains(&format.rate) {
        return Err("impossible number of channels or sample rate");
    }
    Ok(format)
}

fn decode(format: &Format, data: &[u8]) -> Result<Audio, &'static str> {
    let take = |width: usize, sample: fn(&[u8]) -> f32| data.chunks_exact(width).map(sample).collect::<Vec<f32>>();
    let interleaved = match (format.code, format.bits) {
        (1, 8) => take(1, |b| (f32::from(b[0]) - 128.0) / 128.0),
        (1, 16) => take(2, |b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0),
        (1, 24) => take(3, |b| (i32::from_le_bytes([0, b[0], b[1], b[2]]) >> 8) as f32 / 8_388_608.0),
        (1, 32) => take(4, |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32 / 2_147_483_648.0),
        (3, 32) => take(4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        (3, 64) => take(8, |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32),
        (6, 8) => take(1, |b| f32::from(a_law(b[0])) / 32_768.0),
        (7, 8) => take(1, |b| f32::from(mu_law(b[0])) / 32_768.0),
        _ => return Err("a kind of WAV that is not known here (PCM, float, µ-law and A-law are)"),
    };
    let finite = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
    let samples = interleaved
        .chunks_exact(format.channels)
        .map(|frame| frame.iter().copied().map(finite).sum::<f32>() / format.channels as f32)
        .collect();
    Ok(Audio { samples, rate: format.rate })
}

/// G.711 µ-law (table 2): inverted bits; sign, three bits of segment, four of step.
fn mu_law(byte: u8) -> i16 {
    let code = !byte;
    let segment = (code >> 4) & 7;
    let size = (((i16::from(code & 15) << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 != 0 { -size } else { size }
}

/// G.711 A-law (table 1): even bits inverted.
fn a_law(byte: u8) -> i16 {
    let code = byte ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = (i16::from(code & 15) << 4) + 8;
    let size = if segment == 0 { step } else { (step + 0x100) << (segment - 1) };
    if code & 0x80 != 0 { size } else { -size }
}

/// Writes mono 16-bit PCM.
///
/// # Errors
/// When the file cannot be written.
pub fn write_wav(path: &Path, samples: &[i16], rate: u32) -> Result<(), ModelError> {
    let data = samples.len() as u32 * 2;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    for value in [1u16, 1] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * 2).to_le_bytes());
    for value in [2u16, 16] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes));
    written.map_err(|error| ModelError::Audio(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn riff(code: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        bytes.extend(code.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(8_000u32.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"LIST\x01\0\0\0x\0data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn both_laws_decode_to_the_values_of_the_standard() {
        // G.711: the smallest and the largest code of both signs.
        assert_eq!([mu_law(0xFF), mu_law(0x7F), mu_law(0x80), mu_law(0x00)], [0, 0, 32_124, -32_124]);
        assert_eq!([a_law(0xD5), a_law(0x55), a_law(0xAA), a_law(0x2A)], [8, -8, 32_256, -32_256]);
    }

    #[test]
    fn stereo_is_averaged_and_unknown_chunks_are_skipped() {
        let data: Vec<u8> = [16_384i16, 0, -16_384, -16_384].iter().flat_map(|s| s.to_le_bytes()).collect();
        assert_eq!(parse_wav(&riff(1, 2, 16, &data)).unwrap().samples, [0.25, -0.5]);
    }

    #[test]
    fn every_truncation_is_an_error_or_shorter_audio_and_never_a_panic() {
        let whole = riff(7, 1, 8, &[0x12; 40]);
        for length in 0..whole.len() {
            if let Ok(audio) = parse_wav(&whole[..length]) {
                assert!(audio.samples.len() < 40);
            }
        }
        assert_eq!(parse_wav(&whole).unwrap().samples.len(), 40);
    }
}

//! A stretch of a recording, cut out as a file of its own. It is there while the call still goes on, up to the last second that was written.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use crate::call::flow::policy::LONGEST_MESSAGE_S;

/// The longest stretch, in milliseconds: the longest message that a caller may leave, which is 19 MB.
const LONGEST_MS: u64 = LONGEST_MESSAGE_S * 1_000;

/// A header ends well before this.
const HEADER_LIMIT: u64 = 4_096;
/// PCM in RIFF: 12 bytes of RIFF, 24 of `fmt `, 8 of `data`.
const HEADER: u32 = 44;

/// What the header says.
struct Format {
    /// The sixteen bytes of `fmt `, to be repeated.
    raw: [u8; 16],
    rate: u64,
    /// Bytes of one sample of all channels.
    block: u64,
    /// Where the samples begin.
    start: u64,
}

/// The stretch from `from` to `to`, in milliseconds of the call, as a WAV file. None if nothing of it has been recorded, or the file is no PCM.
///
/// # Errors
/// The file cannot be read.
pub(super) fn cut(path: &Path, from: u64, to: u64) -> io::Result<Option<Vec<u8>>> {
    let mut file = File::open(path)?;
    let Some(format) = format(&mut file)? else { return Ok(None) };
    // What the header says of its length is old while the call goes on: the file's own length is not.
    let there = file.metadata()?.len().saturating_sub(format.start) / format.block;
    let sample = |ms: u64| (ms * format.rate / 1_000).min(there);
    let (first, end) = (sample(from), sample(to.min(from + LONGEST_MS)));
    if end <= first {
        return Ok(None);
    }
    let length = (end - first) * format.block;
    file.seek(SeekFrom::Start(format.start + first * format.block))?;
    let mut wav = header(&format, u32::try_from(length).unwrap_or(u32::MAX - HEADER));
    file.take(length).read_to_end(&mut wav)?;
    Ok(Some(wav))
}

/// Finds `fmt ` and `data`.
fn format(file: &mut File) -> io::Result<Option<Format>> {
    let mut head = Vec::new();
    file.by_ref().take(HEADER_LIMIT).read_to_end(&mut head)?;
    if head.get(..4) != Some(b"RIFF") || head.get(8..12) != Some(b"WAVE") {
        return Ok(None);
    }
    let word = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (mut at, mut raw) = (12_usize, None);
    while let (Some(name), Some(size)) = (head.get(at..at + 4), word(at + 4)) {
        match name {
            b"fmt " => raw = head.get(at + 8..at + 24).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()),
            b"data" => {
                let Some(raw) = raw else { return Ok(None) };
                let rate = u64::from(u32::from_le_bytes([raw[4], raw[5], raw[6], raw[7]]));
                let block = u64::from(u16::from_le_bytes([raw[12], raw[13]]));
                return Ok((block > 0).then_some(Format { raw, rate, block, start: at as u64 + 8 }));
            }
            _ => {}
        }
        at += 8 + size as usize + size as usize % 2;
    }
    Ok(None)
}

fn header(format: &Format, length: u32) -> Vec<u8> {
    let mut wav = Vec::with_capacity(HEADER as usize + length as usize);
    wav.extend(b"RIFF");
    wav.extend((HEADER - 8 + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(format.raw);
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    wav
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A recording of a second in which each sample is its own number, as the recorder writes it; `header_says` so many of them.
    fn recording(header_says: u32) -> tempfile::NamedTempFile {
        let spec = hound::WavSpec { channels: 2, sample_rate: 8_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = hound::WavWriter::create(file.path(), spec).unwrap();
        for index in 0..8_000_i16 {
            writer.write_sample(index).unwrap();
            writer.write_sample(-index).unwrap();
        }
        writer.finalize().unwrap();
        let mut bytes = std::fs::read(file.path()).unwrap();
        bytes[40..44].copy_from_slice(&(header_says * 4).to_le_bytes());
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    fn samples(wav: Vec<u8>) -> Vec<i16> {
        hound::WavReader::new(Cursor::new(wav)).unwrap().into_samples().map(Result::unwrap).collect()
    }

    #[test]
    fn a_stretch_is_a_file_of_its_own_whatever_the_header_of_the_whole_says() {
        for header_says in [8_000, 100, 0] {
            let file = recording(header_says);
            let cut = samples(cut(file.path(), 250, 500).unwrap().unwrap());
            assert_eq!((cut.len(), cut[0], cut[1], cut[3_998], cut[3_999]), (4_000, 2_000, -2_000, 3_999, -3_999));
        }
    }

    #[test]
    fn what_is_not_there_yet_is_left_out() {
        let file = recording(8_000);
        assert_eq!(samples(cut(file.path(), 900, 5_000).unwrap().unwrap()).len(), 1_600);
        assert_eq!(samples(cut(file.path(), 0, u64::MAX).unwrap().unwrap()).len(), 16_000);
        for (from, to) in [(1_000, 2_000), (500, 500), (600, 500), (100_000_000, 200_000_000)] {
            assert!(cut(file.path(), from, to).unwrap().is_none(), "{from} {to}");
        }
    }

    #[test]
    fn the_longest_message_is_heard_to_its_end_and_nothing_longer() {
        let spec = hound::WavSpec { channels: 1, sample_rate: 10, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = hound::WavWriter::create(file.path(), spec).unwrap();
        (0..10_000).for_each(|index| writer.write_sample(index).unwrap());
        writer.finalize().unwrap();
        let heard = |to| samples(cut(file.path(), 30_000, to).unwrap().unwrap()).len();
        assert_eq!([30_000 + 600_000, 700_000, 1_000_000].map(heard), [6_000; 3]);
    }

    #[test]
    fn what_is_no_recording_is_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for bytes in [&b""[..], b"RIFF", b"RIFF\0\0\0\0WAVEdata\0\0\0\0", b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", &[0; 5_000]] {
            std::fs::write(file.path(), bytes).unwrap();
            assert!(cut(file.path(), 0, 1_000).unwrap().is_none());
        }
    }
}

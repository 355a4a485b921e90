//! Where sound begins and ends, by its energy. Good enough for clean lines such as loopback, and the same rule for both directions.

/// Samples of the windows that are judged: 5 ms at 8 kHz.
pub const WINDOW: usize = 40;

/// Root mean square above which a window is sound: −49 dB below full scale, far above G.711's quantisation noise and the breath
/// of a synthesised voice, far below its softest consonant.
const SOUNDING_RMS: i64 = 120;

/// True if this window holds sound.
#[must_use]
pub fn sounds(window: &[i16]) -> bool {
    let energy: i64 = window.iter().map(|&sample| i64::from(sample) * i64::from(sample)).sum();
    energy > SOUNDING_RMS * SOUNDING_RMS * window.len() as i64
}

/// Index of the first sample of the first window with sound.
#[must_use]
pub fn first(samples: &[i16]) -> Option<usize> {
    samples.chunks(WINDOW).position(sounds).map(|window| window * WINDOW)
}

/// Index behind the last sample of the last window with sound.
#[must_use]
pub fn last(samples: &[i16]) -> Option<usize> {
    samples.chunks(WINDOW).rposition(sounds).map(|window| ((window + 1) * WINDOW).min(samples.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_found_between_silences_and_noise_is_not_sound() {
        let mut samples = vec![8_i16; 400];
        samples.extend((0..400).map(|n| if n % 8 < 4 { 2_000 } else { -2_000 }));
        samples.extend([-8_i16; 330]);
        assert_eq!(first(&samples), Some(400));
        assert_eq!(last(&samples), Some(800));
        assert_eq!(first(&[100; 500]), None);
        assert_eq!(last(&[]), None);
    }
}

//! Cuts long recordings where nobody speaks: the recogniser is made for utterances.

use crate::{loudness::rms, recogniser::RECOGNISER_RATE};

const SECOND: usize = RECOGNISER_RATE as usize;
/// Up to this the recogniser is given the whole.
const LONGEST: usize = 16 * SECOND;
/// No part is shorter, so that a cut never falls right after the last one.
const SHORTEST: usize = 6 * SECOND;
const FRAME: usize = SECOND / 10;

/// Parts of `audio` (16 kHz) of at most 16 s, cut in the middle of the quietest tenth of a second.
pub fn split_at_pauses(audio: &[f32]) -> impl Iterator<Item = &[f32]> {
    let mut rest = audio;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, after) = rest.split_at(cut(rest));
        rest = after;
        Some(part)
    })
}

fn cut(audio: &[f32]) -> usize {
    if audio.len() <= LONGEST {
        return audio.len();
    }
    let frames = audio[SHORTEST..LONGEST].chunks(FRAME).enumerate();
    let quietest = frames.min_by(|(_, a), (_, b)| rms(a).total_cmp(&rms(b))).map_or(0, |(index, _)| index);
    SHORTEST + quietest * FRAME + FRAME / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_audio_is_cut_in_its_pause_and_nothing_is_lost() {
        let mut audio = vec![0.3; 30 * SECOND];
        audio[12 * SECOND..12 * SECOND + 2 * FRAME].fill(0.0);
        let parts: Vec<usize> = split_at_pauses(&audio).map(<[f32]>::len).collect();
        assert!((12 * SECOND..12 * SECOND + 2 * FRAME).contains(&parts[0]), "{parts:?}");
        assert_eq!(parts.iter().sum::<usize>(), audio.len());
    }
}

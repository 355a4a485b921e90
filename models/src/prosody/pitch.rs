//! Pitch by normalised cross-correlation (Talkin 1995, "A robust algorithm for pitch tracking"), with the octave that most frames agree on.
//!
//! The telephone's band begins at 300 Hz, so the fundamental of most voices is not there: the period of its harmonics is.

use super::STEP;

/// 73 to 500 Hz at 8 kHz.
const SHORTEST: usize = 16;
const LONGEST: usize = 110;
/// Samples that are compared: two periods of a low voice.
const COMPARED: usize = 220;
/// Likeness from which a frame is voiced.
const VOICED: f32 = 0.6;
/// A shorter period that is almost as good is the real one: its multiples fit as well.
const ALMOST: f32 = 0.92;
/// What is further from the median than this factor is an error of an octave.
const OCTAVE: f32 = 1.7;

/// The pitch of each step in Hz, none where nothing is voiced.
pub(super) fn track(audio: &[f32], active: &[bool]) -> Vec<Option<f32>> {
    let mut pitches: Vec<Option<f32>> = vec![None; active.len()];
    // Every second step is looked at, and stands for two.
    for step in (0..active.len()).step_by(2).filter(|step| active[*step]) {
        let pitch = of_frame(audio, (step * STEP).saturating_sub(COMPARED / 2));
        for place in pitches.iter_mut().skip(step).take(2) {
            *place = pitch;
        }
    }
    let mut known: Vec<f32> = pitches.iter().flatten().copied().collect();
    if known.is_empty() {
        return pitches;
    }
    let middle = known.len() / 2;
    let median = *known.select_nth_unstable_by(middle, f32::total_cmp).1;
    for pitch in &mut pitches {
        *pitch = pitch.filter(|hz| (median / OCTAVE..=median * OCTAVE).contains(hz));
    }
    pitches
}

fn of_frame(audio: &[f32], start: usize) -> Option<f32> {
    let frame = audio.get(start..start + COMPARED + LONGEST + 1)?;
    let head = &frame[..COMPARED];
    let energy: f32 = head.iter().map(|x| x * x).sum();
    let mut moving: f32 = frame[SHORTEST - 1..SHORTEST - 1 + COMPARED].iter().map(|x| x * x).sum();
    let mut likeness = [0.0f32; LONGEST + 1];
    for (lag, like) in likeness.iter_mut().enumerate().skip(SHORTEST - 1) {
        let other = &frame[lag..lag + COMPARED];
        let product: f32 = head.iter().zip(other).map(|(a, b)| a * b).sum();
        *like = product / (energy * moving).sqrt().max(1e-9);
        moving += frame[lag + COMPARED].powi(2) - frame[lag].powi(2);
    }
    let peaks = || (SHORTEST..LONGEST).filter(|lag| likeness[*lag] >= likeness[lag - 1] && likeness[*lag] >= likeness[lag + 1]);
    let best = peaks().map(|lag| likeness[lag]).fold(0.0, f32::max);
    if best < VOICED {
        return None;
    }
    let lag = peaks().find(|lag| likeness[*lag] >= ALMOST * best)?;
    let (before, at, after) = (likeness[lag - 1], likeness[lag], likeness[lag + 1]);
    let bend = before - 2.0 * at + after;
    let between = if bend.abs() < 1e-6 { 0.0 } else { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) };
    Some(super::PROSODY_RATE as f32 / (lag as f32 + between))
}

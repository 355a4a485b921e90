//! A judgement in plain words.

use super::Judgement;

/// An aspect that has risen by this many standard deviations is worth a word.
const WORTH: f32 = 0.8;

/// What has risen and by how much: what has risen most, if nothing has risen much.
pub(super) fn describe(judgement: &Judgement) -> String {
    let (rise, by) = (&judgement.rise, &judgement.difference);
    let aspects = [
        (rise.level, format!("{:.0} dB louder", by.level_db)),
        (rise.pitch, format!("{:.0} semitones higher", by.semitones)),
        (rise.pace, format!("{:.0} % faster", by.faster_percent)),
        (rise.tilt, "tenser".to_owned()),
    ];
    let most = aspects.iter().map(|(rise, _)| *rise).fold(f32::MIN, f32::max);
    let mut parts: Vec<&str> = aspects.iter().filter(|(rise, _)| *rise >= WORTH.min(most)).map(|(_, words)| words.as_str()).collect();
    let last = parts.pop().unwrap_or_default();
    let listed = if parts.is_empty() { last.to_owned() } else { format!("{} and {last}", parts.join(", ")) };
    let than = if judgement.turns == 0 { "than most callers" } else { "than before" };
    let cuts_in = if judgement.cuts_in { ", and cuts in" } else { "" };
    format!("{listed} {than}{cuts_in}")
}

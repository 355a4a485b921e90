//! Even loudness, clean edges: what a synthesised clause needs before it goes out on a telephone.

/// Speech level on the line: −20 dBFS RMS while speaking leaves room for peaks and sits where telephone networks expect speech
/// (ITU-T P.56 measures −26 to −20 dBov as normal).
const TARGET_RMS: f32 = 0.1;
/// Above this the curve bends, so that peaks never clip.
const KNEE: f32 = 0.7;
/// Frames this far below the loudest frame are silence.
const ACTIVE_BELOW_PEAK: f32 = 0.03;

/// Trims silence at both ends, brings active speech to −20 dBFS, bends peaks below full scale and fades both edges over 5 ms.
pub fn finish(audio: &mut Vec<f32>, rate: u32) {
    let frame = (rate / 100).max(1) as usize;
    let levels: Vec<f32> = audio.chunks(frame).map(rms).collect();
    let loudest = levels.iter().copied().fold(0.0, f32::max);
    if loudest < 1e-4 {
        audio.clear();
        return;
    }
    let active = |level: &f32| *level > loudest * ACTIVE_BELOW_PEAK;
    let first = levels.iter().position(active).unwrap_or(0).saturating_sub(2);
    let last = levels.iter().rposition(active).unwrap_or(0) + 4;
    audio.truncate((last * frame).min(audio.len()));
    audio.drain(..first * frame);

    let speaking: Vec<f32> = levels.iter().copied().filter(|level| *level > loudest * 0.1).collect();
    let power = speaking.iter().map(|level| level * level).sum::<f32>() / speaking.len().max(1) as f32;
    let gain = TARGET_RMS / power.sqrt();
    for sample in audio.iter_mut() {
        *sample = bend(*sample * gain);
    }
    let fade = (rate as usize / 200).min(audio.len() / 2);
    let end = audio.len();
    for n in 0..fade {
        let factor = n as f32 / fade as f32;
        audio[n] *= factor;
        audio[end - 1 - n] *= factor;
    }
}

/// Root mean square of a frame.
pub(crate) fn rms(frame: &[f32]) -> f32 {
    (frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len().max(1) as f32).sqrt()
}

/// Straight up to the knee, then ever flatter towards full scale.
fn bend(sample: f32) -> f32 {
    let size = sample.abs();
    if size <= KNEE {
        return sample;
    }
    let room = 1.0 - KNEE;
    (KNEE + room * ((size - KNEE) / room).tanh()) * sample.signum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_speech_is_raised_trimmed_and_never_clips() {
        let mut audio = vec![0.0; 8_000];
        audio.extend((0..16_000).map(|n| 0.01 * (n as f32 * 0.2).sin() * if n % 100 == 0 { 20.0 } else { 1.0 }));
        audio.extend(vec![0.0; 8_000]);
        finish(&mut audio, 16_000);
        assert!((16_000..17_500).contains(&audio.len()), "{}", audio.len());
        assert!((0.08..0.12).contains(&rms(&audio)), "{}", rms(&audio));
        assert!(audio.iter().all(|sample| sample.abs() < 1.0));
    }

    #[test]
    fn silence_becomes_nothing() {
        let mut audio = vec![0.0; 8_000];
        finish(&mut audio, 8_000);
        assert!(audio.is_empty());
    }
}

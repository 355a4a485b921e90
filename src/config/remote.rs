//! Engines elsewhere.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Secret, secret::PasswordKeys};

/// Engines that are asked before the built-in ones. Whoever runs them hears what callers say, or reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteConfig {
    /// A recogniser that is given whole turns.
    pub transcription: Option<TranscriptionConfig>,
    /// A recogniser that listens along; it goes before the other one.
    pub streaming: Option<StreamingConfig>,
    /// A voice.
    pub voice: Option<VoiceConfig>,
    /// A chat model that answers from the flow's knowledge.
    pub chat: Option<ChatConfig>,
    /// Failures in a row after which an engine is left alone.
    pub failures: u32,
    /// For how long, in milliseconds; then it is asked once.
    pub rest_ms: u64,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        Self { transcription: None, streaming: None, voice: None, chat: None, failures: 3, rest_ms: 30_000 }
    }
}

/// What every engine elsewhere has.
pub(super) trait Engine {
    /// Its address.
    fn url(&self) -> &str;
    /// What an answer is waited for, in milliseconds.
    fn timeout_ms(&self) -> u64;
    /// Where its key is.
    fn keys(&mut self) -> PasswordKeys<'_>;
}

macro_rules! engine {
    ($($name:ident),*) => {
        $(impl Engine for $name {
            fn url(&self) -> &str {
                &self.url
            }

            fn timeout_ms(&self) -> u64 {
                self.timeout_ms
            }

            fn keys(&mut self) -> PasswordKeys<'_> {
                let Self { key, key_env, key_file, .. } = self;
                PasswordKeys::of_key(key, key_env.as_ref(), key_file.as_ref())
            }
        })*
    };
}

engine!(TranscriptionConfig, StreamingConfig, VoiceConfig, ChatConfig);

/// Transcription as OpenAI's API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptionConfig {
    /// The address before `/audio/transcriptions`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The key.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The environment variable that holds the key.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The file that holds the key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// What an answer is waited for, in milliseconds.
    #[serde(default = "patience_ms")]
    pub timeout_ms: u64,
}

/// A streaming recogniser as Deepgram has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamingConfig {
    /// The address of the WebSocket.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// More for the query.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The key.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The environment variable that holds the key.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The file that holds the key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// What the last words are waited for after a pause, in milliseconds.
    #[serde(default = "patience_ms")]
    pub timeout_ms: u64,
}

/// A voice as OpenAI's API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceConfig {
    /// The address before `/audio/speech`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The voice's name there.
    pub voice: String,
    /// How the sound comes.
    #[serde(default)]
    pub format: SoundFormat,
    /// Samples per second of `pcm`.
    #[serde(default = "pcm_rate")]
    pub rate: u32,
    /// The key.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The environment variable that holds the key.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The file that holds the key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// What a clause is waited for, in milliseconds.
    #[serde(default = "patience_ms")]
    pub timeout_ms: u64,
}

/// How sound comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoundFormat {
    /// A WAV file.
    #[default]
    Wav,
    /// 16-bit samples without a head.
    Pcm,
}

/// A chat model as OpenAI's API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatConfig {
    /// The address before `/chat/completions`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// What it may do.
    #[serde(default)]
    pub may: ChatMay,
    /// The key.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The environment variable that holds the key.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The file that holds the key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// What an answer is waited for, in milliseconds.
    #[serde(default = "patience_ms")]
    pub timeout_ms: u64,
}

/// What a chat model may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatMay {
    /// Name the entries of the flow's knowledge that answer a question; the flow's own sentences are said.
    #[default]
    Find,
    /// Say it in its own words, too.
    Phrase,
}

/// A caller waits, and the built-in engine must still have its turn after that.
const fn patience_ms() -> u64 {
    1_200
}

const fn pcm_rate() -> u32 {
    24_000
}

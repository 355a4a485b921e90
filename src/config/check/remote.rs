//! Engines elsewhere: addresses, keys and times that can work.

use super::{Checker, Outside};
use crate::{
    config::{RemoteConfig, SpeechConfig, remote::Engine},
    yaml::Path,
};

/// The brain gives up on a turn's words after 2.5 s: the built-in engine must have half of that.
const LONGEST_MS: u64 = 2_000;
/// Rates that can be brought to the line's.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=48_000;

impl Checker<'_> {
    pub(in crate::config) fn remote(&mut self, speech: &SpeechConfig) {
        let at = |engine: &str, key: &str| Path::of(&["speech", "remote", engine, key]);
        let remote = &speech.remote;
        let http: &[&str] = &["http://", "https://"];
        let web_socket: &[&str] = &["ws://", "wss://"];
        for (name, engine, schemes) in engines(remote, http, web_socket) {
            let host = schemes.iter().find_map(|scheme| engine.url().strip_prefix(scheme));
            if host.is_none_or(|host| host.is_empty() || host.starts_with('/') || host.contains(['@', '?', '#'])) {
                let hint = format!("write it like `{}speech.example/v1`; keys have keys of their own", schemes[1]);
                self.wrong(&at(name, "url"), format!("“{}” is no address of an engine", engine.url()), Some(&hint));
            }
            if !(100..=LONGEST_MS).contains(&engine.timeout_ms()) {
                self.wrong(&at(name, "timeout_ms"), format!("must be 100 to {LONGEST_MS}"), Some("a caller waits for it"));
            }
        }
        if let Some(voice) = remote.voice.as_ref().filter(|voice| !RATES.contains(&voice.rate)) {
            self.wrong(&at("voice", "rate"), format!("{} samples per second: must be 8000 to 48000", voice.rate), None);
        }
        if remote.failures == 0 {
            self.wrong(&Path::of(&["speech", "remote", "failures"]), "must be at least 1", None);
        }
    }

    /// Fills in the keys; an engine in one's own house may need none.
    pub(super) fn remote_keys(&mut self, remote: &mut RemoteConfig, outside: Outside<'_>) {
        let RemoteConfig { transcription, streaming, voice, chat, .. } = remote;
        let mut engines: Vec<(&str, &mut dyn Engine)> = Vec::new();
        engines.extend(transcription.as_mut().map(|engine| ("transcription", engine as &mut dyn Engine)));
        engines.extend(streaming.as_mut().map(|engine| ("streaming", engine as &mut dyn Engine)));
        engines.extend(voice.as_mut().map(|engine| ("voice", engine as &mut dyn Engine)));
        engines.extend(chat.as_mut().map(|engine| ("chat", engine as &mut dyn Engine)));
        for (name, engine) in engines {
            let mut keys = engine.keys();
            if !keys.given().is_empty() {
                self.password(&Path::of(&["speech", "remote", name]), &mut keys, outside);
            }
        }
    }
}

type Listed<'c> = (&'static str, &'c dyn Engine, &'c [&'c str]);

fn engines<'c>(remote: &'c RemoteConfig, http: &'c [&'c str], web_socket: &'c [&'c str]) -> Vec<Listed<'c>> {
    let mut all: Vec<Listed<'c>> = Vec::new();
    all.extend(remote.transcription.as_ref().map(|engine| ("transcription", engine as &dyn Engine, http)));
    all.extend(remote.streaming.as_ref().map(|engine| ("streaming", engine as &dyn Engine, web_socket)));
    all.extend(remote.voice.as_ref().map(|engine| ("voice", engine as &dyn Engine, http)));
    all.extend(remote.chat.as_ref().map(|engine| ("chat", engine as &dyn Engine, http)));
    all
}

//! The engines elsewhere that the configuration names.

use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;

use crate::{
    config::{ChatMay, RemoteConfig, Secret, SoundFormat},
    speech::remote::{
        BreakerOptions, Chat, ChatMode, ChatOptions, Endpoint, Guarded, Key, Remote, StreamOptions, Streams, Transcription,
        TranscriptionOptions, VoiceFormat, VoiceOptions, VoiceService,
    },
};

/// Makes them ready; none if the configuration names none. Nothing is asked yet.
pub(super) fn engines(from: &RemoteConfig, runtime: Handle) -> anyhow::Result<Option<Remote>> {
    let breaker = BreakerOptions { failures: from.failures, rest: Duration::from_millis(from.rest_ms) };
    let transcription = from.transcription.as_ref().map(|from| {
        let engine = Transcription::new(
            endpoint(&from.url, &from.key, "Bearer", from.timeout_ms)?,
            TranscriptionOptions { model: from.model.clone() },
        );
        anyhow::Ok(Arc::new(Guarded::new("transcription", engine, breaker)))
    });
    let stream = from.streaming.as_ref().map(|from| {
        let query = from.query.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let options = StreamOptions { model: from.model.clone(), query };
        let engine = Streams::new(endpoint(&from.url, &from.key, "Token", from.timeout_ms)?, options);
        anyhow::Ok(Arc::new(Guarded::new("streaming", engine, breaker)))
    });
    let voice = from.voice.as_ref().map(|from| {
        let format = match from.format {
            SoundFormat::Wav => VoiceFormat::Wav,
            SoundFormat::Pcm => VoiceFormat::Pcm { rate: from.rate },
        };
        let options = VoiceOptions { model: from.model.clone(), voice: from.voice.clone(), format };
        let engine = VoiceService::new(endpoint(&from.url, &from.key, "Bearer", from.timeout_ms)?, options);
        anyhow::Ok(Arc::new(Guarded::new("voice", engine, breaker)))
    });
    let chat = from.chat.as_ref().map(|from| {
        let mode = match from.may {
            ChatMay::Find => ChatMode::Find,
            ChatMay::Phrase => ChatMode::Phrase,
        };
        let engine = Chat::new(endpoint(&from.url, &from.key, "Bearer", from.timeout_ms)?, ChatOptions { model: from.model.clone(), mode });
        anyhow::Ok(Arc::new(Guarded::new("chat", engine, breaker)))
    });
    let remote = Remote {
        runtime,
        transcription: transcription.transpose()?,
        stream: stream.transpose()?,
        voice: voice.transpose()?,
        chat: chat.transpose()?,
    };
    Ok((remote.recognises() || remote.voice.is_some() || remote.chat.is_some()).then_some(remote))
}

fn endpoint(url: &str, key: &Option<Secret>, scheme: &str, timeout_ms: u64) -> anyhow::Result<Endpoint> {
    let key = key.as_ref().map(|key| Key::new(key.expose().to_owned()));
    Endpoint::new(url, key.as_ref(), scheme, Duration::from_millis(timeout_ms))
}

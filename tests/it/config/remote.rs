//! Engines elsewhere: named by address, with keys that come from one place, and times that leave the built-in engines theirs.

use warmline::config::{ChatMay, Secret, SoundFormat};

use super::{broken, example, parse};

/// The example with this engine in the place of an empty one.
fn with(engine: &str, lines: &str) -> String {
    let empty = format!("\n    {engine}:\n");
    assert!(example().contains(&empty), "{engine}");
    example().replacen(&empty, &format!("\n    {engine}: {lines}\n"), 1)
}

#[test]
fn what_the_example_shows_is_right() {
    let at = |text: &str| text.find("\n    transcription:\n").unwrap();
    let text = example();
    let end = text.find("\n    # Failures in a row").unwrap();
    // Its commented keys as an operator would turn them on.
    let shown: String = text[at(&text)..end]
        .lines()
        .map(|line| line.strip_prefix("    #  ").map_or(line.to_owned(), |key| format!("      {key}")) + "\n")
        .collect();
    let shown = shown
        .replace("key_env: SPEECH_KEY", "key: a")
        .replace("key_file: /etc/warmline/stream.key", "key: b")
        .replace("key_env: CHAT_KEY", "");
    let config = parse(&format!("{}{shown}{}", &text[..at(&text)], &text[end..])).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let remote = config.file.speech.remote;
    let voice = remote.voice.unwrap();
    assert_eq!((voice.format, voice.rate, voice.key.as_ref().map(Secret::expose)), (SoundFormat::Pcm, 24_000, Some("a")));
    assert_eq!(remote.streaming.unwrap().query["smart_format"], "true");
    assert_eq!(remote.transcription.unwrap().timeout_ms, 1_200);
    let chat = remote.chat.unwrap();
    assert_eq!((chat.may, chat.key), (ChatMay::Find, None));
}

#[test]
fn nothing_is_asked_elsewhere_unless_it_is_named() {
    let remote = parse(&example()).unwrap().file.speech.remote;
    assert!(remote.transcription.is_none() && remote.streaming.is_none() && remote.voice.is_none() && remote.chat.is_none());
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (engine, lines, key, message) in [
        ("transcription", "{ url: \"ftp://a\", model: m }", "transcription.url", "no address"),
        ("transcription", "{ url: \"https://me:pw@a/v1\", model: m }", "transcription.url", "no address"),
        ("streaming", "{ url: \"https://a\", model: m }", "streaming.url", "no address"),
        ("chat", "{ url: \"https://a\", model: m, timeout_ms: 5000 }", "chat.timeout_ms", "100 to 2000"),
        ("voice", "{ url: \"https://a\", model: m, voice: v, rate: 4000 }", "voice.rate", "8000 to 48000"),
        ("chat", "{ url: \"https://a\", model: m, key_env: NOT_THERE }", "chat.key_env", "`NOT_THERE` is not set"),
        ("chat", "{ url: \"https://a\", model: m, key: a, key_env: B }", "chat.key_env", "`key` gives"),
        ("chat", "{ url: \"https://a\", model: m, transfer: true }", "chat.transfer", "transfer"),
    ] {
        let found = parse(&with(engine, lines)).expect_err("nothing is wrong");
        assert_eq!(found.len(), 1, "{lines}: {found:#?}");
        assert!(found[0].message.contains(message) && found[0].key.starts_with("speech.remote."), "{lines}: {}", found[0]);
        assert_eq!(found[0].key, format!("speech.remote.{key}"));
    }
    assert_eq!(broken("    failures: 3\n", "    failures: 0\n").len(), 1);
}

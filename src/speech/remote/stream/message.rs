//! What the service says.

use serde::Deserialize;

use crate::speech::remote::Trouble;

/// A message; of the fields those that count. Kinds that are not known say nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    start: f64,
    duration: f64,
    is_final: bool,
    speech_final: bool,
    from_finalize: bool,
    channel: Channel,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Channel {
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Alternative {
    transcript: String,
    confidence: Option<f32>,
    words: Vec<Word>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Word {
    word: String,
    punctuated_word: Option<String>,
    start: f64,
    end: f64,
    confidence: Option<f32>,
}

/// Words with the place in the stream where they were said, ms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) confidence: Option<f32>,
}

/// Part of what was heard.
#[derive(Debug, PartialEq)]
pub(super) struct Results {
    pub(super) pieces: Vec<Piece>,
    /// The stream was heard up to here, ms.
    pub(super) until_ms: u64,
    /// It will not change any more.
    pub(super) is_final: bool,
    /// The speaker has paused here.
    pub(super) speech_final: bool,
    /// It is the answer to `Finalize`.
    pub(super) from_finalize: bool,
}

/// Reads a message; none if it is not about words.
pub(super) fn read(text: &str) -> Result<Option<Results>, Trouble> {
    let message: Message = serde_json::from_str(text).map_err(|_| Trouble::BadAnswer("no JSON"))?;
    match message.kind.as_str() {
        "Results" => {}
        "Error" => return Err(Trouble::BadAnswer("an error message")),
        _ => return Ok(None),
    }
    let (start, end) = (ms(message.start), ms(message.start + message.duration));
    let best = message.channel.alternatives.into_iter().next().unwrap_or_default();
    Ok(Some(Results {
        pieces: pieces(best, start, end),
        until_ms: end,
        is_final: message.is_final,
        speech_final: message.speech_final,
        from_finalize: message.from_finalize,
    }))
}

/// The words one by one; all of them as one where the service does not say when each was said.
fn pieces(best: Alternative, from_ms: u64, to_ms: u64) -> Vec<Piece> {
    if best.words.is_empty() {
        let text = best.transcript.trim().to_owned();
        return if text.is_empty() { Vec::new() } else { vec![Piece { text, from_ms, to_ms, confidence: best.confidence }] };
    }
    let piece = |word: Word| Piece {
        text: word.punctuated_word.unwrap_or(word.word),
        from_ms: ms(word.start),
        to_ms: ms(word.end),
        confidence: word.confidence.or(best.confidence),
    };
    best.words.into_iter().map(piece).collect()
}

/// Seconds of the service in milliseconds; what makes no sense is the beginning.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from float saturates, and NaN is 0")]
fn ms(seconds: f64) -> u64 {
    (seconds * 1_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_with_and_without_words_and_nonsense_does_no_harm() {
        let text = r#"{"type":"Results","start":1.5,"duration":1.0,"is_final":true,"speech_final":true,"extra":1,
            "channel":{"alternatives":[{"transcript":"my order","confidence":0.9,
            "words":[{"word":"my","start":1.6,"end":1.8,"confidence":0.8},{"word":"order","punctuated_word":"order.","start":1.8,"end":2.2}]}]}}"#;
        let results = read(text).unwrap().unwrap();
        let texts: Vec<&str> = results.pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!((texts.as_slice(), results.until_ms, results.pieces[1].confidence), (&["my", "order."][..], 2_500, Some(0.9)));
        let whole =
            read(r#"{"type":"Results","start":0,"duration":2,"channel":{"alternatives":[{"transcript":" yes "}]}}"#).unwrap().unwrap();
        assert_eq!(whole.pieces, [Piece { text: "yes".to_owned(), from_ms: 0, to_ms: 2_000, confidence: None }]);
        assert_eq!(read(r#"{"type":"Metadata"}"#), Ok(None));
        assert_eq!(read(r#"{"type":"Results","start":-5,"duration":1e300}"#).unwrap().unwrap().until_ms, u64::MAX);
        for bad in ["", "7", r#"{"type":"Error","message":"x"}"#, r#"{"type":"Results","start":"x"}"#] {
            assert!(matches!(read(bad), Err(Trouble::BadAnswer(_))), "{bad}");
        }
    }
}

//! The caller of the demo: says what the script says, and listens as a person does.

use std::time::Duration;

use anyhow::Result;

use super::{
    ears::{Ears, has_any},
    show::Show,
};
use crate::{
    clock,
    phone::{Line, Span, Voice},
};

/// A person takes a pause this long for the end of an answer.
const POLITE_PAUSE: Duration = Duration::from_millis(1_100);
/// How long an answer may take to be complete.
const ANSWER_LIMIT: Duration = Duration::from_secs(25);

/// How often a line that is never silent is listened to.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Something that was said, and what was heard after it.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The words that were said; empty for what the bot says unasked.
    pub(crate) said: String,
    /// When they were sent.
    pub(crate) span: Span,
    /// The answer as it was heard on the caller's line.
    pub(crate) answer_heard: String,
    /// From the last sound that was sent to the first one that was heard.
    pub(crate) reply: Option<Duration>,
    /// True if the answer held the words that were waited for.
    pub(crate) as_expected: bool,
}

/// The caller at the telephone.
pub(crate) struct Caller<'a> {
    pub(crate) line: &'a Line,
    pub(crate) ears: &'a Ears,
    pub(crate) voice: Voice,
    pub(crate) show: Show,
}

impl Caller<'_> {
    /// Listens to what the bot says by itself, until it has said one of `expected`.
    pub(crate) async fn listen(&self, expected: &[&str]) -> Result<Exchange> {
        let start = self.line.answered;
        let (answer_heard, as_expected) = self.hear_out(start, expected).await?;
        Ok(Exchange { said: String::new(), span: Span { start, end: start }, answer_heard, reply: None, as_expected })
    }

    /// Says something, and listens until the answer holds one of `expected` and is over.
    pub(crate) async fn say(&self, text: &str, expected: &[&str]) -> Result<Exchange> {
        let span = self.utter(text).await?;
        let (answer_heard, as_expected) = self.hear_out(span.end, expected).await?;
        Ok(self.exchange(text, span, answer_heard, as_expected))
    }

    /// Says something, and listens until one of `expected` was heard: what follows is not silence, but the sounds of waiting.
    pub(crate) async fn say_and_wait(&self, text: &str, expected: &[&str]) -> Result<Exchange> {
        let span = self.utter(text).await?;
        let deadline = clock::now() + ANSWER_LIMIT;
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            let answer_heard = self.ears.hear(&self.line.media.heard_since(span.end)).await?;
            let as_expected = has_any(&answer_heard, expected);
            if as_expected || clock::now() > deadline {
                return Ok(self.exchange(text, span, answer_heard, as_expected));
            }
        }
    }

    async fn utter(&self, text: &str) -> Result<Span> {
        let sound = self.voice.say(text).await?;
        self.show.line("caller", &format!("says: “{text}”"));
        self.line.media.say(&sound).await
    }

    fn exchange(&self, text: &str, span: Span, answer_heard: String, as_expected: bool) -> Exchange {
        let reply = self.line.media.tape(|tape| tape.first_sound_after(span.end)).map(|first| first - span.end);
        if let Some(reply) = reply {
            self.show.line("caller", &format!("(the answer began {} ms after the last word)", reply.as_millis()));
        }
        Exchange { said: text.to_owned(), span, answer_heard, reply, as_expected }
    }

    /// Waits for pauses until what was heard since `since` holds one of `expected`, or the time is over. Says what was heard.
    async fn hear_out(&self, since: Duration, expected: &[&str]) -> Result<(String, bool)> {
        let deadline = clock::now() + ANSWER_LIMIT;
        let mut from = since;
        let mut text = String::new();
        loop {
            let left = deadline.saturating_duration_since(clock::now());
            match self.line.media.wait_for_silence_of(POLITE_PAUSE, from, left).await {
                Ok(last) => from = last,
                // What was heard is not what was waited for: the report says so.
                Err(_) if !text.is_empty() => return Ok((text, false)),
                Err(error) => return Err(error),
            }
            let sound = self.line.media.heard_between(since, from + Duration::from_millis(200));
            text = self.ears.hear(&sound).await?;
            if has_any(&text, expected) {
                return Ok((text, true));
            }
        }
    }
}

//! The numbers that a flow sets: turn-taking, silence, handoff. Milliseconds throughout.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest message that any flow takes: ten minutes.
pub(crate) const LONGEST_MESSAGE_S: u64 = 600;

/// When the caller's turn has ended, and what may interrupt the bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TurnPolicy {
    /// Pause that ends a turn of which everything says that it is complete: words, sound, meaning.
    pub pause_sure_ms: u64,
    /// Pause that ends a turn which may be complete.
    pub pause_ms: u64,
    /// Pause that ends a turn which is not complete, as far as can be told.
    pub pause_incomplete_ms: u64,
    /// Pause that ends a turn when yes or no is expected and said, or the last digit.
    pub pause_yes_no_ms: u64,
    /// Pause that ends a turn inside a number or a spelled value.
    pub pause_digits_ms: u64,
    /// Speech that is meant for the bot stops it when it has lasted this long. (It lowers its voice at the first sound.)
    pub barge_in_ms: u64,
    /// How sure it must be that speech is meant for the bot, 0 to 1: a hum, a cough or a voice in the background is less so.
    pub barge_in_meant: f32,
    /// A word or two over the bot's words are a turn when the recogniser is so sure of them, 0 to 1, or when they ask for one ("stop").
    pub few_words_heard: f32,
    /// Other speech stops it when it has lasted this long; so does a "right" or an "okay" that goes on.
    pub barge_in_unsure_ms: u64,
    /// What a voice does that may be a "mhm" or a turn, when the bot has been still for a breath.
    pub in_doubt: InDoubt,
    /// A turn is cut after this.
    pub longest_turn_ms: u64,
    /// Keys: time after the last one.
    pub key_pause_ms: u64,
    /// Silence of the caller until the bot asks.
    pub silence_ms: u64,
    /// How often it asks before it gives up.
    pub silence_prompts: u32,
    /// Silence of a caller who has asked for a moment, until the bot says that it is still there.
    pub hold_on_ms: u64,
}

impl Default for TurnPolicy {
    fn default() -> Self {
        Self {
            pause_sure_ms: 200,
            pause_ms: 450,
            pause_incomplete_ms: 1_600,
            pause_yes_no_ms: 200,
            pause_digits_ms: 1_500,
            barge_in_ms: 120,
            barge_in_meant: 0.5,
            few_words_heard: 0.78,
            barge_in_unsure_ms: 1_200,
            in_doubt: InDoubt::Stop,
            longest_turn_ms: 60_000,
            key_pause_ms: 2_500,
            silence_ms: 7_000,
            silence_prompts: 2,
            hold_on_ms: 20_000,
        }
    }
}

/// What the bot does when it has been still for a breath, and a voice over its words may be a "mhm" or a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InDoubt {
    /// It stays still, unless the words are those of somebody who listens. Interruptions are heard at once, and more of a "mhm" stops it.
    #[default]
    Stop,
    /// It goes on, lower, if the words so far may become those of somebody who listens ("that's f").
    Weigh,
    /// It goes on, lower, unless the words ask for the turn. Fewer of a "mhm" stop it, and interruptions wait for half a second.
    GoOn,
}

/// How a human is brought in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandoffPolicy {
    /// How agents learn of a call.
    pub mode: Mode,
    /// … of calls with this intent, or for this reason of the policy (`anger`, `critical:cancellation`, `critical`); the reason counts first.
    pub modes: BTreeMap<String, Mode>,
    /// How long one agent's phone rings.
    pub ring_ms: u64,
    /// A caller who is called back has so long to answer, milliseconds.
    pub callback_ring_ms: u64,
    /// The longest briefing that an agent hears before they choose, in seconds. What does not fit is on the page, and is said to whoever asks for more.
    pub briefing_s: u64,
    /// How long an agent may take to choose after the briefing.
    pub choose_ms: u64,
    /// How many agents are asked before the fallback.
    pub offers: u32,
    /// The caller hears how it stands at least this often.
    pub update_ms: u64,
    /// Music without a word until a caller who waits is asked an open question (`useful` of the intent and the queue).
    pub ask_after_ms: u64,
    /// The longest message that a caller may leave, in seconds, 600 at most; 0: no messages.
    pub voicemail_s: u64,
    /// Longest time in the queue, from the decision on.
    pub wait_ms: u64,
    /// So long a caller waits for the answer of a human whom the bot asks (`consult`), from the question on.
    pub consult_ms: u64,
    /// So long one human has the question on their page before the next is asked.
    pub consult_each_ms: u64,
    /// So long an agent alone hears somebody outside whom they add, before all hear each other: a machine is noticed meanwhile.
    pub vet_ms: u64,
    /// Steps of the flow to which agents may send callers back after they have spoken: a confirmation, a survey.
    pub send_back: Vec<String>,
    /// By reason (`vip`, `critical`, `critical:cancellation`, `anger` …): the call is served as if it had asked so many seconds earlier.
    pub ahead_s: BTreeMap<String, u64>,
    /// Whose words are written down while caller and agent talk with each other.
    pub transcribe: Transcribe,
    /// Whoever waits for a human when the gateway goes down is called back.
    pub call_back_cut_off: bool,
    /// What happens when nobody can be had.
    pub fallback: Fallback,
}

impl Default for HandoffPolicy {
    fn default() -> Self {
        Self {
            mode: Mode::Whisper,
            modes: BTreeMap::new(),
            ring_ms: 20_000,
            callback_ring_ms: 30_000,
            briefing_s: 12,
            choose_ms: 15_000,
            offers: 4,
            update_ms: 15_000,
            ask_after_ms: 2_000,
            voicemail_s: 120,
            wait_ms: 300_000,
            consult_ms: 60_000,
            consult_each_ms: 30_000,
            vet_ms: 3_000,
            send_back: Vec::new(),
            ahead_s: BTreeMap::from([("vip".to_owned(), 60), ("critical".to_owned(), 30), ("anger".to_owned(), 30)]),
            transcribe: Transcribe::Both,
            call_back_cut_off: true,
            fallback: Fallback::Callback,
        }
    }
}

impl HandoffPolicy {
    /// How agents learn of a call with this intent and this reason.
    #[must_use]
    pub fn mode_for(&self, intent: Option<&str>, reason: Option<&str>) -> Mode {
        let kind = reason.map(|reason| reason.split_once(':').map_or(reason, |(kind, _)| kind));
        [reason, kind, intent].into_iter().flatten().find_map(|name| self.modes.get(name)).copied().unwrap_or(self.mode)
    }
}

/// How an agent learns of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are rung, and told alone.
    Whisper,
    /// They are rung, and told alone; then the bot introduces them and the caller to each other aloud.
    Introduction,
    /// They read the card and take the call on the page; then they are rung, and have the caller at once.
    Screen,
}

/// Whose words are written down while caller and agent talk with each other. What is said while the caller is on hold never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transcribe {
    /// Nobody's.
    Off,
    /// The caller's.
    Caller,
    /// Both.
    Both,
}

/// What happens when no human can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// Promise a callback; the number is read back and confirmed.
    Callback,
    /// Back to the bot.
    Bot,
    /// Let the caller leave a message.
    Voicemail,
    /// Say so and end the call.
    Goodbye,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_counts_before_the_intent_and_the_matter_before_its_kind() {
        let modes = |of: &[(&str, Mode)]| HandoffPolicy {
            modes: of.iter().map(|(name, mode)| ((*name).to_owned(), *mode)).collect(),
            ..HandoffPolicy::default()
        };
        let (screen, whisper) = (Mode::Screen, Mode::Whisper);
        assert_eq!(modes(&[]).mode_for(Some("complaint"), Some("anger")), whisper);
        assert_eq!(modes(&[("complaint", screen)]).mode_for(Some("complaint"), Some("anger")), screen);
        assert_eq!(modes(&[("complaint", screen), ("anger", whisper)]).mode_for(Some("complaint"), Some("anger")), whisper);
        let critical = modes(&[("critical", screen), ("critical:legal", whisper)]);
        assert_eq!(critical.mode_for(None, Some("critical:cancellation")), screen);
        assert_eq!(critical.mode_for(None, Some("critical:legal")), whisper);
    }
}

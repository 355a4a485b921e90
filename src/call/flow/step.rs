//! What the flow is told, and what it wants done next.

use crate::call::{
    action::{Digits, LookUp},
    event::{Failure, Found},
    flow::policy::InDoubt,
    outcome::{InquiryOutcome, Outcome},
    record::{AskBy, Fact, Suggestion},
    time::Time,
    understanding::Understanding,
};

/// What came from the caller, ready for the flow.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A spoken turn.
    Said {
        /// The words.
        text: String,
        /// The recogniser's confidence, 0..=1.
        confidence: f32,
        /// What was understood.
        understanding: Understanding,
        /// Where it was said.
        span: (Time, Time),
    },
    /// Keys, complete: the expected count, `#`, or the key time-out.
    Keyed {
        /// `0`–`9`, `*`.
        digits: String,
    },
    /// Nothing was said for the time that the flow allows.
    Silence,
    /// A look-up that a step asked for has ended.
    LookedUp {
        /// Its name.
        name: String,
        /// What it found.
        result: Result<Found, Failure>,
    },
    /// A human whom a step has asked has answered, or has not.
    Consulted {
        /// The node that asked.
        node: String,
        /// What came of it.
        result: Consulted,
    },
}

/// What of the caller's may interrupt a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupt {
    /// The voice.
    pub voice: bool,
    /// Keys.
    pub keys: bool,
    /// What a voice does that may be no turn; none: as the flow has it.
    pub in_doubt: Option<InDoubt>,
}

impl Interrupt {
    /// Everything, or nothing.
    #[must_use]
    pub const fn all(may: bool) -> Self {
        Self { voice: may, keys: may, in_doubt: None }
    }
}

/// What the flow wants done, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Say this.
    Say {
        /// The node that speaks.
        node: String,
        /// The text, as it is written (numbers as digits).
        text: String,
        /// What may interrupt it?
        by: Interrupt,
        /// The notice that is on record once this was heard in full.
        notice: Option<String>,
    },
    /// Know this.
    Know(Fact),
    /// Ask a service; say the filler if it takes longer than `filler_after_ms`. `Input::LookedUp` continues the flow.
    LookUp {
        /// The request.
        request: LookUp,
        /// What to say while it lasts.
        filler: Option<String>,
        /// Milliseconds until the filler.
        filler_after_ms: u64,
    },
    /// Speak slower from now on.
    Slower,
    /// This turn could not be used (a signal for the escalation policy).
    NotUnderstood,
    /// The caller asked the same again (a signal for the escalation policy).
    Repeated,
    /// The caller does not want the colleague who was offered.
    Declined,
    /// An answer was given and is worth a line in the summary ("opening hours: …").
    Answered {
        /// One line.
        line: String,
    },
    /// The flow itself wants a human.
    Human {
        /// The queue.
        queue: String,
        /// Why, in a few words.
        why: String,
    },
    /// Ask a human one line. `Input::Consulted` continues the flow.
    Consult(Box<Consult>),
    /// Wait for the caller.
    Listen,
    /// Say goodbye was said: end the call.
    End(Outcome),
}

/// One line that a human is asked, for the bot to answer the caller itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consult {
    /// The node that asks.
    pub node: String,
    /// The queue.
    pub queue: String,
    /// The question, as it is read and heard.
    pub question: String,
    /// Answers that are at hand.
    pub suggestions: Vec<Suggestion>,
    /// How they are asked.
    pub by: AskBy,
    /// So long the caller waits for the answer.
    pub within_ms: u64,
}

/// What came of asking a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consulted {
    /// They have answered.
    Answer {
        /// The human's name.
        name: String,
        /// Their words.
        text: String,
        /// The suggestion that it is, if it is one.
        choice: Option<String>,
    },
    /// There is no answer.
    Nothing(InquiryOutcome),
}

/// What the flow is waiting for: shapes end of turn and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A free sentence.
    Sentence,
    /// Yes or no: a short pause ends the turn.
    YesNo,
    /// Digits, at least and at most this many: a longer pause is tolerated; the most ends it.
    Digits {
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// A spelled value (e-mail, name): a longer pause is tolerated.
    Spelled,
}

impl Expect {
    /// How many digits, if digits are expected.
    #[must_use]
    pub fn digits(self) -> Option<Digits> {
        match self {
            Self::Digits { least, most } => Some(Digits { least, most }),
            Self::Sentence | Self::YesNo | Self::Spelled => None,
        }
    }
}

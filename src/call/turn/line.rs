//! One text that is said in one go.

use crate::call::{flow::policy::InDoubt, time::Time};

/// One text to be said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// The flow's node or the prompt that speaks.
    pub(crate) node: String,
    /// The text as written, in the pieces in which it is spoken.
    pub(crate) clauses: Vec<String>,
    /// May the listener interrupt it?
    pub(crate) interruptible: bool,
    /// May keys?
    pub(crate) keys_interrupt: bool,
    /// What a voice does that may be no turn; none: as the flow has it.
    pub(crate) in_doubt: Option<InDoubt>,
    /// The notice that is on record once this was heard in full.
    pub(crate) notice: Option<String>,
    /// The line for the summary: the caller has heard this answer once most of the text was heard.
    pub(crate) answers: Option<String>,
    /// It has been late, or stands in for one that is: no other line stands in for it.
    pub(crate) late: bool,
    /// When it was decided on: a voice that began before interrupts something else.
    pub(crate) at: Time,
    /// The turn that it answers.
    pub(crate) turn: u32,
    /// When the caller's last sound of that turn was, for the reply latency. Only the first text of a reply has it.
    pub(crate) after: Option<Time>,
}

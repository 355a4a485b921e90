//! What a human is called for.

use crate::call::{
    base::Base,
    handoff::summary::{About, summarise},
    record::Summary,
};

/// What a human is called for, as the bot knows it.
#[derive(Debug)]
pub(crate) struct Matter {
    /// What the caller wants.
    pub(crate) intent: Option<String>,
    /// The question that is still open.
    pub(crate) open_question: Option<String>,
    /// Why a human, in one sentence.
    pub(crate) why: String,
    /// A callback: what was known when it was promised.
    told: Option<Summary>,
}

impl Matter {
    /// Why a human is called in this call.
    pub(crate) const fn new(intent: Option<String>, open_question: Option<String>, why: String) -> Self {
        Self { intent, open_question, why, told: None }
    }

    /// What another call has found out.
    pub(super) fn told(summary: Summary) -> Self {
        let (intent, open_question, why) = (summary.intent.clone(), summary.open_question.clone(), summary.why_now.clone());
        Self { intent, open_question, why, told: Some(summary) }
    }

    pub(super) fn summary(&self, base: &Base) -> Summary {
        if let Some(told) = &self.told {
            return told.clone();
        }
        let about = About {
            caller: &base.caller,
            flow: &base.flow,
            intent: self.intent.as_deref(),
            open_question: self.open_question.as_deref(),
            why: &self.why,
        };
        summarise(base.io.entries(), &about)
    }
}

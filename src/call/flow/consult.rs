//! A human is asked one line, and the bot answers the caller itself: how a flow says so.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::{outcome::InquiryOutcome, record::AskBy};

/// What a template can use of an answer: the words, the name of the suggestion that it is (else `other`), and who said so.
pub const ANSWER_FIELDS: &[&str] = &["answer", "choice", "who"];

/// What `choice` is where the answer is none of the suggestions.
pub(super) const OTHER: &str = "other";

/// A question to a human. The answer to the node `may_return` is `{{ may_return.answer }}`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsultDef {
    /// Whom: a queue (`intent`: the queue of what the caller wants).
    pub queue: String,
    /// What they are asked, in one line.
    pub question: String,
    /// Answers that are at hand, at most six: name → the answer as the caller hears it. The name is `choice` in conditions; `other` is any other answer.
    #[serde(default)]
    pub suggest: BTreeMap<String, String>,
    /// `screen`: on their page, where they write it; `ear`: their telephone rings, and they say it.
    #[serde(default)]
    pub by: AskBy,
    /// Milliseconds that the caller waits for the answer. Default: `handoff.consult_ms`.
    #[serde(default)]
    pub within_ms: Option<u64>,
    /// Where to go on without an answer, whatever the reason.
    pub otherwise: String,
    /// … where nobody is there to be asked.
    #[serde(default)]
    pub nobody: Option<String>,
    /// … where no answer came in time.
    #[serde(default)]
    pub late: Option<String>,
    /// … where whoever was asked could not say.
    #[serde(default)]
    pub declined: Option<String>,
    /// … where whoever was asked was lost before they had answered.
    #[serde(default)]
    pub lost: Option<String>,
    /// … where what they said could not be understood.
    #[serde(default)]
    pub unclear: Option<String>,
    /// … where the caller did not want to wait any more. Default: the bot asks what it can do.
    #[serde(default)]
    pub never_mind: Option<String>,
}

impl ConsultDef {
    /// Every node that it names, with the key.
    pub(super) fn ways(&self) -> Vec<(&'static str, &str)> {
        let ways = [
            ("consult.otherwise", Some(&self.otherwise)),
            ("consult.nobody", self.nobody.as_ref()),
            ("consult.late", self.late.as_ref()),
            ("consult.declined", self.declined.as_ref()),
            ("consult.lost", self.lost.as_ref()),
            ("consult.unclear", self.unclear.as_ref()),
            ("consult.never_mind", self.never_mind.as_ref()),
        ];
        ways.into_iter().filter_map(|(key, way)| Some((key, way?.as_str()))).collect()
    }
}

/// A question to a human, checked. Its texts are templates: `nodes.<name>.question`, `nodes.<name>.suggest.<answer>`.
#[derive(Debug, Clone)]
pub(super) struct ConsultPlan {
    /// None: the queue of what the caller wants.
    pub(super) queue: Option<String>,
    pub(super) suggest: Vec<String>,
    pub(super) by: AskBy,
    pub(super) within_ms: Option<u64>,
    otherwise: String,
    nobody: Option<String>,
    late: Option<String>,
    declined: Option<String>,
    lost: Option<String>,
    unclear: Option<String>,
    never_mind: Option<String>,
}

impl ConsultPlan {
    /// The plan of a definition in which nothing is wrong.
    pub(super) fn new(def: &ConsultDef) -> Self {
        Self {
            queue: Some(def.queue.clone()).filter(|queue| queue != "intent"),
            suggest: def.suggest.keys().cloned().collect(),
            by: def.by,
            within_ms: def.within_ms,
            otherwise: def.otherwise.clone(),
            nobody: def.nobody.clone(),
            late: def.late.clone(),
            declined: def.declined.clone(),
            lost: def.lost.clone(),
            unclear: def.unclear.clone(),
            never_mind: def.never_mind.clone(),
        }
    }

    /// Where to go on without an answer.
    pub(super) fn otherwise(&self) -> &str {
        &self.otherwise
    }

    /// Where to go on with this outcome; none: the caller is asked what else there is.
    pub(super) fn way(&self, outcome: InquiryOutcome) -> Option<&str> {
        let own = match outcome {
            InquiryOutcome::CalledOff => return self.never_mind.as_deref(),
            InquiryOutcome::Nobody => &self.nobody,
            InquiryOutcome::Late => &self.late,
            InquiryOutcome::Declined => &self.declined,
            InquiryOutcome::Lost => &self.lost,
            InquiryOutcome::Unclear => &self.unclear,
            // The flow does not go on with these.
            InquiryOutcome::Answered | InquiryOutcome::Taken | InquiryOutcome::CallerLeft | InquiryOutcome::Withdrawn => &None,
        };
        Some(own.as_deref().unwrap_or(&self.otherwise))
    }
}

//! What a call's record says of announcements, consent, what was struck out, and how long it is kept.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    call::record::{ConsentAnswer, Entry, What},
    view::{CallHead, Hold, Kept, Stamp},
};

const DAY_MS: u64 = 86_400_000;

/// The compliance record of one call.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Compliance {
    /// When in the call each notice was heard in full, milliseconds: `automation`, `recording`, `tone_analysis`, and what else the flow announces. What is not there
    /// was not announced, or the caller did not hear it to its end.
    pub notices: BTreeMap<String, u64>,
    /// What the caller was asked to agree to.
    pub consents: Vec<ConsentGiven>,
    /// How often each kind was struck out.
    pub redacted: BTreeMap<String, u64>,
    /// Stretches in which something private was asked for, and nothing was recorded or written down.
    pub private_stretches: u64,
    /// There is a recording.
    pub recording: bool,
    /// When each kind will be deleted; null: never. What is deleted already is in `deleted`.
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub kept_until: BTreeMap<&'static str, Option<Stamp>>,
    /// When each kind was deleted.
    #[schema(value_type = BTreeMap<String, String>)]
    pub deleted: BTreeMap<String, Stamp>,
    /// The legal hold that keeps it, if there is one.
    pub hold: Option<Hold>,
    /// Who has seen, heard, changed or exported it, newest first: the last two hundred.
    pub seen: Vec<Seen>,
}

/// An answer to a question for consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentGiven {
    /// To what: `recording`.
    pub to: String,
    /// When it was asked, milliseconds of the call.
    pub asked: u64,
    /// When it was answered; null: never, which counts as no.
    pub answered: Option<u64>,
    /// The caller agreed.
    pub given: bool,
}

/// Somebody who had to do with the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Seen {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Stamp,
    /// What they did, in the word of the audit log.
    pub did: String,
    /// Their name then.
    pub name: Option<String>,
    /// Their role then.
    pub role: Option<String>,
}

impl Compliance {
    /// What the record itself says.
    #[must_use]
    pub fn of<'e>(head: &CallHead, entries: impl IntoIterator<Item = &'e Entry>, days: &dyn Fn(Kept) -> Option<u64>) -> Self {
        let until = |days: u64| Stamp(head.started.0.saturating_add(days.saturating_mul(DAY_MS)));
        let kept_until = Kept::ALL.into_iter().map(|kind| (kind.word(), days(kind).map(until))).collect();
        let mut compliance = Self { recording: head.recording, kept_until, ..Self::default() };
        entries.into_iter().for_each(|entry| compliance.apply(entry));
        compliance
    }

    fn apply(&mut self, entry: &Entry) {
        match &entry.what {
            What::Notice { notice } => _ = self.notices.entry(notice.clone()).or_insert(entry.at.0),
            What::Redacted { kinds, .. } => kinds.iter().for_each(|kind| *self.redacted.entry(kind.clone()).or_default() += 1),
            What::Private { on: true } => self.private_stretches += 1,
            What::Consent { to, answer: ConsentAnswer::Asked } if self.open(to).is_none() => {
                self.consents.push(ConsentGiven { to: to.clone(), asked: entry.at.0, answered: None, given: false });
            }
            What::Consent { to, answer: answer @ (ConsentAnswer::Given | ConsentAnswer::Refused) } => {
                if self.open(to).is_none() {
                    self.consents.push(ConsentGiven { to: to.clone(), asked: entry.at.0, answered: None, given: false });
                }
                if let Some(consent) = self.open(to) {
                    (consent.answered, consent.given) = (Some(entry.at.0), *answer == ConsentAnswer::Given);
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, to: &str) -> Option<&mut ConsentGiven> {
        self.consents.iter_mut().find(|consent| consent.to == to && consent.answered.is_none())
    }
}

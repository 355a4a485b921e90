//! The words of caller and agent, as they come from the recogniser.

use crate::call::{
    ids::{LegId, RequestId},
    outcome::Outcome,
    record::What,
    scribe::Turn,
    state::{Call, Phase},
};

impl Call {
    /// `WrittenDown`.
    pub(super) fn written_down(&mut self, id: RequestId, text: &str, confidence: f32) {
        let base = &mut self.base;
        let Some(Turn { leg, from, to }) = base.scribe.settle(id) else { return };
        let text = base.flow.vocabulary.repair(text.trim());
        if text.is_empty() {
            return;
        }
        if leg == LegId::CALLER {
            base.turn += 1;
            return base.io.record(What::CallerTurn { turn: base.turn, text, confidence, from, to, understood: None });
        }
        if let Some(agent) = base.scribe.who(leg).cloned() {
            base.io.record(What::AgentTurn { agent, text, confidence, from, to });
        }
    }

    /// Words that will never be known: the record says so once.
    pub(super) fn unwritten(&mut self, id: RequestId) {
        if self.base.scribe.settle(id).is_some() && !std::mem::replace(&mut self.base.unwritten, true) {
            self.base
                .io
                .record(What::Trouble { what_failed: "transcript".to_owned(), then: "went on without some of the words".to_owned() });
        }
    }

    /// Caller and agent are done: the call is over when their last words are written down.
    pub(super) fn end_conversation(&mut self, outcome: Outcome) {
        if self.base.scribe.is_done() {
            return self.finish(outcome);
        }
        let base = &mut self.base;
        if std::mem::take(&mut base.caller_up) {
            base.io.act(crate::call::action::Action::HangUp { leg: LegId::CALLER });
        }
        base.scribe.close(&mut base.io);
        self.phase = Phase::Parting { outcome, farewell: None };
    }
}

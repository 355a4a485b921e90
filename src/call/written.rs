//! The words of caller and agent, as they come from the recogniser.

use crate::call::{
    action::Action,
    base::Base,
    ids::{AgentId, LegId, RequestId},
    outcome::Outcome,
    record::What,
    scribe::Turn,
    state::{Call, Phase},
    time::Time,
    understanding::Scored,
};

/// Questions whose answers are waited for; beyond that they are not looked at.
const MOST_QUESTIONS: usize = 8;

/// A question of an agent, of which it is not known yet what it is after.
#[derive(Debug)]
pub(crate) struct Question {
    agent: AgentId,
    question: String,
    from: Time,
    to: Time,
}

/// What an agent asks that may be on their card.
fn questions(base: &Base, text: &str) -> Vec<String> {
    let worth = |question: &&str| base.on_card.is_worth(question, base.flow.lexicon());
    let free = MOST_QUESTIONS.saturating_sub(base.questions.len());
    base.flow.words().asked_again.questions(text).into_iter().filter(worth).take(free).map(str::to_owned).collect()
}

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
            let questions = questions(base, &text);
            base.io.record(What::AgentTurn { agent: agent.clone(), text, confidence, from, to });
            for question in questions {
                let id = base.io.request();
                base.io.act(Action::AskedFor { id, question: question.clone() });
                base.questions.insert(id, Question { agent: agent.clone(), question, from, to });
            }
        }
    }

    /// `AsksFor`.
    pub(super) fn asks_for(&mut self, id: RequestId, values: &[Scored]) {
        let base = &mut self.base;
        let Some(Question { agent, question, from, to }) = base.questions.remove(&id) else { return };
        if let Some(Scored { name, score }) = base.on_card.has(&question, values) {
            let label = base.on_card.label(name).to_owned();
            base.io.record(What::AskedAgain { agent, about: name.clone(), label, question, score: *score, from, to });
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
            base.io.act(Action::HangUp { leg: LegId::CALLER });
        }
        base.scribe.close(&mut base.io);
        self.phase = Phase::Parting { outcome, farewell: None };
    }
}

//! What the company knows of the number that calls. It is asked for when the call arrives, while the greeting is said; nothing waits for it.

use std::{collections::BTreeMap, sync::Arc};

use crate::call::{
    action::Action,
    base::Base,
    bot::Bot,
    event::{Failure, Found},
    flow::Flow,
    ids::RequestId,
    record::{Fact, FactSource, What},
    state::{Call, Phase},
    time::Time,
};

/// What it is called on the record.
const NAME: &str = "caller";

/// Values for the call itself, which mean nothing to a human.
const NOT_SHOWN: [&str; 2] = ["agent", "priority_s"];

/// The question that has no answer yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    id: RequestId,
    since: Time,
}

/// Asks, if there is a number and somebody who may know it.
pub(super) fn ask(base: &mut Base) -> Option<Asked> {
    let number = base.caller.dialable().filter(|_| base.caller.looked_up)?.to_owned();
    let asked = Asked { id: base.io.request(), since: base.io.now };
    base.io.act(Action::LookUpCaller { id: asked.id, number });
    Some(asked)
}

impl Call {
    /// Is this the answer about the caller? Then all that follows from it is done. Without an answer the call goes on as it would have.
    pub(super) fn is_about_caller(&mut self, id: RequestId, result: Result<&Found, Failure>) -> bool {
        let Some(asked) = self.asked.filter(|asked| asked.id == id) else { return false };
        self.asked = None;
        let base = &mut self.base;
        let took_ms = base.io.now.since(asked.since);
        base.io.record(What::LookUp { name: NAME.to_owned(), ok: result.is_ok(), took_ms, failure: result.err() });
        match result {
            Ok(Found::Fields { fields }) => self.caller_is_known(fields),
            Ok(Found::Nothing) => {}
            Err(_) => {
                let what_failed = "the look-up of the caller".to_owned();
                base.io.record(What::Trouble { what_failed, then: "went on without it".to_owned() });
            }
        }
        true
    }

    fn caller_is_known(&mut self, fields: &BTreeMap<String, String>) {
        let base = &mut self.base;
        base.caller.known.clone_from(fields);
        for (name, value) in fields.iter().filter(|(name, _)| !NOT_SHOWN.contains(&name.as_str())) {
            base.io.record(What::Fact { fact: fact(name, value) });
        }
        match &mut self.phase {
            Phase::Arrived(bot) | Phase::Talking(bot) | Phase::HandingOver { bot, .. } => bot.caller_is_known(base),
            Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => return,
        }
        if let Some(flow) = self.in_their_language() {
            self.greet_in(&flow);
        }
    }

    /// The flow in the language that they are known to speak, as long as nobody has said anything.
    fn in_their_language(&self) -> Option<Arc<Flow>> {
        let wanted = self.base.caller.known.get("language")?;
        let untouched = self.base.turn == 0 && !self.base.ear.is_voice() && self.base.ear.paused_at().is_none();
        self.others.in_language(wanted).filter(|_| untouched && *wanted != self.base.flow.language)
    }

    /// From the beginning, in another language.
    fn greet_in(&mut self, flow: &Arc<Flow>) {
        let (base, wall) = (&mut self.base, self.others.wall());
        let bot = match &mut self.phase {
            Phase::Arrived(bot) | Phase::Talking(bot) => bot,
            Phase::HandingOver { .. } | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => return,
        };
        base.follow(Arc::clone(flow));
        base.io.record(What::Language { flow: flow.name.clone(), language: flow.language.clone() });
        **bot = Bot::new(flow, wall, &base.caller);
        self.others.settle(base);
        base.mouth.silence(&mut base.io);
        match self.phase {
            Phase::Arrived(ref bot) => bot.prepare_greeting(base),
            Phase::Talking(_) => self.bot_then(|bot, base| bot.greet(base)),
            Phase::HandingOver { .. } | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => {}
        }
    }
}

fn fact(name: &str, value: &str) -> Fact {
    Fact {
        name: format!("caller.{name}"),
        label: name.replace('_', " "),
        value: value.to_owned(),
        confidence: 1.0,
        confirmed: true,
        source: FactSource::Crm,
        span: None,
    }
}

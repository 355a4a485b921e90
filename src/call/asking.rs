//! The bot asks a human one line, and keeps the caller meanwhile.

use crate::call::{
    flow::step::{Consult, Consulted},
    handoff::{Handoff, Matter},
    state::{Call, Phase},
};

impl Call {
    /// A human is asked.
    pub(super) fn ask_one_line(&mut self, ask: Consult) {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Talking(mut bot) => {
                let base = &mut self.base;
                bot.hand_on(base);
                let open = bot.open_question().map(|words| base.io.told(&words));
                let matter = Matter::new(bot.intent().map(str::to_owned), open, base.io.told(&ask.question));
                let nothing_open = bot.questions_for(&ask.queue).without_questions();
                let handoff = Box::new(Handoff::ask_one_line(base, ask, matter, nothing_open));
                self.phase = Phase::HandingOver { bot, handoff };
                self.handoff_then(Handoff::closed);
            }
            other => self.phase = other,
        }
    }

    /// What came of it: the bot, which has had the caller all the time, goes on.
    pub(super) fn asked_one_line(&mut self, node: String, result: Consulted) {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::HandingOver { bot, .. } => {
                self.phase = Phase::Talking(bot);
                self.bot_then(|bot, base| bot.consulted(base, node, result));
            }
            other => self.phase = other,
        }
    }
}

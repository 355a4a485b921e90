//! The caller's first words may be in another language than the flow's: then the flow for that language takes the call, from its beginning.

use std::sync::Arc;

use crate::call::{
    action::Action,
    base::Base,
    bot::Bot,
    flow::Flow,
    record::What,
    state::{Call, Phase},
    time::WallTime,
};

/// Flows that may still take the call.
#[derive(Debug)]
pub(super) struct Others {
    flows: Vec<Arc<Flow>>,
    wall: WallTime,
}

impl Others {
    pub(super) fn new(flows: Vec<Arc<Flow>>, wall: WallTime) -> Self {
        Self { flows, wall }
    }

    /// The flow of a language that may still take the call.
    pub(super) fn in_language(&self, language: &str) -> Option<Arc<Flow>> {
        self.flows.iter().find(|flow| flow.language == language).cloned()
    }

    pub(super) const fn wall(&self) -> WallTime {
        self.wall
    }

    /// The caller has had a turn: the language of the call is settled.
    pub(super) fn settle(&mut self, base: &mut Base) {
        if !self.flows.is_empty() {
            self.flows.clear();
            base.io.act(Action::HoldIn { language: base.flow.language.clone() });
        }
    }
}

impl Call {
    /// The words that are being written down are in another language.
    pub(super) fn other_language(&mut self, language: &str) {
        let Phase::Talking(bot) = &mut self.phase else { return };
        let Some(flow) = self.others.in_language(language) else { return };
        let base = &mut self.base;
        base.follow(Arc::clone(&flow));
        base.io.record(What::Language { flow: flow.name.clone(), language: flow.language.clone() });
        **bot = Bot::taking_over(&flow, self.others.wall, &base.caller);
        self.others.settle(base);
    }
}

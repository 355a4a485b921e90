//! A human was asked one line: the flow goes on with what came of it.

use crate::call::{
    base::Base,
    bot::{Bot, troubles::Troubles},
    flow::step::{Consulted, Input},
    then::Then,
};

impl Bot {
    /// The answer of a human, or that there is none.
    pub(crate) fn consulted(&mut self, base: &mut Base, node: String, result: Consulted) -> Then {
        self.silences = 0;
        self.troubles = Troubles::default();
        let now = base.io.now;
        let (dialogue, steps) = self.think(now, &Input::Consulted { node, result });
        self.adopt(base, dialogue, steps, ("", now, now))
    }
}

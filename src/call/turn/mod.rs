//! Who may speak now: the start and the end of a turn, interruptions, and what is being said.

pub(crate) mod ear;
pub(crate) mod end_of_turn;
pub(crate) mod line;
pub(crate) mod mouth;
pub(crate) mod overlap;
mod said;
pub(crate) mod words;

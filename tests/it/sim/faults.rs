//! How drivers fail.

use std::collections::VecDeque;

/// What a driver does with one request instead of serving it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is wrong.
    None,
    /// It says that it failed.
    Fails,
    /// It says that it has too much to do.
    Overloaded,
    /// It never says anything: it has died.
    Dies,
    /// It takes this many milliseconds more.
    Slow(u64),
}

/// How the drivers fail: the given requests in order, then always the last of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(pub(crate) VecDeque<Fault>);

impl Faults {
    pub(crate) fn next(&mut self) -> Fault {
        match self.0.len() {
            0 => Fault::None,
            1 => self.0[0],
            _ => self.0.pop_front().unwrap_or(Fault::None),
        }
    }
}

//! Calls whose packets go across by themselves need no tick: they rest for a few of them, unless something stirs them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A call that rests is ticked this often, at the multiples of it: for reports, and for who has fallen silent.
const REST_TICKS: u64 = 5;

/// Says that something was stirred, once.
#[derive(Debug, Default)]
pub(super) struct Flag(AtomicBool);

impl Flag {
    fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Was it set since the last time?
    pub(super) fn take(&self) -> bool {
        // Reading alone leaves the memory where it is; that is the rule.
        self.0.load(Ordering::Acquire) && self.0.swap(false, Ordering::AcqRel)
    }
}

/// Says that there is something for a call to do: a command, a key. One call's, between its task and its media thread.
#[derive(Debug)]
pub(super) struct Stir {
    own: Flag,
    /// Is there such a call on the thread? Most of the time there is none, and no call needs to be asked.
    thread: Arc<Flag>,
}

impl Stir {
    pub(super) fn new(thread: &Arc<Flag>) -> Arc<Self> {
        Arc::new(Self { own: Flag::default(), thread: Arc::clone(thread) })
    }

    /// Call it after what there is to do can be seen.
    pub(super) fn stir(&self) {
        self.own.set();
        self.thread.set();
    }
}

/// How a tick finds a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Ticks without it just before.
    pub(super) rested: u32,
    /// Was it stirred, so that there may be commands?
    pub(super) stirred: bool,
}

/// A call's place in its phase. What a tick needs to know of a call that rests is here, and not with all that belongs to the call.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) place: usize,
    stir: Arc<Stir>,
    /// Commands may have come before the seat.
    is_new: bool,
    rest: u32,
    rested: u32,
}

impl Seat {
    pub(super) fn new(place: usize, stir: Arc<Stir>) -> Self {
        Self { place, stir, is_new: true, rest: 0, rested: 0 }
    }

    /// One tick's time has come: is it the call's turn? `some_stirred`: since the last tick some call was.
    pub(super) fn turn(&mut self, some_stirred: bool) -> Option<Turn> {
        let stirred = some_stirred && self.stir.own.take() || std::mem::take(&mut self.is_new);
        if self.rest > 0 && !stirred {
            (self.rest, self.rested) = (self.rest - 1, self.rested + 1);
            return None;
        }
        Some(Turn { rested: std::mem::take(&mut self.rested), stirred })
    }

    /// After its turn, so many may go by.
    pub(super) fn rest(&mut self, ticks: u32) {
        self.rest = ticks;
    }
}

/// How many ticks a call may rest after its tick of this number.
pub(super) const fn until_next(tick: u64) -> u32 {
    (REST_TICKS - 1 - tick % REST_TICKS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_rests_until_its_next_tick_unless_it_is_stirred() {
        let thread = Arc::default();
        let (stir, another) = (Stir::new(&thread), Stir::new(&thread));
        let mut seat = Seat::new(7, Arc::clone(&stir));
        let turn = |seat: &mut Seat| seat.turn(thread.take());
        assert_eq!(turn(&mut seat), Some(Turn { rested: 0, stirred: true }));
        seat.rest(until_next(10));
        another.stir();
        let turns: Vec<Option<Turn>> = (0..5).map(|_| turn(&mut seat)).collect();
        assert_eq!(turns, [None, None, None, None, Some(Turn { rested: 4, stirred: false })]);
        seat.rest(until_next(15));
        assert_eq!(turn(&mut seat), None);
        stir.stir();
        assert_eq!(turn(&mut seat), Some(Turn { rested: 1, stirred: true }));
        // That was its 17th tick: it is back in step at the 20th.
        seat.rest(until_next(17));
        assert_eq!([turn(&mut seat), turn(&mut seat)], [None, None]);
        assert_eq!(turn(&mut seat), Some(Turn { rested: 2, stirred: false }));
    }
}

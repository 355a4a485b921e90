//! A media thread: sleeps to the next deadline, ticks the calls that are due.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use nix::sys::epoll::EpollEvent;
use tracing::error;

use super::{
    call::{Call, Tick},
    leg::Scratch,
    pacing::Pacing,
    passing::LOOK,
    priority,
    rest::{Flag, Seat},
    watch::READY,
};
use crate::clock;

const TICK: Duration = Duration::from_millis(20);
/// Calls are spread over the 20 ms, so that packets do not leave in one burst.
const PHASES: usize = 4;
/// A thread that wakes up later than this gives up the missed ticks: their packets would only be dropped by the far jitter buffer.
const MAX_BEHIND: Duration = Duration::from_millis(80);

/// Calls with the same phase of the tick.
#[derive(Default)]
struct Phase {
    next: Duration,
    calls: Vec<Seat>,
    /// Was a call stirred since the last tick, of whichever phase?
    some_stirred: bool,
}

pub(super) struct Worker {
    pub(super) opened: Receiver<Box<Call>>,
    /// Zero of all durations here.
    pub(super) epoch: Instant,
    pub(super) pacing: Arc<Pacing>,
    pub(super) stirred: Arc<Flag>,
}

/// The calls of one thread, each in one place for as long as it lasts.
#[derive(Default)]
struct Calls {
    places: Vec<Option<Box<Call>>>,
    free: Vec<usize>,
}

impl Calls {
    fn put(&mut self, mut call: Box<Call>) -> Seat {
        let (stir, place) = (call.stir(), self.free.pop().unwrap_or(self.places.len()));
        call.place = place as u64;
        if place == self.places.len() {
            self.places.push(Some(call));
        } else {
            self.places[place] = Some(call);
        }
        Seat::new(place, stir)
    }

    fn get(&mut self, place: usize) -> Option<&mut Call> {
        self.places.get_mut(place)?.as_deref_mut()
    }

    fn end(&mut self, place: usize) {
        self.places[place] = None;
        self.free.push(place);
    }

    fn is_empty(&self) -> bool {
        self.free.len() == self.places.len()
    }
}

impl Worker {
    /// Runs until the pool is gone.
    pub(super) fn run(self) {
        priority::raise();
        let mut scratch = Scratch::new();
        let mut events = Box::new([EpollEvent::empty(); READY]);
        let mut calls = Calls::default();
        let mut phases: [Phase; PHASES] = Default::default();
        loop {
            match self.wait(&calls, &phases) {
                Ok(call) => self.add(calls.put(call), &mut phases),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.carry(&mut calls, &mut events, &mut scratch);
            let some_stirred = self.stirred.take();
            for phase in &mut phases {
                phase.some_stirred |= some_stirred;
                self.run_due(phase, &mut calls, &mut scratch);
            }
        }
        let now = self.now();
        calls.places.iter_mut().flatten().for_each(|call| call.close(now, &mut scratch));
    }

    fn now(&self) -> Duration {
        clock::now().saturating_duration_since(self.epoch)
    }

    /// Waits for the next deadline, the next look or the next call.
    fn wait(&self, calls: &Calls, phases: &[Phase]) -> Result<Box<Call>, RecvTimeoutError> {
        if calls.is_empty() {
            return self.opened.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        let now = self.now();
        let look = LOOK - Duration::from_nanos((now.as_nanos() % LOOK.as_nanos()) as u64);
        let tick = phases.iter().filter(|phase| !phase.calls.is_empty()).map(|phase| phase.next.saturating_sub(now)).min();
        self.opened.recv_timeout(tick.map_or(look, |tick| tick.min(look)))
    }

    /// What has come for legs that pass their packets on, and of reports for all legs.
    fn carry(&self, calls: &mut Calls, events: &mut [EpollEvent; READY], scratch: &mut Scratch) {
        let Some(ready) = scratch.watch.as_ref().map(|watch| watch.ready(events)) else { return };
        let (now, civil) = (self.now(), clock::utc());
        for token in ready {
            let Some(call) = calls.get(token.call() as usize) else { continue };
            let carried = catch_unwind(AssertUnwindSafe(|| call.ready(token, (now, civil), scratch)));
            if carried.is_err() {
                call.failed = true;
                call.unsettle();
            }
        }
        self.pacing.busy(self.now() - now);
    }

    fn add(&self, seat: Seat, phases: &mut [Phase; PHASES]) {
        let (index, phase) = phases.iter_mut().enumerate().min_by_key(|(_, phase)| phase.calls.len()).expect("there are phases");
        if phase.calls.is_empty() {
            let offset = TICK * index as u32 / PHASES as u32;
            let ticks = self.now().saturating_sub(offset).as_micros() / TICK.as_micros() + 1;
            phase.next = offset + TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        }
        phase.calls.push(seat);
    }

    /// Ticks a phase as often as its time has come. Deadlines are absolute, so nothing drifts; a late thread catches up.
    fn run_due(&self, phase: &mut Phase, calls: &mut Calls, scratch: &mut Scratch) {
        let mut now = self.now();
        while !phase.calls.is_empty() && phase.next <= now {
            let behind = now - phase.next;
            let skipped = if behind > MAX_BEHIND { (behind.as_micros() / TICK.as_micros()) as u32 } else { 0 };
            if skipped > 0 {
                self.pacing.skipped(skipped);
            }
            phase.next += TICK * skipped;
            let (nominal, civil) = (phase.next, clock::utc());
            let some_stirred = std::mem::take(&mut phase.some_stirred);
            phase.calls.retain_mut(|seat| {
                let Some(turn) = seat.turn(some_stirred) else { return true };
                let tick = Tick { nominal, now, civil, skipped, turn };
                let goes_on = calls.get(seat.place).and_then(|call| self.tick(call, tick, scratch));
                match goes_on {
                    Some(ticks) => seat.rest(ticks),
                    None => calls.end(seat.place),
                }
                goes_on.is_some()
            });
            phase.next += TICK;
            let end = self.now();
            self.pacing.busy(end - now);
            now = end;
        }
    }

    /// A mistake in one call's media ends that call's media, which its task hears as the end of its events; the others go on.
    fn tick(&self, call: &mut Call, tick: Tick, scratch: &mut Scratch) -> Option<u32> {
        let mut ticked = Ok(None);
        if !call.failed {
            ticked = catch_unwind(AssertUnwindSafe(|| call.tick(tick, scratch, &self.pacing, || self.now())));
        }
        call.failed |= ticked.is_err();
        if call.failed {
            error!("the media of a call has panicked and was ended");
        }
        ticked.unwrap_or(None)
    }
}

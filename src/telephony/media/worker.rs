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
    calls: Vec<Call>,
}

pub(super) struct Worker {
    pub(super) opened: Receiver<Box<Call>>,
    /// Zero of all durations here.
    pub(super) epoch: Instant,
    pub(super) pacing: Arc<Pacing>,
}

/// The calls of one thread.
#[derive(Default)]
struct Calls {
    phases: [Phase; PHASES],
    opened: u64,
}

impl Calls {
    /// Every call's number says its phase, and within a phase numbers rise.
    fn find(&mut self, number: u64) -> Option<&mut Call> {
        let phase = self.phases.get_mut((number % PHASES as u64) as usize)?;
        let place = phase.calls.binary_search_by_key(&number, |call| call.number).ok()?;
        phase.calls.get_mut(place)
    }

    fn is_empty(&self) -> bool {
        self.phases.iter().all(|phase| phase.calls.is_empty())
    }
}

impl Worker {
    /// Runs until the pool is gone.
    pub(super) fn run(self) {
        priority::raise();
        let mut scratch = Scratch::new();
        let mut events = Box::new([EpollEvent::empty(); READY]);
        let mut calls = Calls::default();
        loop {
            match self.wait(&calls) {
                Ok(call) => self.add(&mut calls, *call),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.carry(&mut calls, &mut events, &mut scratch);
            for phase in &mut calls.phases {
                self.run_due(phase, &mut scratch);
            }
        }
        let now = self.now();
        calls.phases.iter_mut().flat_map(|phase| &mut phase.calls).for_each(|call| call.close(now, &mut scratch));
    }

    fn now(&self) -> Duration {
        clock::now().saturating_duration_since(self.epoch)
    }

    /// Waits for the next deadline, the next look or the next call.
    fn wait(&self, calls: &Calls) -> Result<Box<Call>, RecvTimeoutError> {
        if calls.is_empty() {
            return self.opened.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        let now = self.now();
        let look = LOOK - Duration::from_nanos((now.as_nanos() % LOOK.as_nanos()) as u64);
        let tick = calls.phases.iter().filter(|phase| !phase.calls.is_empty()).map(|phase| phase.next.saturating_sub(now)).min();
        self.opened.recv_timeout(tick.map_or(look, |tick| tick.min(look)))
    }

    /// What has come for legs that pass their packets on.
    fn carry(&self, calls: &mut Calls, events: &mut [EpollEvent; READY], scratch: &mut Scratch) {
        let Some(ready) = scratch.watch.as_ref().map(|watch| watch.ready(events)) else { return };
        let (now, civil) = (self.now(), clock::utc());
        for token in ready {
            let Some(call) = calls.find(token.call()) else { continue };
            let carried = catch_unwind(AssertUnwindSafe(|| call.ready(token.leg(), (now, civil), scratch)));
            call.failed |= carried.is_err();
        }
        self.pacing.busy(self.now() - now);
    }

    fn add(&self, calls: &mut Calls, mut call: Call) {
        let (index, phase) = calls.phases.iter_mut().enumerate().min_by_key(|(_, phase)| phase.calls.len()).expect("there are phases");
        if phase.calls.is_empty() {
            let offset = TICK * index as u32 / PHASES as u32;
            let ticks = self.now().saturating_sub(offset).as_micros() / TICK.as_micros() + 1;
            phase.next = offset + TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        }
        calls.opened += 1;
        call.number = calls.opened * PHASES as u64 + index as u64;
        phase.calls.push(call);
    }

    /// Ticks a phase as often as its time has come. Deadlines are absolute, so nothing drifts; a late thread catches up.
    fn run_due(&self, phase: &mut Phase, scratch: &mut Scratch) {
        let mut now = self.now();
        while !phase.calls.is_empty() && phase.next <= now {
            let behind = now - phase.next;
            let skipped = if behind > MAX_BEHIND { (behind.as_micros() / TICK.as_micros()) as u32 } else { 0 };
            if skipped > 0 {
                self.pacing.skipped(skipped);
            }
            phase.next += TICK * skipped;
            let tick = Tick { nominal: phase.next, now, civil: clock::utc(), skipped };
            phase.calls.retain_mut(|call| self.tick(call, tick, scratch));
            phase.next += TICK;
            let end = self.now();
            self.pacing.busy(end - now);
            now = end;
        }
    }

    /// A mistake in one call's media ends that call's media, which its task hears as the end of its events; the others go on.
    fn tick(&self, call: &mut Call, tick: Tick, scratch: &mut Scratch) -> bool {
        let ticked = catch_unwind(AssertUnwindSafe(|| !call.failed && call.tick(tick, scratch, &self.pacing, || self.now())));
        call.failed |= ticked.is_err();
        if call.failed {
            error!("the media of a call has panicked and was ended");
        }
        ticked.unwrap_or(false)
    }
}

//! A media thread: sleeps to the next deadline, ticks the calls that are due.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tracing::error;

use super::{
    call::{Call, Tick},
    leg::Scratch,
    pacing::Pacing,
    priority,
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

impl Worker {
    /// Runs until the pool is gone.
    pub(super) fn run(self) {
        priority::raise();
        let mut scratch = Scratch::new();
        let mut phases: [Phase; PHASES] = Default::default();
        loop {
            match self.wait(&phases) {
                Ok(call) => self.add(&mut phases, *call),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for phase in &mut phases {
                self.run_due(phase, &mut scratch);
            }
        }
        let now = self.now();
        phases.iter_mut().flat_map(|phase| &mut phase.calls).for_each(|call| call.close(now, &mut scratch));
    }

    fn now(&self) -> Duration {
        clock::now().saturating_duration_since(self.epoch)
    }

    /// Waits for the next deadline or the next call.
    fn wait(&self, phases: &[Phase]) -> Result<Box<Call>, RecvTimeoutError> {
        match phases.iter().filter(|phase| !phase.calls.is_empty()).map(|phase| phase.next).min() {
            Some(next) => self.opened.recv_timeout(next.saturating_sub(self.now())),
            None => self.opened.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn add(&self, phases: &mut [Phase; PHASES], call: Call) {
        let (index, phase) = phases.iter_mut().enumerate().min_by_key(|(_, phase)| phase.calls.len()).expect("there are phases");
        if phase.calls.is_empty() {
            let offset = TICK * index as u32 / PHASES as u32;
            let ticks = self.now().saturating_sub(offset).as_micros() / TICK.as_micros() + 1;
            phase.next = offset + TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        }
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
        let ticked = catch_unwind(AssertUnwindSafe(|| call.tick(tick, scratch, &self.pacing, || self.now())));
        ticked.unwrap_or_else(|_| {
            error!("the media of a call has panicked and was ended");
            false
        })
    }
}

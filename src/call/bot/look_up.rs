//! A service is being asked.

use crate::call::{
    action::{Action, LookUp},
    event::{Failure, Found},
    ids::RequestId,
    io::Io,
    record::What,
    time::Time,
    timer::Timer,
};

/// How much longer than the flow's own time-out we wait for the driver that watches it.
const GRACE_MS: u64 = 500;

/// The look-up that the flow waits for.
#[derive(Debug)]
pub(super) struct Pending {
    id: RequestId,
    name: String,
    since: Time,
    filler: Option<String>,
}

impl Pending {
    /// Asks.
    pub(super) fn ask(io: &mut Io, request: LookUp, filler: Option<String>, filler_after_ms: u64) -> Self {
        let id = io.request();
        let name = request.name.clone();
        io.timers.set(Timer::LookUp, io.now.plus(request.timeout_ms + GRACE_MS));
        if filler.is_some() {
            io.timers.set(Timer::Filler, io.now.plus(filler_after_ms));
        }
        io.act(Action::LookUp { id, request });
        Self { id, name, since: io.now, filler }
    }

    /// Its id.
    pub(super) const fn id(&self) -> RequestId {
        self.id
    }

    /// It has this id.
    pub(super) fn is(&self, id: RequestId) -> bool {
        self.id == id
    }

    /// What to say while it lasts, once.
    pub(super) fn filler(&mut self) -> Option<String> {
        self.filler.take()
    }

    /// It has ended; its name.
    pub(super) fn end(self, io: &mut Io, result: &Result<Found, Failure>) -> String {
        let took_ms = io.now.since(self.since);
        stop(io);
        io.record(What::LookUp { name: self.name.clone(), ok: result.is_ok(), took_ms, failure: result.as_ref().err().copied() });
        self.name
    }

    /// Its answer is no longer wanted.
    pub(super) fn abandon(self, io: &mut Io) {
        stop(io);
        io.act(Action::Forget { id: self.id });
    }
}

fn stop(io: &mut Io) {
    io.timers.stop(Timer::LookUp);
    io.timers.stop(Timer::Filler);
}

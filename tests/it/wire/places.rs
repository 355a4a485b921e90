//! How many gateways with models run at a time: they share the machine's cores with the telephones that call them. Each has ports for sound that no
//! other uses, so that a capture holds one gateway's packets only.

use std::{
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

use tokio::sync::{Semaphore, SemaphorePermit};
use warmline::config::PortRange;

/// As many as the runner's `--test-threads` in `xtask/src/suite.rs`.
const PLACES: usize = 4;
/// The first port of the first: below the default range, which the demo uses, and where no telephone of these tests has its own.
const FIRST: u16 = 12_000;
/// Ports of each.
const PORTS: u16 = 1_000;

static PERMITS: Semaphore = Semaphore::const_new(PLACES);
static FREE: Mutex<[bool; PLACES]> = Mutex::new([true; PLACES]);

/// The right to run a gateway.
pub(super) struct Place {
    index: u16,
    _permit: SemaphorePermit<'static>,
}

impl Place {
    /// Waits for one.
    pub(super) async fn take() -> Self {
        let permit = PERMITS.acquire().await.expect("it is never closed");
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let (index, free) = (0..).zip(free.iter_mut()).find(|(_, free)| **free).expect("there are as many permits as places");
        *free = false;
        Self { index, _permit: permit }
    }

    /// Its gateway's ports for RTP and RTCP.
    pub(super) const fn ports(&self) -> PortRange {
        let first = FIRST + self.index * PORTS;
        PortRange { first, last: first + (PORTS - 1) }
    }

    /// The same.
    pub(super) const fn sound(&self) -> RangeInclusive<u16> {
        let PortRange { first, last } = self.ports();
        first..=last
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner)[usize::from(self.index)] = true;
    }
}

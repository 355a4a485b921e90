//! How many gateways with models run at a time: they share the machine's cores with the telephones that call them. Each has ports for sound that no
//! other uses, so that a capture holds one gateway's packets only.

use std::{
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

use tokio::sync::{Semaphore, SemaphorePermit};
use warmline::config::PortRange;

/// Outside the default range, which the demo uses, and below the ports that Linux lends to anybody. The runner's `--test-threads` is as many.
const PLACES: [PortRange; 2] = [PortRange { first: 30_000, last: 30_999 }, PortRange { first: 31_000, last: 31_999 }];

static PERMITS: Semaphore = Semaphore::const_new(PLACES.len());
static FREE: Mutex<[bool; PLACES.len()]> = Mutex::new([true; PLACES.len()]);

/// The right to run a gateway.
pub(super) struct Place {
    index: usize,
    _permit: SemaphorePermit<'static>,
}

impl Place {
    /// Waits for one.
    pub(super) async fn take() -> Self {
        let permit = PERMITS.acquire().await.expect("it is never closed");
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let index = free.iter().position(|free| *free).expect("there are as many permits as places");
        free[index] = false;
        Self { index, _permit: permit }
    }

    /// Its gateway's ports for RTP and RTCP.
    pub(super) const fn ports(&self) -> PortRange {
        PLACES[self.index]
    }

    /// The same.
    pub(super) const fn sound(&self) -> RangeInclusive<u16> {
        let PortRange { first, last } = self.ports();
        first..=last
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner)[self.index] = true;
    }
}

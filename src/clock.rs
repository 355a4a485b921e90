//! The only clock of the gateway.

use std::time::{Duration, Instant, SystemTime};

/// The monotonic clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// The civil clock, as time since 1970-01-01 UTC. Only for records and for what "today" means; never for deadlines.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the civil clock")]
pub fn utc() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

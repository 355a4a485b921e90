//! One leg's media, joined: RTP in and out, jitter buffer, DTMF, RTCP, hold and the address latch. Pure: datagrams and time go in,
//! frames and datagrams come out.

mod clock;
mod comfort;
mod link;
mod outgoing;
mod passing;
mod session;
mod stats;

pub use link::DtlsContext;
pub use outgoing::Outgoing;
pub use passing::Passing;
pub use session::{Control, MediaConfig, MediaSession, Received};
pub use stats::{Dropped, LegStats};

pub use crate::jitter::{JitterConfig, Pulled};

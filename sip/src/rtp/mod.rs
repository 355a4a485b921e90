//! RTP (RFC 3550, RFC 3551): packets, the sender's and the source's state, and the address latch of symmetric RTP (RFC 4961).

mod latch;
mod packet;
mod sender;
mod source;

pub(crate) use latch::is_private;
pub use latch::{Latch, Origin};
pub use packet::{Header, RtpError, RtpPacket, is_rtcp};
pub use sender::Sender;
pub use source::{SourceStats, SourceTracker};

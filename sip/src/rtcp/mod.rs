//! RTCP (RFC 3550 §6): compound packets, read without allocation, and the timing of our own reports.

mod compound;
mod reporter;

pub use compound::{Compound, Item, ReportBlock, RtcpError, SenderInfo, write_compound, write_goodbye};
pub use reporter::{Reporter, ntp_time};

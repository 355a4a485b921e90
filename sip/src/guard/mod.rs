//! Message hygiene: what stands between the sockets and the call logic. Bytes in; a clean, fully parsed message out, or a typed refusal with
//! the response that the standard wants. Pure: time is a parameter, nothing is allocated because a number in a message asks for it.

mod check;
mod frame;
mod parse;
mod rate;
mod refusal;
mod sources;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub use check::{ACCEPT, ALLOW, SUPPORTED};
pub use frame::{Frame, FrameError, Framer};
pub use rate::{Admission, Limiter, Rate};
pub use refusal::{Refusal, RefusalCounts, RefusalKind};
pub use sources::{Network, NetworkError};

use crate::message::Message;

/// What a message may not exceed.
#[derive(Debug, Clone)]
pub struct MessageLimits {
    /// Bytes of a whole message.
    pub message: usize,
    /// Bytes of a Request-URI.
    pub uri: usize,
    /// Bytes of one header field, folded lines together.
    pub header: usize,
    /// Header fields.
    pub headers: usize,
    /// Via values.
    pub hops: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self { message: 32_768, uri: 2_048, header: 8_192, headers: 128, hops: 70 }
    }
}

/// How a message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// One datagram: the body may end with the datagram (RFC 3261 §18.3).
    Datagram,
    /// Framed by Content-Length.
    Stream,
}

/// What became of some bytes.
#[derive(Debug)]
pub enum Verdict {
    /// A clean message.
    Pass(Message),
    /// Blank lines that keep a path open: nothing to do.
    KeepAlive,
    /// Not to be processed.
    Refuse(Refusal),
}

/// The guard with its limits and counts.
#[derive(Debug, Default)]
pub struct Guard {
    limits: MessageLimits,
    counts: RefusalCounts,
}

impl Guard {
    /// A guard with these limits.
    pub fn new(limits: MessageLimits) -> Self {
        Self { limits, counts: RefusalCounts::default() }
    }

    /// Judges one message.
    pub fn inspect(&mut self, bytes: &[u8], source: SocketAddr, arrival: Arrival) -> Verdict {
        let verdict = match parse::parse(bytes, source, arrival, &self.limits) {
            Ok(None) => return Verdict::KeepAlive,
            Ok(Some(Message::Request(request))) => match check::check(&request, source) {
                None => return Verdict::Pass(Message::Request(request)),
                Some(refusal) => refusal,
            },
            Ok(Some(message @ Message::Response(_))) => return Verdict::Pass(message),
            Err(refusal) => refusal,
        };
        self.counts.add(verdict.kind);
        Verdict::Refuse(verdict)
    }

    /// The last words to a stream that cannot be framed any more, if its head can be answered at all.
    pub fn refuse_stream(&mut self, head: &[u8], source: SocketAddr, error: FrameError) -> Refusal {
        let kind = error.kind();
        self.counts.add(kind);
        parse::refuse_head(head, source, kind, &self.limits)
    }

    /// Counts a refusal that was decided elsewhere (rate, source, a slow stream).
    pub fn note(&mut self, kind: RefusalKind) {
        self.counts.add(kind);
    }

    /// How often each kind happened.
    pub fn counts(&self) -> &RefusalCounts {
        &self.counts
    }

    /// The limits in force.
    pub fn limits(&self) -> &MessageLimits {
        &self.limits
    }
}

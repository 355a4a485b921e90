//! What is known of a leg's quality.

use std::time::Duration;

use crate::codec::Codec;
use crate::jitter::JitterStats;
use crate::rtp::SourceStats;

/// Why a datagram was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Not RTP or RTCP at all.
    Malformed,
    /// From an address that is not the peer's.
    Stranger,
    /// From an address that is not trusted yet.
    Learning,
    /// Came before.
    Duplicate,
    /// A payload type that nobody announced.
    UnknownPayload,
    /// While the leg does not receive.
    Held,
    /// The first packet of another source: believed at its second one.
    NewSource,
    /// Its authentication is wrong (SRTP).
    Forged,
}

/// Counters of one leg since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LegStats {
    /// RTP packets sent.
    pub sent_packets: u32,
    /// RTP payload octets sent.
    pub sent_octets: u32,
    /// Reception by RFC 3550.
    pub source: SourceStats,
    /// The jitter buffer's counters.
    pub jitter: JitterStats,
    /// The jitter buffer's delay at this moment.
    pub jitter_delay: Duration,
    /// The last round trip measured by RTCP.
    pub round_trip: Option<Duration>,
    /// Share of our packets that the peer lost lately, in 1/256.
    pub peer_fraction_lost: Option<u8>,
    /// Packets of ours that the peer lost.
    pub peer_lost: Option<i32>,
    /// Datagrams that were neither RTP nor RTCP.
    pub malformed: u64,
    /// Datagrams from strangers.
    pub strangers: u64,
    /// Packets with a payload type that nobody announced.
    pub unknown_payload: u64,
    /// Packets whose authentication was wrong, or that came a second time (SRTP).
    pub forged: u64,
    /// Keys received.
    pub digits: u64,
    /// What we send.
    pub codec: Option<Codec>,
    /// How the stream is protected: `none`, `sdes`, `dtls`, `failed`.
    pub protection: &'static str,
}

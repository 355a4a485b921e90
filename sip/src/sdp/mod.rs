//! Session descriptions: lenient reading (RFC 8866), offer and answer for one telephone audio stream (RFC 3264).
//!
//! [`Description`] is what the other side sent, [`SdpSession`] is our side of one dialog: it builds offers and answers, keeps the
//! order of media lines and the `o=` version, and says what was agreed as [`Negotiated`].

mod negotiate;
mod parse;
mod security;
mod session;
#[cfg(test)]
mod tests;
mod write;

use std::net::SocketAddr;

pub use parse::{Description, MediaLine, RtpMap, Setup};
pub use security::{Encryption, IceNames, OfferedProtection, Protection, Secret};
pub use session::{LocalMedia, Policy, SdpSession};

use crate::codec::Codec;

/// Why a description cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// The body is not a session description at all.
    #[error("not a session description")]
    Malformed,
    /// The body or one of its lines is longer than any telephone needs.
    #[error("session description too large")]
    TooLarge,
    /// More media lines or attributes than any telephone needs.
    #[error("too many lines in the session description")]
    TooMany,
    /// No audio stream with a port other than 0.
    #[error("no audio stream offered")]
    NoAudio,
    /// Audio only over SRTP or DTLS, which this leg does not speak.
    #[error("only encrypted audio offered")]
    EncryptedOnly,
    /// Audio in clear only, where this leg must be encrypted.
    #[error("no encrypted audio offered")]
    NotEncrypted,
    /// Audio over a transport that is not RTP over UDP.
    #[error("no RTP transport offered")]
    NoRtp,
    /// None of our codecs.
    #[error("no common codec")]
    NoCommonCodec,
    /// A connection address that is missing, a name, a group address or of the other address family.
    #[error("unusable connection address")]
    BadAddress,
    /// An answer came although no offer of ours is open.
    #[error("answer without an offer")]
    NoOffer,
}

impl SdpError {
    /// The SIP status that refuses such an offer: 400 for what is no SDP, 488 for what we cannot do (RFC 3261 §13.3.1.3).
    #[must_use]
    pub const fn status_code(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::TooLarge
            | Self::TooMany
            | Self::NoAudio
            | Self::EncryptedOnly
            | Self::NotEncrypted
            | Self::NoRtp
            | Self::NoCommonCodec
            | Self::BadAddress
            | Self::NoOffer => 488,
        }
    }
}

/// Who sends, seen from the side that wrote the description (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// The writer only sends: it has put the other side on hold.
    SendOnly,
    /// The writer only listens.
    RecvOnly,
    /// Nobody sends.
    Inactive,
}

impl Direction {
    /// From the two halves.
    #[must_use]
    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Does the writer send?
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Does the writer receive?
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both allow.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    #[must_use]
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn from_attribute(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.attribute().eq_ignore_ascii_case(name))
    }
}

/// What one received payload type means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadKind {
    /// Sound.
    Audio(Codec),
    /// RFC 4733 events.
    TelephoneEvent,
    /// The level of the noise between words (RFC 3389).
    ComfortNoise,
}

/// The static payload type of comfort noise at 8 kHz (RFC 3389 §4).
const COMFORT_NOISE: u8 = 13;

/// Payload types of one stream; small and copyable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PayloadMap {
    entries: [Option<(u8, PayloadKind)>; 8],
}

impl PayloadMap {
    /// Adds or replaces; more than eight entries are ignored.
    pub fn insert(&mut self, payload_type: u8, kind: PayloadKind) {
        let taken = self.entries.iter().position(|entry| entry.is_some_and(|(known, _)| known == payload_type));
        let place = taken.or_else(|| self.entries.iter().position(Option::is_none));
        if let Some(place) = place {
            self.entries[place] = Some((payload_type, kind));
        }
    }

    /// What this payload type carries. Static types are understood even when the peer never announced them.
    #[must_use]
    pub fn get(&self, payload_type: u8) -> Option<PayloadKind> {
        let named = self.entries.iter().flatten().find(|(known, _)| *known == payload_type).map(|(_, kind)| *kind);
        let noise = (payload_type == COMFORT_NOISE).then_some(PayloadKind::ComfortNoise);
        named.or_else(|| Codec::from_static_payload_type(payload_type).map(PayloadKind::Audio)).or(noise)
    }
}

/// What offer and answer agreed on for the audio stream, from our side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// Where the peer wants RTP; the address is unspecified when it wants none (RFC 3264 §8.4), or when ICE has yet to find it.
    pub remote_rtp: SocketAddr,
    /// Where the peer wants RTCP (RFC 3605, otherwise the next port).
    pub remote_rtcp: SocketAddr,
    /// What we send.
    pub codec: Codec,
    /// The payload type under which we send it.
    pub payload_type: u8,
    /// Payload types that may arrive.
    pub receive: PayloadMap,
    /// The payload type for DTMF that we send, if the peer understands RFC 4733.
    pub dtmf_payload_type: Option<u8>,
    /// Milliseconds of sound in each packet that we send: 10, 20, 30, 40, 50 or 60.
    pub packet_ms: u8,
    /// Timestamp ticks a second of those events.
    pub dtmf_clock: u32,
    /// Our direction: `sends()` is false while the peer holds us.
    pub direction: Direction,
    /// How the stream is protected.
    pub protection: Protection,
    /// Both sides' names, if ICE finds the peer.
    pub ice: Option<IceNames>,
    /// RTP and RTCP share a port (RFC 5761).
    pub rtcp_mux: bool,
}

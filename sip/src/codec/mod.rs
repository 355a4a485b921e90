//! The sound codecs. On our side everything is mono 8 kHz 16-bit linear; what a codec does beyond that stays inside it.
//!
//! G.711 needs no memory; G.722 and Opus do, so a stream has one [`Encoder`] and one [`Decoder`].

mod decoder;
mod encoder;
mod g711;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use g711::Law;

/// Samples a second of every frame in this crate.
pub const SAMPLE_RATE: u32 = 8_000;

/// Samples in one 20 ms frame.
pub const FRAME_SAMPLES: usize = 160;

/// 20 ms of mono 8 kHz 16-bit sound.
pub type Frame = [i16; FRAME_SAMPLES];

/// The sound codecs that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, static payload type 0.
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s, static payload type 9; its lower band, which is the telephone's.
    G722,
    /// Opus (RFC 6716, RFC 7587) with in-band error correction.
    Opus,
}

impl Codec {
    /// Every codec, in our order of preference.
    pub const ALL: [Self; 4] = [Self::Opus, Self::G722, Self::Pcmu, Self::Pcma];

    /// The payload type that RFC 3551 §6 gives it, if it has one.
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::Opus => None,
        }
    }

    /// The payload type of our own offers.
    #[must_use]
    pub const fn offered_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// Its name in `a=rtpmap`.
    #[must_use]
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// What follows the name in `a=rtpmap`. G.722 says 8000 although it samples 16,000 times a second (RFC 3551 §4.5.2), and Opus always
    /// says two channels (RFC 7587 §7).
    #[must_use]
    pub const fn rtp_map(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU/8000",
            Self::Pcma => "PCMA/8000",
            Self::G722 => "G722/8000",
            Self::Opus => "opus/48000/2",
        }
    }

    /// Ticks a second of its RTP timestamps.
    #[must_use]
    pub const fn rtp_clock(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// Timestamp ticks for each of our samples.
    #[must_use]
    pub const fn clock_ratio(self) -> u32 {
        self.rtp_clock() / SAMPLE_RATE
    }

    /// The packet length nearest to the wished one that the codec has, in ms. Opus has 10, 20, 40 and 60 (RFC 6716 §2.1.4).
    #[must_use]
    pub const fn packet_ms(self, wished: u8) -> u8 {
        match (self, wished) {
            (Self::Opus, 30) => 20,
            (Self::Opus, 50) => 40,
            (Self::Opus | Self::Pcmu | Self::Pcma | Self::G722, _) => wished,
        }
    }

    /// The codec that an `a=rtpmap` means; names are compared without case (RFC 8866 §6.6).
    #[must_use]
    pub fn from_rtp_map(name: &str, clock: u32, channels: u32) -> Option<Self> {
        let codec = Self::ALL.into_iter().find(|codec| codec.encoding_name().eq_ignore_ascii_case(name))?;
        let fits = match codec {
            // Some write one channel; the stream says how many there are.
            Self::Opus => channels <= 2,
            Self::Pcmu | Self::Pcma | Self::G722 => channels == 1,
        };
        (fits && clock == codec.rtp_clock()).then_some(codec)
    }

    /// The codec of a static payload type, which needs no `a=rtpmap`.
    #[must_use]
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(payload_type))
    }

    /// How many of our samples a payload holds; `None` for what is no payload of this codec.
    #[must_use]
    pub fn samples(self, payload: &[u8]) -> Option<usize> {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => Some(payload.len()),
            Self::Opus => opus::packet::get_nb_samples(payload, SAMPLE_RATE).ok().filter(|&count| count > 0 && count <= LONGEST_OPUS),
        }
    }

    /// Whether a payload can be cut at any byte, and each part be played by itself.
    #[must_use]
    pub const fn can_be_cut(self) -> bool {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => true,
            Self::Opus => false,
        }
    }
}

/// 120 ms: the longest that a packet of Opus can be.
pub(crate) const LONGEST_OPUS: usize = 960;

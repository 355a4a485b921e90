//! Finding what we share with a remote media line.

use std::net::{IpAddr, SocketAddr};

use super::parse::Setup;
use super::{COMFORT_NOISE, Description, Direction, Encryption, LocalMedia, MediaLine, Policy, RtpMap, SdpError};
use crate::codec::Codec;
use crate::dtls::Fingerprint;
use crate::srtp::CryptoLine;

/// The clock of comfort noise under its static payload type.
pub(super) const NOISE_CLOCK: u32 = 8_000;

/// What we take from the remote audio line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pick {
    /// Which media line.
    pub(super) index: usize,
    pub(super) rtp: SocketAddr,
    pub(super) rtcp: SocketAddr,
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    /// Every payload type under which the peer announced one of our codecs.
    pub(super) audio: Vec<(u8, Codec)>,
    /// Telephone events with the clock of the codec (or with another one, which many send all the same), and that clock.
    pub(super) dtmf: Option<(u8, u32)>,
    /// The peer tells of the noise between words (RFC 3389 §4).
    pub(super) noise: bool,
    pub(super) packet_ms: u8,
    /// Direction from the peer's side, with `c=0.0.0.0` understood as "sends me nothing".
    pub(super) direction: Direction,
    pub(super) key: RemoteKey,
    pub(super) ice_ufrag: Option<String>,
    pub(super) rtcp_mux: bool,
}

/// What the peer says about encryption, reduced to what we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemoteKey {
    None,
    Sdes(CryptoLine),
    Dtls { fingerprint: Fingerprint, setup: Option<Setup> },
}

/// The first audio line that we can do; one that is encrypted goes before one that is not.
pub(super) fn pick(remote: &Description, policy: &Policy, local: LocalMedia) -> Result<Pick, SdpError> {
    // The reason of the line that came nearest to working is the one worth telling.
    let mut reason = SdpError::NoAudio;
    let mut plain = None;
    for (index, line) in remote.media.iter().enumerate() {
        if !line.kind.eq_ignore_ascii_case("audio") || line.port == 0 {
            continue;
        }
        match pick_line(index, line, policy, local) {
            Ok(pick) if pick.key != RemoteKey::None => return Ok(pick),
            Ok(pick) => plain = plain.or(Some(pick)),
            Err(error) => reason = error,
        }
    }
    plain.ok_or(reason)
}

fn pick_line(index: usize, line: &MediaLine, policy: &Policy, local: LocalMedia) -> Result<Pick, SdpError> {
    let key = protection(line, policy)?;
    let audio = audio_formats(line, &policy.codecs);
    let &(payload_type, codec) = audio.first().ok_or(SdpError::NoCommonCodec)?;
    // With ICE the addresses in the description are only hints: the checks show where the peer is.
    let ice_ufrag = line.ice_ufrag.clone().filter(|_| policy.ice);
    let address = match line.address {
        Some(address) if !address.is_multicast() && local.reaches(address) => address,
        Some(_) | None if ice_ufrag.is_some() => unspecified(local.address),
        Some(_) | None => return Err(SdpError::BadAddress),
    };
    let rtp = SocketAddr::new(address, line.port);
    let rtcp = match line.rtcp {
        _ if line.rtcp_mux => rtp,
        Some((port, other)) => SocketAddr::new(other.filter(|other| other.is_ipv4() == address.is_ipv4()).unwrap_or(address), port),
        None => SocketAddr::new(address, line.port.saturating_add(1)),
    };
    let silent = address.is_unspecified() && ice_ufrag.is_none();
    let direction = if silent { line.direction.and(Direction::SendOnly) } else { line.direction };
    Ok(Pick {
        index,
        rtp,
        rtcp,
        codec,
        payload_type,
        audio,
        dtmf: dtmf_format(line, codec),
        noise: has_noise(line, codec),
        packet_ms: codec.packet_ms(packet_ms(line.packet_ms, line.max_packet_ms)),
        direction,
        key,
        ice_ufrag,
        rtcp_mux: line.rtcp_mux,
    })
}

const fn unspecified(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
    }
}

/// How the line wants to be protected. Keys beside a plain profile are an offer to encrypt (RFC 8643).
fn protection(line: &MediaLine, policy: &Policy) -> Result<RemoteKey, SdpError> {
    let protocol = line.protocol.to_ascii_uppercase();
    let (plain, encrypted) = match protocol.as_str() {
        // AVPF only adds feedback messages that nobody is obliged to send (RFC 4585 §3.1).
        "RTP/AVP" | "RTP/AVPF" => (true, false),
        "RTP/SAVP" | "RTP/SAVPF" | "UDP/TLS/RTP/SAVP" | "UDP/TLS/RTP/SAVPF" => (false, true),
        _ => return Err(SdpError::NoRtp),
    };
    let dtls = policy.fingerprint.and(line.fingerprint).map(|fingerprint| RemoteKey::Dtls { fingerprint, setup: line.setup });
    let sdes = line.crypto.first().filter(|_| !protocol.starts_with("UDP")).map(|crypto| RemoteKey::Sdes(*crypto));
    match (policy.encryption, dtls.or(sdes)) {
        (Encryption::Never, _) if encrypted => Err(SdpError::EncryptedOnly),
        (Encryption::Never, _) => Ok(RemoteKey::None),
        (Encryption::IfOffered | Encryption::Required, Some(key)) => Ok(key),
        (Encryption::IfOffered, None) if plain => Ok(RemoteKey::None),
        (Encryption::Required, None) if plain => Err(SdpError::NotEncrypted),
        (Encryption::IfOffered | Encryption::Required, None) => Err(SdpError::EncryptedOnly),
    }
}

/// The payload types that mean one of our codecs, in the peer's order.
fn audio_formats(line: &MediaLine, ours: &[Codec]) -> Vec<(u8, Codec)> {
    let mut found: Vec<(u8, Codec)> = Vec::new();
    for payload_type in payload_types(line) {
        if found.iter().any(|(known, _)| *known == payload_type) {
            continue;
        }
        let codec = match rtp_map(line, payload_type) {
            Some(map) => Codec::from_rtp_map(&map.encoding, map.clock_rate, map.channels),
            None => Codec::from_static_payload_type(payload_type),
        };
        if let Some(codec) = codec.filter(|codec| ours.contains(codec)) {
            found.push((payload_type, codec));
        }
    }
    found
}

/// Telephone events at the clock of the codec (RFC 4733 §2.4.1 wants the same clock), else at any that we know.
fn dtmf_format(line: &MediaLine, codec: Codec) -> Option<(u8, u32)> {
    let at = |clock: u32| {
        payload_types(line).find(|&payload_type| {
            rtp_map(line, payload_type).is_some_and(|map| map.clock_rate == clock && map.encoding.eq_ignore_ascii_case("telephone-event"))
        })
    };
    [codec.rtp_clock(), 8_000, 48_000].into_iter().find_map(|clock| Some((at(clock)?, clock)))
}

/// Comfort noise in the clock of the codec; other clocks than this one have numbers of their own, and no sound of ours.
fn has_noise(line: &MediaLine, codec: Codec) -> bool {
    let means_noise = |map: &RtpMap| map.clock_rate == NOISE_CLOCK && map.encoding.eq_ignore_ascii_case("CN");
    codec.rtp_clock() == NOISE_CLOCK
        && payload_types(line).any(|payload_type| payload_type == COMFORT_NOISE)
        && rtp_map(line, COMFORT_NOISE).is_none_or(means_noise)
}

/// What a payload type means: with two meanings, the first one counts for everything.
fn rtp_map(line: &MediaLine, payload_type: u8) -> Option<&RtpMap> {
    line.rtp_maps.iter().find(|map| map.payload_type == payload_type)
}

fn payload_types(line: &MediaLine) -> impl Iterator<Item = u8> + '_ {
    line.formats.iter().filter_map(|format| format.parse().ok()).filter(|&number: &u8| number < 128)
}

/// The wished packet length, on our grid of 10 ms between 10 and 60.
fn packet_ms(wished: Option<u16>, longest: Option<u16>) -> u8 {
    let longest = longest.unwrap_or(60).clamp(10, 60);
    let ms = wished.unwrap_or(20).clamp(10, 60).min(longest);
    u8::try_from(ms / 10 * 10).expect("at most 60")
}

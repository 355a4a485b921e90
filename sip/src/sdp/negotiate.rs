//! Finding what we share with a remote media line.

use std::net::{IpAddr, SocketAddr};

use super::{Description, Direction, MediaLine, SdpError};
use crate::codec::{Codec, SAMPLE_RATE};

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
    pub(super) dtmf: Option<u8>,
    pub(super) packet_ms: u8,
    /// Direction from the peer's side, with `c=0.0.0.0` understood as "sends me nothing".
    pub(super) direction: Direction,
}

/// The first audio line that we can do.
pub(super) fn pick(remote: &Description, ours: &[Codec], local: IpAddr) -> Result<Pick, SdpError> {
    // The reason of the line that came nearest to working is the one worth telling.
    let mut reason = SdpError::NoAudio;
    for (index, line) in remote.media.iter().enumerate() {
        if !line.kind.eq_ignore_ascii_case("audio") || line.port == 0 {
            continue;
        }
        match pick_line(index, line, ours, local) {
            Ok(pick) => return Ok(pick),
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

fn pick_line(index: usize, line: &MediaLine, ours: &[Codec], local: IpAddr) -> Result<Pick, SdpError> {
    check_transport(&line.protocol)?;
    let audio = audio_formats(line, ours);
    let &(payload_type, codec) = audio.first().ok_or(SdpError::NoCommonCodec)?;
    let address = line.address.ok_or(SdpError::BadAddress)?;
    if address.is_multicast() || address.is_ipv4() != local.is_ipv4() {
        return Err(SdpError::BadAddress);
    }
    let rtp = SocketAddr::new(address, line.port);
    let rtcp = match line.rtcp {
        Some((port, other)) => SocketAddr::new(other.filter(|other| other.is_ipv4() == local.is_ipv4()).unwrap_or(address), port),
        None => SocketAddr::new(address, line.port.saturating_add(1)),
    };
    let direction = if address.is_unspecified() { line.direction.and(Direction::SendOnly) } else { line.direction };
    Ok(Pick {
        index,
        rtp,
        rtcp,
        codec,
        payload_type,
        audio,
        dtmf: dtmf_format(line),
        packet_ms: packet_ms(line.packet_ms, line.max_packet_ms),
        direction,
    })
}

fn check_transport(protocol: &str) -> Result<(), SdpError> {
    // AVPF only adds feedback messages that nobody is obliged to send (RFC 4585 §3.1).
    if protocol.eq_ignore_ascii_case("RTP/AVP") || protocol.eq_ignore_ascii_case("RTP/AVPF") {
        Ok(())
    } else if protocol.to_ascii_uppercase().contains("SAVP") {
        Err(SdpError::EncryptedOnly)
    } else {
        Err(SdpError::NoRtp)
    }
}

/// Our codecs in the peer's order of preference.
fn audio_formats(line: &MediaLine, ours: &[Codec]) -> Vec<(u8, Codec)> {
    let mut found = Vec::new();
    for payload_type in payload_types(line) {
        let codec = match line.rtp_maps.iter().find(|map| map.payload_type == payload_type) {
            Some(map) if map.clock_rate == SAMPLE_RATE && map.channels == 1 => Codec::from_encoding_name(&map.encoding),
            Some(_) => None,
            None => Codec::from_static_payload_type(payload_type),
        };
        if let Some(codec) = codec.filter(|codec| ours.contains(codec)) {
            found.push((payload_type, codec));
        }
    }
    found
}

/// Telephone events at the clock of our codecs (RFC 4733 §2.4.1 wants the same clock).
fn dtmf_format(line: &MediaLine) -> Option<u8> {
    payload_types(line).find(|payload_type| {
        line.rtp_maps.iter().any(|map| {
            map.payload_type == *payload_type && map.clock_rate == SAMPLE_RATE && map.encoding.eq_ignore_ascii_case("telephone-event")
        })
    })
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

//! Reading a session description from a stranger: bounded, tolerant, never panicking.
//!
//! Tolerated: bare LF, blanks in the `o=` user, huge numbers in `o=`, missing `s=`/`t=`, unknown lines, bytes that are not UTF-8. Only
//! what telephony needs is kept.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Direction, SdpError};
use crate::dtls::Fingerprint;
use crate::srtp::{CryptoLine, MAX_CRYPTO_LINES};

const MAX_BODY_BYTES: usize = 32 * 1024;
const MAX_LINE_BYTES: usize = 2 * 1024;
const MAX_MEDIA_LINES: usize = 32;
const MAX_ATTRIBUTES: usize = 512;
const MAX_FORMATS: usize = 64;

/// What the other side sent, reduced to what we use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// Media lines in their order.
    pub media: Vec<MediaLine>,
    /// Are lines bundled (RFC 8843)?
    pub bundle: bool,
}

/// One `m=` line with what belongs to it; session-level values are already filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaLine {
    /// `audio`, `video`, `image`, …
    pub kind: String,
    /// RTP port; 0 refuses the stream.
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, …
    pub protocol: String,
    /// Formats as written, in order of preference.
    pub formats: Vec<String>,
    /// The connection address, if it is a literal one.
    pub address: Option<IpAddr>,
    /// Direction seen from the writer.
    pub direction: Direction,
    /// Wished packet length in ms; 0 and nonsense count as absent.
    pub packet_ms: Option<u16>,
    /// Longest acceptable packet in ms.
    pub max_packet_ms: Option<u16>,
    /// RTCP port and address of RFC 3605.
    pub rtcp: Option<(u16, Option<IpAddr>)>,
    /// `a=rtpmap` lines.
    pub rtp_maps: Vec<RtpMap>,
    /// `a=crypto` lines that we could use (RFC 4568).
    pub crypto: Vec<CryptoLine>,
    /// The certificate that the writer shows in DTLS (RFC 8122).
    pub fingerprint: Option<Fingerprint>,
    /// Who begins DTLS (RFC 4145).
    pub setup: Option<Setup>,
    /// The writer's name in ICE (RFC 8839).
    pub ice_ufrag: Option<String>,
    /// RTCP on the port of RTP (RFC 5761).
    pub rtcp_mux: bool,
    /// The line's name in a bundle (RFC 8843).
    pub mid: Option<String>,
}

/// The role in DTLS that a description asks for (RFC 4145 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// The writer begins.
    Active,
    /// The writer waits.
    Passive,
    /// The reader may choose.
    ActPass,
}

/// One `a=rtpmap` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpMap {
    /// 0–127.
    pub payload_type: u8,
    /// Encoding name as written.
    pub encoding: String,
    /// Clock rate in Hz; anything may stand there, also 0.
    pub clock_rate: u32,
    /// Channels; 1 when not said.
    pub channels: u32,
}

/// Values at session level, which media lines inherit.
#[derive(Default)]
struct Defaults {
    address: Option<IpAddr>,
    direction: Option<Direction>,
    packet_ms: Option<u16>,
    max_packet_ms: Option<u16>,
    fingerprint: Option<Fingerprint>,
    setup: Option<Setup>,
    ice_ufrag: Option<String>,
}

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// [`SdpError::Malformed`] when there is neither a `v=` nor an `m=` line, [`SdpError::TooLarge`] and [`SdpError::TooMany`] beyond
    /// the limits of this module (SDP bombs).
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(SdpError::TooLarge);
        }
        let text = String::from_utf8_lossy(body);
        let mut reader = Reader::default();
        for line in text.split(['\n', '\r']) {
            reader.line(line)?;
        }
        if !reader.version_seen && reader.media.is_empty() {
            return Err(SdpError::Malformed);
        }
        Ok(Self { media: reader.media, bundle: reader.bundle })
    }
}

#[derive(Default)]
struct Reader {
    defaults: Defaults,
    media: Vec<MediaLine>,
    attributes: usize,
    version_seen: bool,
    bundle: bool,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), SdpError> {
        if line.len() > MAX_LINE_BYTES {
            return Err(SdpError::TooLarge);
        }
        let Some((name, value)) = line.trim().split_once('=') else { return Ok(()) };
        let value = value.trim();
        match name.trim() {
            "v" => self.version_seen = true,
            "c" => self.connection(value),
            "m" => {
                if self.media.len() == MAX_MEDIA_LINES {
                    return Err(SdpError::TooMany);
                }
                self.media.push(media_line(value, &self.defaults));
            }
            "a" => {
                self.attributes += 1;
                if self.attributes > MAX_ATTRIBUTES {
                    return Err(SdpError::TooMany);
                }
                self.attribute(value);
            }
            _ => {}
        }
        Ok(())
    }

    fn connection(&mut self, value: &str) {
        let address = value.split_whitespace().nth(2).and_then(literal_address);
        match self.media.last_mut() {
            Some(media) => media.address = address,
            None => self.defaults.address = address,
        }
    }

    fn attribute(&mut self, value: &str) {
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        let (name, value) = (name.trim(), value.trim());
        if let Some(direction) = Direction::from_attribute(name) {
            match self.media.last_mut() {
                Some(media) => media.direction = direction,
                None => self.defaults.direction = Some(direction),
            }
            return;
        }
        match name {
            "ptime" => *self.packet_ms() = milliseconds(value),
            "maxptime" => *self.max_packet_ms() = milliseconds(value),
            "rtcp" => {
                if let Some(media) = self.media.last_mut() {
                    media.rtcp = rtcp_attribute(value);
                }
            }
            "rtpmap" => {
                if let (Some(media), Some(map)) = (self.media.last_mut(), rtp_map(value)) {
                    media.rtp_maps.push(map);
                }
            }
            "rtcp-mux" => {
                if let Some(media) = self.media.last_mut() {
                    media.rtcp_mux = true;
                }
            }
            "mid" => {
                if let Some(media) = self.media.last_mut() {
                    media.mid = word(value, 32);
                }
            }
            "group" => self.bundle |= value.starts_with("BUNDLE"),
            _ => self.security_attribute(name, value),
        }
    }

    fn security_attribute(&mut self, name: &str, value: &str) {
        let (media, defaults) = (self.media.last_mut(), &mut self.defaults);
        match name {
            "crypto" => {
                if let Some(media) = media.filter(|media| media.crypto.len() < MAX_CRYPTO_LINES) {
                    media.crypto.extend(CryptoLine::parse(value));
                }
            }
            "fingerprint" => {
                // Several functions may be listed: ours is kept.
                if let Some(fingerprint) = Fingerprint::parse(value) {
                    *media.map_or(&mut defaults.fingerprint, |media| &mut media.fingerprint) = Some(fingerprint);
                }
            }
            "setup" => *media.map_or(&mut defaults.setup, |media| &mut media.setup) = setup(value),
            "ice-ufrag" => *media.map_or(&mut defaults.ice_ufrag, |media| &mut media.ice_ufrag) = word(value, 256),
            _ => {}
        }
    }

    fn packet_ms(&mut self) -> &mut Option<u16> {
        match self.media.last_mut() {
            Some(media) => &mut media.packet_ms,
            None => &mut self.defaults.packet_ms,
        }
    }

    fn max_packet_ms(&mut self) -> &mut Option<u16> {
        match self.media.last_mut() {
            Some(media) => &mut media.max_packet_ms,
            None => &mut self.defaults.max_packet_ms,
        }
    }
}

/// A line that cannot be read keeps its place with port 0: the answer must have as many lines as the offer (RFC 3264 §6).
fn media_line(value: &str, defaults: &Defaults) -> MediaLine {
    let mut words = value.split_whitespace();
    let kind = words.next().unwrap_or("audio").to_owned();
    let port = words.next().and_then(|word| word.split('/').next()?.parse().ok()).unwrap_or(0);
    let protocol = words.next().unwrap_or("RTP/AVP").to_owned();
    let formats = words.take(MAX_FORMATS).map(str::to_owned).collect();
    MediaLine {
        kind,
        port,
        protocol,
        formats,
        address: defaults.address,
        direction: defaults.direction.unwrap_or(Direction::SendRecv),
        packet_ms: defaults.packet_ms,
        max_packet_ms: defaults.max_packet_ms,
        rtcp: None,
        rtp_maps: Vec::new(),
        crypto: Vec::new(),
        fingerprint: defaults.fingerprint,
        setup: defaults.setup,
        ice_ufrag: defaults.ice_ufrag.clone(),
        rtcp_mux: false,
        mid: None,
    }
}

/// A literal address; a time to live behind a slash is ignored, a host name is none.
fn literal_address(word: &str) -> Option<IpAddr> {
    let word = word.split('/').next()?;
    word.parse::<Ipv4Addr>().map(IpAddr::V4).or_else(|_| word.parse::<Ipv6Addr>().map(IpAddr::V6)).ok()
}

fn setup(value: &str) -> Option<Setup> {
    match value.to_ascii_lowercase().as_str() {
        "active" => Some(Setup::Active),
        "passive" => Some(Setup::Passive),
        "actpass" => Some(Setup::ActPass),
        _ => None,
    }
}

/// A word that we repeat to the peer.
fn word(value: &str, longest: usize) -> Option<String> {
    let fits = !value.is_empty() && value.len() <= longest && value.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| value.to_owned())
}

fn milliseconds(value: &str) -> Option<u16> {
    // Some phones write fractions ("20.0").
    let whole = value.split(['.', ' ', ';']).next()?;
    whole.parse().ok().filter(|&ms| ms > 0)
}

fn rtcp_attribute(value: &str) -> Option<(u16, Option<IpAddr>)> {
    let mut words = value.split_whitespace();
    let port = words.next()?.parse().ok().filter(|&port| port > 0)?;
    Some((port, words.nth(2).and_then(literal_address)))
}

fn rtp_map(value: &str) -> Option<RtpMap> {
    let (payload_type, encoding) = value.split_once(char::is_whitespace)?;
    let payload_type = payload_type.parse().ok().filter(|&number: &u8| number < 128)?;
    let mut parts = encoding.trim().split('/');
    let encoding = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let clock_rate = parts.next().and_then(|rate| rate.trim().parse().ok()).unwrap_or(0);
    let channels = parts.next().map_or(Some(1), |count| count.trim().parse().ok()).unwrap_or(0);
    Some(RtpMap { payload_type, encoding, clock_rate, channels })
}

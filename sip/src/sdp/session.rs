//! Our side of offer and answer in one dialog (RFC 3264).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::negotiate::{Pick, pick};
use super::{Description, Direction, MediaLine, Negotiated, PayloadKind, PayloadMap, SdpError};
use crate::codec::Codec;

/// The payload type for telephone events in our own offers.
const OUR_DTMF_PAYLOAD_TYPE: u8 = 101;

/// Where we receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalMedia {
    /// The address to announce.
    pub address: IpAddr,
    /// The RTP port; RTCP is the next one.
    pub rtp_port: u16,
}

/// One media line of ours, in the order that the first offer fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    /// Our audio stream.
    Audio { protocol: String },
    /// A stream that we refuse: kept with port 0, never removed (RFC 3264 §8).
    Refused { kind: String, protocol: String, format: String },
}

/// The payload types of our next description.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Formats {
    audio: Vec<(u8, Codec)>,
    dtmf: Option<u8>,
    packet_ms: u8,
}

/// Our side of one dialog's media negotiation. A failed step changes nothing: the call goes on as before.
#[derive(Debug, Clone)]
pub struct SdpSession {
    id: u64,
    version: u64,
    local: LocalMedia,
    codecs: Vec<Codec>,
    lines: Vec<Line>,
    formats: Formats,
    /// The last description without its `o=` line: the version counts changes of it.
    last: String,
    /// The direction in our open offer.
    open_offer: Option<Direction>,
}

impl SdpSession {
    /// A session before any offer. `id` should be random and below 2^62; `codecs` are in our order of preference.
    #[must_use]
    pub fn new(id: u64, local: LocalMedia, codecs: &[Codec]) -> Self {
        let audio = codecs.iter().map(|codec| (codec.static_payload_type(), *codec)).collect();
        Self {
            id,
            version: id,
            local,
            codecs: codecs.to_vec(),
            lines: vec![Line::Audio { protocol: "RTP/AVP".to_owned() }],
            formats: Formats { audio, dtmf: Some(OUR_DTMF_PAYLOAD_TYPE), packet_ms: 20 },
            last: String::new(),
            open_offer: None,
        }
    }

    /// Changes where we receive; the next description tells.
    pub fn set_local(&mut self, local: LocalMedia) {
        self.local = local;
    }

    /// An offer: for an outbound leg, for an INVITE without offer, or again for hold, resume and a new address.
    pub fn offer(&mut self, direction: Direction) -> String {
        self.open_offer = Some(direction);
        let lines = self.lines.clone();
        let formats = self.formats.clone();
        self.describe(&lines, &formats, direction)
    }

    /// Answers an offer; `wish` is what we allow on our side (`SendRecv` unless we hold).
    ///
    /// # Errors
    /// Whatever makes the offer unusable; [`SdpError::status_code`] says how to refuse it.
    pub fn answer(&mut self, offer: &[u8], wish: Direction) -> Result<(String, Negotiated), SdpError> {
        let remote = Description::parse(offer)?;
        let picked = pick(&remote, &self.codecs, self.local.address)?;
        let direction = picked.direction.reversed().and(wish);
        self.lines = remote.media.iter().enumerate().map(|(index, line)| our_line(index == picked.index, line)).collect();
        // One codec in the answer: then nobody switches in the middle of the call.
        let ours = Formats { audio: vec![(picked.payload_type, picked.codec)], dtmf: picked.dtmf, packet_ms: picked.packet_ms };
        let lines = self.lines.clone();
        let body = self.describe(&lines, &ours, direction);
        self.remember(&picked);
        self.open_offer = None;
        Ok((body, self.agreed(&picked, direction)))
    }

    /// Takes the answer to our last offer.
    ///
    /// # Errors
    /// [`SdpError::NoOffer`] without an open offer; otherwise whatever makes the answer unusable.
    pub fn accept(&mut self, answer: &[u8]) -> Result<Negotiated, SdpError> {
        let offered = self.open_offer.ok_or(SdpError::NoOffer)?;
        let remote = Description::parse(answer)?;
        let picked = pick(&remote, &self.codecs, self.local.address)?;
        self.open_offer = None;
        let direction = offered.and(picked.direction.reversed());
        let agreed = self.agreed(&picked, direction);
        self.remember(&picked);
        Ok(agreed)
    }

    /// Payload types may not change their meaning during a session (RFC 3264 §8.3.2): later offers repeat them.
    fn remember(&mut self, picked: &Pick) {
        let mut audio = vec![(picked.payload_type, picked.codec)];
        for codec in &self.codecs {
            if audio.iter().all(|(_, known)| known != codec) {
                audio.push((codec.static_payload_type(), *codec));
            }
        }
        self.formats = Formats { audio, dtmf: picked.dtmf.or(self.formats.dtmf), packet_ms: picked.packet_ms };
    }

    fn agreed(&self, picked: &Pick, direction: Direction) -> Negotiated {
        let mut receive = PayloadMap::default();
        // What we announced first, then what the peer announced: many send with their own numbers.
        for &(payload_type, codec) in self.formats.audio.iter().chain(&picked.audio).take(5) {
            if receive.get(payload_type).is_none() {
                receive.insert(payload_type, PayloadKind::Audio(codec));
            }
        }
        for payload_type in [self.formats.dtmf, picked.dtmf].into_iter().flatten() {
            receive.insert(payload_type, PayloadKind::TelephoneEvent);
        }
        Negotiated {
            remote_rtp: picked.rtp,
            remote_rtcp: picked.rtcp,
            codec: picked.codec,
            payload_type: picked.payload_type,
            receive,
            dtmf_payload_type: picked.dtmf,
            packet_ms: picked.packet_ms,
            direction: if picked.rtp.ip().is_unspecified() { direction.and(Direction::RecvOnly) } else { direction },
        }
    }

    fn describe(&mut self, lines: &[Line], formats: &Formats, direction: Direction) -> String {
        let media = self.media_part(lines, formats, direction);
        if self.last != media {
            // The first description keeps the starting version.
            self.version += u64::from(!self.last.is_empty());
            self.last.clone_from(&media);
        }
        let network = network(self.local.address);
        format!("v=0\r\no=- {} {} IN {network}\r\ns=-\r\n{media}", self.id, self.version)
    }

    fn media_part(&self, lines: &[Line], formats: &Formats, direction: Direction) -> String {
        let mut out = format!("c=IN {}\r\nt=0 0\r\n", network(self.local.address));
        for line in lines {
            match line {
                Line::Audio { protocol } => audio_line(&mut out, self.local.rtp_port, protocol, formats, direction),
                Line::Refused { kind, protocol, format } => {
                    write!(out, "m={kind} 0 {protocol} {format}\r\n").expect("writing to a String");
                }
            }
        }
        out
    }
}

fn our_line(audio: bool, line: &MediaLine) -> Line {
    if audio {
        Line::Audio { protocol: line.protocol.clone() }
    } else {
        let format = line.formats.first().map_or("0", String::as_str);
        Line::Refused { kind: token(&line.kind), protocol: token(&line.protocol), format: token(format) }
    }
}

/// A stranger's word that we send back: printable ASCII only.
fn token(word: &str) -> String {
    word.chars().filter(char::is_ascii_graphic).collect()
}

fn audio_line(out: &mut String, port: u16, protocol: &str, formats: &Formats, direction: Direction) {
    write!(out, "m=audio {port} {protocol}").expect("writing to a String");
    for payload_type in formats.audio.iter().map(|(payload_type, _)| *payload_type).chain(formats.dtmf) {
        write!(out, " {payload_type}").expect("writing to a String");
    }
    out.push_str("\r\n");
    for (payload_type, codec) in &formats.audio {
        write!(out, "a=rtpmap:{payload_type} {}/8000\r\n", codec.encoding_name()).expect("writing to a String");
    }
    if let Some(payload_type) = formats.dtmf {
        write!(out, "a=rtpmap:{payload_type} telephone-event/8000\r\na=fmtp:{payload_type} 0-15\r\n").expect("writing to a String");
    }
    write!(out, "a=ptime:{}\r\na=maxptime:60\r\na={}\r\n", formats.packet_ms, direction.attribute()).expect("writing to a String");
}

fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("IP4 {address}"),
        IpAddr::V6(address) => format!("IP6 {address}"),
    }
}

/// Where we listen for RTP, as one value.
impl From<LocalMedia> for SocketAddr {
    fn from(local: LocalMedia) -> Self {
        Self::new(local.address, local.rtp_port)
    }
}

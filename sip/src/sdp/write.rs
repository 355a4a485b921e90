//! Writing a session description.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::negotiate::NOISE_CLOCK;
use super::session::LocalMedia;
use super::{COMFORT_NOISE, Direction, MediaLine};
use crate::codec::Codec;
use crate::dtls::Fingerprint;
use crate::ice::Credentials;
use crate::srtp::CryptoLine;

/// What we tell of a stream in Opus: one channel, error correction, and no more than a telephone's band (RFC 7587 §6.1).
const OPUS_PARAMETERS: &str = "minptime=10;useinbandfec=1;stereo=0;sprop-stereo=0;maxplaybackrate=8000;maxaveragebitrate=32000";

/// One media line of ours, in the order that the first offer fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Our audio stream.
    Audio { protocol: String, mid: Option<String> },
    /// A stream that we refuse: kept with port 0, never removed (RFC 3264 §8).
    Refused { kind: String, protocol: String, format: String, mid: Option<String> },
}

/// The payload types of our next description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Formats {
    pub(super) audio: Vec<(u8, Codec)>,
    /// Telephone events and their clock.
    pub(super) dtmf: Vec<(u8, u32)>,
    /// Comfort noise, where the peer has it.
    pub(super) noise: bool,
    pub(super) packet_ms: u8,
}

/// What we say about protection and connectivity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Shield {
    pub(super) crypto: Vec<CryptoLine>,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) setup: Option<&'static str>,
    pub(super) ice: Option<Credentials>,
    pub(super) rtcp_mux: bool,
    pub(super) bundle: bool,
}

/// Everything behind `s=`.
pub(super) struct Media<'a> {
    pub(super) local: LocalMedia,
    pub(super) lines: &'a [Line],
    pub(super) formats: &'a Formats,
    pub(super) shield: &'a Shield,
    pub(super) direction: Direction,
}

impl Media<'_> {
    pub(super) fn write(&self) -> String {
        let mut out = format!("c=IN {}\r\nt=0 0\r\n", network(self.local.address));
        if self.shield.ice.is_some() {
            out.push_str("a=ice-lite\r\n");
        }
        let bundled = self.lines.iter().find_map(|line| match line {
            Line::Audio { mid, .. } => mid.as_ref().filter(|_| self.shield.bundle),
            Line::Refused { .. } => None,
        });
        if let Some(mid) = bundled {
            put(&mut out, format_args!("a=group:BUNDLE {mid}"));
        }
        for line in self.lines {
            match line {
                Line::Audio { protocol, mid } => self.audio(&mut out, protocol, mid.as_deref()),
                Line::Refused { kind, protocol, format, mid } => {
                    put(&mut out, format_args!("m={kind} 0 {protocol} {format}"));
                    if let Some(mid) = mid {
                        put(&mut out, format_args!("a=mid:{mid}"));
                    }
                }
            }
        }
        out
    }

    fn audio(&self, out: &mut String, protocol: &str, mid: Option<&str>) {
        let Formats { audio, dtmf, noise, packet_ms } = self.formats;
        let numbers =
            audio.iter().map(|(number, _)| number).chain(dtmf.iter().map(|(number, _)| number)).chain(noise.then_some(&COMFORT_NOISE));
        let types: String = numbers.fold(String::new(), |mut types, number| {
            write!(types, " {number}").expect("writing to a String");
            types
        });
        put(out, format_args!("m=audio {} {protocol}{types}", self.local.rtp_port));
        if let Some(mid) = mid {
            put(out, format_args!("a=mid:{mid}"));
        }
        for (number, codec) in audio {
            put(out, format_args!("a=rtpmap:{number} {}", codec.rtp_map()));
            if *codec == Codec::Opus {
                put(out, format_args!("a=fmtp:{number} {OPUS_PARAMETERS}"));
            }
        }
        for (number, clock) in dtmf {
            put(out, format_args!("a=rtpmap:{number} telephone-event/{clock}"));
            put(out, format_args!("a=fmtp:{number} 0-15"));
        }
        if *noise {
            put(out, format_args!("a=rtpmap:{COMFORT_NOISE} CN/{NOISE_CLOCK}"));
        }
        put(out, format_args!("a=ptime:{packet_ms}"));
        put(out, format_args!("a=maxptime:60"));
        put(out, format_args!("a={}", self.direction.attribute()));
        self.shield(out);
    }

    fn shield(&self, out: &mut String) {
        let Shield { crypto, fingerprint, setup, ice, rtcp_mux, .. } = self.shield;
        for line in crypto {
            put(out, format_args!("a=crypto:{}", line.write()));
        }
        if let Some(fingerprint) = fingerprint {
            put(out, format_args!("a=fingerprint:{fingerprint}"));
        }
        if let Some(setup) = setup {
            put(out, format_args!("a=setup:{setup}"));
        }
        if *rtcp_mux {
            put(out, format_args!("a=rtcp-mux"));
        }
        if let Some(names) = ice {
            put(out, format_args!("a=ice-ufrag:{}", names.ufrag));
            put(out, format_args!("a=ice-pwd:{}", names.password));
            let LocalMedia { address, other, rtp_port } = self.local;
            for (rank, address) in (1..).zip([address].into_iter().chain(other)) {
                candidate(out, rank, 1, address, rtp_port);
                if !rtcp_mux {
                    candidate(out, rank, 2, address, rtp_port + 1);
                }
            }
            put(out, format_args!("a=end-of-candidates"));
        }
    }
}

/// A host candidate; `rank` 1 is the address that is preferred. The priority is that of RFC 8445 §5.1.2.1.
fn candidate(out: &mut String, rank: u32, component: u32, address: IpAddr, port: u16) {
    let priority = (126 << 24) + ((65_536 - rank) << 8) + (256 - component);
    put(out, format_args!("a=candidate:{rank} {component} udp {priority} {address} {port} typ host"));
}

fn put(out: &mut String, line: std::fmt::Arguments<'_>) {
    out.write_fmt(line).expect("writing to a String");
    out.push_str("\r\n");
}

pub(super) fn our_line(audio: bool, line: &MediaLine) -> Line {
    if audio {
        Line::Audio { protocol: token(&line.protocol), mid: line.mid.clone() }
    } else {
        let format = line.formats.first().map_or("0", String::as_str);
        Line::Refused { kind: token(&line.kind), protocol: token(&line.protocol), format: token(format), mid: line.mid.clone() }
    }
}

/// A stranger's word that we send back: printable ASCII only, and something, so that the words behind it keep their places.
fn token(word: &str) -> String {
    let clean: String = word.chars().filter(char::is_ascii_graphic).collect();
    if clean.is_empty() { "-".to_owned() } else { clean }
}

pub(super) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("IP4 {address}"),
        IpAddr::V6(address) => format!("IP6 {address}"),
    }
}

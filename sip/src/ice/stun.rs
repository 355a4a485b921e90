//! STUN messages (RFC 8489), as far as connectivity checks need them.

use std::net::{IpAddr, SocketAddr};

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

const HEADER: usize = 20;
const COOKIE: u32 = 0x2112_A442;
const BINDING: u16 = 0x0001;
const FINGERPRINT_XOR: u32 = 0x5354_554e;
/// Checks carry about eight attributes; nobody needs more than this.
const MAX_ATTRIBUTES: usize = 32;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const ICE_CONTROLLING: u16 = 0x802A;

/// Why a datagram is not a message that we answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StunError {
    /// Not STUN, or its lengths do not fit.
    #[error("not a STUN message")]
    Malformed,
    /// Its checksum is wrong.
    #[error("wrong STUN fingerprint")]
    Fingerprint,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// Answers.
    Success,
    /// Refuses.
    Error,
}

/// The attributes that a check may have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attributes<'a> {
    /// Their name for us and ours for them, with a colon between.
    pub username: Option<&'a str>,
    /// How good the sender thinks that this candidate is.
    pub priority: Option<u32>,
    /// The controlling side has chosen this pair.
    pub use_candidate: bool,
    /// The sender thinks that it controls (false: that it is controlled), with its tie-breaker.
    pub controlling: Option<(bool, u64)>,
    /// An attribute that must be understood and is not.
    pub unknown: Option<u16>,
}

/// A checked message that borrows the datagram.
#[derive(Debug, Clone, Copy)]
pub struct StunMessage<'a> {
    /// What it is.
    pub class: Class,
    /// Ties answers to requests.
    pub transaction: [u8; 12],
    /// What it says.
    pub attributes: Attributes<'a>,
    datagram: &'a [u8],
    /// Where the integrity attribute begins.
    integrity: Option<usize>,
}

/// Does a datagram on a media port look like STUN (RFC 7983)?
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER && datagram[0] < 4 && datagram[4..8] == COOKIE.to_be_bytes()
}

impl<'a> StunMessage<'a> {
    /// Reads a binding message.
    ///
    /// # Errors
    /// [`StunError`]: such a datagram is dropped without an answer.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, StunError> {
        if !is_stun(datagram) {
            return Err(StunError::Malformed);
        }
        let kind = u16::from_be_bytes([datagram[0], datagram[1]]);
        let length = usize::from(u16::from_be_bytes([datagram[2], datagram[3]]));
        if length % 4 != 0 || datagram.len() != HEADER + length || kind & !0x0110 != BINDING {
            return Err(StunError::Malformed);
        }
        let class = match kind & 0x0110 {
            0x0000 => Class::Request,
            0x0010 => Class::Indication,
            0x0100 => Class::Success,
            _ => Class::Error,
        };
        let transaction = datagram[8..HEADER].try_into().map_err(|_| StunError::Malformed)?;
        let mut message = Self { class, transaction, attributes: Attributes::default(), datagram, integrity: None };
        message.read_attributes()?;
        Ok(message)
    }

    fn read_attributes(&mut self) -> Result<(), StunError> {
        let mut at = HEADER;
        for _ in 0..MAX_ATTRIBUTES {
            let Some(head) = self.datagram.get(at..at + 4) else { break };
            let kind = u16::from_be_bytes([head[0], head[1]]);
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let value = self.datagram.get(at + 4..at + 4 + length).ok_or(StunError::Malformed)?;
            if kind == FINGERPRINT {
                return if fingerprint(&self.datagram[..at]).to_be_bytes() == *value { Ok(()) } else { Err(StunError::Fingerprint) };
            }
            // Nothing behind the integrity counts but the fingerprint (RFC 8489 §14.5).
            if self.integrity.is_none() {
                self.attribute(kind, value, at);
            }
            at += 4 + length.next_multiple_of(4);
        }
        Ok(())
    }

    fn attribute(&mut self, kind: u16, value: &'a [u8], at: usize) {
        let attributes = &mut self.attributes;
        match kind {
            USERNAME => attributes.username = std::str::from_utf8(value).ok(),
            PRIORITY => attributes.priority = value.try_into().ok().map(u32::from_be_bytes),
            USE_CANDIDATE => attributes.use_candidate = true,
            ICE_CONTROLLED | ICE_CONTROLLING => {
                let tie = value.try_into().ok().map(u64::from_be_bytes);
                attributes.controlling = tie.map(|tie| (kind == ICE_CONTROLLING, tie));
            }
            MESSAGE_INTEGRITY if value.len() == 20 => self.integrity = Some(at),
            // The lower half must be understood (RFC 8489 §14).
            _ if kind < 0x8000 && !matches!(kind, ERROR_CODE | UNKNOWN_ATTRIBUTES | XOR_MAPPED_ADDRESS | MESSAGE_INTEGRITY) => {
                attributes.unknown.get_or_insert(kind);
            }
            _ => {}
        }
    }

    /// Was it written by somebody who knows the password (short-term credentials, RFC 8489 §9.1)?
    #[must_use]
    pub fn is_signed_with(&self, password: &str) -> bool {
        let Some(at) = self.integrity else { return false };
        let Some(theirs) = self.datagram.get(at + 4..at + 24) else { return false };
        integrity(&self.datagram[..at], password).ct_eq(theirs).into()
    }

    /// The answer that tells a sender where it was seen from, signed.
    #[must_use]
    pub fn success(&self, seen: SocketAddr, password: &str) -> Vec<u8> {
        let mut out = self.begin(0x0100 | BINDING);
        let mut value = vec![0, if seen.is_ipv4() { 1 } else { 2 }];
        value.extend_from_slice(&(seen.port() ^ (COOKIE >> 16) as u16).to_be_bytes());
        match seen.ip() {
            IpAddr::V4(ip) => value.extend_from_slice(&(u32::from(ip) ^ COOKIE).to_be_bytes()),
            IpAddr::V6(ip) => {
                let mut mask = COOKIE.to_be_bytes().to_vec();
                mask.extend_from_slice(&self.transaction);
                value.extend(ip.octets().iter().zip(&mask).map(|(byte, mask)| byte ^ mask));
            }
        }
        put(&mut out, XOR_MAPPED_ADDRESS, &value);
        finish(out, Some(password))
    }

    /// A refusal; signed if the sender has shown that it knows the password.
    #[must_use]
    pub fn error(&self, code: u16, reason: &str, password: Option<&str>) -> Vec<u8> {
        let mut out = self.begin(0x0110 | BINDING);
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend_from_slice(reason.as_bytes());
        put(&mut out, ERROR_CODE, &value);
        if let Some(unknown) = self.attributes.unknown.filter(|_| code == 420) {
            put(&mut out, UNKNOWN_ATTRIBUTES, &unknown.to_be_bytes());
        }
        finish(out, password)
    }

    fn begin(&self, kind: u16) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&COOKIE.to_be_bytes());
        out.extend_from_slice(&self.transaction);
        out
    }
}

/// Writes a binding request as a full agent sends it; the gateway itself never checks, its tests do.
#[must_use]
pub fn binding_request(transaction: [u8; 12], username: &str, password: &str, priority: u32, nominate: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&BINDING.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&COOKIE.to_be_bytes());
    out.extend_from_slice(&transaction);
    put(&mut out, USERNAME, username.as_bytes());
    put(&mut out, ICE_CONTROLLING, &[7; 8]);
    put(&mut out, PRIORITY, &priority.to_be_bytes());
    if nominate {
        put(&mut out, USE_CANDIDATE, &[]);
    }
    finish(out, Some(password))
}

fn put(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Appends integrity and fingerprint.
fn finish(mut out: Vec<u8>, password: Option<&str>) -> Vec<u8> {
    if let Some(password) = password {
        let tag = integrity(&out, password);
        put(&mut out, MESSAGE_INTEGRITY, &tag);
    }
    let length = (out.len() - HEADER + 8) as u16;
    out[2..4].copy_from_slice(&length.to_be_bytes());
    let sum = fingerprint(&out);
    put(&mut out, FINGERPRINT, &sum.to_be_bytes());
    out
}

/// HMAC-SHA1 over what comes before, as if the message ended with the integrity attribute (RFC 8489 §14.5).
fn integrity(before: &[u8], password: &str) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(password.as_bytes()).expect("HMAC takes keys of any length");
    let length = (before.len() - HEADER + 24) as u16;
    mac.update(&before[..2]);
    mac.update(&length.to_be_bytes());
    mac.update(&before[4..]);
    mac.finalize().into_bytes().into()
}

fn fingerprint(before: &[u8]) -> u32 {
    crc32fast::hash(before) ^ FINGERPRINT_XOR
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request of RFC 5769 §2.1.
    const SAMPLE: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36\
                          000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";
    const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn the_sample_of_rfc_5769_is_read_and_believed() {
        let sample = bytes(SAMPLE);
        let message = StunMessage::parse(&sample).unwrap();
        assert_eq!((message.class, message.attributes.username), (Class::Request, Some("evtj:h6vY")));
        assert_eq!(message.attributes.priority, Some(0x6e00_01ff));
        assert_eq!(message.attributes.controlling, Some((false, 0x932f_f9b1_5126_3b36)));
        assert!(message.is_signed_with(PASSWORD));
        assert!(!message.is_signed_with("another"));
    }

    #[test]
    fn answers_can_be_read_again() {
        for seen in ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"] {
            let sample = bytes(SAMPLE);
            let answer = StunMessage::parse(&sample).unwrap().success(seen.parse().unwrap(), PASSWORD);
            let message = StunMessage::parse(&answer).unwrap();
            assert_eq!((message.class, message.transaction[..4].to_vec()), (Class::Success, bytes("b7e7a701")));
            assert!(message.is_signed_with(PASSWORD));
        }
        // RFC 5769 §2.2: the mapped address of 192.0.2.1:32853.
        let sample = bytes(SAMPLE);
        let answer = StunMessage::parse(&sample).unwrap().success("192.0.2.1:32853".parse().unwrap(), PASSWORD);
        assert_eq!(answer[20..32], bytes("002000080001a147e112a643")[..]);
    }

    #[test]
    fn changed_bytes_are_noticed_and_noise_is_harmless() {
        let sample = bytes(SAMPLE);
        // The integrity covers everything before the fingerprint.
        for at in 0..sample.len() - 8 {
            let mut changed = sample.clone();
            changed[at] ^= 0x41;
            let believed = StunMessage::parse(&changed).is_ok_and(|message| message.is_signed_with(PASSWORD));
            assert!(!believed, "{at}");
        }
        for length in 0..sample.len() {
            assert!(StunMessage::parse(&sample[..length]).is_err(), "{length}");
        }
    }
}

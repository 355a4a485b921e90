//! Protecting what we send.

use super::Keys;
use super::cipher::{Cipher, Place};

const RTP_HEADER: usize = 12;
/// Header and SSRC of the first RTCP packet stay readable (RFC 3711 §3.4).
const RTCP_CLEAR: usize = 8;
/// The encryption flag before the index of RTCP.
const ENCRYPTED: u32 = 1 << 31;

/// Our side of one stream: one SSRC, with sequence numbers that rise, except for what a bridge hands on out of order.
pub struct Sender {
    keys: Keys,
    rtp: Cipher,
    rtcp: Cipher,
    rollover: u32,
    last: Option<u16>,
    rtcp_index: u32,
}

impl Sender {
    /// A stream that has sent nothing.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        let (rtp, rtcp) = keys.ciphers();
        Self { keys, rtp, rtcp, rollover: 0, last: None, rtcp_index: 0 }
    }

    /// The keys that it works with.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Protects the RTP packet that begins at `start` of `out` (a header of twelve bytes as this crate writes it) and appends its tag.
    pub fn protect_rtp(&mut self, out: &mut Vec<u8>, start: usize) {
        let packet = &mut out[start..];
        let Some(head) = packet.first_chunk::<RTP_HEADER>() else { return };
        let sequence = u16::from_be_bytes([head[2], head[3]]);
        let ssrc = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
        let rollover = self.rollover_of(sequence);
        let place = Place { ssrc, index: u64::from(rollover) << 16 | u64::from(sequence) };
        let (head, payload) = packet.split_at_mut(RTP_HEADER);
        let tag = if self.rtp.is_counter_mode() {
            self.rtp.count(place, payload);
            self.rtp.authenticate(packet, &rollover.to_be_bytes())
        } else {
            self.rtp.seal(&self.rtp.rtp_nonce(place), head, payload)
        };
        out.extend_from_slice(&tag[..self.keys.suite().rtp_tag()]);
    }

    /// Which time round the sequence numbers are. One that is somewhat older than the last (what a bridge hands on may be out of order) belongs
    /// to the round that it was made for; no number may be given twice, which is the caller's care.
    fn rollover_of(&mut self, sequence: u16) -> u32 {
        let last = self.last.unwrap_or(sequence);
        let ahead = sequence.wrapping_sub(last) as i16 >= 0;
        if !ahead {
            return if sequence > last { self.rollover.wrapping_sub(1) } else { self.rollover };
        }
        if sequence < last {
            self.rollover = self.rollover.wrapping_add(1);
        }
        self.last = Some(sequence);
        self.rollover
    }

    /// Protects one compound RTCP packet and appends index and tag (RFC 3711 §3.4, RFC 7714 §9).
    pub fn protect_rtcp(&mut self, out: &mut Vec<u8>) {
        let Some(head) = out.first_chunk::<RTCP_CLEAR>() else { return };
        let ssrc = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        self.rtcp_index = (self.rtcp_index + 1) & !ENCRYPTED;
        let place = Place { ssrc, index: u64::from(self.rtcp_index) };
        let trailer = (self.rtcp_index | ENCRYPTED).to_be_bytes();
        if self.rtcp.is_counter_mode() {
            self.rtcp.count(place, &mut out[RTCP_CLEAR..]);
            out.extend_from_slice(&trailer);
            let tag = self.rtcp.authenticate(out, &[]);
            out.extend_from_slice(&tag[..self.keys.suite().rtcp_tag()]);
        } else {
            let mut associated = [0; RTCP_CLEAR + 4];
            associated[..RTCP_CLEAR].copy_from_slice(&out[..RTCP_CLEAR]);
            associated[RTCP_CLEAR..].copy_from_slice(&trailer);
            let tag = self.rtcp.seal(&self.rtcp.rtcp_nonce(place), &associated, &mut out[RTCP_CLEAR..]);
            out.extend_from_slice(&tag);
            out.extend_from_slice(&trailer);
        }
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("suite", &self.keys.suite()).field("rollover", &self.rollover).finish_non_exhaustive()
    }
}

//! Checking and opening what comes in.

use super::Keys;
use super::cipher::{Cipher, Place, Tag, same};

/// Sources of one stream that are followed: a phone has one, a gateway that inserts keys or announcements perhaps three.
const MAX_SOURCES: usize = 4;
/// How far back a packet may come (RFC 3711 §3.3.2 wants at least 64).
const WINDOW: u64 = 64;
const ENCRYPTED: u32 = 1 << 31;
const RTCP_CLEAR: usize = 8;

/// Why a packet was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too short, or a header that points outside the packet.
    Malformed,
    /// Its authentication is wrong.
    Forged,
    /// It came before, or is too old to tell.
    Replayed,
}

/// The numbers of one source that were seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Source {
    ssrc: u32,
    highest: u64,
    /// Bit n: `highest - n` has come.
    seen: u64,
    /// When it was heard last, counted in packets.
    heard: u64,
}

impl Source {
    fn is_new(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(age) => age < WINDOW && self.seen & (1 << age) == 0,
        }
    }

    fn note(&mut self, index: u64) {
        if index > self.highest {
            let step = index - self.highest;
            self.seen = if step < WINDOW { self.seen << step | 1 } else { 1 };
            self.highest = index;
        } else {
            self.seen |= 1 << (self.highest - index).min(WINDOW - 1);
        }
    }
}

/// The peer's side of one stream.
pub struct Receiver {
    keys: Keys,
    rtp: Cipher,
    rtcp: Cipher,
    pub(super) sources: [Option<Source>; MAX_SOURCES],
    control: [Option<Source>; MAX_SOURCES],
    heard: u64,
}

impl Receiver {
    /// Nothing has come.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        let (rtp, rtcp) = keys.ciphers();
        Self { keys, rtp, rtcp, sources: [None; MAX_SOURCES], control: [None; MAX_SOURCES], heard: 0 }
    }

    /// The keys that it works with.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Opens an RTP packet in place; returns the length of what is left of it.
    ///
    /// # Errors
    /// [`Refused`]; nothing is remembered of such a packet.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let tag_len = self.keys.suite().rtp_tag();
        let header = header_length(packet).ok_or(Refused::Malformed)?;
        let end = packet.len().checked_sub(tag_len).filter(|&end| end >= header).ok_or(Refused::Malformed)?;
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        let source = self.sources.iter().flatten().find(|source| source.ssrc == ssrc).copied();
        let index = source.map_or(u64::from(sequence), |source| guess_index(source.highest, sequence));
        if source.is_some_and(|source| !source.is_new(index)) {
            return Err(Refused::Replayed);
        }
        let place = Place { ssrc, index };
        let (body, tag) = packet.split_at_mut(end);
        if self.rtp.is_counter_mode() {
            let ours = self.rtp.authenticate(body, &((index >> 16) as u32).to_be_bytes());
            if !same(&ours[..tag_len], tag) {
                return Err(Refused::Forged);
            }
            self.rtp.count(place, &mut body[header..]);
        } else {
            let tag: Tag = (&*tag).try_into().map_err(|_| Refused::Malformed)?;
            let (head, payload) = body.split_at_mut(header);
            if !self.rtp.unseal(&self.rtp.rtp_nonce(place), head, payload, &tag) {
                return Err(Refused::Forged);
            }
        }
        self.heard += 1;
        note(&mut self.sources, self.heard, place);
        Ok(end)
    }

    /// Opens a compound RTCP packet in place; returns the length of what is left of it.
    ///
    /// # Errors
    /// [`Refused`]; nothing is remembered of such a packet.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let tag_len = self.keys.suite().rtcp_tag();
        let end = packet.len().checked_sub(tag_len + 4).filter(|&end| end >= RTCP_CLEAR).ok_or(Refused::Malformed)?;
        let ssrc = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        let counter_mode = self.rtcp.is_counter_mode();
        // In counter mode the index stands before the tag, in Galois/counter mode behind it.
        let trailer_at = if counter_mode { end } else { end + tag_len };
        let trailer: [u8; 4] = packet[trailer_at..trailer_at + 4].try_into().map_err(|_| Refused::Malformed)?;
        let word = u32::from_be_bytes(trailer);
        let place = Place { ssrc, index: u64::from(word & !ENCRYPTED) };
        if self.control.iter().flatten().any(|source| source.ssrc == ssrc && !source.is_new(place.index)) {
            return Err(Refused::Replayed);
        }
        let encrypted = word & ENCRYPTED != 0;
        if counter_mode {
            let (body, tag) = packet.split_at_mut(end + 4);
            let ours = self.rtcp.authenticate(body, &[]);
            if !same(&ours[..tag_len], tag) {
                return Err(Refused::Forged);
            }
            if encrypted {
                self.rtcp.count(place, &mut body[RTCP_CLEAR..end]);
            }
        } else {
            // Without encryption the whole packet would be associated data: nobody sends that.
            let tag: Tag = packet[end..end + tag_len].try_into().map_err(|_| Refused::Malformed)?;
            let mut associated = [0; RTCP_CLEAR + 4];
            associated[..RTCP_CLEAR].copy_from_slice(&packet[..RTCP_CLEAR]);
            associated[RTCP_CLEAR..].copy_from_slice(&trailer);
            let nonce = self.rtcp.rtcp_nonce(place);
            if !encrypted || !self.rtcp.unseal(&nonce, &associated, &mut packet[RTCP_CLEAR..end], &tag) {
                return Err(Refused::Forged);
            }
        }
        self.heard += 1;
        note(&mut self.control, self.heard, place);
        Ok(end)
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("suite", &self.keys.suite()).finish_non_exhaustive()
    }
}

/// Remembers an authentic packet; the source heard longest ago makes room for a new one.
fn note(sources: &mut [Option<Source>; MAX_SOURCES], heard: u64, place: Place) {
    let known = sources.iter().position(|source| source.is_some_and(|source| source.ssrc == place.ssrc));
    let slot = known.or_else(|| sources.iter().position(Option::is_none)).unwrap_or_else(|| {
        let oldest = sources.iter().enumerate().min_by_key(|(_, source)| source.map_or(0, |source| source.heard));
        oldest.map_or(0, |(slot, _)| slot)
    });
    let mut source = match sources[slot].filter(|source| source.ssrc == place.ssrc) {
        Some(source) => source,
        None => Source { ssrc: place.ssrc, highest: place.index, seen: 0, heard },
    };
    source.note(place.index);
    source.heard = heard;
    sources[slot] = Some(source);
}

/// The index whose lower half is the sequence number and which is nearest to the highest one (RFC 3711 §3.3.1, appendix A).
fn guess_index(highest: u64, sequence: u16) -> u64 {
    let (rollover, last) = (highest >> 16, highest as u16);
    let rollover = if last < 0x8000 {
        // A number from before the last wrap.
        if i32::from(sequence) - i32::from(last) > 0x8000 { rollover.saturating_sub(1) } else { rollover }
    } else if i32::from(last) - 0x8000 > i32::from(sequence) {
        rollover + 1
    } else {
        rollover
    };
    rollover << 16 | u64::from(sequence)
}

/// Where the payload begins: after contributing sources and an extension, which stay readable.
fn header_length(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    if packet.len() < 12 || first >> 6 != 2 {
        return None;
    }
    let mut length = 12 + usize::from(first & 0x0f) * 4;
    if first & 0x10 != 0 {
        let extension = packet.get(length..length + 4)?;
        length += 4 + usize::from(u16::from_be_bytes([extension[2], extension[3]])) * 4;
    }
    (length <= packet.len()).then_some(length)
}

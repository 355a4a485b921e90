//! Compound RTCP packets (RFC 3550 §6.1–6.6).

const VERSION: u8 = 2;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const REPORT_BLOCK_BYTES: usize = 24;
const SENDER_INFO_BYTES: usize = 20;
const CNAME: u8 = 1;

/// Why a datagram is not RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    /// Too short, or a length field points outside.
    #[error("truncated RTCP packet")]
    Truncated,
    /// Another version than 2.
    #[error("not RTCP version 2")]
    Version,
    /// A compound packet starts with a report (RFC 3550 appendix A.2); RFC 5506 is not spoken.
    #[error("RTCP compound does not start with a report")]
    NoReport,
}

/// The sender's part of a sender report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// 32.32 fixed point seconds.
    pub ntp: u64,
    /// The same moment on the RTP clock.
    pub rtp_timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
}

/// What one receiver says about one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source reported on.
    pub ssrc: u32,
    /// Since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Cumulative, 24 bits signed; negative when duplicates came.
    pub lost: i32,
    /// Extended highest sequence number.
    pub highest: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 if none came.
    pub last_report: u32,
    /// Delay since then in 1/65536 s.
    pub delay: u32,
}

/// One packet of a compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A sender report, or a receiver report when `info` is absent.
    Report {
        /// Who reports.
        ssrc: u32,
        /// Only in sender reports.
        info: Option<SenderInfo>,
        /// Report blocks, still packed.
        blocks: Blocks<'a>,
    },
    /// A source leaves.
    Goodbye {
        /// The first leaving source, if any is named.
        ssrc: Option<u32>,
    },
    /// Source description, application data, feedback: not used.
    Other {
        /// The packet type.
        kind: u8,
    },
}

/// Packed report blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks<'a>(&'a [u8]);

impl Blocks<'_> {
    /// Unpacks them one after the other.
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> + '_ {
        self.0.chunks_exact(REPORT_BLOCK_BYTES).map(|block| ReportBlock {
            ssrc: word(block, 0),
            fraction_lost: block[4],
            // Sign-extends 24 bits.
            lost: (word(block, 4) << 8) as i32 >> 8,
            highest: word(block, 8),
            jitter: word(block, 12),
            last_report: word(block, 16),
            delay: word(block, 20),
        })
    }
}

/// A checked compound packet.
#[derive(Debug, Clone, Copy)]
pub struct Compound<'a>(&'a [u8]);

impl<'a> Compound<'a> {
    /// Checks the whole chain of packets.
    ///
    /// # Errors
    /// [`RtcpError`] when any link is broken: then nothing of it is used.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RtcpError> {
        if datagram.len() < 8 {
            return Err(RtcpError::Truncated);
        }
        if !matches!(datagram[1], SENDER_REPORT | RECEIVER_REPORT) {
            return Err(RtcpError::NoReport);
        }
        let mut rest = datagram;
        while !rest.is_empty() {
            let (packet, after) = split(rest)?;
            item(packet)?;
            rest = after;
        }
        Ok(Self(datagram))
    }

    /// Its packets in order.
    pub fn items(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (packet, after) = split(rest).ok()?;
            rest = after;
            item(packet).ok()
        })
    }
}

fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), RtcpError> {
    let head: &[u8; 4] = bytes.first_chunk().ok_or(RtcpError::Truncated)?;
    if head[0] >> 6 != VERSION {
        return Err(RtcpError::Version);
    }
    let length = (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1) * 4;
    bytes.split_at_checked(length).ok_or(RtcpError::Truncated)
}

fn item(packet: &[u8]) -> Result<Item<'_>, RtcpError> {
    let count = usize::from(packet[0] & 0x1f);
    let body = &packet[4..];
    match packet[1] {
        SENDER_REPORT => {
            let info = body.get(4..4 + SENDER_INFO_BYTES).ok_or(RtcpError::Truncated)?;
            let sender = SenderInfo {
                ntp: u64::from(word(info, 0)) << 32 | u64::from(word(info, 4)),
                rtp_timestamp: word(info, 8),
                packets: word(info, 12),
                octets: word(info, 16),
            };
            Ok(Item::Report { ssrc: word(body, 0), info: Some(sender), blocks: blocks(&body[4 + SENDER_INFO_BYTES..], count)? })
        }
        RECEIVER_REPORT => {
            let after = body.get(4..).ok_or(RtcpError::Truncated)?;
            Ok(Item::Report { ssrc: word(body, 0), info: None, blocks: blocks(after, count)? })
        }
        GOODBYE => {
            let ssrc = if count > 0 { Some(word(body.get(..4).ok_or(RtcpError::Truncated)?, 0)) } else { None };
            Ok(Item::Goodbye { ssrc })
        }
        kind => Ok(Item::Other { kind }),
    }
}

fn blocks(bytes: &[u8], count: usize) -> Result<Blocks<'_>, RtcpError> {
    bytes.get(..count * REPORT_BLOCK_BYTES).map(Blocks).ok_or(RtcpError::Truncated)
}

/// The caller has checked the length.
fn word(bytes: &[u8], offset: usize) -> u32 {
    u32::from_be_bytes([bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]])
}

/// Appends a report (with `info`: a sender report) and the source description that every compound carries.
pub fn write_compound(out: &mut Vec<u8>, ssrc: u32, info: Option<&SenderInfo>, block: Option<&ReportBlock>, cname: &str) {
    let words = 1 + if info.is_some() { 5 } else { 0 } + if block.is_some() { 6 } else { 0 };
    let kind = if info.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    head(out, u8::from(block.is_some()), kind, words);
    out.extend_from_slice(&ssrc.to_be_bytes());
    if let Some(info) = info {
        out.extend_from_slice(&info.ntp.to_be_bytes());
        for value in [info.rtp_timestamp, info.packets, info.octets] {
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
    if let Some(block) = block {
        let lost = block.lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        let loss = u32::from(block.fraction_lost) << 24 | lost;
        for value in [block.ssrc, loss, block.highest, block.jitter, block.last_report, block.delay] {
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
    write_description(out, ssrc, cname);
}

/// Appends the farewell of a source that leaves (RFC 3550 §6.6).
pub fn write_goodbye(out: &mut Vec<u8>, ssrc: u32) {
    head(out, 1, GOODBYE, 1);
    out.extend_from_slice(&ssrc.to_be_bytes());
}

fn write_description(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
    let cname = &cname.as_bytes()[..cname.len().min(63)];
    // SSRC, item head, text, at least one zero, filled up to a word (§6.5).
    let words = 1 + (2 + cname.len()) / 4 + 1;
    head(out, 1, SOURCE_DESCRIPTION, words as u16);
    let end = out.len() + words * 4;
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.push(CNAME);
    out.push(cname.len() as u8);
    out.extend_from_slice(cname);
    out.resize(end, 0);
}

fn head(out: &mut Vec<u8>, count: u8, kind: u8, words: u16) {
    out.push(VERSION << 6 | count);
    out.push(kind);
    out.extend_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: SenderInfo = SenderInfo { ntp: 0x1122_3344_5566_7788, rtp_timestamp: 9, packets: 10, octets: 1600 };
    const BLOCK: ReportBlock =
        ReportBlock { ssrc: 0xaabb_ccdd, fraction_lost: 12, lost: -3, highest: 70_000, jitter: 44, last_report: 5, delay: 6 };

    #[test]
    fn reports_survive_the_wire() {
        for cname in ["a", "ab", "abc", "abcd", "longer-name@host"] {
            let mut bytes = Vec::new();
            write_compound(&mut bytes, 1, Some(&INFO), Some(&BLOCK), cname);
            write_goodbye(&mut bytes, 1);
            assert_eq!(bytes.len() % 4, 0);
            let items: Vec<_> = Compound::parse(&bytes).unwrap().items().collect();
            assert_eq!(items.len(), 3);
            let Item::Report { ssrc, info, blocks } = items[0] else { panic!("{items:?}") };
            assert_eq!((ssrc, info), (1, Some(INFO)));
            assert_eq!(blocks.iter().collect::<Vec<_>>(), [BLOCK]);
            assert_eq!(items[2], Item::Goodbye { ssrc: Some(1) });
        }
    }

    #[test]
    fn a_receiver_report_has_no_sender() {
        let mut bytes = Vec::new();
        write_compound(&mut bytes, 5, None, None, "x");
        let first = Compound::parse(&bytes).unwrap().items().next().unwrap();
        assert!(matches!(first, Item::Report { ssrc: 5, info: None, .. }));
    }

    #[test]
    fn every_truncation_is_refused_or_shorter() {
        let mut bytes = Vec::new();
        write_compound(&mut bytes, 1, Some(&INFO), Some(&BLOCK), "name");
        write_goodbye(&mut bytes, 1);
        let full = Compound::parse(&bytes).unwrap().items().count();
        for length in 0..bytes.len() {
            if let Ok(compound) = Compound::parse(&bytes[..length]) {
                assert!(compound.items().count() < full);
            }
        }
    }
}

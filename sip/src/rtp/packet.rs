//! The RTP header (RFC 3550 §5.1).

use std::ops::Range;

/// Bytes of a header without contributing sources and extension.
const FIXED_HEADER_BYTES: usize = 12;
const VERSION: u8 = 2;

/// Why a datagram is not RTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// Shorter than its header says.
    #[error("truncated RTP packet")]
    Truncated,
    /// Another version than 2: STUN, DTLS or noise.
    #[error("not RTP version 2")]
    Version,
    /// The padding count is 0 or longer than the packet.
    #[error("impossible RTP padding")]
    Padding,
    /// An RTCP packet on the RTP port (RFC 5761 §4).
    #[error("RTCP on the RTP port")]
    Rtcp,
}

/// The part of the header that a sender chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Start of a talk spurt, or of an event.
    pub marker: bool,
    /// 0–127.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence: u16,
    /// Counts samples, at 8 kHz here.
    pub timestamp: u32,
    /// Names the source.
    pub ssrc: u32,
}

impl Header {
    /// Appends the twelve bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(VERSION << 6);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7f);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
    }
}

/// A checked packet that borrows the datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// Its header.
    pub header: Header,
    /// The payload without padding; may be empty (keep-alive).
    pub payload: &'a [u8],
    /// Where in the datagram the payload begins.
    start: usize,
}

/// Is this an RTCP packet on a shared port? Packet types 192–223 cannot be RTP payload types (RFC 5761 §4).
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.len() >= 8 && datagram[0] >> 6 == VERSION && (192..=223).contains(&datagram[1])
}

impl<'a> RtpPacket<'a> {
    /// Where in the datagram the payload is.
    #[must_use]
    pub const fn place(&self) -> Range<usize> {
        self.start..self.start + self.payload.len()
    }

    /// Checks and splits a datagram.
    ///
    /// # Errors
    /// [`RtpError`] says what is wrong; nothing is read beyond the datagram.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RtpError> {
        let Some((fixed, rest)) = datagram.split_first_chunk::<FIXED_HEADER_BYTES>() else { return Err(RtpError::Truncated) };
        if fixed[0] >> 6 != VERSION {
            return Err(RtpError::Version);
        }
        if is_rtcp(datagram) {
            return Err(RtpError::Rtcp);
        }
        let sources = usize::from(fixed[0] & 0x0f) * 4;
        let mut payload = rest.get(sources..).ok_or(RtpError::Truncated)?;
        if fixed[0] & 0x10 != 0 {
            payload = skip_extension(payload)?;
        }
        let start = datagram.len() - payload.len();
        if fixed[0] & 0x20 != 0 {
            let padding = usize::from(*payload.last().ok_or(RtpError::Padding)?);
            let length = payload.len().checked_sub(padding).filter(|_| padding > 0).ok_or(RtpError::Padding)?;
            payload = &payload[..length];
        }
        let header = Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        };
        Ok(Self { header, payload, start })
    }
}

/// One header extension of any profile: 16 bits profile, 16 bits length in words (RFC 3550 §5.3.1).
fn skip_extension(bytes: &[u8]) -> Result<&[u8], RtpError> {
    let (head, rest) = bytes.split_first_chunk::<4>().ok_or(RtpError::Truncated)?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
    rest.get(length..).ok_or(RtpError::Truncated)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header { marker: true, payload_type: 8, sequence: 65_535, timestamp: 0xffff_fff0, ssrc: 0x1234_5678 };

    fn datagram(payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        HEADER.write(&mut out);
        out.extend_from_slice(payload);
        out
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = datagram(&[1, 2, 3]);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!(packet.header, HEADER);
        assert_eq!(packet.payload, [1, 2, 3]);
    }

    #[test]
    fn sources_extension_and_padding_are_skipped() {
        let mut bytes = datagram(&[]);
        bytes[0] |= 0x32;
        bytes.extend_from_slice(&[9; 8]);
        bytes.extend_from_slice(&[0xbe, 0xde, 0, 1, 7, 7, 7, 7]);
        bytes.extend_from_slice(&[5, 6, 0, 0, 3]);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!((packet.payload, &bytes[packet.place()]), (&[5, 6][..], &[5, 6][..]));
    }

    #[test]
    fn impossible_headers_are_refused() {
        assert_eq!(RtpPacket::parse(&[0x80; 11]), Err(RtpError::Truncated));
        assert_eq!(RtpPacket::parse(&[0; 20]), Err(RtpError::Version));
        let mut padded = datagram(&[1, 200]);
        padded[0] |= 0x20;
        assert_eq!(RtpPacket::parse(&padded), Err(RtpError::Padding));
        let mut no_padding = datagram(&[1, 0]);
        no_padding[0] |= 0x20;
        assert_eq!(RtpPacket::parse(&no_padding), Err(RtpError::Padding));
        let mut extended = datagram(&[0, 0, 0xff, 0xff]);
        extended[0] |= 0x10;
        assert_eq!(RtpPacket::parse(&extended), Err(RtpError::Truncated));
        let mut sources = datagram(&[1, 2, 3]);
        sources[0] |= 0x0f;
        assert_eq!(RtpPacket::parse(&sources), Err(RtpError::Truncated));
        assert_eq!(RtpPacket::parse(&[0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), Err(RtpError::Rtcp));
    }
}

//! Cutting a byte stream into messages (RFC 3261 §18.3). Whatever is ambiguous ends the stream: guessing where a message ends is how
//! requests are smuggled.

use super::RefusalKind;

/// How a head ends.
const HEAD_END: &[u8; 4] = b"\r\n\r\n";

/// Why a stream cannot be followed any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No end of the headers within the limit.
    #[error("the headers do not end")]
    EndlessHead,
    /// No Content-Length, two of them, no number, or two readings of where the headers end.
    #[error("the length of the body is ambiguous")]
    Length,
    /// The body is above the limit.
    #[error("the message is too large")]
    TooLarge,
}

impl FrameError {
    /// The kind it is counted as.
    pub fn kind(self) -> RefusalKind {
        match self {
            Self::EndlessHead | Self::TooLarge => RefusalKind::TooLarge,
            Self::Length => RefusalKind::ContentLength,
        }
    }
}

/// What stands next in the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole message.
    Message(Vec<u8>),
    /// CRLF CRLF before a message: the peer asks for one CRLF back (RFC 5626 §4.4.1).
    Ping,
}

/// Collects the bytes of one stream.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// No end of the head before this offset: a byte-a-second peer must not cost a scan from the start each time.
    scanned: usize,
    /// Length of the message once its head is complete.
    whole: Option<usize>,
    limit: usize,
}

impl Framer {
    /// A framer for messages up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), scanned: 0, whole: None, limit }
    }

    /// Adds bytes as they came. The caller takes the frames out after each call, so at most one message and one read are held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message has begun and is not whole: such a connection has a deadline.
    pub fn is_partial(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// What has come of the unfinished message.
    pub fn partial(&self) -> &[u8] {
        &self.buffer
    }

    /// The next frame, `None` until more bytes come.
    #[expect(clippy::should_implement_trait, reason = "more frames can come after None, which no iterator promises")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.whole.is_none() {
            let blank = self.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            if blank >= 4 && self.buffer.starts_with(b"\r\n\r\n") {
                self.buffer.drain(..4);
                self.scanned = 0;
                return Ok(Some(Frame::Ping));
            }
            if blank > 0 && blank == self.buffer.len() {
                // Half a keep-alive, or stray line ends: keep at most the three bytes that could become a ping.
                let surplus = blank.saturating_sub(3);
                self.buffer.drain(..surplus);
                return Ok(None);
            }
            if blank > 0 {
                self.buffer.drain(..blank);
                self.scanned = 0;
            }
            self.whole = self.measure()?;
        }
        match self.whole {
            Some(whole) if self.buffer.len() >= whole => {
                let rest = self.buffer.split_off(whole);
                let message = std::mem::replace(&mut self.buffer, rest);
                (self.whole, self.scanned) = (None, 0);
                Ok(Some(Frame::Message(message)))
            }
            _ => Ok(None),
        }
    }

    /// The length of the whole message, once its head has ended.
    fn measure(&mut self) -> Result<Option<usize>, FrameError> {
        let from = self.scanned.saturating_sub(3);
        let Some(end) = self.buffer[from..].windows(HEAD_END.len()).position(|end| end == HEAD_END) else {
            self.scanned = self.buffer.len();
            return if self.buffer.len() > self.limit { Err(FrameError::EndlessHead) } else { Ok(None) };
        };
        let head = from + end + HEAD_END.len();
        let length = content_length(&self.buffer[..head])?;
        match head.checked_add(length) {
            Some(whole) if whole <= self.limit => Ok(Some(whole)),
            _ => Err(FrameError::TooLarge),
        }
    }
}

/// The one Content-Length of a head, in any spelling (`l`, blanks before the colon). Twice is an error even with equal values.
fn content_length(head: &[u8]) -> Result<usize, FrameError> {
    let mut found = None;
    let mut in_length = false;
    for line in head[..head.len() - HEAD_END.len()].split(|&b| b == b'\n') {
        // The reader takes a bare line feed for a line end: for it the head would end here.
        if line.is_empty() || line == b"\r" {
            return Err(FrameError::Length);
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            if in_length && !line.trim_ascii().is_empty() {
                return Err(FrameError::Length);
            }
            continue;
        }
        in_length = false;
        let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
        let name = line[..colon].trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            in_length = true;
            let digits = line[colon + 1..].trim_ascii();
            let value = std::str::from_utf8(digits)
                .ok()
                .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
                .ok_or(FrameError::Length)?;
            // A number beyond usize is well-formed, only too large.
            let value = value.parse().map_err(|_| FrameError::TooLarge)?;
            if found.replace(value).is_some() {
                return Err(FrameError::Length);
            }
        }
    }
    found.ok_or(FrameError::Length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: &str, body: &str) -> Vec<u8> {
        format!("OPTIONS sip:a@b SIP/2.0\r\n{length}\r\n\r\n{body}").into_bytes()
    }

    fn frames(bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        let mut framer = Framer::new(4096);
        framer.push(bytes);
        let mut out = Vec::new();
        while let Some(frame) = framer.next()? {
            out.push(frame);
        }
        Ok(out)
    }

    #[test]
    fn two_messages_in_one_write_and_in_single_bytes() {
        let one = message("Content-Length : 4", "abcd");
        let two = message("l: 0", "");
        let both = [one.clone(), two.clone()].concat();
        let expected = vec![Frame::Message(one), Frame::Message(two)];
        assert_eq!(frames(&both), Ok(expected));
        let mut framer = Framer::new(4096);
        let mut seen = 0;
        for byte in both {
            framer.push(&[byte]);
            while framer.next().unwrap().is_some() {
                seen += 1;
            }
        }
        assert_eq!((seen, framer.is_partial()), (2, false));
    }

    #[test]
    fn ambiguous_lengths_end_the_stream() {
        for length in [
            "Content-Length: 4\r\nl: 4",
            "Content-Length: 4\r\nContent-Length: 0",
            "Content-Length: -1",
            "X: y",
            "Content-Length: 4\r\n 2",
            "l: +4",
            "l: 4\n\nX: y",
            "l: 4\r\n\nX: y",
            "l: 4\n",
        ] {
            assert_eq!(frames(&message(length, "abcd")), Err(FrameError::Length), "{length}");
        }
        for length in ["l: 5000", "Content-Length: 18446744073709551616", "l: 18446744073709551615"] {
            assert_eq!(frames(&message(length, "")), Err(FrameError::TooLarge), "{length}");
        }
        assert_eq!(frames(&vec![b'x'; 5000]), Err(FrameError::EndlessHead));
    }

    #[test]
    fn keep_alives_are_answered_and_take_no_room() {
        assert_eq!(frames(b"\r\n\r\n"), Ok(vec![Frame::Ping]));
        let mut framer = Framer::new(4096);
        for _ in 0..1000 {
            framer.push(b"\n");
            assert_eq!(framer.next(), Ok(None));
        }
        assert!(framer.partial().len() <= 3);
        framer.push(&message("l: 0", ""));
        assert!(matches!(framer.next(), Ok(Some(Frame::Message(_)))));
    }

    #[test]
    fn line_ends_before_a_message_take_nothing_of_it() {
        let mut framer = Framer::new(4096);
        let one = message("l: 0", "");
        framer.push(b"\n\r");
        assert_eq!(framer.next(), Ok(None));
        // As many line ends as bytes of the message.
        framer.push(&[b"\n\r\n", &one[..5]].concat());
        assert_eq!(framer.next(), Ok(None));
        framer.push(&one[5..]);
        assert_eq!(framer.next(), Ok(Some(Frame::Message(one))));
    }

    #[test]
    fn it_does_not_matter_where_the_network_cuts() {
        use rand::rngs::StdRng;
        use rand::{Rng, SeedableRng};
        let mut stream = Vec::new();
        for n in 0..20 {
            stream.extend(b"\r\n\r\n".iter().take(n % 5));
            stream.extend(message(&format!("Content-Length: {n}"), &"\r\n\r".repeat(n)[..n]));
        }
        let whole = frames(&stream);
        assert_eq!(whole.as_ref().map(Vec::len), Ok(24), "20 messages and 4 pings");
        for seed in 0..300 {
            let mut rng = StdRng::seed_from_u64(seed);
            let (mut framer, mut out, mut rest) = (Framer::new(4096), Vec::new(), stream.as_slice());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rng.random_range(1..=rest.len().min(50)));
                framer.push(now);
                while let Some(frame) = framer.next().unwrap() {
                    out.push(frame);
                }
                rest = later;
            }
            assert_eq!(Ok(out), whole, "seed {seed}");
        }
    }
}

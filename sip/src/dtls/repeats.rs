//! Telling a repeated flight of a handshake from a new one, by the numbers of its messages (RFC 6347 §4.2.2).

/// Messages of one handshake that are remembered: there are about a dozen, some in fragments.
const MAX_KNOWN: usize = 48;
const RECORD_HEADER: usize = 13;
const HANDSHAKE: u8 = 22;
const HANDSHAKE_HEADER: usize = 12;

/// What has come of a handshake in clear.
#[derive(Debug, Clone, Default)]
pub(super) struct Repeats {
    /// Message number and fragment offset.
    known: Vec<(u16, u32)>,
}

impl Repeats {
    /// Is everything in the datagram part of a message that came before? Remembers what is new. The first message of all is always let
    /// through until the second one has come: its answer, which asks for a cookie, is repeated by nobody else.
    pub(super) fn all_known(&mut self, datagram: &[u8]) -> bool {
        let mut rest = datagram;
        let mut all = !datagram.is_empty();
        while let Some((head, body)) = rest.split_at_checked(RECORD_HEADER) {
            let length = usize::from(u16::from_be_bytes([head[11], head[12]]));
            let Some((record, after)) = body.split_at_checked(length) else { return false };
            let in_clear = head[0] == HANDSHAKE && head[3..5] == [0, 0];
            match message(record).filter(|_| in_clear) {
                Some(message) => all &= self.is_known(message),
                None => all = false,
            }
            rest = after;
        }
        all
    }

    fn is_known(&mut self, message: (u16, u32)) -> bool {
        if self.known.contains(&message) {
            return message.0 > 0 || self.known.iter().any(|(number, _)| *number > 0);
        }
        if self.known.len() < MAX_KNOWN {
            self.known.push(message);
        }
        false
    }
}

/// The number and the fragment offset of a handshake message.
fn message(record: &[u8]) -> Option<(u16, u32)> {
    let head = record.get(..HANDSHAKE_HEADER)?;
    Some((u16::from_be_bytes([head[4], head[5]]), u32::from_be_bytes([0, head[6], head[7], head[8]])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u8, number: u8, offset: u8) -> Vec<u8> {
        let mut out = vec![kind, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 9, 0, 13];
        out.extend_from_slice(&[11, 0, 0, 1, 0, number, 0, 0, offset, 0, 0, 1, 7]);
        out
    }

    #[test]
    fn only_whole_repetitions_are_known() {
        let mut repeats = Repeats::default();
        let (second, third) = (record(HANDSHAKE, 0, 1, 0), record(HANDSHAKE, 0, 2, 0));
        assert!(!repeats.all_known(&second));
        assert!(repeats.all_known(&second));
        // A flight with something new in it counts, and so does what is encrypted.
        assert!(!repeats.all_known(&[second.clone(), third.clone()].concat()));
        assert!(repeats.all_known(&[second.clone(), third].concat()));
        assert!(!repeats.all_known(&record(HANDSHAKE, 1, 1, 0)));
        assert!(!repeats.all_known(&record(20, 0, 1, 0)));
        assert!(!repeats.all_known(&record(HANDSHAKE, 0, 1, 5)));
        assert!(!repeats.all_known(b""));
        assert!(!repeats.all_known(&second[..20]));
    }

    #[test]
    fn the_first_message_may_come_again_until_the_second() {
        let mut repeats = Repeats::default();
        let (first, second) = (record(HANDSHAKE, 0, 0, 0), record(HANDSHAKE, 0, 1, 0));
        assert!(!repeats.all_known(&first));
        assert!(!repeats.all_known(&first));
        assert!(!repeats.all_known(&second));
        assert!(repeats.all_known(&first));
    }
}

//! What of a handshake may reach the library. It collects the fragments of messages that anybody may send in clear, joins them by recursion, and
//! allocates what a certificate says of its own length: so all three are bounded here, before it.

/// Fragments of one handshake, with repetitions: a dozen messages, one of them a chain of certificates in small pieces.
const MAX_FRAGMENTS: u32 = 256;
/// Bytes of one message: chains of certificates have up to 6 kB.
const MAX_MESSAGE: usize = 16_384;
/// Encrypted handshake records, with repetitions: each side sends one.
const MAX_SEALED: u32 = 64;
/// Bytes of such a record: a Finished has 48, a session ticket some hundred.
const MAX_SEALED_LENGTH: usize = 1_024;

const RECORD_HEADER: usize = 13;
const HANDSHAKE: u8 = 22;
const MESSAGE_HEADER: usize = 12;
const CERTIFICATE: u8 = 11;
/// How the list of certificates, and each one, says its length.
const LENGTH: usize = 3;

/// What one handshake has taken so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounds {
    fragments: u32,
    sealed: u32,
    /// Number and beginning of the peer's Certificate message.
    chain: Option<(u16, Vec<u8>)>,
}

impl Bounds {
    /// Whether the library may have the datagram. Fragments of a chain of certificates have to come in order: others are lost, and come again.
    pub(super) fn admit(&mut self, datagram: &[u8]) -> bool {
        let mut rest = datagram;
        while !rest.is_empty() {
            let Some((head, body)) = rest.split_at_checked(RECORD_HEADER) else { return false };
            let length = usize::from(u16::from_be_bytes([head[11], head[12]]));
            let Some((record, after)) = body.split_at_checked(length) else { return false };
            let fits = match (head[0], &head[3..5]) {
                (HANDSHAKE, [0, 0]) => self.admit_clear(record),
                (HANDSHAKE, _) => self.admit_sealed(record),
                _ => true,
            };
            if !fits {
                return false;
            }
            rest = after;
        }
        true
    }

    fn admit_sealed(&mut self, record: &[u8]) -> bool {
        self.sealed += 1;
        self.sealed <= MAX_SEALED && record.len() <= MAX_SEALED_LENGTH
    }

    /// One record can hold many messages.
    fn admit_clear(&mut self, record: &[u8]) -> bool {
        let mut rest = record;
        while let Some((head, body)) = rest.split_at_checked(MESSAGE_HEADER) {
            let (length, offset, fragment) = (number(&head[1..]), number(&head[6..]), number(&head[9..]));
            let held = length.min(body.len());
            self.fragments += 1;
            let empty = fragment == 0 && length > 0;
            if self.fragments > MAX_FRAGMENTS || length > MAX_MESSAGE || offset + fragment > length || fragment > held || empty {
                return false;
            }
            let message = u16::from_be_bytes([head[4], head[5]]);
            if head[0] == CERTIFICATE && !self.admit_chain(message, length, offset, &body[..fragment]) {
                return false;
            }
            rest = &body[held..];
        }
        rest.is_empty()
    }

    /// Follows a Certificate message (RFC 5246 §7.4.2): a list with its length, and in it certificates with theirs.
    fn admit_chain(&mut self, message: u16, length: usize, offset: usize, fragment: &[u8]) -> bool {
        let (known, chain) = self.chain.get_or_insert_with(|| (message, Vec::new()));
        if *known != message || offset > chain.len() {
            return false;
        }
        let again = fragment.len().min(chain.len() - offset);
        if chain[offset..offset + again] != fragment[..again] {
            return false;
        }
        chain.extend_from_slice(&fragment[again..]);
        fits(chain, length)
    }
}

/// Whether all lengths in the beginning of a Certificate message fit into its own.
fn fits(chain: &[u8], length: usize) -> bool {
    let Some((head, mut rest)) = chain.split_at_checked(LENGTH) else { return true };
    if number(head) + LENGTH != length {
        return false;
    }
    let mut left = length - LENGTH;
    while let Some((head, after)) = rest.split_at_checked(LENGTH) {
        let certificate = number(head);
        let Some(then) = left.checked_sub(LENGTH + certificate) else { return false };
        left = then;
        rest = after.get(certificate..).unwrap_or_default();
    }
    true
}

/// Three bytes.
fn number(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16).to_be_bytes();
        [&[HANDSHAKE, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 9], &length[..], body].concat()
    }

    fn message(kind: u8, length: u32, number: u8, offset: u32, fragment: &[u8]) -> Vec<u8> {
        let [length, offset, piece] = [length, offset, fragment.len() as u32].map(|value| value.to_be_bytes());
        [&[kind], &length[1..], &[0, number], &offset[1..], &piece[1..], fragment].concat()
    }

    #[test]
    fn a_message_in_many_pieces_is_bounded_in_pieces_and_size() {
        let mut bounds = Bounds::default();
        let pieces = |from: u32| record(0, &(from..from + 64).flat_map(|at| message(1, 1, at as u8, 0, &[7])).collect::<Vec<u8>>());
        assert!((0..4).all(|n| bounds.admit(&pieces(n * 64))));
        assert!(!bounds.admit(&pieces(0)));
        assert!(!Bounds::default().admit(&record(0, &message(1, 20_000, 0, 0, &[7; 20]))));
        assert!(!Bounds::default().admit(&record(0, &message(1, 20, 0, 0, &[]))));
        assert!(!Bounds::default().admit(&record(0, &message(1, 20, 0, 15, &[7; 6]))));
        assert!(Bounds::default().admit(&record(0, &message(14, 0, 0, 0, &[]))));
        assert!(!Bounds::default().admit(&record(0, &message(1, 5, 0, 0, &[7; 5]))[..20]));
    }

    #[test]
    fn certificates_that_are_longer_than_their_message_are_refused() {
        let chain = [[0, 0, 13].as_slice(), &[0, 0, 2, 1, 1], &[0, 0, 5, 2, 2, 2, 2, 2]].concat();
        assert!(Bounds::default().admit(&record(0, &message(CERTIFICATE, 16, 1, 0, &chain))));
        for (place, value) in [(3, 200), (4, 1), (8, 1), (10, 6), (2, 12)] {
            let mut chain = chain.clone();
            chain[place] = value;
            assert!(!Bounds::default().admit(&record(0, &message(CERTIFICATE, 16, 1, 0, &chain))), "{place}");
        }
    }

    #[test]
    fn a_chain_in_pieces_comes_in_order_and_says_one_thing() {
        let mut bounds = Bounds::default();
        let mut piece = |offset, bytes: &[u8]| bounds.admit(&record(0, &message(CERTIFICATE, 16, 1, offset, bytes)));
        assert!(piece(0, &[0, 0, 13, 0, 0, 2, 1]));
        assert!(!piece(8, &[0, 0, 5]));
        assert!(piece(4, &[0, 2, 1, 1]));
        assert!(!piece(0, &[0, 0, 13, 0, 0, 3]));
        assert!(!piece(8, &[9, 0, 5]));
    }

    #[test]
    fn encrypted_records_are_few_and_small() {
        let mut bounds = Bounds::default();
        assert!((0..MAX_SEALED).all(|_| bounds.admit(&record(1, &[7; 48]))));
        assert!(!bounds.admit(&record(1, &[7; 48])));
        assert!(!Bounds::default().admit(&record(1, &[7; 2_000])));
        assert!(Bounds::default().admit(&[20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1]));
    }
}

//! DTLS: a stranger's records at a waiting side, and records changed or put in while two sides shake hands.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use warmline_sip::dtls::{Fingerprint, Handshake, Identity, Progress};

use super::pieces::Pieces;

/// One for all inputs: making one takes longer than they do.
static OURS: LazyLock<Identity> = LazyLock::new(Identity::generate);
static THEIRS: LazyLock<Identity> = LazyLock::new(Identity::generate);
static EPOCH: LazyLock<Instant> = LazyLock::new(epoch);

#[expect(clippy::disallowed_methods, reason = "DTLS wants a moment of the system's clock to count from")]
fn epoch() -> Instant {
    Instant::now()
}

/// With an even first byte the pieces are all that comes; with an odd one they come between the records of a real handshake.
pub(crate) fn dtls(bytes: &[u8]) {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    if kind & 1 == 0 { alone(kind & 2 != 0, bytes) } else { between(bytes) }
}

/// Nobody who does not know a key gets through, or gets more out than a few flights.
fn alone(active: bool, bytes: &[u8]) {
    let mut handshake = Handshake::new(&OURS, active, Fingerprint([9; 32]), *EPOCH, Duration::ZERO);
    let (mut now, mut taken) = (Duration::ZERO, 0);
    for (about, datagram) in Pieces(bytes).take(40) {
        let mut sent = 0;
        handshake.on_datagram(now, datagram, |bytes| sent += bytes.len());
        // Before the cookie has come back, an answer is no use for amplifying (RFC 6347 §4.2.1).
        taken += datagram.len();
        assert!(sent <= 4 * taken + 2_048, "{sent} bytes for {taken}");
        now += Duration::from_millis(u64::from(about));
        handshake.tick(now, |_| {});
    }
    assert!(!matches!(handshake.progress(), Progress::Done { .. }));
    handshake.tick(now + Duration::from_secs(60), |_| {});
    assert!(!matches!(handshake.progress(), Progress::Shaking | Progress::Done { .. }), "there is an end");
}

/// Changes and additions may end a handshake, but if both sides finish, they have the same keys.
fn between(bytes: &[u8]) {
    let mut near = Handshake::new(&OURS, true, THEIRS.fingerprint(), *EPOCH, Duration::ZERO);
    let mut far = Handshake::new(&THEIRS, false, OURS.fingerprint(), *EPOCH, Duration::ZERO);
    let mut pieces = Pieces(bytes);
    let (mut to_far, mut to_near) = (Vec::<Vec<u8>>::new(), Vec::<Vec<u8>>::new());
    for step in 0..60 {
        let now = Duration::from_millis(step * 100);
        near.tick(now, |record| to_far.push(record.to_vec()));
        far.tick(now, |record| to_near.push(record.to_vec()));
        for record in std::mem::take(&mut to_far) {
            far.on_datagram(now, &changed(record, &mut pieces), |record| to_near.push(record.to_vec()));
        }
        for record in std::mem::take(&mut to_near) {
            near.on_datagram(now, &changed(record, &mut pieces), |record| to_far.push(record.to_vec()));
        }
        assert!(to_far.len() + to_near.len() < 100, "a handshake does not feed itself");
        if near.progress() != Progress::Shaking && far.progress() != Progress::Shaking {
            break;
        }
    }
    if let (Progress::Done { ours, theirs }, Progress::Done { ours: other, theirs: mine }) = (near.progress(), far.progress()) {
        assert!(ours == mine && theirs == other);
    }
}

/// The record, or what the next piece makes of it.
fn changed(mut record: Vec<u8>, pieces: &mut Pieces<'_>) -> Vec<u8> {
    let Some((about, piece)) = pieces.next() else { return record };
    match about & 3 {
        0 => record,
        1 => piece.to_vec(),
        2 => {
            let place = usize::from(about >> 2) * record.len() / 64;
            record.iter_mut().skip(place).zip(piece).for_each(|(byte, change)| *byte ^= change);
            record
        }
        _ => [record.as_slice(), piece].concat(),
    }
}

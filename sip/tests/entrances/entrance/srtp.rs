//! SRTP and SRTCP under every suite: only what the peer has protected is opened, once, and to what it was.

use warmline_sip::rtp::{RtpPacket, is_rtcp};
use warmline_sip::srtp::{Keys, Receiver, Refused, Sender, Suite};

const SUITES: [Suite; 5] =
    [Suite::AesCm128Sha1_80, Suite::AesCm128Sha1_32, Suite::AesCm256Sha1_80, Suite::AeadAes128Gcm, Suite::AeadAes256Gcm];

/// The first byte chooses the suite, the second one what is changed on the way, the rest is a packet.
pub(crate) fn srtp(bytes: &[u8]) {
    let Some((&[suite, change], packet)) = bytes.split_first_chunk() else { return };
    let keys = Keys::from_random(SUITES[usize::from(suite) % SUITES.len()], &[suite; 46]);
    let mut receiver = Receiver::new(keys);
    // By chance nobody makes what has a tag of four bytes or more; the fuzzer does not know the keys.
    assert!(receiver.open_rtp(&mut packet.to_vec()).is_err());
    assert!(receiver.open_rtcp(&mut packet.to_vec()).is_err());
    // Our own packets have neither further sources nor extensions.
    if RtpPacket::parse(packet).is_ok() && packet[0] & 0x1f == 0 {
        there_and_back(keys, &mut receiver, packet, change, false);
    } else if is_rtcp(packet) && packet.len().is_multiple_of(4) {
        there_and_back(keys, &mut receiver, packet, change, true);
    }
}

fn there_and_back(keys: Keys, receiver: &mut Receiver, packet: &[u8], change: u8, control: bool) {
    let mut sender = Sender::new(keys);
    let mut protected = packet.to_vec();
    if control {
        sender.protect_rtcp(&mut protected);
    } else {
        sender.protect_rtp(&mut protected, 0);
    }
    let mut open = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let length = if control { receiver.open_rtcp(&mut bytes) } else { receiver.open_rtp(&mut bytes) }?;
        bytes.truncate(length);
        Ok::<_, Refused>(bytes)
    };
    let mut changed = protected.clone();
    let place = usize::from(change) * changed.len() / 256;
    changed[place] ^= 1 << (change % 8);
    assert!(open(&changed).is_err(), "a changed packet is opened");
    assert!(open(&protected[..protected.len() - 1]).is_err(), "a shorter packet is opened");
    assert_eq!(open(&protected).as_deref(), Ok(packet));
    assert_eq!(open(&protected), Err(Refused::Replayed));
}

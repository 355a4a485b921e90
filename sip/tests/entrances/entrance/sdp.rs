//! Session descriptions, offered to us and in answer to ours, under every policy.

use std::net::{IpAddr, Ipv4Addr};

use warmline_sip::codec::Codec;
use warmline_sip::dtls::Fingerprint;
use warmline_sip::sdp::{
    Description, Direction, Encryption, LocalMedia, Negotiated, OfferedProtection, PayloadKind, Policy, Protection, SdpError, SdpSession,
    Secret,
};

const HERE: LocalMedia = LocalMedia { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), other: None, rtp_port: 4_000 };
const THERE: LocalMedia = LocalMedia { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), other: None, rtp_port: 5_000 };
const WISHES: [Direction; 4] = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];

/// What trunks, telephones and pages want.
fn policies(seed: u8) -> [Policy; 5] {
    let plain = |codecs: &[Codec]| Policy::plain(codecs.to_vec(), Secret::new([seed; 32]));
    let fingerprint = Some(Fingerprint([seed; 32]));
    [
        plain(&[Codec::Pcmu, Codec::Pcma]),
        Policy { encryption: Encryption::Never, ..plain(&[Codec::Opus]) },
        Policy { offer: OfferedProtection::Sdes, encryption: Encryption::Required, ..plain(&Codec::ALL) },
        Policy { offer: OfferedProtection::Browser, fingerprint, ice: true, encryption: Encryption::Required, ..plain(&Codec::ALL) },
        Policy { fingerprint, ice: true, ..plain(&Codec::ALL) },
    ]
}

/// A stranger's offer. The first byte says what we wish.
pub(crate) fn offer(bytes: &[u8]) {
    let Some((&wish, offer)) = bytes.split_first() else { return };
    let wish = WISHES[usize::from(wish % 4)];
    for (policy, peer) in policies(1).into_iter().zip(policies(2)) {
        let mut session = SdpSession::new(1, HERE, policy.clone());
        let before = session.clone().offer(Direction::SendRecv);
        match session.answer(offer, wish) {
            Ok((answer, agreed)) => {
                answered(offer, &answer);
                sane(&agreed, &policy);
                assert_eq!(agreed.receive.get(agreed.payload_type), Some(PayloadKind::Audio(agreed.codec)));
                assert!(wish.sends() || !agreed.direction.sends());
                assert_eq!(session.clone().answer(offer, wish), Ok((answer, agreed.clone())), "the same offer gets the same answer");
                again(session, &agreed, peer);
            }
            Err(error) => {
                assert!(matches!(error.status_code(), 400 | 488));
                assert_eq!(session.offer(Direction::SendRecv), before, "a failed step changes nothing");
            }
        }
    }
}

/// An answer has as many lines as its offer (RFC 3264 §6), at most one of them alive, and is no longer than it must be.
fn answered(offer: &[u8], answer: &str) {
    let (asked, told) = (Description::parse(offer).unwrap(), Description::parse(answer.as_bytes()).unwrap());
    assert_eq!(asked.media.len(), told.media.len(), "{answer}");
    assert_eq!(told.media.iter().filter(|line| line.port != 0).count(), 1, "{answer}");
    for (asked, told) in asked.media.iter().zip(&told.media) {
        assert!(told.port == 0 || (asked.port != 0 && asked.kind.eq_ignore_ascii_case("audio")), "{answer}");
    }
    assert!(answer.len() <= 4 * offer.len() + 2_048, "{} bytes for {}", answer.len(), offer.len());
    assert!(answer.lines().all(|line| line.as_bytes().get(1) == Some(&b'=') && !line.contains(char::is_control)), "{answer:?}");
}

/// Whatever was said, we can work with what was agreed.
fn sane(agreed: &Negotiated, policy: &Policy) {
    assert!(policy.codecs.contains(&agreed.codec));
    assert!((10..=60).contains(&agreed.packet_ms) && agreed.packet_ms.is_multiple_of(10));
    assert!(agreed.payload_type < 128 && agreed.dtmf_payload_type.is_none_or(|number| number < 128));
    assert!(!agreed.remote_rtp.ip().is_multicast() && agreed.remote_rtp.is_ipv4());
    match policy.encryption {
        Encryption::Never => assert_eq!(agreed.protection, Protection::None),
        Encryption::Required => assert_ne!(agreed.protection, Protection::None),
        Encryption::IfOffered => {}
    }
}

/// What we offer after that is understood by a peer that wants the same: hold and resume must not end the call.
fn again(mut session: SdpSession, agreed: &Negotiated, peer: Policy) {
    let offer = session.offer(Direction::SendRecv);
    let mut peer = SdpSession::new(2, THERE, peer);
    let (answer, theirs) = peer.answer(offer.as_bytes(), Direction::SendRecv).unwrap_or_else(|error| panic!("{error}: {offer}"));
    let ours = session.accept(answer.as_bytes()).unwrap_or_else(|error| panic!("{error}: {offer}{answer}"));
    assert_eq!((ours.codec, theirs.codec), (agreed.codec, agreed.codec), "{offer}");
    match (&ours.protection, &theirs.protection) {
        (Protection::None, Protection::None) => {}
        (Protection::Srtp { ours, theirs }, Protection::Srtp { ours: far, theirs: near }) => assert!(ours == near && theirs == far),
        (Protection::Dtls { active: one, .. }, Protection::Dtls { active: other, .. }) => assert!(one != other, "{offer}{answer}"),
        (ours, theirs) => panic!("{ours:?} and {theirs:?}: {offer}{answer}"),
    }
}

/// A stranger's answer to our offer.
pub(crate) fn answer(answer: &[u8]) {
    for policy in policies(1) {
        let mut session = SdpSession::new(1, HERE, policy.clone());
        session.offer(Direction::SendRecv);
        match session.accept(answer) {
            Ok(agreed) => {
                sane(&agreed, &policy);
                assert!(policy.offer == OfferedProtection::Plain || agreed.protection != Protection::None);
                assert_eq!(session.accept(answer), Err(SdpError::NoOffer));
                let offer = session.offer(Direction::Inactive);
                assert!(Description::parse(offer.as_bytes()).is_ok_and(|offer| offer.media.len() == 1));
            }
            Err(error) => assert!(matches!(error.status_code(), 400 | 488)),
        }
    }
}

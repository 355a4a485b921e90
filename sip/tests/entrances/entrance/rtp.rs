//! RTP of a call in each codec, from the peer and from strangers, with ticks between; then the sound comes back.

use std::net::SocketAddr;
use std::time::Duration;

use warmline_sip::codec::{Codec, FRAME_SAMPLES};
use warmline_sip::dtmf::Digit;
use warmline_sip::jitter::JitterConfig;
use warmline_sip::media::{Dropped, MediaConfig, MediaSession, Outgoing, Pulled, Received};
use warmline_sip::rtp::RtpPacket;
use warmline_sip::sdp::{Direction, Negotiated, PayloadKind, PayloadMap, Protection};

use super::pieces::Pieces;

/// The source of what is passed on to the other leg.
const ACROSS: u32 = 9;
const TICK: Duration = Duration::from_millis(20);
/// Ticks after which sound must be back: what is late or beyond the buffer is given up long before.
const RECOVERY: u16 = 50;

pub(super) fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 5_000))
}

pub(super) fn stranger() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 7], 5_000))
}

pub(super) fn agreed(codec: Codec, packet_ms: u8) -> Negotiated {
    let mut receive = PayloadMap::default();
    Codec::ALL.into_iter().for_each(|codec| receive.insert(codec.offered_payload_type(), PayloadKind::Audio(codec)));
    receive.insert(101, PayloadKind::TelephoneEvent);
    Negotiated {
        remote_rtp: peer(),
        remote_rtcp: SocketAddr::new(peer().ip(), peer().port() + 1),
        codec,
        payload_type: codec.offered_payload_type(),
        receive,
        dtmf_payload_type: Some(101),
        dtmf_clock: 8_000,
        packet_ms,
        direction: Direction::SendRecv,
        protection: Protection::None,
        ice: None,
        rtcp_mux: false,
    }
}

pub(super) fn session(negotiated: Negotiated, ssrc: u32) -> MediaSession {
    let config = MediaConfig {
        ssrc,
        first_sequence: 65_530,
        first_timestamp: u32::MAX - 800,
        cname: "fuzz".to_owned(),
        jitter: JitterConfig::default(),
        dtls: None,
    };
    MediaSession::new(Duration::ZERO, config, negotiated)
}

/// One call.
struct Call {
    listener: MediaSession,
    speaker: MediaSession,
    /// The other leg of a bridge, to which packets are passed on as they are.
    across: Option<MediaSession>,
    now: Duration,
    out: Outgoing,
}

impl Call {
    /// Lets good sound come in, one packet a tick. Returns what was heard at the last one.
    fn good(&mut self, ticks: u16) -> Pulled {
        let mut pulled = Pulled::Silence;
        for _ in 0..ticks {
            self.speaker.push_frame(&[1_000; FRAME_SAMPLES], &mut self.out);
            for datagram in self.out.iter() {
                self.listener.on_datagram(self.now, peer(), &mut datagram.to_vec());
            }
            pulled = self.tick();
        }
        pulled
    }

    fn tick(&mut self) -> Pulled {
        self.now += TICK;
        self.listener.tick(self.now);
        self.listener.push_frame(&[0; FRAME_SAMPLES], &mut self.out);
        assert!(self.out.iter().all(|datagram| datagram.len() <= 1_500));
        self.listener.pull_frame(self.now, &mut [0; FRAME_SAMPLES])
    }

    /// What is passed on is one packet of the other leg's own stream.
    fn pass(&mut self, datagram: &[u8]) {
        let (Some(across), Some(packet)) = (&mut self.across, self.listener.take_passing()) else { return };
        let payload = packet.payload(datagram);
        across.pass_on(&packet, payload, &mut self.out);
        for passed in self.out.iter() {
            let passed = RtpPacket::parse(passed).expect("what we send can be read");
            assert_eq!((passed.header.ssrc, passed.payload), (ACROSS, payload));
        }
    }

    /// One datagram: bits of `about` say from whom and how many ticks come after it.
    fn bad(&mut self, about: u8, datagram: &[u8]) {
        let mut datagram = datagram.to_vec();
        match about & 7 {
            0 => {
                let received = self.listener.on_datagram(self.now, stranger(), &mut datagram);
                assert!(matches!(received, Received::Dropped(Dropped::Stranger | Dropped::Malformed)), "{received:?}");
            }
            1 => drop(self.listener.send_dtmf(Digit::from_code(about >> 4).expect("below 16"))),
            _ => {
                self.listener.on_datagram(self.now, peer(), &mut datagram);
                self.pass(&datagram);
            }
        }
        for _ in 0..about >> 5 {
            self.tick();
        }
        let longest = JitterConfig::default().max + Duration::from_millis(120);
        assert!(self.listener.stats().jitter_delay <= longest, "{:?}", self.listener.stats());
    }
}

/// The first byte chooses codec, packet length, and whether packets are passed on to another leg; the pieces are datagrams.
pub(crate) fn rtp(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let codec = Codec::ALL[usize::from(choice) % Codec::ALL.len()];
    let packet_ms = codec.packet_ms(10 * ((choice >> 2) % 6) + 10);
    let agreed = agreed(codec, packet_ms);
    // The speaker's packets go out at 20 ms each, whatever is agreed about ours.
    let speaker = session(Negotiated { packet_ms: 20, ..agreed.clone() }, 7);
    let across = (choice & 0x80 != 0).then(|| session(agreed.clone(), ACROSS));
    let mut call = Call { listener: session(agreed, 1), speaker, across, now: Duration::ZERO, out: Outgoing::default() };
    call.good(5);
    call.listener.keep_sound(call.across.is_none());
    Pieces(bytes).take(200).for_each(|(about, datagram)| call.bad(about, datagram));
    call.listener.keep_sound(true);
    // One of these packets may have the number of a key that came before: it counts as a repetition.
    let back = call.good(RECOVERY) == Pulled::Frame || call.good(1) == Pulled::Frame;
    assert!(back, "{:?}", call.listener.stats());
}

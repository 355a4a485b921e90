//! The engine with real sockets and threads. Phones here are sockets that answer packet for packet, or speak once for each packet that
//! another leg gets: the engine's own pace drives them, so nothing sleeps.

mod bridged;
mod fixed;
mod recorded;
mod unlike;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use tokio::{sync::mpsc::Receiver, time::timeout};
use warmline_sip::{
    codec::{Codec, Decoder, Encoder, FRAME_SAMPLES, Law},
    rtp::{Header, RtpPacket, is_rtcp},
    sdp::{Direction, Negotiated, PayloadKind, PayloadMap, Protection},
    srtp::{self, Keys, Suite},
};

use super::*;
use crate::{
    call::{
        event::SpeechEnd,
        ids::{LegId, RequestId},
        media::{
            level::dbov,
            patch::{Ear, Patch, Under},
            playout::Chunk,
        },
        time::Time,
    },
    clock,
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CALLER: LegId = LegId::CALLER;
const AGENT: LegId = LegId(1);
/// Far more than anything needs on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every test has ports of its own.
static NEXT_PORTS: AtomicU16 = AtomicU16::new(18_500);

fn pool() -> MediaPool {
    let first = NEXT_PORTS.fetch_add(20, Ordering::Relaxed);
    MediaPool::start(MediaConfig { ports: first..=first + 19, ..MediaConfig::new(HERE) }).unwrap()
}

/// How a telephone speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Voice {
    codec: Codec,
    /// Encrypted so.
    suite: Option<Suite>,
}

const PLAIN: Voice = Voice { codec: Codec::Pcmu, suite: None };

/// A telephone: sends one packet of a tone for each packet that it gets.
struct Phone {
    socket: UdpSocket,
    gateway: SocketAddr,
    hertz: f64,
    sequence: u16,
    heard: Vec<i16>,
    /// Sequence numbers of all packets.
    numbers: Vec<u16>,
    /// Telephone events, one entry a packet: the key, and for how many ms it is down.
    keys: Vec<(u8, u32)>,
    /// What the gateway has agreed on with it.
    agreed: Negotiated,
    encoder: Encoder,
    decoder: Decoder,
    shield: Option<(srtp::Sender, srtp::Receiver)>,
}

impl Phone {
    fn add(pool: &MediaPool, media: &CallMedia, leg: LegId, hertz: f64) -> Self {
        Self::add_with(PLAIN, pool, media, (leg, Listening::CALLER), hertz)
    }

    fn add_with(voice: Voice, pool: &MediaPool, media: &CallMedia, (leg, listening): (LegId, Listening), hertz: f64) -> Self {
        let sockets = pool.reserve().unwrap();
        let gateway = SocketAddr::new(HERE, sockets.rtp_port());
        let phone = Self::speaking(voice, gateway, hertz);
        media.send(Command::AddLeg { leg, sockets, negotiated: Box::new(phone.agreed.clone()), listening }).unwrap();
        phone
    }

    /// A telephone that nobody knows of yet.
    fn speaking(voice: Voice, gateway: SocketAddr, hertz: f64) -> Self {
        let socket = UdpSocket::bind((HERE, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let agreed = agreed_in(voice, socket.local_addr().unwrap(), Direction::SendRecv);
        let shield = match agreed.protection {
            Protection::Srtp { ours, theirs } => Some((srtp::Sender::new(theirs), srtp::Receiver::new(ours))),
            Protection::None | Protection::Dtls { .. } => None,
        };
        let (encoder, decoder) = (Encoder::new(voice.codec), Decoder::default());
        Self { socket, gateway, hertz, sequence: 0, heard: vec![], numbers: vec![], keys: vec![], agreed, encoder, decoder, shield }
    }

    /// Takes packets, each answered with one of its own.
    fn talk(&mut self, packets: usize) {
        for _ in 0..packets {
            self.hear();
            self.speak();
        }
    }

    fn hear(&mut self) {
        let mut datagram = [0; 512];
        let (length, _) = self.socket.recv_from(&mut datagram).unwrap();
        self.take(&mut datagram[..length]);
    }

    /// Takes what has come.
    fn drain(&mut self) {
        self.socket.set_nonblocking(true).unwrap();
        let mut datagram = [0; 512];
        while let Ok((length, _)) = self.socket.recv_from(&mut datagram) {
            self.take(&mut datagram[..length]);
        }
        self.socket.set_nonblocking(false).unwrap();
    }

    fn take(&mut self, datagram: &mut [u8]) {
        if is_rtcp(datagram) {
            // For whoever has the port before this one, in another program.
            return;
        }
        let packet = open(&mut self.shield, datagram);
        self.numbers.push(packet.header.sequence);
        if Some(packet.header.payload_type) == self.agreed.dtmf_payload_type {
            let duration = u32::from(u16::from_be_bytes([packet.payload[2], packet.payload[3]]));
            self.keys.push((packet.payload[0], duration * 1_000 / self.agreed.dtmf_clock));
            return;
        }
        let codec = Codec::ALL.into_iter().find(|codec| codec.offered_payload_type() == packet.header.payload_type).unwrap();
        let mut samples = [0; FRAME_SAMPLES];
        self.decoder.decode(codec, packet.payload, &mut samples);
        self.heard.extend_from_slice(&samples);
    }

    fn speak(&mut self) {
        let first = u32::from(self.sequence) * FRAME_SAMPLES as u32;
        let tone = |index: usize| {
            let phase = f64::from(first + index as u32) * self.hertz / 8_000.0 * std::f64::consts::TAU;
            if self.hertz > 0.0 { (8_000.0 * phase.sin()) as i16 } else { 0 }
        };
        let samples: [i16; FRAME_SAMPLES] = std::array::from_fn(tone);
        self.say(&samples);
    }

    /// Says 20 ms.
    fn say(&mut self, samples: &[i16; FRAME_SAMPLES]) {
        let mut payload = Vec::new();
        self.encoder.encode(samples, &mut payload);
        self.send(self.agreed.payload_type, &payload);
    }

    /// A key that has been down for 100 ms, and is let go.
    fn press(&mut self, key: u8) {
        let [high, low] = u16::try_from(self.agreed.dtmf_clock / 10).unwrap().to_be_bytes();
        self.send(self.agreed.dtmf_payload_type.unwrap(), &[key, 0x8a, high, low]);
    }

    fn send(&mut self, payload_type: u8, payload: &[u8]) {
        let timestamp = u32::from(self.sequence) * FRAME_SAMPLES as u32 * self.agreed.codec.clock_ratio();
        let marker = Some(payload_type) == self.agreed.dtmf_payload_type;
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: 42 };
        self.sequence += 1;
        let mut datagram = Vec::new();
        header.write(&mut datagram);
        datagram.extend_from_slice(payload);
        if let Some((sender, _)) = &mut self.shield {
            sender.protect_rtp(&mut datagram, 0);
        }
        self.socket.send_to(&datagram, self.gateway).unwrap();
    }
}

/// A packet in clear.
fn open<'a>(shield: &mut Option<(srtp::Sender, srtp::Receiver)>, datagram: &'a mut [u8]) -> RtpPacket<'a> {
    let length = match shield {
        Some((_, receiver)) => receiver.open_rtp(datagram).unwrap(),
        None => datagram.len(),
    };
    RtpPacket::parse(&datagram[..length]).unwrap()
}

/// A leg of a call of its own: its packets are the pace of phones that are bridged.
struct Metronome {
    phone: Phone,
    #[expect(dead_code, reason = "held for its drop")]
    call: (CallMedia, Receiver<MediaEvent>),
}

impl Metronome {
    fn new(pool: &MediaPool) -> Self {
        let call = pool.open_call(clock::now());
        Self { phone: Phone::add(pool, &call.0, CALLER, 0.0), call }
    }

    /// Both phones speak once every 20 ms, and take what comes.
    fn converse(&mut self, caller: &mut Phone, agent: &mut Phone, packets: usize) {
        for _ in 0..packets {
            self.phone.talk(1);
            for phone in [&mut *caller, &mut *agent] {
                phone.drain();
                phone.speak();
            }
        }
    }
}

fn agreed(remote: SocketAddr, direction: Direction) -> Negotiated {
    agreed_in(PLAIN, remote, direction)
}

fn agreed_in(Voice { codec, suite }: Voice, remote: SocketAddr, direction: Direction) -> Negotiated {
    let (payload_type, dtmf) = (codec.offered_payload_type(), if codec == Codec::Opus { 110 } else { 101 });
    let mut receive = PayloadMap::default();
    receive.insert(payload_type, PayloadKind::Audio(codec));
    receive.insert(dtmf, PayloadKind::TelephoneEvent);
    // Every leg has keys of its own, and two for the two directions.
    let keys = |suite, way| Keys::from_random(suite, &[remote.port() as u8 ^ way; 46]);
    Negotiated {
        remote_rtp: remote,
        remote_rtcp: SocketAddr::new(remote.ip(), 9),
        codec,
        payload_type,
        receive,
        dtmf_payload_type: Some(dtmf),
        dtmf_clock: codec.rtp_clock(),
        packet_ms: 20,
        direction,
        protection: suite.map_or(Protection::None, |suite| Protection::Srtp { ours: keys(suite, 0), theirs: keys(suite, 0x80) }),
        ice: None,
        rtcp_mux: false,
    }
}

/// Share of the energy of `samples` that is this tone: 1 is all of it.
fn share_of_tone(samples: &[i16], hertz: f64) -> f64 {
    let (mut sine, mut cosine, mut energy) = (0.0, 0.0, 1e-9);
    for (index, &sample) in samples.iter().enumerate() {
        let phase = index as f64 * hertz / 8_000.0 * std::f64::consts::TAU;
        sine += f64::from(sample) * phase.sin();
        cosine += f64::from(sample) * phase.cos();
        energy += f64::from(sample).powi(2);
    }
    2.0 * (sine * sine + cosine * cosine) / (samples.len() as f64 * energy)
}

/// 100 ms.
const WINDOW: usize = 800;

/// The best 100 ms of loud sound: a busy machine may have torn holes elsewhere.
fn best_share(samples: &[i16], hertz: f64) -> f64 {
    let loud = samples.chunks_exact(WINDOW).filter(|window| dbov(window) > -30.0);
    loud.map(|window| share_of_tone(window, hertz)).fold(0.0, f64::max)
}

fn bridge() -> Patch {
    let ear = |leg, other| Ear { leg, hears: vec![other], under: Under::Nothing };
    Patch { ears: vec![ear(CALLER, AGENT), ear(AGENT, CALLER)], listen: vec![CALLER], ..Patch::default() }
}

/// The first event that `wanted` accepts; others are passed over.
async fn event<T>(events: &mut Receiver<MediaEvent>, mut wanted: impl FnMut(MediaEvent) -> Option<T>) -> T {
    loop {
        let event = timeout(PATIENCE, events.recv()).await.expect("an event in time").expect("events go on");
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bridged_legs_hear_each_other_and_a_key_is_reported() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    media.send(Command::Patch(bridge())).unwrap();
    let mut caller = Phone::add(&pool, &media, CALLER, 440.0);
    let mut agent = Phone::add(&pool, &media, AGENT, 1_000.0);
    let mut metronome = Metronome::new(&pool);
    metronome.converse(&mut caller, &mut agent, 60);
    assert!(best_share(&caller.heard, 1_000.0) > 0.95 && best_share(&caller.heard, 440.0) < 0.1);
    assert!(best_share(&agent.heard, 440.0) > 0.95 && best_share(&agent.heard, 1_000.0) < 0.1);
    caller.press(5);
    caller.press(5);
    let digit = event(&mut events, |event| if let MediaEvent::Digit { leg, digit } = event { Some((leg, digit)) } else { None }).await;
    assert_eq!(digit, (CALLER, '5'));
    // The other leg gets the key too.
    metronome.converse(&mut caller, &mut agent, 20);
    assert!(agent.keys.len() > 3 && agent.keys.iter().all(|&(key, _)| key == 5), "{:?}", agent.keys);
    // The listener got the caller's leg, on the call's timeline without gaps.
    let heard = media.heard();
    let mut last_at: Option<Time> = None;
    while let Some(frame) = heard.try_next() {
        assert_eq!(frame.leg, CALLER);
        if let Some(last) = last_at {
            assert_eq!(frame.frame.at.since(last) % 20, 0);
        }
        last_at = Some(frame.frame.at);
    }
    assert!(last_at.is_some());
    media.send(Command::RemoveLeg { leg: CALLER }).unwrap();
    let stats = event(&mut events, |event| if let MediaEvent::LegClosed { stats, .. } = event { Some(stats) } else { None }).await;
    assert!(stats.source.received >= 60 && stats.sent_packets >= 60 && stats.digits >= 1, "{stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn speech_is_sent_whole_and_accounted_for() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let mut caller = Phone::add(&pool, &media, CALLER, 0.0);
    let id = RequestId(7);
    for clause in 0..3 {
        let samples = (0..1_200).map(|index| (6_000.0 * (f64::from(index) * 0.5).sin()) as i16).collect();
        media.send(Command::Play { leg: CALLER, chunk: Chunk { id, clause, samples, last: clause == 2 } }).unwrap();
    }
    caller.talk(40);
    let loud = caller.heard.iter().filter(|sample| sample.abs() > 20).count();
    // A sine is near zero now and then.
    assert!((3_400..=3_600).contains(&loud), "{loud}");
    event(&mut events, |event| matches!(event, MediaEvent::SpeechStarted { id: RequestId(7), .. }).then_some(())).await;
    let (why, heard) =
        event(&mut events, |event| if let MediaEvent::SpeechEnded { why, heard, .. } = event { Some((why, heard)) } else { None }).await;
    assert_eq!((why, heard.clauses, heard.samples), (SpeechEnd::Finished, 3, 3_600));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_heard_at_the_next_tick_and_the_leg_s_end_fails_what_waits() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let mut caller = Phone::add(&pool, &media, CALLER, 0.0);
    let long = |id, leg| Command::Play { leg, chunk: Chunk { id, clause: 0, samples: vec![5_000; 80_000].into(), last: true } };
    media.send(long(RequestId(1), CALLER)).unwrap();
    media.send(long(RequestId(2), CALLER)).unwrap();
    media.send(long(RequestId(3), AGENT)).unwrap();
    caller.talk(10);
    media.send(Command::Stop { id: RequestId(1) }).unwrap();
    let ended = |event| if let MediaEvent::SpeechEnded { id, why, heard } = event { Some((id, why, heard)) } else { None };
    let (id, why, _) = event(&mut events, ended).await;
    assert_eq!((id, why), (RequestId(3), SpeechEnd::Failed), "there is no such leg");
    let (id, why, heard) = event(&mut events, ended).await;
    assert_eq!((id, why, heard.clauses), (RequestId(1), SpeechEnd::Stopped, 0));
    assert!(heard.samples >= 9 * 160 && heard.samples < 80_000, "{heard:?}");
    media.send(Command::RemoveLeg { leg: CALLER }).unwrap();
    let (id, why, _) = event(&mut events, ended).await;
    assert_eq!((id, why), (RequestId(2), SpeechEnd::Failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recording_has_the_caller_left_and_what_the_caller_heard_right() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let path = std::env::temp_dir().join(format!("warmline-engine-{}.wav", std::process::id()));
    let recording = pool.record(path.clone(), Time::ZERO).unwrap();
    let mut state = recording.watch();
    media.send(Command::Record(recording)).unwrap();
    media.send(Command::Patch(bridge())).unwrap();
    let mut caller = Phone::add(&pool, &media, CALLER, 440.0);
    let mut agent = Phone::add(&pool, &media, AGENT, 1_000.0);
    Metronome::new(&pool).converse(&mut caller, &mut agent, 80);
    media.send(Command::Close).unwrap();
    event(&mut events, |event| matches!(event, MediaEvent::LegClosed { leg: CALLER, .. }).then_some(())).await;
    let finished = timeout(PATIENCE, state.wait_for(|state| *state != RecordingState::Running)).await.unwrap().unwrap();
    assert!(matches!(*finished, RecordingState::Finished(_)));
    let samples: Vec<i16> = hound::WavReader::open(&path).unwrap().into_samples().map(Result::unwrap).collect();
    std::fs::remove_file(&path).unwrap();
    let channel = |offset: usize| samples.iter().skip(offset).step_by(2).copied().collect::<Vec<_>>();
    let (left, right) = (channel(0), channel(1));
    assert!(best_share(&left, 440.0) > 0.95 && best_share(&left, 1_000.0) < 0.1);
    assert!(best_share(&right, 1_000.0) > 0.95 && best_share(&right, 440.0) < 0.1);
    // The right channel is what the phone got, sample for sample.
    let (wanted, recorded) = (encode(&caller.heard), encode(&right));
    let found = |piece: &&[u8]| recorded.windows(piece.len()).any(|window| window == *piece);
    let loud = |piece: &&[u8]| piece.iter().any(|&byte| byte != 0xff);
    assert!(wanted.chunks_exact(WINDOW).filter(loud).any(|piece| found(&piece)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_is_silence_of_its_length_in_the_recording() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let path = std::env::temp_dir().join(format!("warmline-private-{}.wav", std::process::id()));
    let recording = pool.record(path.clone(), Time::ZERO).unwrap();
    let mut state = recording.watch();
    media.send(Command::Record(recording)).unwrap();
    media.send(Command::Patch(bridge())).unwrap();
    let mut caller = Phone::add(&pool, &media, CALLER, 440.0);
    let (mut agent, mut metronome) = (Phone::add(&pool, &media, AGENT, 1_000.0), Metronome::new(&pool));
    metronome.converse(&mut caller, &mut agent, 60);
    media.send(Command::Private { on: true }).unwrap();
    metronome.converse(&mut caller, &mut agent, 60);
    media.send(Command::Private { on: false }).unwrap();
    metronome.converse(&mut caller, &mut agent, 130);
    media.send(Command::Close).unwrap();
    event(&mut events, |event| matches!(event, MediaEvent::LegClosed { leg: CALLER, .. }).then_some(())).await;
    let finished = *timeout(PATIENCE, state.wait_for(|state| *state != RecordingState::Running)).await.unwrap().unwrap();
    let samples: Vec<i16> = hound::WavReader::open(&path).unwrap().into_samples().map(Result::unwrap).collect();
    std::fs::remove_file(&path).unwrap();
    let pairs: Vec<&[i16]> = samples.chunks_exact(2).collect();
    assert_eq!(finished, RecordingState::Finished(pairs.len() as u64));
    // The tones are never zero for as long as a frame: the first such stretch after they began is the private one.
    let frames: Vec<bool> = pairs.chunks_exact(FRAME_SAMPLES).map(|frame| frame.iter().all(|pair| *pair == [0, 0])).collect();
    let begin = frames.iter().position(|silent| !silent).unwrap();
    let first = begin + frames[begin..].iter().position(|silent| *silent).unwrap();
    let length = frames[first..].iter().position(|silent| !silent).expect("the recording goes on");
    // From the tick after the command until a second after the other one, whose own tick may be one off.
    assert!((109..=112).contains(&length), "{length} frames of silence");
    assert!(pairs[first * FRAME_SAMPLES..(first + length) * FRAME_SAMPLES].iter().all(|pair| *pair == [0, 0]));
    let after: Vec<i16> = pairs[(first + length) * FRAME_SAMPLES..].iter().map(|pair| pair[0]).collect();
    assert!(best_share(&after, 440.0) > 0.95, "the caller is recorded again");
}

fn encode(samples: &[i16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Law::Mu.encode(samples, &mut bytes);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_held_and_speech_waits_for_the_resume() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let mut caller = Phone::add(&pool, &media, CALLER, 0.0);
    caller.talk(5);
    let remote = caller.socket.local_addr().unwrap();
    media.send(Command::UpdateLeg { leg: CALLER, negotiated: Box::new(agreed(remote, Direction::Inactive)) }).unwrap();
    let id = RequestId(1);
    media.send(Command::Play { leg: CALLER, chunk: Chunk { id, clause: 0, samples: vec![3_000; 1_600].into(), last: true } }).unwrap();
    // A second leg's packets measure half a second; whatever was under way has arrived after that.
    let mut agent = Phone::add(&pool, &media, AGENT, 0.0);
    agent.talk(25);
    caller.socket.set_nonblocking(true).unwrap();
    while caller.socket.recv_from(&mut [0; 512]).is_ok() {}
    agent.talk(10);
    assert!(caller.socket.recv_from(&mut [0; 512]).is_err(), "RTP while held");
    caller.socket.set_nonblocking(false).unwrap();
    media.send(Command::UpdateLeg { leg: CALLER, negotiated: Box::new(agreed(remote, Direction::SendRecv)) }).unwrap();
    caller.talk(15);
    let heard = event(&mut events, |event| if let MediaEvent::SpeechEnded { heard, .. } = event { Some(heard) } else { None }).await;
    assert_eq!(heard.samples, 1_600);
    assert_eq!(caller.heard.iter().filter(|&&sample| sample > 2_500).count(), 1_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_on_the_line_is_reported_once_and_dropping_the_handle_ends_the_call() {
    let first = NEXT_PORTS.fetch_add(20, Ordering::Relaxed);
    let config = MediaConfig { ports: first..=first + 19, media_timeout: Duration::from_millis(400), ..MediaConfig::new(HERE) };
    let pool = MediaPool::start(config).unwrap();
    let (media, mut events) = pool.open_call(clock::now());
    let mut caller = Phone::add(&pool, &media, CALLER, 0.0);
    caller.talk(3);
    let mut seen = Vec::new();
    for _ in 0..60 {
        caller.hear();
    }
    let heard = media.heard();
    drop(media);
    while let Some(event) = timeout(PATIENCE, events.recv()).await.unwrap() {
        seen.push(event);
    }
    assert_eq!(seen.iter().filter(|event| matches!(event, MediaEvent::MediaLost { leg: CALLER })).count(), 1, "{seen:?}");
    assert!(matches!(seen.last(), Some(MediaEvent::LegClosed { .. })));
    assert_eq!(timeout(PATIENCE, heard.next()).await.unwrap(), None);
    assert_eq!(pool.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_pool_ends_every_call() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let mut caller = Phone::add(&pool, &media, CALLER, 0.0);
    caller.talk(3);
    drop(pool);
    event(&mut events, |event| matches!(event, MediaEvent::LegClosed { leg: CALLER, .. }).then_some(())).await;
    assert_eq!(timeout(PATIENCE, events.recv()).await.unwrap(), None);
    assert_eq!(media.send(Command::Close), Err(CallMediaError::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_the_answer_is_not_heard() {
    let pool = pool();
    let (media, mut events) = pool.open_call(clock::now());
    let sockets = pool.reserve().unwrap();
    let mut phone = Phone::speaking(PLAIN, SocketAddr::new(HERE, sockets.rtp_port()), 440.0);
    (0..50).for_each(|_| phone.speak());
    let negotiated = Box::new(phone.agreed.clone());
    media.send(Command::AddLeg { leg: CALLER, sockets, negotiated, listening: Listening::CALLER }).unwrap();
    (0..10).for_each(|_| phone.hear());
    phone.talk(5);
    media.send(Command::RemoveLeg { leg: CALLER }).unwrap();
    let stats = event(&mut events, |event| if let MediaEvent::LegClosed { stats, .. } = event { Some(stats) } else { None }).await;
    assert!((1..=5).contains(&stats.source.received), "{stats:?}");
}

/// What the caller hears of an agent who speaks on, while the patch changes from the bridge to hold sound and back.
#[tokio::test(flavor = "multi_thread")]
async fn packets_go_across_with_one_numbering_and_the_hold_sound_comes_between_them() {
    let pool = pool();
    let (media, _events) = pool.open_call(clock::now());
    media.send(Command::Patch(Patch { listen: vec![], ..bridge() })).unwrap();
    let mut caller = Phone::add(&pool, &media, CALLER, 440.0);
    let mut agent = Phone::add(&pool, &media, AGENT, 1_000.0);
    let mut metronome = Metronome::new(&pool);
    metronome.converse(&mut caller, &mut agent, 40);
    assert!(best_share(&caller.heard, 1_000.0) > 0.95);
    let hold = Ear { leg: CALLER, hears: vec![], under: Under::Hold };
    media.send(Command::Patch(Patch { ears: vec![hold], ..Patch::default() })).unwrap();
    metronome.converse(&mut caller, &mut agent, 10);
    caller.heard.clear();
    agent.heard.clear();
    metronome.converse(&mut caller, &mut agent, 40);
    assert!(best_share(&caller.heard, 1_000.0) < 0.1 && best_share(&agent.heard, 440.0) < 0.1);
    assert!(caller.heard.iter().any(|sample| sample.abs() > 500), "no hold sound");
    media.send(Command::Patch(Patch { listen: vec![], ..bridge() })).unwrap();
    metronome.converse(&mut caller, &mut agent, 10);
    caller.heard.clear();
    metronome.converse(&mut caller, &mut agent, 40);
    assert!(best_share(&caller.heard, 1_000.0) > 0.95);
    // One stream all the time: no packet twice, none left out.
    let numbers = &caller.numbers;
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
}

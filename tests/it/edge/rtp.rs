//! The sound of a telephone made of bare sockets: it says one packet of G.711 for each that it hears, or for each that another one hears. So the
//! gateway's own pace drives everything.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use tokio::{net::UdpSocket, time::timeout};
use warmline::phone::Sound;
use warmline_sip::{
    codec::{FRAME_SAMPLES, Law},
    ice::{binding_request, is_stun},
    rtp::{Header, RtpError, RtpPacket},
};

use super::support::{HERE, PATIENCE};

/// 100 ms.
const WINDOW: usize = 800;

/// One end of a stream.
pub(super) struct Rtp {
    socket: UdpSocket,
    /// Where it speaks to.
    pub(super) to: SocketAddr,
    ssrc: u32,
    sequence: u16,
    /// How many times 20 ms it has been speaking, or pausing.
    frame: usize,
    /// Every sample that came.
    pub(super) heard: Vec<i16>,
    /// The sequence numbers of all packets.
    pub(super) numbers: Vec<u16>,
    /// The payload type of keys (RFC 4733).
    pub(super) keys: u8,
    /// The keys that came: when each began, in ticks of its clock, which it is, and how long it was pressed.
    pub(super) pressed: BTreeMap<u32, (u8, u16)>,
}

/// The payload type of G.711 µ-law.
const PCMU: u8 = 0;

impl Rtp {
    pub(super) async fn bind() -> Self {
        Self::at(HERE).await
    }

    /// At this address.
    pub(super) async fn at(here: IpAddr) -> Self {
        let socket = UdpSocket::bind((here, 0)).await.unwrap();
        let (nowhere, ssrc) = (SocketAddr::new(here, 9), socket.local_addr().unwrap().port().into());
        Self {
            socket,
            to: nowhere,
            ssrc,
            sequence: 0,
            frame: 0,
            heard: Vec::new(),
            numbers: Vec::new(),
            keys: 101,
            pressed: BTreeMap::new(),
        }
    }

    /// Goes on with its stream at another address; the old one stays open.
    pub(super) async fn move_on(&mut self) -> Self {
        let new = Self { to: self.to, ssrc: self.ssrc, sequence: self.sequence, frame: self.frame, ..Self::bind().await };
        std::mem::replace(self, new)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Checks the way (RFC 8445) and nominates it; `names` are our user name and the far end's password.
    pub(super) async fn checks(&mut self, names: (&str, &str), priority: u32) {
        let request = binding_request([7; 12], names.0, names.1, priority, true);
        self.socket.send_to(&request, self.to).await.unwrap();
        let mut datagram = [0; 512];
        loop {
            let (length, _) = timeout(PATIENCE, self.socket.recv_from(&mut datagram)).await.expect("an answer in time").unwrap();
            if is_stun(&datagram[..length]) {
                return;
            }
            self.take(&datagram[..length]);
        }
    }

    /// Takes packets, each answered with 20 ms of what `sound` makes of a sample's number.
    pub(super) async fn talk(&mut self, packets: usize, sound: impl Fn(usize) -> i16) {
        for _ in 0..packets {
            self.hear().await;
            self.say(&sound).await;
        }
    }

    /// Takes the next packet.
    pub(super) async fn hear(&mut self) {
        let mut datagram = [0; 512];
        let (length, _) = timeout(PATIENCE, self.socket.recv_from(&mut datagram)).await.expect("sound in time").unwrap();
        self.take(&datagram[..length]);
    }

    /// Takes what has come, and says how many packets that was.
    pub(super) fn drain(&mut self) -> usize {
        let (mut count, mut datagram) = (0, [0; 512]);
        while let Ok((length, _)) = self.socket.try_recv_from(&mut datagram) {
            self.take(&datagram[..length]);
            count += 1;
        }
        count
    }

    /// Says the next 20 ms.
    pub(super) async fn say(&mut self, sound: impl Fn(usize) -> i16) {
        let first = self.frame * FRAME_SAMPLES;
        let samples: [i16; FRAME_SAMPLES] = std::array::from_fn(|index| sound(first + index));
        let header = Header { marker: false, payload_type: PCMU, sequence: self.sequence, timestamp: first as u32, ssrc: self.ssrc };
        (self.sequence, self.frame) = (self.sequence + 1, self.frame + 1);
        let mut datagram = Vec::new();
        header.write(&mut datagram);
        Law::Mu.encode(&samples, &mut datagram);
        self.socket.send_to(&datagram, self.to).await.unwrap();
    }

    /// Presses a key for 100 ms of a clock with so many ticks a second; its end is said three times (RFC 4733 §2.5.1.4).
    pub(super) async fn press(&mut self, key: u8, hz: u32) {
        let began = u32::try_from(self.frame * FRAME_SAMPLES).unwrap() * (hz / 8_000);
        for part in 0..8 {
            let (over, lasted) = (part > 4, (part.min(4) + 1) * u16::try_from(hz / 50).unwrap());
            let header = Header { marker: part == 0, payload_type: self.keys, sequence: self.sequence, timestamp: began, ssrc: self.ssrc };
            self.sequence += 1;
            let mut datagram = Vec::new();
            header.write(&mut datagram);
            datagram.extend([key, if over { 0x8a } else { 0x0a }]);
            datagram.extend(lasted.to_be_bytes());
            self.socket.send_to(&datagram, self.to).await.unwrap();
        }
        self.frame += 5;
    }

    /// Plays all of a sound. `sparing`: nothing is sent where it is silent (RFC 3551 §4.1).
    pub(super) async fn play(&mut self, sound: &[i16], sparing: bool) {
        let begin = self.frame;
        for samples in sound.chunks_exact(FRAME_SAMPLES) {
            self.hear().await;
            if sparing && samples.iter().all(|sample| *sample == 0) {
                self.frame += 1;
            } else {
                self.say(|index| sound[index - begin * FRAME_SAMPLES]).await;
            }
        }
    }

    /// Forgets what was heard.
    pub(super) fn forget(&mut self) {
        self.drain();
        self.heard.clear();
        self.numbers.clear();
    }

    fn take(&mut self, datagram: &[u8]) {
        let packet = match RtpPacket::parse(datagram) {
            // The report of a call of another test, whose sound has the port before this one.
            Err(RtpError::Rtcp) => return,
            packet => packet.unwrap(),
        };
        self.numbers.push(packet.header.sequence);
        if let (true, [key, _, lasted @ ..]) = (packet.header.payload_type == self.keys, packet.payload) {
            self.pressed.insert(packet.header.timestamp, (*key, u16::from_be_bytes(lasted.try_into().unwrap())));
        }
        if packet.header.payload_type != PCMU {
            return;
        }
        let mut samples = [0; FRAME_SAMPLES];
        Law::Mu.decode(packet.payload, &mut samples);
        self.heard.extend_from_slice(&samples);
    }

    /// The largest share that a tone has in 100 ms of what was heard: a busy machine may have torn holes elsewhere.
    pub(super) fn strength(&self, hz: f64) -> f64 {
        strength(&self.heard, hz)
    }

    /// The loudest sample.
    pub(super) fn peak(&self) -> u16 {
        self.heard.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
    }
}

/// The largest share that a tone has in 100 ms of these samples.
pub(super) fn strength(samples: &[i16], hz: f64) -> f64 {
    let windows = samples.chunks_exact(WINDOW).filter(|window| window.iter().any(|sample| sample.unsigned_abs() > 500));
    windows.map(|window| Sound { samples: window.to_vec() }.strength(hz)).fold(0.0, f64::max)
}

/// A tone, by the number of the sample.
pub(super) fn tone(hz: f64) -> impl Fn(usize) -> i16 {
    move |index| (8_000.0 * (std::f64::consts::TAU * hz * index as f64 / 8_000.0).sin()) as i16
}

/// A tone that comes and goes.
pub(super) fn cadence(hz: f64, on_ms: usize, off_ms: usize) -> impl Fn(usize) -> i16 {
    move |index| if index / 8 % (on_ms + off_ms) < on_ms { tone(hz)(index) } else { 0 }
}

/// Both talk until each has heard the other: how many packets that takes is the gateway's affair, which carries them as fast as they are said
/// where nothing is mixed, while what it says itself (a key, hold sound) lasts as long as it does.
pub(super) async fn assert_joined(one: &mut Rtp, other: &mut Rtp) {
    let from = (one.heard.len(), other.heard.len());
    let talked = async {
        loop {
            for _ in 0..10 {
                one.drain();
                one.say(tone(440.0)).await;
                other.talk(1, tone(1_000.0)).await;
            }
            one.drain();
            if strength(&one.heard[from.0..], 1_000.0) > 0.95 && strength(&other.heard[from.1..], 440.0) > 0.95 {
                return;
            }
        }
    };
    timeout(PATIENCE, talked).await.expect("both hear each other in time");
}

//! [`MediaSession`].

use std::net::SocketAddr;
use std::time::Duration;

mod pass;
mod reports;

use reports::control_link;

use super::clock::Clock;
use super::comfort::Comfort;
use super::link::{Below, DtlsContext, Link};
use super::passing::{Course, Passing};
use super::{Dropped, LegStats, Outgoing};
use crate::codec::{Codec, Encoder, FRAME_SAMPLES, Frame, SAMPLE_RATE};
use crate::dtmf::{self, Digit, EventPacket, SendError};
use crate::jitter::{JitterBuffer, JitterConfig, Pulled};
use crate::rtcp::Reporter;
use crate::rtp::{Header, Latch, Origin, RtpError, RtpPacket, Sender, SourceTracker};
use crate::sdp::{Negotiated, PayloadKind};
use crate::srtp::Refused;
use crate::tone::KeyTones;

/// Samples of one millisecond.
const SAMPLES_PER_MS: usize = 8;
/// 60 ms: the longest packet that we send, and one more frame.
const PENDING: usize = 60 * SAMPLES_PER_MS + FRAME_SAMPLES;

/// What a leg needs besides the negotiation. The first three should be random (RFC 3550 §5.1).
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// Our synchronisation source.
    pub ssrc: u32,
    /// Sequence number of the first packet.
    pub first_sequence: u16,
    /// Timestamp of the first packet.
    pub first_timestamp: u32,
    /// Our canonical name in RTCP; at most 63 bytes, the same for all legs of a call at most.
    pub cname: String,
    /// Limits of the jitter buffer.
    pub jitter: JitterConfig,
    /// What DTLS needs; without it a leg that agreed on DTLS stays silent.
    pub dtls: Option<DtlsContext>,
}

/// What a datagram was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Sound, taken into the jitter buffer.
    Audio,
    /// A key was pressed: reported once a press.
    Digit(Digit),
    /// More of a known key press.
    DigitGoesOn,
    /// An empty packet that keeps a translator's binding open.
    KeepAlive,
    /// RTCP; `goodbye` when the source says that it leaves (which ends nothing: only SIP does).
    Control {
        /// Did it say BYE?
        goodbye: bool,
    },
    /// A connectivity check or a part of a handshake.
    Below,
    /// Not used.
    Dropped(Dropped),
}

/// What goes out below RTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// From which of our ports.
    pub from_rtcp_port: bool,
    /// Where to.
    pub to: SocketAddr,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// When a datagram came.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: Duration,
    /// Well enough known to say something of the jitter.
    stamped: bool,
}

/// The remote source that we listen to.
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    /// Another source and the sequence number that it must have next to be believed.
    challenger: Option<(u32, u16)>,
}

/// One leg's media. All times are since one fixed moment of a monotonic clock.
#[derive(Debug)]
pub struct MediaSession {
    config: MediaConfig,
    negotiated: Negotiated,
    link: Link,
    /// The path of RTCP, where it has its own checks and handshake (ICE or DTLS on two ports).
    control_link: Option<Box<Link>>,
    latch: Latch,
    clock: Clock,
    comfort: Option<Comfort>,
    source: Option<Source>,
    tracker: SourceTracker,
    /// Apart: what is handed on goes past it, and the rest of a leg is then few lines of the processor's cache.
    jitter: Box<JitterBuffer>,
    digits: dtmf::Receiver,
    sender: Sender,
    encoder: Encoder,
    keys: dtmf::Sender,
    tones: KeyTones,
    /// The codec of the sound that came last.
    coming: Option<Codec>,
    /// Is the sound that comes wanted here, and not only by another leg?
    kept: bool,
    /// The packet of sound that came last, until it is taken.
    passing: Option<Passing>,
    /// The numbers of what another leg hands on to this one.
    course: Option<Course>,
    /// Ticks since something was handed on, and whether that was since the last of them.
    quiet_ticks: u32,
    handed_on: bool,
    /// Sound that waits until a packet is full.
    pending: Box<[i16; PENDING]>,
    pending_len: usize,
    reporter: Reporter,
    /// Since when RTP is expected, or when it came last.
    last_rtp: Duration,
    counted: LegStats,
}

impl MediaSession {
    /// A leg whose negotiation is finished.
    #[must_use]
    pub fn new(now: Duration, config: MediaConfig, negotiated: Negotiated) -> Self {
        Self {
            link: Link::new(now, &negotiated, config.dtls.clone()),
            control_link: control_link(now, &negotiated, &config),
            latch: Latch::new(negotiated.remote_rtp),
            clock: Clock::new(negotiated.codec.clock_ratio()),
            comfort: None,
            source: None,
            tracker: SourceTracker::default(),
            jitter: Box::new(JitterBuffer::new(config.jitter)),
            digits: dtmf::Receiver::default(),
            sender: Sender::new(config.ssrc, config.first_sequence, config.first_timestamp),
            encoder: Encoder::new(negotiated.codec),
            keys: dtmf::Sender::default(),
            tones: KeyTones::default(),
            coming: None,
            kept: true,
            passing: None,
            course: None,
            quiet_ticks: 0,
            handed_on: false,
            pending: Box::new([0; PENDING]),
            pending_len: 0,
            reporter: Reporter::new(now, config.ssrc),
            last_rtp: now,
            counted: LegStats::default(),
            config,
            negotiated,
        }
    }

    /// A later offer and answer: hold, resume, another address or codec.
    pub fn update(&mut self, now: Duration, negotiated: Negotiated) {
        let expected = self.negotiated.direction.receives();
        if !expected && negotiated.direction.receives() {
            self.last_rtp = now;
        }
        // On hold the address may be 0.0.0.0: the peer is still where it was.
        if !negotiated.remote_rtp.ip().is_unspecified() {
            self.latch.announce(negotiated.remote_rtp);
        }
        self.link.update(now, &negotiated);
        match &mut self.control_link {
            Some(link) if !negotiated.rtcp_mux => link.update(now, &negotiated),
            Some(_) | None => self.control_link = control_link(now, &negotiated, &self.config),
        }
        if negotiated.codec != self.encoder.codec() {
            self.encoder = Encoder::new(negotiated.codec);
            self.pending_len = 0;
        }
        if negotiated.codec.clock_ratio() != self.clock.ratio() {
            self.clock = Clock::new(negotiated.codec.clock_ratio());
        }
        self.negotiated = negotiated;
    }

    /// From now on silence counts: the call was answered, and what came before may have been nothing.
    pub fn expect_rtp(&mut self, now: Duration) {
        self.last_rtp = now;
    }

    /// A datagram came to the RTP port. It is decrypted in place.
    pub fn on_datagram(&mut self, now: Duration, from: SocketAddr, datagram: &mut [u8]) -> Received {
        self.take_datagram(Arrival { at: now, stamped: true }, from, datagram)
    }

    fn take_datagram(&mut self, arrival: Arrival, from: SocketAddr, datagram: &mut [u8]) -> Received {
        let below = self.link.on_datagram(arrival.at, from, datagram);
        if let Some(peer) = self.link.take_moved() {
            self.latch.pin(peer);
        }
        match below {
            Below::Packet { length, proven } => self.on_packet(arrival, from, &datagram[..length], proven),
            Below::Control => Received::Below,
            Below::Refused(why) => self.refuse(refusal(why)),
            Below::Stranger => self.refuse(Dropped::Stranger),
        }
    }

    fn on_packet(&mut self, arrival: Arrival, from: SocketAddr, datagram: &[u8], proven: bool) -> Received {
        let packet = match RtpPacket::parse(datagram) {
            Ok(packet) => packet,
            Err(RtpError::Rtcp) => return self.on_report(arrival.at, from, datagram),
            Err(RtpError::Truncated | RtpError::Version | RtpError::Padding) => return self.refuse(Dropped::Malformed),
        };
        if proven && !self.latch.is_locked() {
            self.latch.pin(from);
        }
        match self.latch.see(from, packet.header.ssrc) {
            Origin::Peer => {}
            Origin::Learning => return self.refuse(Dropped::Learning),
            Origin::Stranger => return self.refuse(Dropped::Stranger),
        }
        self.last_rtp = arrival.at;
        let Some(kind) = self.negotiated.receive.get(packet.header.payload_type) else { return self.refuse(Dropped::UnknownPayload) };
        if !self.negotiated.direction.receives() {
            return self.refuse(Dropped::Held);
        }
        match kind {
            // Keys count whichever source they come from: some gateways give them an SSRC of their own.
            PayloadKind::TelephoneEvent => self.take_event(&packet),
            PayloadKind::Audio(_) | PayloadKind::ComfortNoise if !self.is_current_source(&packet.header) => self.refuse(Dropped::NewSource),
            PayloadKind::ComfortNoise => self.take_noise(&packet),
            PayloadKind::Audio(codec) => self.take_sound(arrival, &packet, codec),
        }
    }

    fn take_sound(&mut self, arrival: Arrival, packet: &RtpPacket<'_>, codec: Codec) -> Received {
        let header = packet.header;
        // A codec of another clock than the agreed one counts in that clock (RFC 3551 §4.1 forbids it, some do it).
        let timestamp = if codec.clock_ratio() == self.clock.ratio() {
            self.clock.samples(header.timestamp)
        } else {
            header.timestamp / codec.clock_ratio()
        };
        let tracker = &mut self.tracker;
        let counted =
            if arrival.stamped { tracker.count(header.sequence, timestamp, arrival.at) } else { tracker.count_unstamped(header.sequence) };
        if !counted {
            return self.refuse(Dropped::Duplicate);
        }
        if packet.payload.is_empty() {
            return Received::KeepAlive;
        }
        self.comfort = None;
        if self.kept {
            self.jitter.insert(arrival.at, header.sequence, timestamp, codec, packet.payload);
        }
        self.coming = Some(codec);
        self.passing = Some(Passing { header, codec, payload: packet.place() });
        Received::Audio
    }

    fn take_noise(&mut self, packet: &RtpPacket<'_>) -> Received {
        if !self.tracker.count_untimed(packet.header.sequence) {
            return self.refuse(Dropped::Duplicate);
        }
        self.comfort = Comfort::from_payload(packet.payload);
        Received::KeepAlive
    }

    /// One 20 ms tick of listening. Give the nominal time of the tick, not the moment at which a busy machine got round to it.
    pub fn pull_frame(&mut self, now: Duration, out: &mut Frame) -> Pulled {
        let pulled = self.jitter.pull(now, out);
        if pulled == Pulled::Silence
            && let Some(noise) = &mut self.comfort
        {
            noise.fill(out);
        }
        pulled
    }

    /// Does what the path below RTP has to do by itself; once a tick. Then [`Self::poll_control`] has what is to be sent.
    pub fn tick(&mut self, now: Duration) {
        self.link.tick(now, self.latch.destination());
        let reports_to = self.rtcp_destination();
        if let (Some(link), Some(peer)) = (&mut self.control_link, reports_to) {
            link.tick(now, peer);
        }
    }

    /// The next answer to a check, or part of a handshake, to be sent.
    pub fn poll_control(&mut self) -> Option<Control> {
        if let Some((to, bytes)) = self.link.poll_control() {
            return Some(Control { from_rtcp_port: false, to, bytes });
        }
        let (to, bytes) = self.control_link.as_mut()?.poll_control()?;
        Some(Control { from_rtcp_port: true, to, bytes })
    }

    /// One 20 ms tick of speaking: the sound, or the key that is being pressed, as datagrams for [`Self::rtp_destination`]. On hold
    /// nothing is sent.
    pub fn push_frame(&mut self, frame: &Frame, out: &mut Outgoing) {
        out.clear();
        self.stop_passing();
        if !self.may_send() {
            self.pending_len = 0;
            self.sender.pass(FRAME_SAMPLES as u32, true);
            return;
        }
        match (self.keys.tick(self.sender.timestamp().wrapping_add(self.pending_len as u32)), self.negotiated.dtmf_payload_type) {
            (None, _) => self.push_sound(frame, out),
            (Some(event), Some(payload_type)) => self.push_event(payload_type, event, out),
            (Some(event), None) => {
                let tones = self.tones.frame(event.digit, event.marker);
                self.push_sound(&tones, out);
            }
        }
    }

    /// A key as a packet of its own (RFC 4733 §2.3).
    fn push_event(&mut self, payload_type: u8, event: EventPacket, out: &mut Outgoing) {
        self.flush_pending(out);
        let ratio = (self.negotiated.dtmf_clock / SAMPLE_RATE).max(1);
        let (start, place, payload) = (event.start.wrapping_mul(ratio), out.bytes.len(), event.payload);
        self.sender.event(payload_type, start, event.marker, payload.len() as u32).write(&mut out.bytes);
        out.bytes.extend_from_slice(&payload[..2]);
        let duration = u16::from_be_bytes([payload[2], payload[3]]).saturating_mul(ratio as u16);
        out.bytes.extend_from_slice(&duration.to_be_bytes());
        self.link.protect_rtp(&mut out.bytes, place);
        out.finish();
        self.sender.pass(FRAME_SAMPLES as u32, false);
    }

    fn push_sound(&mut self, frame: &Frame, out: &mut Outgoing) {
        self.pending[self.pending_len..self.pending_len + FRAME_SAMPLES].copy_from_slice(frame);
        self.pending_len += FRAME_SAMPLES;
        let packet = usize::from(self.negotiated.packet_ms) * SAMPLES_PER_MS;
        while self.pending_len >= packet {
            self.send_pending(packet, out);
        }
    }

    /// Time in which nothing could be sent, in ticks of 20 ms: the stream goes on with the right timestamp.
    pub fn skip_ticks(&mut self, ticks: u32) {
        self.sender.pass(ticks.wrapping_mul(FRAME_SAMPLES as u32), true);
    }

    /// Sends a key in place of sound, after those that wait.
    ///
    /// # Errors
    /// [`SendError`] when the peer does not know RFC 4733 or 32 keys are waiting.
    pub fn send_dtmf(&mut self, digit: Digit) -> Result<(), SendError> {
        if self.negotiated.dtmf_payload_type.is_none() {
            return Err(SendError::NotNegotiated);
        }
        self.keys.press(digit)
    }

    /// Sends a key as its two tones in place of sound, after those that wait; as events all the same, once the peer knows RFC 4733.
    ///
    /// # Errors
    /// [`SendError`] when 32 keys are waiting.
    pub fn send_tones(&mut self, digit: Digit) -> Result<(), SendError> {
        self.keys.press(digit)
    }

    /// Is a key being sent or waiting?
    #[must_use]
    pub const fn is_sending_dtmf(&self) -> bool {
        !self.keys.is_idle()
    }

    /// Where RTP goes; `None` while nothing may be sent.
    #[must_use]
    pub fn rtp_destination(&self) -> Option<SocketAddr> {
        self.may_send().then(|| self.latch.destination())
    }

    /// How long no RTP has come from the peer; `None` while none is expected (on hold).
    #[must_use]
    pub fn idle_for(&self, now: Duration) -> Option<Duration> {
        self.negotiated.direction.receives().then(|| now.saturating_sub(self.last_rtp))
    }

    /// Has the peer's RTP been heard?
    #[must_use]
    pub const fn is_latched(&self) -> bool {
        self.latch.is_locked()
    }

    /// What was agreed last.
    #[must_use]
    pub const fn negotiated(&self) -> &Negotiated {
        &self.negotiated
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> LegStats {
        let peer = self.reporter.peer_view();
        LegStats {
            sent_packets: self.sender.packets(),
            sent_octets: self.sender.octets(),
            source: self.tracker.stats(),
            jitter: self.jitter.stats(),
            jitter_delay: self.jitter.delay(),
            round_trip: self.reporter.round_trip(),
            peer_fraction_lost: peer.map(|block| block.fraction_lost),
            peer_lost: peer.map(|block| block.lost),
            codec: Some(self.negotiated.codec),
            protection: self.link.kind(),
            ..self.counted
        }
    }

    fn may_send(&self) -> bool {
        self.negotiated.direction.sends() && self.link.is_ready() && !self.latch.destination().ip().is_unspecified()
    }

    fn take_event(&mut self, packet: &RtpPacket<'_>) -> Received {
        let header = packet.header;
        if self.source.is_some_and(|source| source.ssrc == header.ssrc) {
            // They share the sequence numbers of the sound, so they count for the loss, but their timestamps stand still.
            if !self.tracker.count_untimed(header.sequence) {
                return self.refuse(Dropped::Duplicate);
            }
        }
        match self.digits.packet(header.ssrc, header.timestamp, packet.payload) {
            Some(digit) => {
                self.counted.digits += 1;
                Received::Digit(digit)
            }
            None => Received::DigitGoesOn,
        }
    }

    /// Follows the peer to a new SSRC at the second packet in order of it.
    fn is_current_source(&mut self, header: &Header) -> bool {
        let Some(source) = &mut self.source else {
            self.source = Some(Source { ssrc: header.ssrc, challenger: None });
            return true;
        };
        if source.ssrc == header.ssrc {
            source.challenger = None;
            return true;
        }
        if source.challenger != Some((header.ssrc, header.sequence)) {
            source.challenger = Some((header.ssrc, header.sequence.wrapping_add(1)));
            return false;
        }
        self.source = Some(Source { ssrc: header.ssrc, challenger: None });
        self.tracker.restart();
        self.jitter.reset();
        self.clock = Clock::new(self.clock.ratio());
        true
    }

    /// Before a key everything said so far leaves, as a shorter packet.
    fn flush_pending(&mut self, out: &mut Outgoing) {
        if self.pending_len > 0 {
            self.send_pending(self.pending_len, out);
        }
    }

    fn send_pending(&mut self, samples: usize, out: &mut Outgoing) {
        let start = out.bytes.len();
        let mut header = self.sender.sound(self.negotiated.payload_type, samples as u32);
        header.timestamp = self.clock.ticks(header.timestamp);
        header.write(&mut out.bytes);
        self.encoder.encode(&self.pending[..samples], &mut out.bytes);
        self.link.protect_rtp(&mut out.bytes, start);
        out.finish();
        self.pending.copy_within(samples..self.pending_len, 0);
        self.pending_len -= samples;
    }

    fn refuse(&mut self, why: Dropped) -> Received {
        match why {
            Dropped::Malformed => self.counted.malformed += 1,
            Dropped::Stranger => self.counted.strangers += 1,
            Dropped::UnknownPayload => self.counted.unknown_payload += 1,
            Dropped::Forged => self.counted.forged += 1,
            Dropped::Learning | Dropped::Duplicate | Dropped::Held | Dropped::NewSource => {}
        }
        Received::Dropped(why)
    }
}

const fn refusal(why: Refused) -> Dropped {
    match why {
        Refused::Malformed => Dropped::Malformed,
        Refused::Forged | Refused::Replayed => Dropped::Forged,
    }
}

//! [`MediaSession`].

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Dropped, LegStats, Outgoing};
use crate::codec::{FRAME_SAMPLES, Frame};
use crate::dtmf::{self, Digit, SendError};
use crate::jitter::{JitterBuffer, JitterConfig, Pulled};
use crate::rtcp::{Compound, Item, Reporter, write_compound, write_goodbye};
use crate::rtp::{Header, Latch, Origin, RtpError, RtpPacket, Sender, SourceTracker};
use crate::sdp::{Negotiated, PayloadKind};

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
    /// Not used.
    Dropped(Dropped),
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
    latch: Latch,
    source: Option<Source>,
    tracker: SourceTracker,
    jitter: JitterBuffer,
    digits: dtmf::Receiver,
    sender: Sender,
    keys: dtmf::Sender,
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
            latch: Latch::new(negotiated.remote_rtp),
            source: None,
            tracker: SourceTracker::default(),
            jitter: JitterBuffer::new(config.jitter),
            digits: dtmf::Receiver::default(),
            sender: Sender::new(config.ssrc, config.first_sequence, config.first_timestamp),
            keys: dtmf::Sender::default(),
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
        self.negotiated = negotiated;
    }

    /// A datagram came to the RTP port.
    pub fn on_datagram(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Received {
        let packet = match RtpPacket::parse(datagram) {
            Ok(packet) => packet,
            Err(RtpError::Rtcp) => return self.on_rtcp(now, from, datagram),
            Err(RtpError::Truncated | RtpError::Version | RtpError::Padding) => return self.refuse(Dropped::Malformed),
        };
        match self.latch.see(from, packet.header.ssrc) {
            Origin::Peer => {}
            Origin::Learning => return self.refuse(Dropped::Learning),
            Origin::Stranger => return self.refuse(Dropped::Stranger),
        }
        self.last_rtp = now;
        let Some(kind) = self.negotiated.receive.get(packet.header.payload_type) else { return self.refuse(Dropped::UnknownPayload) };
        if !self.negotiated.direction.receives() {
            return self.refuse(Dropped::Held);
        }
        match kind {
            // Keys count whichever source they come from: some gateways give them an SSRC of their own.
            PayloadKind::TelephoneEvent => self.take_event(&packet),
            PayloadKind::Audio(_) if !self.is_current_source(&packet.header) => self.refuse(Dropped::NewSource),
            PayloadKind::Audio(codec) => {
                let header = packet.header;
                if !self.tracker.count(header.sequence, header.timestamp, now) {
                    return self.refuse(Dropped::Duplicate);
                }
                if packet.payload.is_empty() {
                    return Received::KeepAlive;
                }
                self.jitter.insert(now, header.sequence, header.timestamp, codec, packet.payload);
                Received::Audio
            }
        }
    }

    /// A datagram came to the RTCP port.
    pub fn on_rtcp(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Received {
        let Ok(compound) = Compound::parse(datagram) else { return self.refuse(Dropped::Malformed) };
        // Reports come from another port than sound: the host must be the peer's.
        if from.ip() != self.latch.destination().ip() {
            return self.refuse(Dropped::Stranger);
        }
        let mut goodbye = false;
        for item in compound.items() {
            match item {
                Item::Report { ssrc, info, blocks } => {
                    if let Some(info) = info.filter(|_| self.source.is_none_or(|source| source.ssrc == ssrc)) {
                        self.reporter.sender_report(now, &info);
                    }
                    let ours = self.sender.ssrc();
                    if let Some(block) = blocks.iter().find(|block| block.ssrc == ours) {
                        self.reporter.report_block(now, &block);
                    }
                }
                Item::Goodbye { .. } => goodbye = true,
                Item::Other { .. } => {}
            }
        }
        Received::Control { goodbye }
    }

    /// One 20 ms tick of listening. Give the nominal time of the tick, not the moment at which a busy machine got round to it.
    pub fn pull_frame(&mut self, now: Duration, out: &mut Frame) -> Pulled {
        self.jitter.pull(now, out)
    }

    /// One 20 ms tick of speaking: the sound, or the key that is being pressed, as datagrams for [`Self::rtp_destination`]. On hold
    /// nothing is sent.
    pub fn push_frame(&mut self, frame: &Frame, out: &mut Outgoing) {
        out.clear();
        if !self.may_send() {
            self.pending_len = 0;
            self.sender.pass(FRAME_SAMPLES as u32, true);
            return;
        }
        if let Some(payload_type) = self.negotiated.dtmf_payload_type
            && let Some(event) = self.keys.tick(self.sender.timestamp().wrapping_add(self.pending_len as u32))
        {
            self.flush_pending(out);
            self.sender.event(payload_type, event.start, event.marker, event.payload.len() as u32).write(&mut out.bytes);
            out.bytes.extend_from_slice(&event.payload);
            out.finish();
            self.sender.pass(FRAME_SAMPLES as u32, false);
            return;
        }
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

    /// Is a key being sent or waiting?
    #[must_use]
    pub const fn is_sending_dtmf(&self) -> bool {
        !self.keys.is_idle()
    }

    /// Is a report due?
    #[must_use]
    pub fn is_rtcp_due(&self, now: Duration) -> bool {
        self.reporter.is_due(now)
    }

    /// Writes the report that is due into `out` (cleared first) and plans the next one.
    pub fn write_rtcp(&mut self, now: Duration, out: &mut Vec<u8>) {
        out.clear();
        let source = self.source.map(|source| (source.ssrc, &mut self.tracker));
        let (info, block) = self.reporter.report(now, &self.sender, source);
        write_compound(out, self.sender.ssrc(), info.as_ref(), block.as_ref(), &self.config.cname);
    }

    /// Writes the last report, which says goodbye.
    pub fn write_goodbye(&mut self, now: Duration, out: &mut Vec<u8>) {
        self.write_rtcp(now, out);
        write_goodbye(out, self.sender.ssrc());
    }

    /// Where RTP goes; `None` while nothing may be sent.
    #[must_use]
    pub fn rtp_destination(&self) -> Option<SocketAddr> {
        self.may_send().then(|| self.latch.destination())
    }

    /// Where RTCP goes, on hold too. A peer behind a translator is reached at its learnt host.
    #[must_use]
    pub fn rtcp_destination(&self) -> Option<SocketAddr> {
        let announced = self.negotiated.remote_rtcp;
        let host: IpAddr = if announced.ip() == self.negotiated.remote_rtp.ip() { self.latch.destination().ip() } else { announced.ip() };
        (!host.is_unspecified()).then(|| SocketAddr::new(host, announced.port()))
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
            ..self.counted
        }
    }

    fn may_send(&self) -> bool {
        self.negotiated.direction.sends() && !self.latch.destination().ip().is_unspecified()
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
        true
    }

    /// Before a key everything said so far leaves, as a shorter packet.
    fn flush_pending(&mut self, out: &mut Outgoing) {
        if self.pending_len > 0 {
            self.send_pending(self.pending_len, out);
        }
    }

    fn send_pending(&mut self, samples: usize, out: &mut Outgoing) {
        self.sender.sound(self.negotiated.payload_type, samples as u32).write(&mut out.bytes);
        self.negotiated.codec.encode(&self.pending[..samples], &mut out.bytes);
        out.finish();
        self.pending.copy_within(samples..self.pending_len, 0);
        self.pending_len -= samples;
    }

    fn refuse(&mut self, why: Dropped) -> Received {
        match why {
            Dropped::Malformed => self.counted.malformed += 1,
            Dropped::Stranger => self.counted.strangers += 1,
            Dropped::UnknownPayload => self.counted.unknown_payload += 1,
            Dropped::Learning | Dropped::Duplicate | Dropped::Held | Dropped::NewSource => {}
        }
        Received::Dropped(why)
    }
}

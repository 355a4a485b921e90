//! One leg: its sockets, its media session, what it still has to hear.

use std::{net::SocketAddr, ops::Range, time::Duration};

use tracing::debug;
use warmline_sip::media::{self, DtlsContext, MediaSession, Outgoing, Passing, Pulled, Received};
use warmline_sip::{
    codec::Codec,
    dtmf::Digit,
    jitter::JitterConfig,
    quality::{self, Conditions, SpeechCoding},
    sdp::Negotiated,
};

use super::{
    listening::{Detectors, Listening, Noted},
    ports::{LegSockets, random},
    socket::{self, Arrived, Inbox},
    watch::{Token, Watch},
};
use crate::call::{
    event::LegQuality,
    ids::LegId,
    media::{
        frame::{FRAME_SAMPLES, Samples},
        patch::{Ear, Patch},
        playout::Playout,
        under::UnderSound,
    },
};

/// Datagrams read at one tick and socket: a flood must not hold up the other calls.
const MAX_READ: usize = 64;
/// The same of reports and of what comes with them, at one look; the rest is told of when the next one comes.
const MAX_REPORTS: usize = 16;
/// Of so many packets that go across as they come, two in a row are timed exactly, for the jitter.
const TIMED_EVERY: u8 = 16;
/// The time from one packet to the next of a stream that comes as it should, as far as looks can tell.
const STEADY: Range<Duration> = Duration::from_micros(12_500)..Duration::from_micros(27_500);
/// More small datagrams than a socket's buffer can hold.
const MAX_FORGOTTEN: usize = 1_024;

/// What the media threads share between all legs.
pub(super) struct Scratch {
    pub(super) inbox: Inbox,
    pub(super) outgoing: Outgoing,
    pub(super) report: Vec<u8>,
    /// None if the kernel gives none: then every packet waits for the tick.
    pub(super) watch: Option<Watch>,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self { inbox: Inbox::new(), outgoing: Outgoing::default(), report: Vec::new(), watch: Watch::new() }
    }
}

/// How a socket is to be read for which something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Until nothing is left.
    pub(super) thorough: bool,
    /// With the time of arrival.
    pub(super) stamped: bool,
}

/// What a leg noticed while reading.
pub(super) enum Noticed {
    FirstRtp,
    Digit(Digit),
}

pub(super) struct Leg {
    pub(super) id: LegId,
    pub(super) session: MediaSession,
    pub(super) playout: Playout,
    /// What came from the leg in this tick.
    pub(super) incoming: Samples,
    pub(super) pulled: Pulled,
    /// The legs that it hears.
    pub(super) hears: Vec<LegId>,
    pub(super) listened_to: bool,
    /// Its words are only written down.
    pub(super) written: bool,
    pub(super) lost_reported: bool,
    /// Which leg gets its packets as they come, and no other sound.
    pub(super) passes_to: Option<usize>,
    /// Does another leg pass its packets to this one?
    pub(super) is_passed_to: bool,
    /// Is nothing to be sent in this tick, because it gets another leg's packets?
    pub(super) is_resting: bool,
    detectors: Detectors,
    under: UnderSound,
    heard_from: bool,
    sockets: LegSockets,
    /// The one address that the RTP socket takes datagrams from, and need not be told to send to.
    fixed: Option<SocketAddr>,
    /// Has the RTP socket been empty since it was fixed? Until then datagrams of others may lie in it.
    is_alone: bool,
    /// Does the kernel tell when a datagram came to the RTP socket?
    stamps: bool,
    /// Are reports read as they come?
    pub(super) is_control_watched: bool,
    /// When it had something to be read, the last time that it was looked for.
    looked: Duration,
    /// Of the packets that go across, counted up to [`TIMED_EVERY`].
    turn: u8,
}

impl Leg {
    pub(super) fn new(
        now: Duration,
        id: LegId,
        mut sockets: LegSockets,
        negotiated: Negotiated,
        jitter: JitterConfig,
        dtls: DtlsContext,
        listening: Listening,
    ) -> Self {
        sockets.turn_to(negotiated.remote_rtp.ip());
        let (identity, start) = (random(), random());
        let config = media::MediaConfig {
            ssrc: identity as u32,
            // In the lower half: SRTP could not tell a lost first packet from a wrap otherwise (RFC 3711 §3.3.1).
            first_sequence: (identity >> 32) as u16 >> 1,
            first_timestamp: start as u32,
            cname: format!("{:016x}", random()),
            jitter,
            dtls: Some(dtls),
        };
        Self {
            id,
            session: MediaSession::new(now, config, negotiated),
            playout: Playout::default(),
            incoming: [0; FRAME_SAMPLES],
            pulled: Pulled::Silence,
            hears: Vec::new(),
            listened_to: false,
            written: false,
            lost_reported: false,
            passes_to: None,
            is_passed_to: false,
            is_resting: false,
            detectors: Detectors::new(listening),
            under: UnderSound::default(),
            heard_from: false,
            sockets,
            fixed: None,
            is_alone: false,
            stamps: true,
            is_control_watched: false,
            looked: now,
            turn: 0,
        }
    }

    /// A later offer and answer. As long as it rings, its answer may come from an address of the other family; with ICE the checks say where it is.
    pub(super) fn update(&mut self, now: Duration, negotiated: Negotiated, inbox: &mut Inbox) {
        if negotiated.ice.is_none() && self.sockets.turn_to(negotiated.remote_rtp.ip()) {
            self.forget_waiting(inbox);
        }
        self.session.update(now, negotiated);
        self.lost_reported = false;
    }

    /// It is up: its peer stays in its family of addresses, unless checks (ICE) may show it elsewhere.
    pub(super) fn settle(&mut self) {
        if self.session.negotiated().ice.is_none() {
            self.sockets.settle();
        }
    }

    /// Might its peer turn up in the other family of addresses?
    pub(super) fn may_turn(&self) -> bool {
        self.session.negotiated().ice.is_some() && self.sockets.other().is_some()
    }

    /// Turns to the family of addresses in which the checks have found its peer. While packets go across, the kernel watches the socket: that has to
    /// end first.
    pub(super) fn follow(&mut self, token: Token, watch: Option<&Watch>) {
        let found = self.session.rtp_destination().map(|peer| peer.ip()).filter(|_| self.may_turn());
        let Some(found) = found.filter(|found| self.sockets.rtp.local_addr().is_ok_and(|own| own.is_ipv6() != found.is_ipv6())) else {
            return;
        };
        self.pass_to(None, false, token, watch);
        if self.passes_to.is_none() && self.sockets.turn_to(found) {
            self.watch_control(token, watch);
        }
    }

    /// Throws away what came before the leg was up: the ring-back of a dialled phone, or somebody's noise.
    pub(super) fn forget_waiting(&mut self, inbox: &mut Inbox) {
        for socket in [&self.sockets.rtp, &self.sockets.rtcp] {
            let mut left = MAX_FORGOTTEN;
            while left > 0 && inbox.read(socket, Duration::ZERO).is_some() {
                left -= 1;
            }
        }
    }

    /// Takes its part of the call's patch.
    pub(super) fn patch(&mut self, patch: &Patch) {
        let ear = patch.ears.iter().find(|ear| ear.leg == self.id);
        self.under.set(ear.map(|ear| ear.under).unwrap_or_default());
        self.hears.clear();
        self.hears.extend(ear.map(|Ear { hears, .. }| hears.as_slice()).unwrap_or_default());
        self.written = patch.written.contains(&self.id);
        self.listened_to = self.written || patch.listen.contains(&self.id);
    }

    /// Does it hear just this one leg, and nothing else?
    pub(super) fn hears_only(&self, source: &Self) -> bool {
        self.hears == [source.id]
            && self.under.is_nothing()
            && self.playout.is_idle()
            && self.session.takes_passing(source.session.coming_codec())
    }

    /// From now on its packets go to this leg as they come, or to nobody. They are decoded here as well when somebody needs the sound.
    pub(super) fn pass_to(&mut self, to: Option<usize>, recorded: bool, token: Token, watch: Option<&Watch>) {
        let to = to.filter(|_| watch.is_some());
        let kept = to.is_none() || recorded || self.listened_to || self.detectors.needs_sound();
        self.session.keep_sound(kept);
        if !kept {
            self.incoming.fill(0);
            self.pulled = Pulled::Silence;
        }
        if let Some(watch) = watch
            && to.is_some() != self.passes_to.is_some()
        {
            let done = if to.is_some() { watch.add(&self.sockets.rtp, token) } else { watch.remove(&self.sockets.rtp) };
            if !done {
                return;
            }
        }
        self.passes_to = to;
        self.fix_peer();
        self.stamp(to.is_none() || kept);
    }

    /// Reports are read as they come from now on, or, if the kernel refuses, at slow ticks.
    pub(super) fn watch_control(&mut self, token: Token, watch: Option<&Watch>) {
        self.is_control_watched = watch.is_some_and(|watch| watch.add(&self.sockets.rtcp, token.control()));
    }

    /// While its packets go across and nobody but its peer may be heard, the kernel is told so: it need not find the way for each packet. Whatever
    /// else comes is then refused by the kernel.
    pub(super) fn fix_peer(&mut self) {
        let peer = self.session.only_peer().filter(|_| self.passes_to.is_some());
        if peer != self.fixed {
            self.fixed = socket::fix_peer(&self.sockets.rtp, self.fixed, peer);
            self.is_alone = false;
            self.look_again();
        }
    }

    /// Has datagrams stamped by the kernel, or not: those who do not want to know are served quicker.
    fn stamp(&mut self, wanted: bool) {
        if wanted != self.stamps && socket::stamp(&self.sockets.rtp, wanted) {
            self.stamps = wanted;
        }
    }

    /// Something has come: how is it to be read? One datagram every 20 ms is the rule. Whenever they come otherwise, there may be several, or
    /// some left from the last time. The moment of arrival costs time of its own: it is wanted if the sound is kept, and now and then for
    /// the jitter.
    pub(super) fn look(&mut self, now: Duration) -> Look {
        let thorough = !STEADY.contains(&now.saturating_sub(self.looked));
        self.looked = now;
        self.turn = (self.turn + 1) % TIMED_EVERY;
        let stamped = self.turn < 2 || self.session.keeps_sound();
        self.stamp(stamped);
        Look { thorough, stamped }
    }

    /// More had come than is read at one look: the next one is thorough again.
    pub(super) fn look_again(&mut self) {
        self.looked = Duration::ZERO;
    }

    /// Do its packets go across, and none has come for a while?
    pub(super) fn is_quiet(&self, now: Duration) -> bool {
        self.passes_to.is_some() && now.saturating_sub(self.looked) > STEADY.end
    }

    /// Reads the next datagram without its time of arrival, which was not long ago.
    pub(super) fn read_unstamped<'a>(&mut self, now: Duration, inbox: &'a mut Inbox) -> Option<(Arrived<'a>, Received)> {
        let Some(arrived) = inbox.read_unstamped(&self.sockets.rtp, self.fixed.filter(|_| self.is_alone)) else {
            self.is_alone = self.fixed.is_some();
            return None;
        };
        let received = self.session.on_datagram_unstamped(now, arrived.from, arrived.bytes);
        Some((arrived, received))
    }

    /// Reads the next datagram and says what it was; `None` when there is none.
    pub(super) fn read_one<'a>(&mut self, now: Duration, civil: Duration, inbox: &'a mut Inbox) -> Option<(Arrived<'a>, Received)> {
        let Some(arrived) = inbox.read(&self.sockets.rtp, civil) else {
            self.is_alone = self.fixed.is_some();
            return None;
        };
        let received = self.session.on_datagram(now.saturating_sub(arrived.age), arrived.from, arrived.bytes);
        Some((arrived, received))
    }

    /// A key came as telephone events.
    pub(super) fn event(&mut self, now: Duration, digit: Digit) -> Option<Digit> {
        self.detectors.event(now, digit)
    }

    /// Reads what has arrived by `now`, unless that happens as it comes; `notice` is called for what the call must know.
    pub(super) fn read(&mut self, now: Duration, civil: Duration, inbox: &mut Inbox, mut notice: impl FnMut(Noticed)) {
        let waiting = if self.passes_to.is_some() { 0 } else { MAX_READ };
        for _ in 0..waiting {
            let Some((_, received)) = self.read_one(now, civil, inbox) else { break };
            if let Received::Digit(digit) = received
                && let Some(digit) = self.event(now, digit)
            {
                notice(Noticed::Digit(digit));
            }
        }
        if self.may_turn() {
            self.read_elsewhere(now, civil, inbox);
        }
        self.session.tick(now);
        self.send_control();
        if !self.heard_from && self.session.is_latched() {
            self.heard_from = true;
            notice(Noticed::FirstRtp);
        }
    }

    /// Reads what has come to our other address: checks, and what follows them until the leg turns there.
    fn read_elsewhere(&mut self, now: Duration, civil: Duration, inbox: &mut Inbox) {
        let Some((rtp, rtcp)) = self.sockets.other() else { return };
        for _ in 0..MAX_REPORTS {
            let Some(arrived) = inbox.read(rtp, civil) else { break };
            self.session.on_datagram(now.saturating_sub(arrived.age), arrived.from, arrived.bytes);
        }
        for _ in 0..MAX_REPORTS {
            let Some(arrived) = inbox.read(rtcp, civil) else { break };
            self.session.on_rtcp(now.saturating_sub(arrived.age), arrived.from, arrived.bytes);
        }
    }

    /// Reads RTCP.
    pub(super) fn read_control(&mut self, now: Duration, civil: Duration, inbox: &mut Inbox) {
        for _ in 0..MAX_REPORTS {
            let Some(arrived) = inbox.read(&self.sockets.rtcp, civil) else { break };
            self.session.on_rtcp(now.saturating_sub(arrived.age), arrived.from, arrived.bytes);
        }
        self.send_control();
    }

    /// A key came by signalling.
    pub(super) fn key(&mut self, now: Duration, digit: Digit) -> Option<Digit> {
        self.detectors.info(now, digit)
    }

    /// Takes the frame of this tick out of the jitter buffer, and listens for what is no speech.
    pub(super) fn pull(&mut self, nominal: Duration) -> Noted {
        if !self.session.keeps_sound() {
            // Somebody else has it.
            return Noted::default();
        }
        self.pulled = self.session.pull_frame(nominal, &mut self.incoming);
        self.detectors.frame(nominal, &self.incoming, self.pulled)
    }

    /// How it sounds so far; none before anything came.
    pub(super) fn quality(&self) -> Option<LegQuality> {
        let stats = self.session.stats();
        let codec = stats.codec.filter(|_| stats.source.received > 0)?;
        let lost = stats.source.lost() + stats.jitter.late;
        let packet = Duration::from_millis(u64::from(self.session.negotiated().packet_ms));
        let coding = match codec {
            Codec::Pcmu | Codec::Pcma => SpeechCoding::G711,
            Codec::G722 => SpeechCoding::G722,
            Codec::Opus => SpeechCoding::Opus,
        };
        let conditions = Conditions {
            delay: quality::one_way_delay(stats.round_trip, stats.jitter_delay, packet),
            loss: lost as f32 / stats.source.expected.max(1) as f32,
            burst_ratio: quality::burst_ratio(stats.source.received, stats.source.lost(), stats.source.gaps),
        };
        Some(LegQuality {
            codec: codec.encoding_name().to_owned(),
            protection: stats.protection.to_owned(),
            packets: stats.source.received,
            lost,
            jitter_ms: stats.source.jitter_time().as_secs_f32() * 1_000.0,
            round_trip_ms: stats.round_trip.and_then(|time| u32::try_from(time.as_millis()).ok()),
            mos: quality::rate(coding, &conditions).mos,
        })
    }

    /// The speech for this tick. While the leg holds us it hears nothing, and speech waits.
    pub(super) fn speech(&mut self, out: &mut Samples) -> bool {
        if self.is_deaf() {
            out.fill(0);
            return false;
        }
        self.playout.pull(out)
    }

    /// Adds the sound under everything else.
    pub(super) fn add_under(&mut self, out: &mut Samples, speaking: bool) {
        self.under.add_to(out, speaking);
    }

    /// Does nothing that we send reach it?
    pub(super) fn is_deaf(&self) -> bool {
        self.session.rtp_destination().is_none()
    }

    /// Once a tick, and `ticks` after the last time: does it get another leg's packets, so that nothing else is to be sent?
    pub(super) fn rests(&mut self, ticks: u32) -> bool {
        self.is_resting = self.is_passed_to && self.session.rest(ticks);
        self.is_resting
    }

    /// Is there nothing to be done for it at every tick?
    pub(super) fn may_rest(&self) -> bool {
        self.is_resting && !self.session.keeps_sound()
    }

    /// Sends what it hears in this tick.
    pub(super) fn send(&mut self, frame: &Samples, outgoing: &mut Outgoing) {
        self.session.push_frame(frame, outgoing);
        self.send_out(outgoing);
    }

    /// Sends another leg's packet.
    pub(super) fn pass_on(&mut self, packet: &Passing, payload: &[u8], outgoing: &mut Outgoing) {
        self.session.pass_on(packet, payload, outgoing);
        self.send_out(outgoing);
    }

    fn send_out(&self, outgoing: &Outgoing) {
        if let Some(to) = self.session.rtp_destination() {
            for datagram in outgoing.iter() {
                // A full send buffer loses this packet, as a network would.
                let _ =
                    if self.fixed == Some(to) { socket::send(&self.sockets.rtp, datagram) } else { self.sockets.rtp.send_to(datagram, to) };
            }
        }
    }

    /// Sends the report that is due.
    pub(super) fn report(&mut self, now: Duration, scratch: &mut Scratch) {
        if self.session.is_rtcp_due(now) {
            self.session.write_rtcp(now, &mut scratch.report);
            self.send_report(&scratch.report);
        }
    }

    /// Says goodbye on RTCP.
    pub(super) fn say_goodbye(&mut self, now: Duration, scratch: &mut Scratch) {
        self.session.write_goodbye(now, &mut scratch.report);
        self.send_report(&scratch.report);
    }

    /// Answers to connectivity checks, and parts of a handshake.
    pub(super) fn send_control(&mut self) {
        while let Some(control) = self.session.poll_control() {
            let socket = self.sockets.towards(control.to.ip(), control.from_rtcp_port);
            // Lost ones are asked for again.
            let _ = socket.send_to(&control.bytes, control.to);
        }
    }

    fn send_report(&self, report: &[u8]) {
        let socket = if self.session.is_rtcp_muxed() { &self.sockets.rtp } else { &self.sockets.rtcp };
        if report.is_empty() {
            return;
        }
        if let Some(to) = self.session.rtcp_destination()
            && let Err(problem) = socket.send_to(report, to)
        {
            debug!(%problem, "report not sent");
        }
    }
}

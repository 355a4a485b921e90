//! The signalling state of every leg, in one task: no locks, and one order of things.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::Arc,
};

use tokio::sync::mpsc;
use warmline_sip::{
    dtmf::Digit,
    sdp::{Direction, LocalMedia, Negotiated, Policy, SdpSession, Secret},
    user_agent::{EndedBy, Event as WireEvent, LegId as WireLeg, RegistrationState, TransactionId, UserAgent},
};

use super::{
    Arrival, Options,
    browsers::Browsers,
    causes::{DONE, NO_SOUND},
    dialling::dial_failure,
    lines::{Line, Lines},
    media::{CallMedia, Command as MediaCommand, LegSockets, Listening, MediaPool},
    people::People,
    signature::Signatures,
    transfers::Wanted,
};
use crate::{
    call::{
        event::{DialFailure, Event, LegEnd},
        ids::{CallId, LegId, RequestId},
    },
    trunk::{Permit, TrunkTable},
    web_call::{Request, WebRefused},
};

/// What a leg needs of its call.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) media: CallMedia,
    pub(super) events: mpsc::Sender<Event>,
}

impl Link {
    pub(super) fn tell(&self, event: Event) {
        match self.events.try_send(event) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(event)) => tracing::error!(?event, "a call takes no events any more"),
        }
    }

    pub(super) fn media(&self, command: MediaCommand) {
        if let Err(error) = self.media.send(command) {
            tracing::error!(%error, "the media engine did not take a command");
        }
    }
}

/// What a dialled phone is told of the call.
#[derive(Debug)]
pub(super) struct About {
    pub(super) call: CallId,
    pub(super) reason: String,
    pub(super) claim_code: String,
}

/// A call that is to be placed.
#[derive(Debug)]
pub(super) struct Dial {
    /// None: it is the caller who is called back.
    pub(super) agent: Option<String>,
    pub(super) target: String,
    pub(super) ring_ms: u64,
    /// The call at that phone whose place this one takes (a Replaces value).
    pub(super) replaces: Option<String>,
    pub(super) about: About,
}

/// What calls ask.
#[derive(Debug)]
pub(super) enum Command {
    Take { leg: WireLeg, offer: Option<Vec<u8>>, source: Option<IpAddr>, link: Arc<Link>, trunk: Option<String>, permit: Permit },
    Answer { leg: WireLeg },
    Reject { leg: WireLeg, status: u16 },
    Dial { leg: WireLeg, id: LegId, wanted: Dial, link: Arc<Link> },
    Transfer { leg: WireLeg, wanted: Wanted },
    AnswerTransfer { leg: WireLeg, granted: bool },
    TransferDone { leg: WireLeg, connected: bool },
    HangUp { leg: WireLeg },
    MediaLost { link: Arc<Link>, leg: LegId },
    ToneBeforeAnswer { link: Arc<Link>, leg: LegId, why: DialFailure },
    Key { link: Arc<Link>, leg: LegId, digit: Digit },
}

/// Where a leg stands.
#[derive(Debug)]
pub(super) enum Stage {
    /// An inbound call that was not answered yet.
    Arrived { offer: Option<Vec<u8>> },
    /// The sound is negotiated and flows; the ACK of the 2xx is still to come.
    Answered,
    /// Our offer is out, and the sockets wait for the answer: in the 2xx of a call we placed, in the ACK of one that came without an offer.
    Offered { sockets: LegSockets },
    /// A call that we placed rings, and sound comes already: the media has the sockets. The answer may still say something else.
    Early {
        /// What it said.
        answer: Vec<u8>,
        /// Our offer, still open, where the far end has wanted something else since (UPDATE): another telephone may be the one that answers.
        offered: Option<Box<SdpSession>>,
    },
    /// Up.
    Up,
}

#[derive(Debug)]
pub(super) struct Leg {
    pub(super) id: LegId,
    pub(super) link: Arc<Link>,
    pub(super) sdp: SdpSession,
    pub(super) stage: Stage,
    pub(super) listening: Listening,
    held: bool,
    /// The agent who was rung.
    pub(super) agent: Option<String>,
    /// We have placed this call.
    pub(super) dialled: bool,
    /// The transfer that its far end was asked for.
    pub(super) referring: Option<RequestId>,
    /// The transfer that its far end asks for.
    pub(super) asked: Option<TransactionId>,
    /// Its place on its trunk.
    pub(super) permit: Option<Permit>,
}

pub(super) struct Switchboard {
    pub(super) user_agent: UserAgent,
    pub(super) arrivals: mpsc::Sender<Arrival>,
    pub(super) browsers: Browsers,
    pub(super) lines: Lines,
    pub(super) trunks: Arc<TrunkTable>,
    pub(super) signatures: Option<Arc<Signatures>>,
    pub(super) media: Arc<MediaPool>,
    /// Callers at once.
    calls: usize,
    media_address: IpAddr,
    other_address: Option<IpAddr>,
    pub(super) from_user: String,
    pub(super) display_name: String,
    pub(super) legs: HashMap<WireLeg, Leg>,
    /// How many of them are callers.
    pub(super) callers: usize,
    /// Legs that ended before their call took them up.
    gone: HashMap<WireLeg, LegEnd>,
    /// Arrivals that were not taken up yet.
    pub(super) waiting: HashSet<WireLeg>,
    /// Legs whose place another one has taken.
    pub(super) taken_over: HashMap<WireLeg, WireLeg>,
    pub(super) people: People,
}

impl Switchboard {
    pub(super) fn new(options: &Options, user_agent: UserAgent, arrivals: mpsc::Sender<Arrival>, media: Arc<MediaPool>) -> Self {
        Self {
            user_agent,
            arrivals,
            browsers: Browsers::default(),
            lines: options.lines.clone(),
            trunks: Arc::clone(&options.trunks),
            signatures: options.signatures.clone(),
            media,
            calls: options.calls,
            media_address: options.media_address,
            other_address: options.other_address,
            from_user: options.from_user.clone(),
            display_name: options.display_name.clone(),
            legs: HashMap::new(),
            callers: 0,
            gone: HashMap::new(),
            waiting: HashSet::new(),
            taken_over: HashMap::new(),
            people: options.people.clone(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut events: mpsc::Receiver<WireEvent>,
        mut commands: mpsc::Receiver<Command>,
        mut pages: mpsc::Receiver<Request>,
    ) {
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.on_event(event).await,
                    None => return,
                },
                command = commands.recv() => match command {
                    Some(command) => self.on_command(command).await,
                    None => return,
                },
                Some(request) = pages.recv() => self.on_request(request).await,
            }
        }
    }

    async fn on_command(&mut self, command: Command) {
        match command {
            Command::Take { leg, offer, source, link, trunk, permit } => self.take(leg, (offer, source), link, (trunk.as_deref(), permit)),
            Command::Answer { leg } => self.answer(leg).await,
            Command::Reject { leg, status } => {
                self.drop_leg(leg);
                self.refuse(leg, status).await;
            }
            Command::Dial { leg, id, wanted, link } => self.dial(leg, id, &wanted, link).await,
            Command::Transfer { leg, wanted } => self.transfer(leg, wanted).await,
            Command::AnswerTransfer { leg, granted } => self.answer_transfer(self.current(leg), granted).await,
            Command::TransferDone { leg, connected } => self.transfer_done(self.current(leg), connected).await,
            Command::HangUp { leg } => self.hang_up(self.current(leg)).await,
            Command::MediaLost { link, leg } => {
                if let Some(wire) = self.wire_of(&link, leg) {
                    self.hang_up_because(wire, NO_SOUND).await;
                }
            }
            Command::ToneBeforeAnswer { link, leg, why } => {
                if let Some(wire) = self.wire_of(&link, leg) {
                    self.tone_before_answer(wire, why).await;
                }
            }
            Command::Key { link, leg, digit } => {
                if let Some(wire) = self.wire_of(&link, leg) {
                    self.tell_key(wire, digit).await;
                }
            }
        }
    }

    fn wire_of(&self, link: &Arc<Link>, leg: LegId) -> Option<WireLeg> {
        self.legs.iter().find(|(_, known)| known.id == leg && Arc::ptr_eq(&known.link, link)).map(|(wire, _)| *wire)
    }

    fn take(
        &mut self,
        wire: WireLeg,
        (offer, source): (Option<Vec<u8>>, Option<IpAddr>),
        link: Arc<Link>,
        (trunk, permit): (Option<&str>, Permit),
    ) {
        self.waiting.remove(&wire);
        if let Some(why) = self.gone.remove(&wire) {
            link.tell(Event::LegEnded { leg: LegId::CALLER, why });
            return;
        }
        let line = self.lines.of(trunk);
        let (mut sdp, listening) = (self.session_on(&line, 0), line.listening(false));
        // Whoever offers nothing is offered what reaches them.
        source.into_iter().for_each(|source| sdp.set_local(sdp.local().towards(source)));
        self.callers += 1;
        let leg = Leg::new(LegId::CALLER, link, sdp, Stage::Arrived { offer }, listening);
        self.legs.insert(wire, Leg { permit: Some(permit), ..leg });
    }

    async fn answer(&mut self, wire: WireLeg) {
        let Some(leg) = self.legs.get_mut(&wire) else { return };
        let Stage::Arrived { offer } = &mut leg.stage else { return };
        let offer = offer.take();
        let Ok(sockets) = self.media.reserve() else {
            let leg = self.drop_leg(wire).expect("it was there a moment ago");
            tracing::error!("no free RTP port: the call is refused");
            self.refuse(wire, 503).await;
            leg.link.tell(Event::LegEnded { leg: leg.id, why: LegEnd::SignallingLost });
            return;
        };
        leg.sdp.set_local(LocalMedia { rtp_port: sockets.rtp_port(), ..*leg.sdp.local() });
        let body = match offer {
            None => {
                leg.stage = Stage::Offered { sockets };
                leg.sdp.offer(Direction::SendRecv)
            }
            Some(offer) => match leg.sdp.answer(&offer, Direction::SendRecv) {
                Ok((body, negotiated)) => {
                    leg.stage = Stage::Answered;
                    leg.start(sockets, &negotiated);
                    body
                }
                Err(error) => {
                    // It was checked at the arrival.
                    let leg = self.drop_leg(wire).expect("it was there a moment ago");
                    self.refuse(wire, error.status_code()).await;
                    leg.link.tell(Event::LegEnded { leg: leg.id, why: LegEnd::SignallingLost });
                    return;
                }
            },
        };
        if self.browsers.has(wire) {
            return self.answer_page(wire, body);
        }
        self.user_agent.answer(wire, body.into_bytes()).await;
    }

    /// A page has no ACK: the call is up when its answer has left.
    fn answer_page(&mut self, wire: WireLeg, body: String) {
        if self.browsers.answer(wire, body) {
            if let Some(leg) = self.legs.get_mut(&wire) {
                leg.stage = Stage::Up;
                leg.link.tell(Event::LegAnswered { leg: leg.id });
            }
        } else {
            self.ended(wire, LegEnd::HungUp);
            self.browsers.forget(wire, WebRefused::Busy);
        }
    }

    /// Refuses a call that came in, by whichever way.
    async fn refuse(&mut self, wire: WireLeg, status: u16) {
        if self.browsers.has(wire) {
            self.browsers.forget(wire, WebRefused::from_sip(status));
        } else {
            self.user_agent.reject(wire, status, None, Vec::new()).await;
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() + self.callers >= self.calls
    }

    pub(super) async fn hang_up(&mut self, wire: WireLeg) {
        self.hang_up_because(wire, DONE).await;
    }

    /// `reason`: a Reason header for the far end (RFC 3326).
    async fn hang_up_because(&mut self, wire: WireLeg, reason: &str) {
        let Some(leg) = self.drop_leg(wire) else { return };
        leg.link.media(MediaCommand::RemoveLeg { leg: leg.id });
        if self.browsers.is_page(wire) {
            return self.browsers.forget(wire, WebRefused::Busy);
        }
        match leg.stage {
            Stage::Arrived { .. } => self.user_agent.reject(wire, 480, None, Vec::new()).await,
            Stage::Early { .. } => self.user_agent.cancel_because(wire, reason.to_owned()).await,
            Stage::Offered { .. } if leg.dialled => self.user_agent.cancel_because(wire, reason.to_owned()).await,
            Stage::Offered { .. } | Stage::Answered | Stage::Up => self.user_agent.bye(wire, Some(reason.to_owned())).await,
        }
    }

    async fn on_event(&mut self, event: WireEvent) {
        match event {
            WireEvent::Incoming(incoming) => self.incoming(*incoming).await,
            WireEvent::Cancelled { leg, reason } => self.over(leg, LegEnd::HungUp, reason.as_deref()),
            WireEvent::Confirmed { leg, answer } => self.confirmed(leg, answer).await,
            WireEvent::Progress { leg, sdp, .. } => self.progress(leg, sdp.as_deref()),
            WireEvent::Answered { leg, sdp } => self.answered(leg, sdp).await,
            WireEvent::Failed { leg, status, why, reason, retry_after } => {
                if let Some(leg) = self.drop_leg(leg) {
                    tracing::info!(?status, ?why, leg = leg.id.0, "a phone could not be reached");
                    leg.link.media(MediaCommand::RemoveLeg { leg: leg.id });
                    leg.explain(status, reason.as_deref(), retry_after);
                    leg.link.tell(Event::LegFailed { leg: leg.id, why: dial_failure(why) });
                }
            }
            WireEvent::Reoffer { leg, transaction, offer } => self.reoffer(leg, transaction, offer).await,
            WireEvent::Ended { leg, by, reason } => {
                let why = if by == EndedBy::Timeout { LegEnd::SignallingLost } else { LegEnd::HungUp };
                self.over(leg, why, reason.as_deref());
            }
            WireEvent::Referred { leg, progress } => self.referred(leg, progress),
            WireEvent::TransferAsked { leg, transaction, refer_to, replaces, replaced } => {
                self.transfer_asked(leg, transaction, (&refer_to, replaces), replaced).await;
            }
            // We send no re-INVITE of our own.
            WireEvent::Reanswered { .. } | WireEvent::Refreshed { .. } => {}
            WireEvent::Info { leg, content_type, body } => self.told(leg, &content_type, &body),
            WireEvent::KeyNotTaken { leg, digit } => self.sound_key(leg, digit),
            WireEvent::Registration { name, state } => {
                let registered = matches!(state, RegistrationState::Registered { .. });
                metrics::gauge!("warmline_trunk_registered", "trunk" => name.clone()).set(f64::from(u8::from(registered)));
                if registered {
                    tracing::info!(trunk = name, ?state, "registered");
                } else {
                    tracing::warn!(trunk = name, ?state, "not registered");
                }
            }
            WireEvent::Bindings { user, contacts } => {
                metrics::gauge!("warmline_telephones", "agent" => user.clone()).set(contacts as f64);
                tracing::info!(agent = user, contacts, "telephones registered");
            }
            WireEvent::Health { name, alive, round_trip } => {
                let (trunk, peer) = name.split_once('/').unwrap_or((&name, ""));
                let labels = [("trunk", trunk.to_owned()), ("peer", peer.to_owned())];
                metrics::gauge!("warmline_trunk_up", &labels).set(f64::from(u8::from(alive)));
                if alive {
                    tracing::info!(trunk, peer, ?round_trip, "a peer answers");
                } else {
                    tracing::warn!(trunk, peer, "a peer does not answer");
                }
            }
        }
    }

    async fn confirmed(&mut self, wire: WireLeg, answer: Option<Vec<u8>>) {
        let Some(leg) = self.legs.get_mut(&wire) else { return };
        match std::mem::replace(&mut leg.stage, Stage::Up) {
            Stage::Answered => leg.link.tell(Event::LegAnswered { leg: leg.id }),
            Stage::Offered { sockets } => match answer.as_deref().map(|answer| leg.sdp.accept(answer)) {
                Some(Ok(negotiated)) => {
                    leg.start(sockets, &negotiated);
                    leg.link.tell(Event::LegAnswered { leg: leg.id });
                }
                Some(Err(_)) | None => self.give_up(wire).await,
            },
            // The ACK of a re-INVITE that had no offer brings the answer to ours.
            Stage::Up => {
                if let Some(answer) = answer
                    && let Ok(negotiated) = leg.sdp.accept(&answer)
                {
                    leg.update(&negotiated);
                }
            }
            before @ (Stage::Arrived { .. } | Stage::Early { .. }) => leg.stage = before,
        }
    }

    async fn answered(&mut self, wire: WireLeg, sdp: Option<Vec<u8>>) {
        let Some(leg) = self.legs.get_mut(&wire) else { return };
        let sockets = match std::mem::replace(&mut leg.stage, Stage::Up) {
            Stage::Offered { sockets } => Some(sockets),
            Stage::Early { answer, offered } => {
                if let Some(offered) = offered {
                    if sdp.as_ref() == Some(&answer) {
                        return leg.take_early();
                    }
                    leg.sdp = *offered;
                }
                None
            }
            Stage::Arrived { .. } | Stage::Answered | Stage::Up => return,
        };
        match sdp.as_deref().map(|answer| leg.sdp.accept(answer)) {
            Some(Ok(negotiated)) => {
                match sockets {
                    Some(sockets) => leg.start(sockets, &negotiated),
                    None => leg.end_early(&negotiated),
                }
                leg.link.tell(Event::LegAnswered { leg: leg.id });
            }
            Some(Err(_)) | None => self.give_up(wire).await,
        }
    }

    /// The peer answered with something that we cannot use.
    async fn give_up(&mut self, wire: WireLeg) {
        let Some(leg) = self.drop_leg(wire) else { return };
        leg.link.media(MediaCommand::RemoveLeg { leg: leg.id });
        self.user_agent.bye(wire, Some("SIP;cause=488".to_owned())).await;
        leg.link.tell(if leg.id == LegId::CALLER && !leg.dialled {
            Event::LegEnded { leg: leg.id, why: LegEnd::SignallingLost }
        } else {
            Event::LegFailed { leg: leg.id, why: DialFailure::Rejected }
        });
    }

    async fn reoffer(&mut self, wire: WireLeg, transaction: TransactionId, offer: Option<Vec<u8>>) {
        let Some(leg) = self.legs.get_mut(&wire) else { return };
        let answer = match offer {
            None => Ok(leg.sdp.offer(Direction::SendRecv).into_bytes()),
            // It rings, and what it said of its sound was of no use.
            Some(_) if matches!(leg.stage, Stage::Offered { .. }) => Err(488),
            Some(offer) => leg.reanswer(&offer),
        };
        self.user_agent.answer_reinvite(wire, transaction, answer).await;
    }

    /// The far end is gone, and may have said why.
    fn over(&mut self, wire: WireLeg, why: LegEnd, reason: Option<&str>) {
        if let Some(leg) = self.legs.get(&wire) {
            leg.explain(None, reason, None);
        }
        self.ended(wire, why);
    }

    pub(super) fn ended(&mut self, wire: WireLeg, why: LegEnd) {
        if self.waiting.remove(&wire) {
            self.gone.insert(wire, why);
        }
        let Some(leg) = self.drop_leg(wire) else { return };
        leg.link.media(MediaCommand::RemoveLeg { leg: leg.id });
        leg.link.tell(Event::LegEnded { leg: leg.id, why });
    }

    pub(super) fn drop_leg(&mut self, wire: WireLeg) -> Option<Leg> {
        let leg = self.legs.remove(&wire)?;
        self.taken_over.retain(|_, now| *now != wire);
        self.callers -= usize::from(leg.id == LegId::CALLER);
        Some(leg)
    }

    fn policy(&self, line: &Line) -> Policy {
        Policy {
            codecs: line.codecs.clone(),
            encryption: line.encryption,
            offer: line.offer(),
            fingerprint: Some(self.media.fingerprint()),
            ice: true,
            secret: Secret::random(),
        }
    }

    /// A session of a leg on no trunk, such as a page's.
    pub(super) fn new_session(&self, rtp_port: u16) -> SdpSession {
        self.session_on(&Line::default(), rtp_port)
    }

    pub(super) fn session_on(&self, line: &Line, rtp_port: u16) -> SdpSession {
        let told = |own: IpAddr| line.advertised.iter().copied().find(|told| told.is_ipv4() == own.is_ipv4()).unwrap_or(own);
        let local = LocalMedia { address: told(self.media_address), other: self.other_address.map(told), rtp_port };
        SdpSession::new(session_id(), local, self.policy(line))
    }
}

impl Leg {
    pub(super) const fn new(id: LegId, link: Arc<Link>, sdp: SdpSession, stage: Stage, listening: Listening) -> Self {
        Self { id, link, sdp, stage, listening, held: false, agent: None, dialled: false, referring: None, asked: None, permit: None }
    }

    pub(super) fn start(&mut self, sockets: LegSockets, negotiated: &Negotiated) {
        let negotiated_here = Box::new(negotiated.clone());
        self.link.media(MediaCommand::AddLeg { leg: self.id, sockets, negotiated: negotiated_here, listening: self.listening });
        self.hold(negotiated);
    }

    pub(super) fn update(&mut self, negotiated: &Negotiated) {
        self.link.media(MediaCommand::UpdateLeg { leg: self.id, negotiated: Box::new(negotiated.clone()) });
        self.hold(negotiated);
    }

    /// The far end has put us on hold if it does not want to hear us.
    fn hold(&mut self, negotiated: &Negotiated) {
        let held = !negotiated.direction.sends();
        if held != self.held {
            self.held = held;
            self.link.tell(Event::LegHeld { leg: self.id, held });
        }
    }
}

/// A random number below 2^62 for `o=`, out of the standard library's hash keys.
fn session_id() -> u64 {
    RandomState::new().hash_one(0) >> 2
}

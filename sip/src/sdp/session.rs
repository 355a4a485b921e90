//! Our side of offer and answer in one dialog (RFC 3264).

use std::net::{IpAddr, SocketAddr};

use super::negotiate::{Pick, RemoteKey, pick};
use super::parse::Setup;
use super::write::{Formats, Line, Media, Shield, our_line};
use super::{
    Description, Direction, Encryption, IceNames, Negotiated, OfferedProtection, PayloadKind, PayloadMap, Protection, SdpError, Secret,
};
use crate::codec::Codec;
use crate::dtls::Fingerprint;
use crate::srtp::{CryptoLine, Suite};

/// The payload types for telephone events in our own offers: at 8 kHz, and at Opus's clock.
const OUR_DTMF: [(u8, u32); 2] = [(101, 8_000), (110, 48_000)];

/// The suites of our own offers: what everybody has first, then what is better.
const OFFERED_SUITES: [Suite; 3] = [Suite::AesCm128Sha1_80, Suite::AeadAes256Gcm, Suite::AesCm256Sha1_80];

/// Where we receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalMedia {
    /// The address to announce.
    pub address: IpAddr,
    /// Our address of the other family (IPv4, IPv6), for a peer that turns out to be there.
    pub other: Option<IpAddr>,
    /// The RTP port; RTCP is the next one, unless both share it.
    pub rtp_port: u16,
}

impl LocalMedia {
    /// Where a peer at this address sends to: our address of its family, if we have one.
    #[must_use]
    pub fn towards(self, peer: IpAddr) -> Self {
        match self.other {
            Some(other) if other.is_ipv4() == peer.is_ipv4() => Self { address: other, other: Some(self.address), ..self },
            Some(_) | None => self,
        }
    }

    /// Whether we have an address of that one's family.
    pub(super) fn reaches(self, peer: IpAddr) -> bool {
        self.towards(peer).address.is_ipv4() == peer.is_ipv4()
    }

    /// A peer stays in the family in which it was met, unless connectivity checks (ICE) show where it is.
    fn settled(self, picked: &Pick) -> Self {
        let there = self.towards(picked.rtp.ip());
        if picked.ice_ufrag.is_some() { there } else { Self { other: None, ..there } }
    }
}

/// What a leg wants to agree to.
#[derive(Debug, Clone)]
pub struct Policy {
    /// In our order of preference.
    pub codecs: Vec<Codec>,
    /// Whether encryption is wanted.
    pub encryption: Encryption,
    /// How our own offers are protected.
    pub offer: OfferedProtection,
    /// Our certificate; without one there is no DTLS.
    pub fingerprint: Option<Fingerprint>,
    /// Whether a peer that offers ICE gets it.
    pub ice: bool,
    /// Where our keys come from.
    pub secret: Secret,
}

impl Policy {
    /// Plain RTP, unless the peer offers keys in its description.
    #[must_use]
    pub const fn plain(codecs: Vec<Codec>, secret: Secret) -> Self {
        Self { codecs, encryption: Encryption::IfOffered, offer: OfferedProtection::Plain, fingerprint: None, ice: false, secret }
    }
}

/// Our side of one dialog's media negotiation. A failed step changes nothing: the call goes on as before.
#[derive(Debug, Clone)]
pub struct SdpSession {
    id: u64,
    version: u64,
    local: LocalMedia,
    policy: Policy,
    lines: Vec<Line>,
    formats: Formats,
    shield: Shield,
    /// Counts ICE restarts.
    life: u32,
    /// The peer's last name in ICE.
    ice_ufrag: Option<String>,
    /// The last description without its `o=` line: the version counts changes of it.
    last: String,
    /// The direction in our open offer.
    open_offer: Option<Direction>,
}

impl SdpSession {
    /// A session before any offer. `id` should be random and below 2^62.
    #[must_use]
    pub fn new(id: u64, local: LocalMedia, policy: Policy) -> Self {
        let audio: Vec<(u8, Codec)> = policy.codecs.iter().map(|codec| (codec.offered_payload_type(), *codec)).collect();
        let wanted = |clock| policy.codecs.iter().any(|codec| codec.rtp_clock() == clock);
        let dtmf = OUR_DTMF.into_iter().filter(|(_, clock)| wanted(*clock)).collect();
        let (shield, protocol) = match policy.offer {
            OfferedProtection::Plain => (Shield::default(), "RTP/AVP"),
            OfferedProtection::Sdes => (Shield { crypto: offered_lines(&policy.secret), ..Shield::default() }, "RTP/SAVP"),
            OfferedProtection::Browser => (browser_shield(&policy), "UDP/TLS/RTP/SAVPF"),
        };
        Self {
            id,
            version: id,
            local,
            lines: vec![Line::Audio { protocol: protocol.to_owned(), mid: shield.ice.is_some().then(|| "0".to_owned()) }],
            formats: Formats { audio, dtmf, noise: false, packet_ms: 20 },
            shield,
            policy,
            life: 0,
            ice_ufrag: None,
            last: String::new(),
            open_offer: None,
        }
    }

    /// Where we receive.
    pub const fn local(&self) -> &LocalMedia {
        &self.local
    }

    /// Changes where we receive; the next description tells.
    pub fn set_local(&mut self, local: LocalMedia) {
        self.local = local;
    }

    /// An offer: for an outbound leg, for an INVITE without offer, or again for hold, resume and a new address.
    pub fn offer(&mut self, direction: Direction) -> String {
        self.open_offer = Some(direction);
        let (lines, formats, mut shield) = (self.lines.clone(), self.formats.clone(), self.shield.clone());
        // Later offers leave the roles as they are, and let the peer begin anew if it must (RFC 5763 §5).
        shield.setup = shield.setup.map(|_| "actpass");
        self.describe(&lines, &formats, &shield, direction)
    }

    /// The same offer from our address of the other family, if we have one.
    #[must_use]
    pub fn offer_from_other(&self, direction: Direction) -> Option<String> {
        let mut there = self.clone();
        there.local = self.local.towards(self.local.other?);
        // One of the two is the first description for whoever gets it.
        there.last.clear();
        Some(there.offer(direction))
    }

    /// Answers an offer; `wish` is what we allow on our side (`SendRecv` unless we hold).
    ///
    /// # Errors
    /// Whatever makes the offer unusable; [`SdpError::status_code`] says how to refuse it.
    pub fn answer(&mut self, offer: &[u8], wish: Direction) -> Result<(String, Negotiated), SdpError> {
        let remote = Description::parse(offer)?;
        let picked = pick(&remote, &self.policy, self.local)?;
        self.local = self.local.settled(&picked);
        let direction = picked.direction.reversed().and(wish);
        self.lines = remote.media.iter().enumerate().map(|(index, line)| our_line(index == picked.index, line)).collect();
        // An offerer's new name is a restart: ours changes too (RFC 8839 §4.4.1.1.1).
        if let Some(old) = self.ice_ufrag.as_ref().filter(|old| picked.ice_ufrag.as_ref().is_some_and(|new| new != *old)) {
            tracing::debug!(old, "ICE restart");
            self.life += 1;
        }
        self.shield = self.answering_shield(&picked, remote.bundle);
        let protection = self.protection(&picked);
        // One codec in the answer: then nobody switches in the middle of the call.
        let ours = Formats {
            audio: vec![(picked.payload_type, picked.codec)],
            dtmf: picked.dtmf.into_iter().collect(),
            noise: picked.noise,
            packet_ms: picked.packet_ms,
        };
        let (lines, shield) = (self.lines.clone(), self.shield.clone());
        let body = self.describe(&lines, &ours, &shield, direction);
        self.remember(&picked);
        self.open_offer = None;
        Ok((body, self.agreed(&picked, direction, protection)))
    }

    /// Takes the answer to our last offer.
    ///
    /// # Errors
    /// [`SdpError::NoOffer`] without an open offer; otherwise whatever makes the answer unusable.
    pub fn accept(&mut self, answer: &[u8]) -> Result<Negotiated, SdpError> {
        let offered = self.open_offer.ok_or(SdpError::NoOffer)?;
        let remote = Description::parse(answer)?;
        let picked = pick(&remote, &self.policy, self.local)?;
        let protected = self.shield.crypto.is_empty() && self.shield.fingerprint.is_none();
        if !protected && picked.key == RemoteKey::None {
            return Err(SdpError::NotEncrypted);
        }
        if let RemoteKey::Sdes(line) = picked.key {
            // The answer takes one of our lines by its tag (RFC 4568 §5.1.3).
            self.shield.crypto.retain(|ours| ours.tag == line.tag && ours.keys.suite() == line.keys.suite());
            if self.shield.crypto.is_empty() {
                return Err(SdpError::NotEncrypted);
            }
        }
        self.open_offer = None;
        self.local = self.local.settled(&picked);
        let direction = offered.and(picked.direction.reversed());
        // Both sides said "actpass" and "active": the answerer begins, unless it wants us to (RFC 5763 §5).
        if let RemoteKey::Dtls { setup, .. } = picked.key {
            self.shield.setup = Some(if setup == Some(Setup::Passive) { "active" } else { "passive" });
        }
        let protection = self.protection(&picked);
        let agreed = self.agreed(&picked, direction, protection);
        self.remember(&picked);
        Ok(agreed)
    }

    /// How we protect the stream in an answer.
    fn answering_shield(&self, picked: &Pick, bundle: bool) -> Shield {
        let mut shield = Shield { bundle, rtcp_mux: picked.rtcp_mux, ..Shield::default() };
        match picked.key {
            RemoteKey::None => {}
            RemoteKey::Sdes(line) => {
                let keys = self.policy.secret.keys(line.keys.suite());
                shield.crypto = vec![CryptoLine { tag: line.tag, keys }];
            }
            RemoteKey::Dtls { setup, .. } => {
                shield.fingerprint = self.policy.fingerprint;
                // The side behind a translator should begin, and that is not us.
                shield.setup = Some(if setup == Some(Setup::Passive) { "active" } else { "passive" });
            }
        }
        if picked.ice_ufrag.is_some() {
            shield.ice = Some(self.policy.secret.ice(self.life));
        }
        shield
    }

    fn protection(&self, picked: &Pick) -> Protection {
        match picked.key {
            RemoteKey::None => Protection::None,
            RemoteKey::Sdes(line) => match self.shield.crypto.first() {
                Some(ours) => Protection::Srtp { ours: ours.keys, theirs: line.keys },
                None => Protection::None,
            },
            RemoteKey::Dtls { fingerprint, .. } => Protection::Dtls { active: self.shield.setup == Some("active"), fingerprint },
        }
    }

    /// Payload types may not change their meaning during a session (RFC 3264 §8.3.2): later offers repeat them.
    fn remember(&mut self, picked: &Pick) {
        // Ours stay only where the peer has not given the number to something else.
        let mut dtmf = picked.dtmf.map_or_else(|| self.formats.dtmf.clone(), |dtmf| vec![dtmf]);
        dtmf.retain(|(payload_type, _)| *payload_type != picked.payload_type);
        let mut audio = vec![(picked.payload_type, picked.codec)];
        for codec in &self.policy.codecs {
            let payload_type = codec.offered_payload_type();
            let is_event = dtmf.iter().any(|(taken, _)| *taken == payload_type);
            if !is_event && audio.iter().all(|(taken, known)| known != codec && *taken != payload_type) {
                audio.push((payload_type, *codec));
            }
        }
        self.formats = Formats { audio, dtmf, noise: picked.noise, packet_ms: picked.packet_ms };
        self.ice_ufrag.clone_from(&picked.ice_ufrag);
    }

    fn agreed(&self, picked: &Pick, direction: Direction, protection: Protection) -> Negotiated {
        let mut receive = PayloadMap::default();
        // What we announced first, then what the peer announced: many send with their own numbers.
        for &(payload_type, codec) in self.formats.audio.iter().chain(&picked.audio).take(5) {
            if receive.get(payload_type).is_none() {
                receive.insert(payload_type, PayloadKind::Audio(codec));
            }
        }
        for (payload_type, _) in self.formats.dtmf.iter().copied().chain(picked.dtmf) {
            receive.insert(payload_type, PayloadKind::TelephoneEvent);
        }
        let ice = picked.ice_ufrag.as_deref().map(|ufrag| IceNames::new(self.policy.secret.ice(self.life), ufrag));
        let nowhere = picked.rtp.ip().is_unspecified() && ice.is_none();
        Negotiated {
            remote_rtp: picked.rtp,
            remote_rtcp: picked.rtcp,
            codec: picked.codec,
            payload_type: picked.payload_type,
            receive,
            dtmf_payload_type: picked.dtmf.map(|(payload_type, _)| payload_type),
            dtmf_clock: picked.dtmf.map_or(8_000, |(_, clock)| clock),
            packet_ms: picked.packet_ms,
            direction: if nowhere { direction.and(Direction::RecvOnly) } else { direction },
            protection,
            ice,
            rtcp_mux: picked.rtcp_mux,
        }
    }

    fn describe(&mut self, lines: &[Line], formats: &Formats, shield: &Shield, direction: Direction) -> String {
        let media = Media { local: self.local, lines, formats, shield, direction }.write();
        if self.last != media {
            // The first description keeps the starting version.
            self.version += u64::from(!self.last.is_empty());
            self.last.clone_from(&media);
        }
        let network = super::write::network(self.local.address);
        format!("v=0\r\no=- {} {} IN {network}\r\ns=-\r\n{media}", self.id, self.version)
    }
}

fn offered_lines(secret: &Secret) -> Vec<CryptoLine> {
    OFFERED_SUITES.into_iter().zip(1..).map(|(suite, tag)| CryptoLine { tag, keys: secret.keys(suite) }).collect()
}

fn browser_shield(policy: &Policy) -> Shield {
    Shield {
        fingerprint: policy.fingerprint,
        setup: Some("actpass"),
        ice: Some(policy.secret.ice(0)),
        rtcp_mux: true,
        bundle: true,
        ..Shield::default()
    }
}

/// Where we listen for RTP, as one value.
impl From<LocalMedia> for SocketAddr {
    fn from(local: LocalMedia) -> Self {
        Self::new(local.address, local.rtp_port)
    }
}

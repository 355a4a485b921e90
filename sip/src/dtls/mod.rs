//! DTLS-SRTP (RFC 5763, RFC 5764): the handshake on the media path, and the keys that come out of it.
//!
//! The library is a state machine without sockets, so the handshake lives where the packets are. Certificates are self-signed; the peer's
//! must have the fingerprint that its session description told.

mod bounds;
mod repeats;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::srtp::{Keys, Suite};
use bounds::Bounds;
use repeats::Repeats;

/// First retransmission: a media path has short round trips (RFC 9147 §5.8.2 asks to adapt it).
const FIRST_RETRY: Duration = Duration::from_millis(300);
/// A handshake that takes longer will not succeed.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// What the keys are exported as (RFC 5764 §4.2).
const LABEL: &str = "EXTRACTOR-dtls_srtp";
/// The library names associations by their peer's address; a leg has one peer, wherever it is.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

/// SHA-256 over a certificate (RFC 8122).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Reads what stands behind `a=fingerprint:`; hash functions other than SHA-256 are not for us.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (function, digits) = value.trim().split_once(' ')?;
        if !function.eq_ignore_ascii_case("sha-256") {
            return None;
        }
        let mut bytes = [0; 32];
        let mut pairs = digits.trim().split(':');
        for byte in &mut bytes {
            *byte = u8::from_str_radix(pairs.next().filter(|pair| pair.len() == 2)?, 16).ok()?;
        }
        pairs.next().is_none().then_some(Self(bytes))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sha-256 ")?;
        for (index, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if index == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Our certificate, made when the gateway starts and the same for all calls.
#[derive(Clone)]
pub struct Identity {
    client: Arc<HandshakeConfig>,
    server: Arc<HandshakeConfig>,
    fingerprint: Fingerprint,
}

impl Identity {
    /// A fresh key on P-256 and a certificate for it.
    #[must_use]
    pub fn generate() -> Self {
        let provider = rtc_crypto::default_provider().expect("a provider is compiled in");
        let names = vec!["warmline".to_owned()];
        let certificate = Certificate::generate_self_signed(names, provider.crypto()).expect("the system has randomness");
        let fingerprint = Fingerprint(Sha256::digest(&certificate.certificate[0]).into());
        let builder = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(vec![
                SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
                SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
                SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            ])
            // Whose certificate it is says its fingerprint, which is compared below; no authority has signed it.
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_insecure_skip_verify(true)
            // Only for the library's peace: no name is checked.
            .with_server_name("warmline".to_owned())
            .with_flight_interval(FIRST_RETRY);
        let build = |client| Arc::new(builder.clone().build(client, None).expect("the settings fit together"));
        Self { client: build(true), server: build(false), fingerprint }
    }

    /// What our session descriptions say.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// How a handshake stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Under way.
    Shaking,
    /// Both directions' keys are there.
    Done {
        /// What we send with.
        ours: Keys,
        /// What the peer sends with.
        theirs: Keys,
    },
    /// Over: wrong certificate, no common suite, or nobody answered.
    Failed,
    /// The peer has said goodbye.
    Closed,
}

/// One handshake. Times are since the same moment as the leg's; `epoch` is that moment on the system's clock, which the library wants.
pub struct Handshake {
    endpoint: Endpoint,
    /// What an active side has yet to begin with.
    begin: Option<Arc<HandshakeConfig>>,
    active: bool,
    expected: Fingerprint,
    epoch: Instant,
    until: Duration,
    progress: Progress,
    repeats: Repeats,
    bounds: Bounds,
}

impl Handshake {
    /// Ready to shake hands; an active side speaks first (RFC 4145 §4).
    #[must_use]
    pub fn new(identity: &Identity, active: bool, expected: Fingerprint, epoch: Instant, now: Duration) -> Self {
        let server = (!active).then(|| Arc::clone(&identity.server));
        Self {
            endpoint: Endpoint::new(PEER, TransportProtocol::UDP, server),
            begin: active.then(|| Arc::clone(&identity.client)),
            active,
            expected,
            epoch,
            until: now + HANDSHAKE,
            progress: Progress::Shaking,
            repeats: Repeats::default(),
            bounds: Bounds::default(),
        }
    }

    /// How it stands.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// What the peer's certificate must be.
    #[must_use]
    pub const fn expected(&self) -> Fingerprint {
        self.expected
    }

    /// A datagram of the peer came; `send` takes what is to be sent back.
    pub fn on_datagram(&mut self, now: Duration, datagram: &[u8], send: impl FnMut(&[u8])) {
        if matches!(self.progress, Progress::Failed | Progress::Closed) {
            return;
        }
        // A repeated flight would stop the library's own timer: then nobody would repeat what was lost.
        if self.progress == Progress::Shaking && self.repeats.all_known(datagram) {
            return;
        }
        if !self.bounds.admit(datagram) {
            return;
        }
        // What cannot be read is dropped (RFC 6347 §4.1.2.7): a stranger's noise must not end a handshake, and the time limit ends a bad one.
        for event in self.endpoint.read(self.epoch + now, PEER, None, BytesMut::from(datagram)).unwrap_or_default() {
            match event {
                EndpointEvent::HandshakeComplete => self.progress = self.complete(),
                EndpointEvent::PeerClosed => self.progress = Progress::Closed,
                // No application data is spoken.
                _ => {}
            }
        }
        self.flush(send);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Duration, send: impl FnMut(&[u8])) {
        if matches!(self.progress, Progress::Failed | Progress::Closed) {
            return;
        }
        if let Some(config) = self.begin.take()
            && self.endpoint.connect(self.epoch + now, PEER, config, None).is_err()
        {
            self.progress = Progress::Failed;
        }
        // Before the first datagram there is nothing to be repeated.
        let _ = self.endpoint.handle_timeout(PEER, self.epoch + now);
        if self.progress == Progress::Shaking && now > self.until {
            self.progress = Progress::Failed;
        }
        self.flush(send);
    }

    fn flush(&mut self, mut send: impl FnMut(&[u8])) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            send(&transmit.message);
        }
    }

    /// The peer has finished: is it who signalling said, and what are the keys?
    fn complete(&self) -> Progress {
        let Some(state) = self.endpoint.get_connection_state(PEER) else { return Progress::Failed };
        let shown = state.peer_certificates.first().map(|certificate| <[u8; 32]>::from(Sha256::digest(certificate)));
        if !shown.is_some_and(|shown| bool::from(shown.ct_eq(&self.expected.0))) {
            return Progress::Failed;
        }
        let suite = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Suite::AesCm128Sha1_80,
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Suite::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => Suite::AeadAes256Gcm,
            _ => return Progress::Failed,
        };
        let length = 2 * (suite.key_len() + suite.salt_len());
        let keys = state.export_keying_material(LABEL, &[], length).ok().and_then(|material| split(material.as_ref(), suite, self.active));
        keys.map_or(Progress::Failed, |(ours, theirs)| Progress::Done { ours, theirs })
    }
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshake").field("active", &self.active).field("progress", &self.progress).finish_non_exhaustive()
    }
}

/// Client key, server key, client salt, server salt (RFC 5764 §4.2). The active side is the client.
fn split(material: &[u8], suite: Suite, active: bool) -> Option<(Keys, Keys)> {
    let (key, salt) = (suite.key_len(), suite.salt_len());
    let part = |start: usize, length: usize| material.get(start..start + length);
    let join = |key: &[u8], salt: &[u8]| Keys::new(suite, &[key, salt].concat());
    let client = join(part(0, key)?, part(2 * key, salt)?)?;
    let server = join(part(key, key)?, part(2 * key + salt, salt)?)?;
    Some(if active { (client, server) } else { (server, client) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets two handshakes talk; `lose` decides which datagrams get lost.
    fn shake(client: &mut Handshake, server: &mut Handshake, mut lose: impl FnMut(usize) -> bool) -> u64 {
        let (mut to_server, mut to_client) = (Vec::<Vec<u8>>::new(), Vec::<Vec<u8>>::new());
        let mut count = 0;
        let mut keep = |queue: &mut Vec<Vec<u8>>, bytes: &[u8]| {
            count += 1;
            if !lose(count) {
                queue.push(bytes.to_vec());
            }
        };
        for step in 0..500 {
            let now = Duration::from_millis(step * 20);
            client.tick(now, |bytes| keep(&mut to_server, bytes));
            server.tick(now, |bytes| keep(&mut to_client, bytes));
            for datagram in std::mem::take(&mut to_server) {
                server.on_datagram(now, &datagram, |bytes| keep(&mut to_client, bytes));
            }
            for datagram in std::mem::take(&mut to_client) {
                client.on_datagram(now, &datagram, |bytes| keep(&mut to_server, bytes));
            }
            if client.progress() != Progress::Shaking && server.progress() != Progress::Shaking {
                return step;
            }
        }
        500
    }

    #[expect(clippy::disallowed_methods, reason = "the library wants a moment of the system's clock to count from")]
    fn pair(server_expects: Option<Fingerprint>) -> (Handshake, Handshake) {
        let (here, there, epoch) = (Identity::generate(), Identity::generate(), Instant::now());
        let expected = server_expects.unwrap_or(here.fingerprint());
        (
            Handshake::new(&here, true, there.fingerprint(), epoch, Duration::ZERO),
            Handshake::new(&there, false, expected, epoch, Duration::ZERO),
        )
    }

    #[test]
    fn both_sides_get_the_same_keys() {
        let (mut client, mut server) = pair(None);
        let steps = shake(&mut client, &mut server, |_| false);
        let (Progress::Done { ours, theirs }, Progress::Done { ours: far, theirs: near }) = (client.progress(), server.progress()) else {
            panic!("{:?} {:?}", client.progress(), server.progress());
        };
        assert!(ours == near && theirs == far && ours != theirs);
        assert!(steps < 10, "{steps} ticks of 20 ms");
    }

    #[test]
    fn lost_datagrams_are_said_again() {
        // Each of the first datagrams alone, and then at random.
        for lost in 1..14 {
            let (mut client, mut server) = pair(None);
            shake(&mut client, &mut server, |number| number == lost);
            assert!(matches!(client.progress(), Progress::Done { .. }), "{lost}: {:?}", client.progress());
            assert!(matches!(server.progress(), Progress::Done { .. }), "{lost}: {:?}", server.progress());
        }
        let mut state = 7_u32;
        for run in 0..20 {
            let (mut client, mut server) = pair(None);
            shake(&mut client, &mut server, |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state >> 24 < 40
            });
            assert!(matches!(client.progress(), Progress::Done { .. }), "{run}: {:?}", client.progress());
            assert!(matches!(server.progress(), Progress::Done { .. }), "{run}: {:?}", server.progress());
        }
    }

    #[test]
    fn another_certificate_than_announced_gives_no_keys() {
        let (mut client, mut server) = pair(Some(Fingerprint([7; 32])));
        shake(&mut client, &mut server, |_| false);
        assert_eq!(server.progress(), Progress::Failed);
    }

    #[test]
    fn noise_and_stumps_do_not_end_a_handshake() {
        let (mut client, mut server) = pair(None);
        let mut first = Vec::new();
        client.tick(Duration::ZERO, |bytes| first = bytes.to_vec());
        for length in 0..first.len() {
            server.on_datagram(Duration::from_millis(1), &first[..length], |_| {});
        }
        for byte in 20..64_u8 {
            server.on_datagram(Duration::from_millis(2), &[byte; 80], |_| {});
        }
        assert_eq!(server.progress(), Progress::Shaking);
        shake(&mut client, &mut server, |_| false);
        assert!(matches!(server.progress(), Progress::Done { .. }), "{:?}", server.progress());
    }

    #[expect(clippy::disallowed_methods, reason = "the library wants a moment of the system's clock to count from")]
    #[test]
    fn a_message_in_twenty_thousand_pieces_does_no_harm() {
        let (ours, epoch) = (Identity::generate(), Instant::now());
        let mut server = Handshake::new(&ours, false, Fingerprint([0; 32]), epoch, Duration::ZERO);
        // The library joins pieces by recursion: with the first one, which comes last, it would need a stack of megabytes.
        let total = 20_000_u32;
        for last in (1..=total).rev().step_by(50) {
            let mut datagram = Vec::new();
            for at in (last.saturating_sub(50)..last).rev() {
                let [length, offset] = [total, at].map(u32::to_be_bytes);
                let piece = [&[1], &length[1..], &[0, 0], &offset[1..], &[0, 0, 1, 7]].concat();
                datagram.extend_from_slice(&[&[22, 254, 253, 0, 0, 0, 0], &(total - at).to_be_bytes()[..], &[0, 13], &piece].concat());
            }
            server.on_datagram(Duration::from_millis(1), &datagram, |_| {});
        }
        assert_eq!(server.progress(), Progress::Shaking);
    }

    #[test]
    fn fingerprints_are_read_as_they_are_written() {
        let fingerprint = Identity::generate().fingerprint();
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint));
        for other in ["", "sha-1 AA:BB", "sha-256 AA:BB", "sha-256 +A:BB", &format!("{fingerprint}:00")] {
            assert_eq!(Fingerprint::parse(other), None, "{other}");
        }
    }
}

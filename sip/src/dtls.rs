//! DTLS-SRTP (RFC 5763, RFC 5764): the handshake on the media path, and the keys that come out of it.
//!
//! The library is a state machine without sockets, so the handshake lives where the packets are. Certificates are self-signed; the peer's
//! must have the fingerprint that its session description told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Dtls, DtlsCertificate, Output, SrtpProfile};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::srtp::{Keys, Suite};

/// Larger than any record of a handshake.
const RECORD: usize = 2_048;
/// First retransmission: a media path has short round trips (RFC 9147 §5.8.2 asks to adapt it).
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// A handshake that takes longer will not succeed.
const HANDSHAKE: Duration = Duration::from_secs(15);

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
    certificate: DtlsCertificate,
    config: Arc<dimpl::Config>,
    fingerprint: Fingerprint,
}

impl Identity {
    /// A fresh key on P-256 and a certificate for it.
    #[must_use]
    pub fn generate() -> Self {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("the system has randomness");
        let parameters = rcgen::CertificateParams::new(vec!["warmline".to_owned()]).expect("the name is plain");
        let certificate = parameters.self_signed(&key).expect("the key can sign").der().to_vec();
        let config = dimpl::Config::builder()
            .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider())
            .require_client_certificate(true)
            // The peer's address was checked by ICE or announced by signalling.
            .use_server_cookie(false)
            .flight_start_rto(FIRST_RETRY)
            .flight_retries(6)
            .handshake_timeout(HANDSHAKE)
            .build()
            .expect("the settings are within the library's limits");
        Self {
            fingerprint: Fingerprint(Sha256::digest(&certificate).into()),
            certificate: DtlsCertificate { certificate, private_key: key.serialize_der() },
            config: Arc::new(config),
        }
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
    dtls: Dtls,
    active: bool,
    expected: Fingerprint,
    epoch: Instant,
    next: Option<Duration>,
    seen: Option<bool>,
    keys: Option<(Keys, Keys)>,
    connected: bool,
    progress: Progress,
    record: Box<[u8; RECORD]>,
}

impl Handshake {
    /// Ready to shake hands; an active side speaks first (RFC 4145 §4).
    #[must_use]
    pub fn new(identity: &Identity, active: bool, expected: Fingerprint, epoch: Instant, now: Duration) -> Self {
        let mut dtls = Dtls::new_12(Arc::clone(&identity.config), identity.certificate.clone(), epoch + now);
        if active {
            dtls.set_active(true);
        }
        Self {
            dtls,
            active,
            expected,
            epoch,
            next: Some(now),
            seen: None,
            keys: None,
            connected: false,
            progress: Progress::Shaking,
            record: Box::new([0; RECORD]),
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
        // The library wants to know the time before a packet.
        if self.dtls.handle_timeout(self.epoch + now).is_err() || self.dtls.handle_packet(datagram).is_err() {
            self.progress = Progress::Failed;
        }
        self.poll(send);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Duration, send: impl FnMut(&[u8])) {
        if self.next.is_none_or(|next| now < next) || matches!(self.progress, Progress::Failed | Progress::Closed) {
            return;
        }
        if self.dtls.handle_timeout(self.epoch + now).is_err() {
            self.progress = Progress::Failed;
            return;
        }
        self.poll(send);
    }

    fn poll(&mut self, mut send: impl FnMut(&[u8])) {
        loop {
            match self.dtls.poll_output(&mut self.record[..]) {
                Output::Packet(packet) => send(packet),
                Output::Timeout(at) => {
                    self.next = Some(at.saturating_duration_since(self.epoch));
                    break;
                }
                Output::Connected => self.connected = true,
                Output::PeerCert(certificate) => {
                    let fingerprint: [u8; 32] = Sha256::digest(certificate).into();
                    self.seen = Some(fingerprint.ct_eq(&self.expected.0).into());
                }
                Output::KeyingMaterial(material, profile) => self.keys = split(&material, profile, self.active),
                Output::CloseNotify => self.progress = Progress::Closed,
                // No records of this size are made, and no application data is spoken.
                Output::BufferTooSmall { .. } => {
                    self.progress = Progress::Failed;
                    break;
                }
                _ => {}
            }
        }
        if self.seen == Some(false) {
            self.progress = Progress::Failed;
        }
        if self.progress == Progress::Shaking
            && self.connected
            && self.seen == Some(true)
            && let Some((ours, theirs)) = self.keys
        {
            self.progress = Progress::Done { ours, theirs };
        }
    }
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshake").field("active", &self.active).field("connected", &self.connected).finish_non_exhaustive()
    }
}

/// Client key, server key, client salt, server salt (RFC 5764 §4.2). The active side is the client.
fn split(material: &[u8], profile: SrtpProfile, active: bool) -> Option<(Keys, Keys)> {
    let suite = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Suite::AesCm128Sha1_80,
        SrtpProfile::AEAD_AES_128_GCM => Suite::AeadAes128Gcm,
        SrtpProfile::AEAD_AES_256_GCM => Suite::AeadAes256Gcm,
        _ => return None,
    };
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
        let (mut client, mut server) = pair(None);
        let mut state = 7_u32;
        shake(&mut client, &mut server, |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24 < 64
        });
        assert!(matches!(client.progress(), Progress::Done { .. }), "{:?}", client.progress());
        assert!(matches!(server.progress(), Progress::Done { .. }), "{:?}", server.progress());
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

    #[test]
    fn fingerprints_are_read_as_they_are_written() {
        let fingerprint = Identity::generate().fingerprint();
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint));
        for other in ["", "sha-1 AA:BB", "sha-256 AA:BB", "sha-256 +A:BB", &format!("{fingerprint}:00")] {
            assert_eq!(Fingerprint::parse(other), None, "{other}");
        }
    }
}

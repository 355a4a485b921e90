//! Lines to the outside that a user agent keeps by itself: accounts, registrations, a registrar for telephones, health checks.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::auth::{Algorithm, Secret};
use crate::guard::Network;
use crate::transport::Transport;
use crate::uri::Uri;

/// A user and password that a peer gave us.
#[derive(Debug, Clone)]
pub struct Account {
    /// What registrations and dialled calls name it by.
    pub name: String,
    /// The only realm that gets an answer; `None` answers any realm of these peers.
    pub realm: Option<String>,
    /// The user in the credentials.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Where the peer is. A challenge to a request that went anywhere else is a plain failure: nobody else gets a hash of the password to
    /// guess at. Empty: never.
    pub peers: Vec<Network>,
}

impl Account {
    /// Whether a request to that address may carry the account's credentials.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.peers.iter().any(|network| network.contains(address))
    }
}

/// A registration that is kept up at a peer (RFC 3261 §10.2).
#[derive(Debug, Clone)]
pub struct Registration {
    /// What events name it by.
    pub name: String,
    /// Where to register; its host is the domain of the address-of-record.
    pub registrar: Uri,
    /// The user of the address-of-record.
    pub user: String,
    /// The user of the Contact: tells from the Request-URI of a call which line it came in by.
    pub contact_user: String,
    /// How long to ask for; 423 may raise it.
    pub expires: Duration,
    /// The account whose credentials answer challenges; `None` takes the first one that trusts the address.
    pub account: Option<String>,
    /// Where requests go instead of straight to the registrar.
    pub outbound_proxy: Option<Uri>,
}

impl Registration {
    /// A registration for ten minutes at a time, straight to the registrar.
    pub fn new(name: &str, registrar: Uri, user: &str) -> Self {
        let (name, user) = (name.to_owned(), user.to_owned());
        let expires = Duration::from_secs(600);
        Self { name, registrar, contact_user: user.clone(), user, expires, account: None, outbound_proxy: None }
    }

    /// Where its requests are sent.
    pub(crate) fn next_hop(&self) -> &Uri {
        self.outbound_proxy.as_ref().unwrap_or(&self.registrar)
    }
}

/// How a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationState {
    /// Calls can come in by it.
    Registered {
        /// What the registrar granted; refreshed well before its end.
        expires: Duration,
    },
    /// The last try failed.
    Failed {
        /// The final response; `None` if there was none.
        status: Option<u16>,
        /// When the next try comes.
        retry_in: Duration,
    },
    /// Taken back at shutdown; whether the registrar heard it or not, nothing more is sent.
    Unregistered,
}

/// A peer that is asked from time to time whether it is there (OPTIONS, RFC 3261 §11).
#[derive(Debug, Clone)]
pub struct Health {
    /// What events name it by.
    pub name: String,
    /// Whom to ask.
    pub target: Uri,
    /// How often; at least a second.
    pub interval: Duration,
}

impl Health {
    /// Asks every 30 seconds.
    pub fn new(name: &str, target: Uri) -> Self {
        Self { name: name.to_owned(), target, interval: Duration::from_secs(30) }
    }
}

/// Telephones that register with us (RFC 3261 §10.3).
#[derive(Debug, Clone)]
pub struct Registrar {
    /// The realm of our challenges; stored hashes are bound to it.
    pub realm: String,
    /// Who may register.
    pub users: Vec<RegistrarUser>,
    /// What is offered, in this order; a session variant counts as its plain one. Some telephones (baresip before 2.0 for one) give up as soon
    /// as they see an algorithm that they do not know: those need MD5 alone.
    pub algorithms: Vec<Algorithm>,
    /// Shorter wishes get 423.
    pub min_expires: Duration,
    /// Longer wishes are cut to this.
    pub max_expires: Duration,
    /// Contacts of one user; a further one takes the place of the oldest.
    pub contacts_per_user: usize,
    /// Sources whose calls are challenged, unless they come by the way of a registered telephone. Trunks do not belong here: they cannot answer.
    pub challenge_calls: Vec<Network>,
}

impl Registrar {
    /// A registrar with the usual limits that challenges no calls.
    pub fn new(realm: &str, users: Vec<RegistrarUser>) -> Self {
        let (min_expires, max_expires) = (Duration::from_secs(60), Duration::from_secs(3_600));
        let algorithms = vec![Algorithm::Sha256, Algorithm::Md5];
        Self { realm: realm.to_owned(), users, algorithms, min_expires, max_expires, contacts_per_user: 5, challenge_calls: Vec::new() }
    }
}

/// A user of a telephone.
#[derive(Debug, Clone)]
pub struct RegistrarUser {
    /// The user part of its address.
    pub user: String,
    /// Its password. A user whose secret does not serve an algorithm takes that algorithm from all, since nobody may see who exists.
    pub secret: Secret,
}

/// Where a registered user can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredContact {
    /// The Contact URI, as the telephone wrote it.
    pub uri: String,
    /// Where the telephone really is: calls go there.
    pub source: SocketAddr,
    /// How.
    pub transport: Transport,
    /// How long the registration still lasts.
    pub expires_in: Duration,
}

//! What a user agent is asked to do.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use tokio::sync::oneshot;

use super::event::{LegId, Stats, TransactionId};
use super::lines::RegisteredContact;
use super::tls::Tls;
use crate::dtmf::Digit;
use crate::uri::{Uri, UriError};

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An address; `;transport=tcp` or `tls` chooses the transport, `sips:` demands TLS. Names are looked up as RFC 3263 says.
    Uri(Uri),
    /// A user whose telephones registered with us: all of them ring, and the first to answer has the call.
    Registered(String),
}

impl From<Uri> for Target {
    fn from(uri: Uri) -> Self {
        Self::Uri(uri)
    }
}

impl FromStr for Target {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        text.parse().map(Self::Uri)
    }
}

/// A call to be placed.
#[derive(Debug, Clone)]
pub struct DialRequest {
    /// A fresh id from [`super::UserAgent::new_leg`].
    pub leg: LegId,
    /// Whom to call.
    pub target: Target,
    /// The account whose credentials the call may use, and whose registration says how its calls are routed (RFC 3608). Without one, the
    /// first account that trusts the address serves.
    pub account: Option<String>,
    /// The user part of our From URI.
    pub from: String,
    /// Our display name.
    pub display_name: Option<String>,
    /// The offer; without one the call fails.
    pub offers: Offers,
    /// Further headers; names that belong to the protocol are left out.
    pub headers: Vec<(String, String)>,
    /// How long it may take until somebody answers.
    pub ring_timeout: Duration,
    /// Whether 300, 301 and 302 are followed, at most three times: to the host that was dialled, its address, or the allow-list. Otherwise
    /// the call fails with [`super::FailWhy::Rejected`].
    pub follow_redirects: bool,
    /// Whether the callee may ask us to call somebody (REFER), and is told so (Allow). Asked for it, we do nothing by ourselves.
    pub may_refer: bool,
    /// How it gets there, where that is not left to the target.
    pub way: Way,
}

/// Our offer in a call that is placed. Which family of addresses the callee is at is only known when it is looked up, and may change with
/// the next target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// For a callee at an IPv4 address; without one, the other serves.
    pub v4: Option<Vec<u8>>,
    /// For a callee at an IPv6 address; without one, the other serves.
    pub v6: Option<Vec<u8>>,
}

impl Offers {
    /// The same offer wherever the callee is.
    #[must_use]
    pub const fn everywhere(sdp: Vec<u8>) -> Self {
        Self { v4: Some(sdp), v6: None }
    }

    /// What a callee at this address is offered.
    pub(crate) fn towards(&self, callee: SocketAddr) -> &[u8] {
        let (own, other) = if callee.is_ipv4() { (&self.v4, &self.v6) } else { (&self.v6, &self.v4) };
        own.as_ref().or(other.as_ref()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn is_empty(&self) -> bool {
        [&self.v4, &self.v6].into_iter().flatten().all(Vec::is_empty)
    }
}

/// The way of a call over a line of several peers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The same callee at further peers, in the order in which they are tried: when one is not there, or has no line (500, 502, 503, 504).
    /// Peers that leave our OPTIONS unanswered come last. A registered user has none.
    pub peers: Vec<Uri>,
    /// The proxy that requests go through, before anything that a registration says (RFC 3261 §8.1.2).
    pub proxy: Option<Uri>,
    /// The host in our From; without one it is our own address.
    pub from_host: Option<String>,
}

/// A request to the peer of a call to place another one (RFC 3515).
#[derive(Debug, Clone, Default)]
pub struct ReferRequest {
    /// Whom the peer should call: a `sip:`, `sips:` or `tel:` URI without headers.
    pub refer_to: String,
    /// Attended transfer: the new call takes the place of this answered leg (RFC 3891, RFC 5589 §7).
    pub replaces: Option<LegId>,
    /// Headers that the new call is asked to carry (RFC 3261 §19.1.1, RFC 7433 §6); names that belong to the protocol are left out.
    pub carried: Vec<(String, String)>,
    /// The URI that the new call is said to come by (RFC 3892).
    pub referred_by: Option<String>,
    /// Further headers; names that belong to the protocol are left out.
    pub headers: Vec<(String, String)>,
}

/// The wish list, one line per method of `UserAgent`.
#[derive(Debug)]
pub(crate) enum Command {
    Ring {
        leg: LegId,
        status: u16,
        sdp: Option<Vec<u8>>,
    },
    Answer {
        leg: LegId,
        sdp: Vec<u8>,
    },
    Reject {
        leg: LegId,
        status: u16,
        reason: Option<String>,
        headers: Vec<(String, String)>,
    },
    TurnAway {
        leg: LegId,
        status: u16,
    },
    Dial(Box<DialRequest>),
    Cancel {
        leg: LegId,
        reason: Option<String>,
    },
    Bye {
        leg: LegId,
        reason: Option<String>,
    },
    Reinvite {
        leg: LegId,
        sdp: Vec<u8>,
    },
    AnswerReinvite {
        leg: LegId,
        transaction: TransactionId,
        answer: Result<Vec<u8>, u16>,
    },
    Key {
        leg: LegId,
        digit: Digit,
    },
    Refer {
        leg: LegId,
        request: Box<ReferRequest>,
    },
    Authorise {
        leg: LegId,
    },
    AnswerTransfer {
        leg: LegId,
        transaction: TransactionId,
        answer: Result<(), u16>,
    },
    TransferProgress {
        leg: LegId,
        status: u16,
    },
    Drain,
    Shutdown,
    Stats(oneshot::Sender<Stats>),
    /// New certificates for connections from now on.
    Tls(Box<Tls>),
    Registered {
        user: String,
        reply: oneshot::Sender<Vec<RegisteredContact>>,
    },
}

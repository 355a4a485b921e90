//! What a user agent reports.

use std::net::SocketAddr;
use std::time::Duration;

use super::lines::RegistrationState;
use crate::dtmf::Digit;
use crate::guard::RefusalCounts;
use crate::transport::Transport;

/// One leg: one call between the gateway and one peer. Inbound legs have odd numbers, outbound ones even numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub u64);

/// One re-INVITE or UPDATE of the peer that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionId(pub u64);

/// A call that comes in. Nothing in it is verified: every text is what a stranger wrote.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The leg to answer.
    pub leg: LegId,
    /// The From URI.
    pub from: String,
    /// The caller's display name, without control characters, at most 128 characters.
    pub display_name: Option<String>,
    /// The To URI.
    pub to: String,
    /// The Request-URI.
    pub request_uri: String,
    /// Call-ID, for logs.
    pub call_id: String,
    /// The session description; `None` asks us to offer one in the answer (RFC 3261 §13.2.1).
    pub offer: Option<Vec<u8>>,
    /// Where the packet came from.
    pub source: SocketAddr,
    /// How it came.
    pub transport: Transport,
    /// The leg whose place this call takes (RFC 3891); the caller was authorised to do that. Whoever answers this call ends that leg.
    pub replaces: Option<LegId>,
    /// The registered user whose telephone it is: known by the way of its registration, or by its password. Everything else in here is only
    /// said.
    pub authenticated: Option<String>,
    /// The other header fields, at most 64 and 8 kB.
    pub headers: Vec<(String, String)>,
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndedBy {
    /// The peer.
    Remote,
    /// The application.
    Local,
    /// Nobody answered a request that had to be answered, or the peer's answer says that it does not know the call.
    Timeout,
}

/// How a request to place another call goes (RFC 3515).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferProgress {
    /// The peer will try.
    Accepted,
    /// The new call rings or the like: 100 to 199.
    Trying(u16),
    /// The new call was answered. Final.
    Succeeded(u16),
    /// The new call came to nothing: 300 to 699. Final.
    Failed(u16),
    /// The peer does not want to; 408 if it did not answer. Final.
    Refused(u16),
    /// The peer tried, but how it ended was never said, or this call ended first. Final.
    Lost,
}

impl ReferProgress {
    /// Whether nothing more comes.
    pub fn is_final(self) -> bool {
        match self {
            Self::Accepted | Self::Trying(_) => false,
            Self::Succeeded(_) | Self::Failed(_) | Self::Refused(_) | Self::Lost => true,
        }
    }
}

/// Why an outbound call was not answered. Where the status says little (480, 500, 502 to 504), a Q.850 cause in Reason goes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailWhy {
    /// 486 or 600.
    Busy,
    /// 603, 607 or 608.
    Declined,
    /// It rang too long, or 408, 480 or 487.
    NoAnswer,
    /// The address refuses packets or cannot be found, or 502, 503 or 504.
    Unreachable,
    /// Any other final answer: 3xx that is not followed, 401 and 407 (no credentials), 404, 488, …
    Rejected,
    /// The application cancelled it.
    Cancelled,
    /// Nothing came back at all.
    Timeout,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A call comes in; 100 was sent.
    Incoming(Box<Incoming>),
    /// The caller gave up before the answer; the leg is over.
    Cancelled {
        /// The leg.
        leg: LegId,
        /// The caller's Reason header (RFC 3326), such as `SIP;cause=200;text="Call completed elsewhere"`; at most 256 characters.
        reason: Option<String>,
    },
    /// The ACK of our answer came, at the start or after a re-INVITE without an offer.
    Confirmed {
        /// The leg.
        leg: LegId,
        /// The session description in the ACK, if the INVITE had none.
        answer: Option<Vec<u8>>,
    },
    /// An outbound call rings or gets early media.
    Progress {
        /// The leg.
        leg: LegId,
        /// 180 to 199.
        status: u16,
        /// A session description, if any. None while several telephones of a user ring: of these, the sound of one says nothing for the others.
        sdp: Option<Vec<u8>>,
    },
    /// An outbound call was answered, and the ACK was sent.
    Answered {
        /// The leg.
        leg: LegId,
        /// The answer, or the one that came with early media; `None` from a broken peer.
        sdp: Option<Vec<u8>>,
    },
    /// An outbound call came to nothing; the leg is over.
    Failed {
        /// The leg.
        leg: LegId,
        /// The final status, if one came.
        status: Option<u16>,
        /// What it means.
        why: FailWhy,
        /// The Reason header of that status (RFC 3326), such as `Q.850;cause=17`; at most 256 characters.
        reason: Option<String>,
        /// When the peer wants to be asked again (Retry-After, RFC 3261 §20.33).
        retry_after: Option<Duration>,
    },
    /// The peer wants another session description (hold, resume, another address): answer with `answer_reinvite`.
    Reoffer {
        /// The leg.
        leg: LegId,
        /// To be repeated in the answer.
        transaction: TransactionId,
        /// `None` asks us to offer (the answer comes with `Confirmed`).
        offer: Option<Vec<u8>>,
    },
    /// Our re-INVITE was answered.
    Reanswered {
        /// The leg.
        leg: LegId,
        /// The session description, or the status of the refusal (491: both sides at once; the old session goes on).
        result: Result<Option<Vec<u8>>, u16>,
    },
    /// Our re-INVITE that only refreshed the session (RFC 4028 §7.4) was answered with this description, as a rule the one that is in force.
    Refreshed {
        /// The leg.
        leg: LegId,
        /// The peer's session description.
        answer: Vec<u8>,
    },
    /// How our request to place another call goes. The call itself goes on until somebody ends it.
    Referred {
        /// The leg.
        leg: LegId,
        /// Each request ends with exactly one final one.
        progress: ReferProgress,
    },
    /// The peer of an authorised leg wants us to place a call (RFC 3515): answer with `answer_transfer`. Nothing was done about it.
    TransferAsked {
        /// The leg.
        leg: LegId,
        /// To be repeated in the answer.
        transaction: TransactionId,
        /// The URI that is to be called, as the peer wrote it, without headers; at most 1,024 characters.
        refer_to: String,
        /// Attended transfer: what the new call's Replaces header has to say, at most 512 characters.
        replaces: Option<String>,
        /// The leg that this Replaces means, if it is one of ours: then no call is needed, the two legs are to be joined.
        replaced: Option<LegId>,
    },
    /// An INFO request inside the call; it was answered with 200.
    Info {
        /// The leg.
        leg: LegId,
        /// Content-Type.
        content_type: String,
        /// At most 4 kB.
        body: Vec<u8>,
    },
    /// A key that was to be told in an INFO request: the peer's Allow does not name it, or it was refused.
    KeyNotTaken {
        /// The leg.
        leg: LegId,
        /// The key.
        digit: Digit,
    },
    /// An answered call, or an inbound one that was never answered, is over.
    Ended {
        /// The leg.
        leg: LegId,
        /// Who ended it.
        by: EndedBy,
        /// The peer's Reason header (RFC 3326).
        reason: Option<String>,
    },
    /// A registration of ours at a peer stands differently.
    Registration {
        /// Its name in the configuration.
        name: String,
        /// How it stands.
        state: RegistrationState,
    },
    /// The telephones of a user became more or fewer.
    Bindings {
        /// The user.
        user: String,
        /// How many contacts there are now.
        contacts: usize,
    },
    /// A peer came or went.
    Health {
        /// Its name in the configuration.
        name: String,
        /// Whether it answers; gone is what left two questions in a row without an answer.
        alive: bool,
        /// How long the answer took.
        round_trip: Option<Duration>,
    },
}

/// A look inside.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Legs that the application still has.
    pub calls: usize,
    /// Legs held, with those that are only being taken down.
    pub legs: usize,
    /// Transactions held.
    pub transactions: usize,
    /// Open connections of every kind, with those that are being made.
    pub connections: usize,
    /// Events that wait for the application.
    pub events_waiting: usize,
    /// Refused messages by kind.
    pub refusals: RefusalCounts,
    /// Messages that could not be handed to a socket.
    pub unsent: u64,
}

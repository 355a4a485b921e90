//! Between the pages and the telephone driver: calls from and to browsers. The one side asks, the other answers; neither knows the other.

use tokio::sync::{mpsc, oneshot, watch};

use crate::call::event::LegEnd;

/// Requests of pages that may wait for the telephone driver; a page beyond that is told to try again.
const REQUESTS: usize = 256;

/// One browser's call. Nobody can guess it: who knows it may change and end the call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebCallId(pub String);

impl WebCallId {
    /// A fresh one: 128 bits of the system's randomness.
    #[must_use]
    pub fn random() -> Self {
        Self(random_hex(16))
    }
}

/// Random bytes as hexadecimal digits.
#[must_use]
pub fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).expect("a system without randomness cannot have secrets");
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a browser's call does not come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebRefused {
    /// No capacity, or shutting down.
    Busy,
    /// Nobody answers this number.
    NotFound,
    /// The session description is none.
    BadOffer,
    /// The session description offers nothing that we can do.
    NotAcceptable,
    /// No such call.
    NoSuchCall,
    /// This agent's phone does not ring.
    NothingRings,
}

impl WebRefused {
    /// From the SIP status that would refuse the same call.
    #[must_use]
    pub const fn from_sip(status: u16) -> Self {
        match status {
            400 => Self::BadOffer,
            404 => Self::NotFound,
            488 => Self::NotAcceptable,
            _ => Self::Busy,
        }
    }
}

/// A browser's call that has begun.
#[derive(Debug)]
pub struct WebCall {
    /// Names it.
    pub id: WebCallId,
    /// Our session description.
    pub answer: String,
    /// Becomes true when the call is over.
    pub ended: watch::Receiver<bool>,
}

/// Where a session description's answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, WebRefused>>;

/// What pages ask.
#[derive(Debug)]
pub enum Request {
    /// A caller calls.
    Call {
        /// The number or name that they call.
        called: String,
        /// What the page says that they are called.
        name: Option<String>,
        /// Their session description.
        offer: String,
        /// The call, once it is answered.
        reply: Reply<WebCall>,
    },
    /// An agent takes the call that rings on their page.
    Answer {
        /// Who.
        agent: String,
        /// Their session description.
        offer: String,
        /// The call.
        reply: Reply<WebCall>,
    },
    /// A browser has changed its network, or something else of its session.
    Reoffer {
        /// Which call.
        id: WebCallId,
        /// The new session description.
        offer: String,
        /// Ours.
        reply: Reply<String>,
    },
    /// A browser hangs up, or is gone.
    End {
        /// Which call.
        id: WebCallId,
        /// Which of the two.
        why: LegEnd,
    },
    /// An agent's page was opened, or closed.
    Desk {
        /// Whose.
        agent: String,
        /// Opened?
        open: bool,
    },
}

/// The pages' side. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WebCalls {
    requests: mpsc::Sender<Request>,
}

impl WebCalls {
    /// Both sides.
    #[must_use]
    pub fn open() -> (Self, mpsc::Receiver<Request>) {
        let (requests, queue) = mpsc::channel(REQUESTS);
        (Self { requests }, queue)
    }

    /// A caller calls from a page.
    ///
    /// # Errors
    /// Why not.
    pub async fn call(&self, called: String, name: Option<String>, offer: String) -> Result<WebCall, WebRefused> {
        self.ask(|reply| Request::Call { called, name, offer, reply }).await
    }

    /// An agent takes the call that rings on their page.
    ///
    /// # Errors
    /// Why not.
    pub async fn answer(&self, agent: String, offer: String) -> Result<WebCall, WebRefused> {
        self.ask(|reply| Request::Answer { agent, offer, reply }).await
    }

    /// Another session description for a call that goes on.
    ///
    /// # Errors
    /// Why not; the call goes on as it was.
    pub async fn reoffer(&self, id: WebCallId, offer: String) -> Result<String, WebRefused> {
        self.ask(|reply| Request::Reoffer { id, offer, reply }).await
    }

    /// Ends a call; one that is over stays so.
    pub async fn end(&self, id: WebCallId, why: LegEnd) {
        // Without a telephone driver there is no call left.
        let _ = self.requests.send(Request::End { id, why }).await;
    }

    /// An agent's page was opened, or closed: that is where their telephone may be.
    pub async fn desk(&self, agent: String, open: bool) {
        // Without a telephone driver nothing rings.
        let _ = self.requests.send(Request::Desk { agent, open }).await;
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, WebRefused> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(request(reply)).map_err(|_| WebRefused::Busy)?;
        // A call that is given up before it is answered is dropped with its reply.
        answer.await.unwrap_or(Err(WebRefused::Busy))
    }
}

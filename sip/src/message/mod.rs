//! A SIP message after the guard let it pass: everything that the standard demands is present and parsed once (RFC 3261 §7, §8.1.1).

mod body;
mod headers;
mod method;
mod reason;
mod user_to_user;
mod via;
mod write;

pub use body::{BodyError, sdp_of};
pub use headers::Headers;
pub use method::Method;
pub use reason::reason_cause;
pub use user_to_user::{UserToUser, UserToUserError};
pub use via::Via;
pub use write::{RequestParts, ResponseParts, reason_phrase};

use crate::uri::{NameAddr, Uri};

/// The values that every message must have (RFC 3261 §8.1.1).
#[derive(Debug, Clone)]
pub struct Essentials {
    /// The topmost Via; in a request already stamped with where it came from.
    pub via: Via,
    /// From.
    pub from: NameAddr,
    /// To.
    pub to: NameAddr,
    /// Call-ID.
    pub call_id: String,
    /// The number in CSeq, below 2^31.
    pub cseq: u32,
    /// The method in CSeq; the request's own method in a request.
    pub method: Method,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The Request-URI.
    pub uri: Uri,
    /// What every request has.
    pub essentials: Essentials,
    /// All headers, unfolded, as UTF-8, long names.
    pub headers: Headers,
    /// The body, exactly as long as Content-Length says.
    pub body: Vec<u8>,
}

impl Request {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.essentials.method
    }

    /// The SDP in the body, looking one level into a multipart body.
    pub fn sdp(&self) -> Option<Vec<u8>> {
        sdp_of(&self.headers, &self.body).ok().flatten().map(<[u8]>::to_vec)
    }
}

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// What every response has.
    pub essentials: Essentials,
    /// All headers, unfolded, as UTF-8, long names.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The SDP in the body, looking one level into a multipart body.
    pub fn sdp(&self) -> Option<Vec<u8>> {
        sdp_of(&self.headers, &self.body).ok().flatten().map(<[u8]>::to_vec)
    }
}

/// A message that the guard let pass.
#[derive(Debug, Clone)]
pub enum Message {
    /// A request.
    Request(Box<Request>),
    /// A response.
    Response(Box<Response>),
}

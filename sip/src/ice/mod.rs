//! ICE, lite (RFC 8445 §2.5): the gateway has an address that everybody reaches, so it only answers connectivity checks and learns from
//! them where the peer is. What a browser behind translators needs beyond that (STUN, TURN) is its own side's.

mod agent;
mod stun;

pub use agent::{Agent, Checked, Credentials, RemoteCredentials};
pub use stun::{Attributes, Class, StunError, StunMessage, binding_request, is_stun};

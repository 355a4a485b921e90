//! SRTP and SRTCP (RFC 3711; AES-256: RFC 6188; AES-GCM: RFC 7714), in place and without allocation, keys from SDES (RFC 4568) or
//! DTLS-SRTP (RFC 5764).
//!
//! A packet is believed only after its authentication, and only then anything is remembered of it: a stranger's packets cost no memory.

mod cipher;
mod keys;
mod receive;
mod sdes;
mod send;
mod suite;
#[cfg(test)]
mod tests;

pub use keys::Keys;
pub use receive::{Receiver, Refused};
pub use sdes::{CryptoLine, MAX_CRYPTO_LINES};
pub use send::Sender;
pub use suite::Suite;

//! Digest authentication, both sides of it (RFC 7616, RFC 8760, RFC 3261 §22). Pure: time, randomness and secrets are parameters.

mod challenge;
mod credentials;
mod digest;
mod failures;
mod nonces;
mod params;
mod secret;
#[cfg(test)]
mod tests;

pub use challenge::{Challenge, Session, challenges, strongest};
pub use credentials::Credentials;
pub use digest::Algorithm;
pub use failures::Failures;
pub use nonces::Nonces;
pub use secret::Secret;

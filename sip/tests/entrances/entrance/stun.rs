//! Connectivity checks: what is not signed with the session's password changes nothing and learns nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use warmline_sip::ice::{Agent, Checked, Credentials, RemoteCredentials, StunMessage, binding_request, is_stun};

use super::pieces::Pieces;

/// The pieces are datagrams; the lower bits of what is said about them make some of them checks that the peer has signed.
pub(crate) fn stun(bytes: &[u8]) {
    let local = Credentials::from_random(&[3; 30]);
    let mut agent = Agent::new(local.clone(), RemoteCredentials { ufrag: Arc::from("them") });
    let mut signed = 0;
    for (at, (about, piece)) in Pieces(bytes).take(100).enumerate() {
        let from = SocketAddr::from(([192, 0, 2, about >> 4], 1_000));
        let now = Duration::from_millis(at as u64 * 50);
        let made = (about & 3 == 3).then(|| check(&local, piece, about & 4 != 0));
        let datagram = made.as_deref().unwrap_or(piece);
        signed += usize::from(made.is_some());
        let Ok(message) = StunMessage::parse(datagram) else { continue };
        assert!(is_stun(datagram));
        let chosen = agent.chosen();
        match agent.on_stun(now, from, &message) {
            Checked::Good { answer, .. } => good(&answer, datagram, &agent, from),
            Checked::Refuse(answer) => good(&answer, datagram, &agent, from),
            Checked::Ignore => assert_eq!(agent.chosen(), chosen),
        }
    }
    assert!(signed > 0 || agent.chosen().is_none());
}

/// An answer can be read, belongs to its question, and is no use for amplifying.
fn good(answer: &[u8], asked: &[u8], agent: &Agent, from: SocketAddr) {
    assert!(StunMessage::parse(answer).is_ok() && answer[8..20] == asked[8..20]);
    assert!(answer.len() <= asked.len() + 64, "{} bytes for {}", answer.len(), asked.len());
    let _ = agent.is_valid(from);
}

/// A check as the peer signs it, its transaction and priority out of the piece.
fn check(local: &Credentials, piece: &[u8], nominate: bool) -> Vec<u8> {
    let mut padded = [0; 16];
    let length = piece.len().min(16);
    padded[..length].copy_from_slice(&piece[..length]);
    let (transaction, priority) = padded.split_first_chunk().expect("16 is more than 12");
    let priority = u32::from_be_bytes(*priority.first_chunk().expect("four are left"));
    binding_request(*transaction, &format!("{}:them", local.ufrag), &local.password, priority, nominate)
}

//! What a refusal means: its status, or the telephone network's cause where the status says little (RFC 3326, ITU-T Q.850).

use super::super::event::FailWhy;
use crate::message::{Response, reason_cause};

/// What a final status tells a caller.
pub(super) fn meaning(status: u16) -> FailWhy {
    match status {
        486 | 600 => FailWhy::Busy,
        603 | 607 | 608 => FailWhy::Declined,
        408 | 480 | 487 => FailWhy::NoAnswer,
        502..=504 => FailWhy::Unreachable,
        _ => FailWhy::Rejected,
    }
}

/// What a refusal tells a caller.
pub(super) fn why_refused(response: &Response) -> FailWhy {
    cause_of(response).and_then(of_network).unwrap_or_else(|| meaning(response.status))
}

/// Whether a refusal is the callee's, whom no other way leads to either.
pub(super) fn is_about_the_callee(response: &Response) -> bool {
    // Of those that say that nobody can be reached, the subscriber's absence and the telephone that is out of order.
    cause_of(response).is_some_and(|cause| matches!(cause, 20 | 27) || of_network(cause).is_some_and(|why| why != FailWhy::Unreachable))
}

/// Gateways to the telephone network have few statuses for its many causes (RFC 3398 §7.2.4.1), and some send the same one for all of them.
fn cause_of(response: &Response) -> Option<u8> {
    let vague = matches!(response.status, 480 | 500 | 502..=504);
    reason_cause(&response.headers.reason().filter(|_| vague)?, "Q.850")
}

/// What a Q.850 cause tells a caller, if that is more than a status does.
fn of_network(cause: u8) -> Option<FailWhy> {
    Some(match cause {
        17 => FailWhy::Busy,
        // No user responding; no answer although alerted.
        18 | 19 => FailWhy::NoAnswer,
        // Call rejected.
        21 => FailWhy::Declined,
        // Unallocated number, number changed, invalid number.
        1 | 22 | 28 => FailWhy::Rejected,
        // No route, subscriber absent, destination out of order, no circuit, network out of order, temporary failure, congestion, no resource.
        2 | 3 | 20 | 27 | 34 | 38 | 41 | 42 | 44 | 47 => FailWhy::Unreachable,
        _ => return None,
    })
}

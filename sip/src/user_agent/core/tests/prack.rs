//! Reliable provisional responses (RFC 3262), and UPDATE before the answer (RFC 3311).

use super::script::{reply, value};
use super::{Command, Event, LegId, SDP, Story, dial};
use crate::user_agent::event::EndedBy;

const RELIABLE: &str = "Require: 100rel\r\n";

fn ring(leg: LegId, status: u16, sdp: Option<&[u8]>) -> Command {
    Command::Ring { leg, status, sdp: sdp.map(<[u8]>::to_vec) }
}

/// The RAck for the last provisional response of ours.
fn rack(story: &Story, start: &str) -> String {
    format!("RAck: {} 1 INVITE\r\n", value(&story.last(start), "RSeq"))
}

#[test]
fn a_ring_is_repeated_until_its_prack_and_then_the_next_one_goes_out() {
    let mut story = Story::new();
    let leg = story.called("Require: 100rel\r\nSupported: 100rel\r\n");
    story.told(ring(leg, 180, None));
    story.told(ring(leg, 183, Some(SDP)));
    story.passes(4);
    assert_eq!((story.times_of("SIP/2.0 180"), story.count("SIP/2.0 183")), (vec![0, 500, 1_500, 3_500], 0));
    let ringing = story.last("SIP/2.0 180");
    assert_eq!(value(&ringing, "Require"), "100rel");
    let first: u32 = value(&ringing, "RSeq").parse().unwrap();
    // Not this one (RFC 3262 section 3).
    story.caller_says(leg, "PRACK", 2, &format!("RAck: {} 1 INVITE\r\n", first + 1), "");
    assert_eq!((story.count("SIP/2.0 481"), story.count("SIP/2.0 183")), (1, 0));
    let acknowledged = rack(&story, "SIP/2.0 180");
    story.caller_says(leg, "PRACK", 3, &acknowledged, "");
    assert_eq!(story.count("SIP/2.0 200"), 1);
    assert_eq!(value(&story.last("SIP/2.0 183"), "RSeq"), (first + 1).to_string());
    // The same again is no longer waited for.
    story.caller_says(leg, "PRACK", 4, &acknowledged, "");
    assert_eq!(story.count("SIP/2.0 481"), 2);
}

#[test]
fn an_answer_waits_until_early_media_is_acknowledged() {
    let mut story = Story::new();
    let leg = story.called("Supported: 100rel, timer\r\n");
    // Without a description there is nothing that must not get lost.
    story.told(ring(leg, 180, None));
    assert_eq!(value(&story.last("SIP/2.0 180"), "RSeq"), "");
    story.told(ring(leg, 183, Some(SDP)));
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    story.passes(1);
    assert_eq!((story.count("SIP/2.0 200"), story.count("SIP/2.0 183")), (0, 2));
    let acknowledged = rack(&story, "SIP/2.0 183");
    story.caller_says(leg, "PRACK", 2, &acknowledged, "");
    assert_eq!(story.count("SIP/2.0 200"), 2, "of PRACK and of INVITE");
    story.caller_says(leg, "ACK", 1, "", "");
    assert!(matches!(story.last_event(), Event::Confirmed { .. }));
}

#[test]
fn without_a_prack_the_call_is_given_up() {
    let mut story = Story::new();
    let leg = story.called(RELIABLE);
    story.told(ring(leg, 183, Some(SDP)));
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    story.passes(40);
    assert_eq!(story.times_of("SIP/2.0 183"), [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!(story.times_of("SIP/2.0 504")[0], 32_000);
    assert!(matches!(story.last_event(), Event::Ended { by: EndedBy::Timeout, .. }));
    story.passes(200);
    assert_eq!((story.core.stats().transactions, story.core.next_deadline()), (0, None));
}

#[test]
fn an_offer_in_a_prack_is_refused_and_the_call_goes_on() {
    let mut story = Story::new();
    let leg = story.called(RELIABLE);
    story.told(ring(leg, 183, Some(SDP)));
    let acknowledged = rack(&story, "SIP/2.0 183");
    story.caller_says(leg, "PRACK", 2, &acknowledged, "v=0\r\n");
    assert_eq!(story.count("SIP/2.0 488"), 1);
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    assert_eq!(story.count("SIP/2.0 200"), 1);
}

#[test]
fn a_caller_may_offer_again_before_the_answer_only_after_a_prack() {
    let mut story = Story::new();
    let leg = story.called(RELIABLE);
    story.caller_says(leg, "UPDATE", 2, "", "v=0\r\n");
    assert!(!value(&story.last("SIP/2.0 500"), "Retry-After").is_empty());
    story.told(ring(leg, 183, Some(SDP)));
    let acknowledged = rack(&story, "SIP/2.0 183");
    story.caller_says(leg, "PRACK", 3, &acknowledged, "");
    story.caller_says(leg, "UPDATE", 4, "", "v=0\r\n");
    let Event::Reoffer { transaction, .. } = *story.last_event() else { panic!("{:?}", story.events) };
    story.told(Command::AnswerReinvite { leg, transaction, answer: Ok(SDP.to_vec()) });
    assert_eq!(value(&story.last("SIP/2.0 200"), "CSeq"), "4 UPDATE");
    // One that is open when the call ends, ends with it.
    story.caller_says(leg, "UPDATE", 5, "", "v=0\r\n");
    story.told(Command::Reject { leg, status: 486, reason: None, headers: Vec::new() });
    assert_eq!(value(&story.last("SIP/2.0 487"), "CSeq"), "5 UPDATE");
}

#[test]
fn an_offer_of_a_call_that_comes_to_nothing_is_answered_all_the_same() {
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    rings(&mut story, "t", 1, "v=0\r\n");
    story.callee_says("t", "UPDATE", 1, "", "v=0\r\n");
    story.replies("INVITE", "486 Busy Here", "");
    assert!(matches!(story.last_event(), Event::Failed { .. }));
    story.passes(100);
    assert_eq!((story.times_of("SIP/2.0 500"), story.core.stats().transactions), (vec![10_000], 0));
}

/// A provisional response of one fork.
fn rings(story: &mut Story, tag: &str, rseq: u32, body: &str) {
    let invite = story.last("INVITE");
    story.hears(&reply(&invite, "183 Session Progress", tag, &format!("Require: 100rel\r\nRSeq: {rseq}\r\n"), body));
}

#[test]
fn provisional_responses_are_acknowledged_once_and_in_order_for_each_fork() {
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    rings(&mut story, "t", 7, "");
    assert_eq!((value(&story.last("PRACK"), "RAck"), value(&story.last("PRACK"), "CSeq")), ("7 1 INVITE", "2 PRACK"));
    // The same again, an older one, and one after a gap.
    [7, 6, 9].into_iter().for_each(|rseq| rings(&mut story, "t", rseq, ""));
    assert_eq!((story.count("PRACK"), story.events.len()), (1, 1));
    rings(&mut story, "t", 8, "v=0\r\n");
    assert_eq!((value(&story.last("PRACK"), "RAck"), value(&story.last("PRACK"), "CSeq")), ("8 1 INVITE", "3 PRACK"));
    rings(&mut story, "other", 1, "");
    assert_eq!((value(&story.last("PRACK"), "RAck"), value(&story.last("PRACK"), "CSeq")), ("1 1 INVITE", "2 PRACK"));
    assert!(value(&story.last("PRACK"), "To").ends_with(";tag=other"));
    (0..20).for_each(|fork| rings(&mut story, &format!("fork{fork}"), 1, ""));
    assert_eq!(story.count("PRACK"), 9, "eight forks");
    // The numbers of the fork that answers go on, and so do those of one that is ended.
    story.picks_up("");
    assert!(matches!(story.last_event(), Event::Answered { sdp: Some(_), .. }));
    assert_eq!(value(&story.last("ACK"), "CSeq"), "1 ACK");
    let invite = story.last("INVITE");
    story.hears(&reply(&invite, "200 OK", "other", "", "v=0\r\n"));
    let number: u32 = value(&story.last("BYE"), "CSeq").trim_end_matches(" BYE").parse().unwrap();
    assert!(number > 2);
    story.told(Command::Bye { leg: LegId(2), reason: None });
    assert_eq!(value(&story.last("BYE"), "CSeq"), "4 BYE");
}

#[test]
fn those_we_call_may_offer_again_before_they_answer() {
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    rings(&mut story, "t", 1, "");
    story.callee_says("t", "UPDATE", 1, "", "");
    assert_eq!(story.count("SIP/2.0 200"), 1);
    // Our own offer is not answered yet (RFC 3311 section 5.2).
    story.callee_says("t", "UPDATE", 2, "", "v=0\r\n");
    assert_eq!(story.count("SIP/2.0 491"), 1);
    rings(&mut story, "t", 2, "v=0\r\n");
    story.callee_says("t", "UPDATE", 3, "", "v=0\r\n");
    let Event::Reoffer { leg, transaction, .. } = *story.last_event() else { panic!("{:?}", story.events) };
    story.callee_says("t", "UPDATE", 4, "", "v=0\r\n");
    assert_eq!(story.count("SIP/2.0 500"), 1);
    story.told(Command::AnswerReinvite { leg, transaction, answer: Ok(SDP.to_vec()) });
    assert_eq!(value(&story.last("SIP/2.0 200"), "CSeq"), "3 UPDATE");
    // A stranger, an old number, and other methods find nothing.
    story.callee_says("x", "UPDATE", 9, "", "");
    story.callee_says("t", "BYE", 9, "", "");
    assert_eq!(story.count("SIP/2.0 481"), 2);
    story.callee_says("t", "UPDATE", 8, "", "");
    assert_eq!(story.count("SIP/2.0 500"), 2);
    story.picks_up("");
    story.callee_says("t", "BYE", 10, "", "");
    assert!(matches!(story.last_event(), Event::Ended { by: EndedBy::Remote, .. }));
}

//! Taking a running call over (RFC 3891) is for those who may.

use super::script::caller;
use super::{Config, Event, LegId, Story, dial};

fn agents(config: &mut Config) {
    config.replaces_from = vec!["192.0.2.2/32".parse().unwrap()];
}

/// An INVITE of another call with this Replaces.
fn takes_over(story: &mut Story, replaces: &str) {
    let invite = caller("INVITE", 1, "", &format!("Replaces: {replaces}\r\nRequire: replaces\r\n"), "v=0\r\n");
    story.hears(&invite.replace("z9hG4bKINVITE1", &format!("z9hG4bKtaker{}", story.sent.len())).replace("Call-ID: c", "Call-ID: taker"));
}

fn replaced(story: &Story) -> Option<LegId> {
    if let Event::Incoming(call) = story.last_event() { call.replaces } else { None }
}

#[test]
fn an_agent_takes_an_answered_call_over() {
    let mut story = Story::with(agents);
    let leg = story.talking("");
    let tag = story.core.legs[&leg].dialog.local_tag.clone();
    for wrong in ["c;to-tag=x;from-tag=f".to_owned(), format!("c;to-tag={tag};from-tag=x"), format!("x;to-tag={tag};from-tag=f")] {
        takes_over(&mut story, &wrong);
    }
    assert_eq!(story.count("SIP/2.0 481"), 3);
    takes_over(&mut story, &format!("c;to-tag={tag};from-tag=f;early-only"));
    assert_eq!(story.count("SIP/2.0 486"), 1);
    for broken in ["c", "c;to-tag=x", ";to-tag=x;from-tag=f", &format!("c;to-tag={tag};from-tag=f, d;to-tag=x;from-tag=y")] {
        takes_over(&mut story, broken);
    }
    assert_eq!((story.count("SIP/2.0 400"), story.core.stats().calls), (4, 1));
    takes_over(&mut story, &format!("c;to-tag={tag};from-tag=f"));
    assert_eq!((replaced(&story), story.core.stats().calls), (Some(leg), 2));
}

#[test]
fn a_stranger_learns_nothing() {
    let mut story = Story::new();
    let leg = story.talking("");
    let tag = story.core.legs[&leg].dialog.local_tag.clone();
    takes_over(&mut story, &format!("c;to-tag={tag};from-tag=f"));
    takes_over(&mut story, "c;to-tag=x;from-tag=f");
    takes_over(&mut story, "nonsense");
    assert_eq!((story.count("SIP/2.0 481"), story.core.stats().calls), (3, 1));
}

#[test]
fn only_calls_that_we_place_can_be_taken_before_their_answer() {
    let mut story = Story::with(agents);
    let leg = story.called("");
    let tag = story.core.legs[&leg].dialog.local_tag.clone();
    takes_over(&mut story, &format!("c;to-tag={tag};from-tag=f"));
    assert_eq!(story.count("SIP/2.0 481"), 1);
    story.told(dial(LegId(2), false));
    story.replies("INVITE", "180 Ringing", "Require: 100rel\r\nRSeq: 1\r\n");
    let (call_id, tag) = (story.core.legs[&LegId(2)].dialog.call_id.clone(), story.core.legs[&LegId(2)].dialog.local_tag.clone());
    takes_over(&mut story, &format!("{call_id};to-tag={tag};from-tag=t;early-only"));
    assert_eq!(replaced(&story), Some(LegId(2)));
}

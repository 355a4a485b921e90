//! Redirections, and what a refusal or a giving up says beside its number.

use std::time::Duration;

use super::script::{caller, reply, value};
use super::{Command, Event, LegId, Story, dial};
use crate::user_agent::event::FailWhy;

fn dial_and_follow() -> Command {
    match dial(LegId(2), false) {
        Command::Dial(mut request) => {
            request.follow_redirects = true;
            Command::Dial(request)
        }
        other => other,
    }
}

#[test]
fn a_redirection_is_followed_where_it_may_lead_the_most_wanted_first() {
    let mut story = Story::new();
    story.told(dial_and_follow());
    let contacts = "<sip:x@198.51.100.9>, <sip:second@192.0.2.2:5070>;q=0.5, <sip:first@192.0.2.2>;q=0.9";
    let moved = reply(&story.last("INVITE"), "302 Moved Temporarily", "t", "Contact: <sips:y@192.0.2.2>, <http://z>\r\n", "");
    story.hears(&moved.replace("<sip:b@192.0.2.2>\r\n", &format!("{contacts}\r\n")));
    assert_eq!(value(&story.last("ACK"), "CSeq"), "1 ACK");
    let first = story.last("INVITE");
    assert!(first.starts_with("INVITE sip:first@192.0.2.2 ") && first.ends_with("v=0\r\n"), "{first}");
    assert_eq!((value(&first, "CSeq"), value(&first, "User-Agent")), ("2 INVITE", "Warmline"));
    assert_eq!(first.matches("User-Agent:").count() + first.matches("Contact:").count() + first.matches("Supported:").count(), 3);
    story.replies("INVITE", "486 Busy Here", "");
    assert!(story.last("INVITE").starts_with("INVITE sip:second@192.0.2.2:5070 "));
    story.picks_up("");
    assert!(matches!(story.events[..], [Event::Answered { .. }]));
}

#[test]
fn a_circle_of_redirections_ends() {
    let mut story = Story::new();
    story.told(dial_and_follow());
    for _ in 0..10 {
        let before = story.count("INVITE");
        story.replies("INVITE", "302 Moved Temporarily", "");
        if story.count("INVITE") == before {
            break;
        }
    }
    assert_eq!(story.count("INVITE"), 4);
    assert!(matches!(story.events[..], [Event::Failed { status: Some(302), why: FailWhy::Rejected, .. }]));
    story.passes(60);
    assert_eq!((story.core.stats().legs, story.core.stats().transactions), (0, 0));
}

#[test]
fn nobody_is_followed_unasked_or_to_a_strange_host_or_after_a_final_no() {
    for (ask, contact, status) in [
        (false, "<sip:b@192.0.2.2:5070>", "302 Moved"),
        (true, "<sip:b@198.51.100.9>", "302 Moved"),
        (true, "<sip:b@elsewhere.example>", "302 Moved"),
        (true, "<sip:b@192.0.2.2:5070>", "305 Use Proxy"),
        (true, "<sip:b@192.0.2.2:5070>", "603 Decline"),
    ] {
        let mut story = Story::new();
        story.told(if ask { dial_and_follow() } else { dial(LegId(2), false) });
        let invite = story.last("INVITE");
        let answer = reply(&invite, status, "t", "", "").replace("<sip:b@192.0.2.2>\r\n", &format!("{contact}\r\n"));
        story.hears(&answer);
        assert_eq!(story.count("INVITE"), 1, "{contact} {status}");
        assert!(matches!(story.last_event(), Event::Failed { .. }));
    }
    let mut story = Story::with(|config| config.allowed = vec!["198.51.100.0/24".parse().unwrap()]);
    story.told(dial_and_follow());
    let invite = story.last("INVITE");
    story.hears(&reply(&invite, "302 Moved", "t", "", "").replace("b@192.0.2.2", "b@198.51.100.9"));
    assert!(story.last("INVITE").starts_with("INVITE sip:b@198.51.100.9 "));
}

#[test]
fn a_cancelled_call_is_not_placed_again() {
    let mut story = Story::new();
    story.told(dial_and_follow());
    story.told(Command::Cancel { leg: LegId(2), reason: Some("SIP;cause=200;text=\"Call completed elsewhere\"".to_owned()) });
    assert_eq!(story.count("CANCEL"), 0);
    story.replies("INVITE", "180 Ringing", "");
    let cancel = story.last("CANCEL");
    assert_eq!(value(&cancel, "Reason"), "SIP;cause=200;text=\"Call completed elsewhere\"");
    story.replies("INVITE", "302 Moved", "");
    assert_eq!((story.count("INVITE"), story.events.len()), (1, 1));
}

#[test]
fn a_refusal_brings_its_reason_and_when_to_ask_again() {
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    story.replies("INVITE", "503 Busy", "Reason: Q.850;cause=42;text=\"Congestion\"\r\nRetry-After: 18 (soon);duration=3\r\n");
    let Event::Failed { reason, retry_after, why, .. } = story.last_event() else { panic!("{:?}", story.events) };
    assert_eq!((reason.as_deref(), *why), (Some("Q.850;cause=42;text=\"Congestion\""), FailWhy::Unreachable));
    assert_eq!(*retry_after, Some(Duration::from_secs(18)));
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    story.replies("INVITE", "486 Busy Here", &format!("Reason: {}\r\nRetry-After: never\r\n", "x".repeat(300)));
    let Event::Failed { reason: Some(reason), retry_after: None, .. } = story.last_event() else { panic!("{:?}", story.events) };
    assert_eq!(reason.len(), 256);
}

#[test]
fn a_caller_that_gives_up_may_say_why() {
    let mut story = Story::new();
    story.called("");
    let cancel = caller("CANCEL", 1, "", "Reason: SIP;cause=200\r\n", "").replace("z9hG4bKCANCEL1", "z9hG4bKINVITE1");
    story.hears(&cancel);
    assert!(matches!(story.last_event(), Event::Cancelled { reason: Some(reason), .. } if reason == "SIP;cause=200"));
}

#[test]
fn whoever_does_not_answer_is_told_that_this_is_why() {
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    story.replies("INVITE", "180 Ringing", "");
    story.passes(41);
    assert_eq!(value(&story.last("CANCEL"), "Reason"), "Q.850;cause=19;text=\"No answer\"");
    assert!(matches!(story.last_event(), Event::Failed { status: None, why: FailWhy::NoAnswer, .. }), "{:?}", story.last_event());
}

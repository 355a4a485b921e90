//! Transfers that we ask for: every one has exactly one outcome, and the call is never lost over it.

use super::script::value;
use super::{Command, Event, LegId, Story, dial};
use crate::user_agent::command::ReferRequest;
use crate::user_agent::event::{EndedBy, ReferProgress as Progress};

fn refer(leg: LegId, replaces: Option<LegId>) -> Command {
    let headers = vec![("X-Order".to_owned(), "42".to_owned()), ("Refer-To".to_owned(), "<sip:evil@x>".to_owned())];
    let referred_by = Some("sip:bot@example.com".to_owned());
    let carried = if replaces.is_some() {
        vec![("User-to-User".to_owned(), "61;encoding=hex".to_owned()), ("Via".to_owned(), "x".to_owned())]
    } else {
        Vec::new()
    };
    let refer_to = "sip:agent@192.0.2.9".to_owned();
    Command::Refer { leg, request: Box::new(ReferRequest { refer_to, replaces, carried, referred_by, headers }) }
}

fn progress(story: &Story) -> Vec<Progress> {
    story.events.iter().filter_map(|event| if let Event::Referred { progress, .. } = event { Some(*progress) } else { None }).collect()
}

fn notify(story: &mut Story, leg: LegId, cseq: u32, headers: &str, fragment: &str) {
    story.caller_says(leg, "NOTIFY", cseq, &format!("{headers}\r\n"), &format!("{fragment}\r\n"));
}

const ACTIVE: &str = "Event: refer\r\nSubscription-State: active;expires=60";
const OVER: &str = "Event: refer;id=1\r\nSubscription-State: terminated;reason=noresource";

#[test]
fn a_blind_transfer_from_accepted_to_answered() {
    let mut story = Story::new();
    let leg = story.talking("");
    story.told(refer(leg, None));
    let sent = story.last("REFER");
    assert_eq!((value(&sent, "Refer-To"), value(&sent, "Referred-By")), ("<sip:agent@192.0.2.9>", "<sip:bot@example.com>"));
    assert_eq!((value(&sent, "X-Order"), sent.matches("Refer-To:").count()), ("42", 1));
    // NOTIFY may overtake the 202.
    notify(&mut story, leg, 2, ACTIVE, "SIP/2.0 100 Trying");
    story.replies("REFER", "202 Accepted", "");
    notify(&mut story, leg, 3, ACTIVE, "SIP/2.0 180 Ringing");
    notify(&mut story, leg, 4, ACTIVE, "SIP/2.0 180 Ringing");
    notify(&mut story, leg, 5, OVER, "SIP/2.0 200 OK");
    notify(&mut story, leg, 6, OVER, "SIP/2.0 486 Busy");
    assert_eq!(progress(&story), [Progress::Accepted, Progress::Trying(100), Progress::Trying(180), Progress::Succeeded(200)]);
    story.passes(300);
    assert_eq!((progress(&story).len(), story.core.stats().calls), (4, 1));
}

#[test]
fn an_attended_transfer_names_the_other_call_as_its_peer_sees_it() {
    let mut story = Story::new();
    let other = story.dialled("");
    let leg = story.talking("");
    story.told(refer(leg, Some(other)));
    let (call_id, tag) = (&story.core.legs[&other].dialog.call_id, &story.core.legs[&other].dialog.local_tag);
    let expected = format!("<sip:agent@192.0.2.9?Replaces={call_id}%3Bto-tag%3Dt%3Bfrom-tag%3D{tag}&User-to-User=61%3Bencoding%3Dhex>");
    assert_eq!(value(&story.last("REFER"), "Refer-To"), expected);
}

#[test]
fn every_way_to_fail_has_its_outcome() {
    let (active, over) = (Some(ACTIVE), Some(OVER));
    for (answer, notice, fragment, expected) in [
        ("403 Forbidden", None, "", Progress::Refused(403)),
        ("202 Accepted", over, "SIP/2.0 603 Decline", Progress::Failed(603)),
        ("202 Accepted", active, "SIP/2.0 503", Progress::Failed(503)),
        ("202 Accepted", over, "SIP/2.0 180 Ringing", Progress::Lost),
        ("202 Accepted", over, "nonsense", Progress::Lost),
        ("202 Accepted", None, "", Progress::Lost),
        ("202 Accepted", active, "SIP/2.0 180 Ringing", Progress::Lost),
        ("202 Accepted\r\nRefer-Sub: false", None, "", Progress::Lost),
        ("", None, "", Progress::Refused(408)),
    ] {
        let mut story = Story::new();
        let leg = story.talking("");
        story.told(refer(leg, None));
        if !answer.is_empty() {
            story.replies("REFER", answer, "");
        }
        if let Some(notice) = notice {
            notify(&mut story, leg, 2, notice, fragment);
        }
        story.passes(300);
        let all = progress(&story);
        assert_eq!(all.iter().filter(|progress| progress.is_final()).count(), 1, "{answer} {fragment}: {all:?}");
        assert_eq!((all.last(), story.core.stats().calls), (Some(&expected), 1), "{answer} {fragment}");
        // Afterwards another try is free to go.
        story.told(refer(leg, None));
        assert!(story.count("REFER") >= 2);
    }
}

#[test]
fn silence_is_given_up_after_half_a_minute_or_what_the_subscription_says() {
    let mut story = Story::new();
    let leg = story.talking("");
    story.told(refer(leg, None));
    story.replies("REFER", "202 Accepted", "");
    story.passes(31);
    assert_eq!(progress(&story), [Progress::Accepted]);
    notify(&mut story, leg, 2, "Event: refer\r\nSubscription-State: active;expires=99999", "SIP/2.0 100 Trying");
    story.passes(179);
    assert_eq!(progress(&story).len(), 2);
    story.passes(2);
    assert_eq!(progress(&story).last(), Some(&Progress::Lost));
}

#[test]
fn a_call_that_ends_takes_the_transfer_with_it() {
    for remote in [true, false] {
        let mut story = Story::new();
        let leg = story.talking("");
        story.told(refer(leg, None));
        story.replies("REFER", "202 Accepted", "");
        if remote {
            story.caller_says(leg, "BYE", 2, "", "");
        } else {
            story.told(Command::Bye { leg, reason: None });
        }
        let [.., Event::Referred { progress: Progress::Lost, .. }, Event::Ended { by, .. }] = &story.events[..] else {
            panic!("{:?}", story.events)
        };
        assert_eq!(*by == EndedBy::Remote, remote);
    }
}

#[test]
fn notifies_that_belong_to_no_refer_get_481() {
    let mut story = Story::new();
    let leg = story.talking("");
    notify(&mut story, leg, 2, ACTIVE, "SIP/2.0 200 OK");
    story.told(refer(leg, None));
    notify(&mut story, leg, 3, "Event: refer;id=77\r\nSubscription-State: terminated", "SIP/2.0 200 OK");
    notify(&mut story, leg, 4, "Event: presence\r\nSubscription-State: active", "SIP/2.0 200 OK");
    assert_eq!((story.count("SIP/2.0 481"), progress(&story).len()), (3, 0));
}

#[test]
fn what_cannot_be_asked_is_refused_at_once() {
    let mut story = Story::new();
    let leg = story.talking("");
    let to = |refer_to: &str| Command::Refer {
        leg,
        request: Box::new(ReferRequest { refer_to: refer_to.to_owned(), ..ReferRequest::default() }),
    };
    story.told(to("http://example.com"));
    story.told(to("sip:a@b>,<sip:c@d"));
    story.told(refer(leg, Some(LegId(98))));
    assert_eq!((progress(&story), story.count("REFER")), (vec![Progress::Refused(400), Progress::Refused(400), Progress::Refused(481)], 0));
    story.told(refer(leg, None));
    story.told(refer(leg, None));
    assert_eq!((progress(&story).last(), story.count("REFER")), (Some(&Progress::Refused(491)), 1));
    story.told(dial(LegId(2), false));
    story.told(refer(LegId(2), None));
    assert_eq!((progress(&story).last(), story.count("REFER")), (Some(&Progress::Refused(481)), 1));
}

//! Session timers (RFC 4028): who refreshes, when, with what, and when a call is over.

use std::time::Duration;

use super::script::{caller, value};
use super::{Command, Event, LegId, SDP, Story, dial};
use crate::user_agent::event::EndedBy;

const UPDATE: &str = "Supported: timer\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n";

#[test]
fn a_caller_that_promised_to_refresh_and_does_not_gets_bye_before_the_expiry() {
    let mut story = Story::new();
    story.talking("Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n");
    let ok = story.last("SIP/2.0 200");
    assert_eq!((value(&ok, "Session-Expires"), value(&ok, "Require")), ("90;refresher=uac", "timer"));
    story.passes(120);
    assert_eq!(story.times_of("BYE")[0], 60_000);
    assert!(matches!(story.last_event(), Event::Ended { by: EndedBy::Timeout, .. }));
    story.passes(60);
    assert_eq!((story.core.stats().legs, story.core.next_deadline()), (0, None));
}

#[test]
fn each_kind_of_refresh_keeps_the_call() {
    let mut story = Story::new();
    let leg = story.talking("Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n");
    story.passes(80);
    story.caller_says(leg, "UPDATE", 2, "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n", "");
    story.passes(80);
    story.caller_says(leg, "INVITE", 3, "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n", "v=0\r\n");
    let Some(Event::Reoffer { transaction, .. }) = story.events.last() else { panic!("{:?}", story.events) };
    let transaction = *transaction;
    story.told(Command::AnswerReinvite { leg, transaction, answer: Ok(SDP.to_vec()) });
    assert_eq!(value(&story.last("SIP/2.0 200"), "Session-Expires"), "120;refresher=uac");
    story.caller_says(leg, "ACK", 3, "", "");
    story.passes(80);
    assert_eq!((story.count("BYE"), story.core.stats().calls), (0, 1));
    story.passes(10);
    assert_eq!(story.times_of("BYE")[0], 160_000 + 88_000);
}

#[test]
fn an_interval_below_ours_is_refused_with_what_we_accept() {
    let mut story = Story::new();
    story.hears(&caller("INVITE", 1, "", "Supported: timer\r\nSession-Expires: 60\r\n", "v=0\r\n"));
    assert_eq!(value(&story.last("SIP/2.0 422"), "Min-SE"), "90");
    assert!(story.events.is_empty());
    // Whoever does not know session timers would not understand that (section 9).
    let leg = story.called("Session-Expires: 60\r\n");
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    assert_eq!(value(&story.last("SIP/2.0 200"), "Session-Expires"), "60;refresher=uas");
    story.caller_says(leg, "ACK", 1, "", "");
    story.caller_says(leg, "UPDATE", 2, "Supported: timer\r\nSession-Expires: 60\r\n", "");
    assert_eq!(value(&story.last("SIP/2.0 422"), "Min-SE"), "90");
    assert_eq!(story.core.stats().calls, 1);
}

#[test]
fn we_refresh_with_update_where_we_may_choose() {
    let mut story = Story::new();
    story.talking(UPDATE);
    assert_eq!(value(&story.last("SIP/2.0 200"), "Session-Expires"), "1800;refresher=uas");
    for round in 1..=4_u32 {
        story.passes(900);
        let update = story.last("UPDATE");
        assert_eq!(value(&update, "Session-Expires"), "1800;refresher=uac");
        assert!(update.ends_with("\r\n\r\n"), "no offer in {update}");
        // A peer that forgets the header in its answer is refreshed all the same.
        story.replies("UPDATE", "200 OK", if round % 2 == 0 { "Session-Expires: 1800;refresher=uac\r\n" } else { "" });
    }
    assert_eq!(story.times_of("UPDATE"), [900_000, 1_800_000, 2_700_000, 3_600_000]);
    assert_eq!((story.core.stats().calls, story.count("BYE")), (1, 0));
}

#[test]
fn without_update_the_offer_in_force_is_repeated() {
    let mut story = Story::new();
    let leg = story.talking("Supported: timer\r\nAllow: INVITE, ACK, BYE\r\nSession-Expires: 100\r\n");
    story.told(Command::Reinvite { leg, sdp: b"v=0\r\ns=2\r\n".to_vec() });
    story.picks_up("Supported: timer\r\nSession-Expires: 100;refresher=uac\r\n");
    story.passes(50);
    let again = story.last("INVITE");
    assert!(again.ends_with("v=0\r\ns=2\r\n"), "{again}");
    // An offer of the application waits for the end of the refresh, and only its own answer is reported as such.
    story.told(Command::Reinvite { leg, sdp: SDP.to_vec() });
    assert_eq!(story.count("INVITE"), 2);
    story.picks_up("Session-Expires: 100;refresher=uac\r\n");
    assert_eq!((story.count("INVITE"), story.count("ACK")), (3, 2));
    assert!(matches!(story.last_event(), Event::Refreshed { .. }));
    story.picks_up("Session-Expires: 100;refresher=uac\r\n");
    assert!(matches!(story.last_event(), Event::Reanswered { result: Ok(Some(_)), .. }));
}

#[test]
fn a_peer_that_does_not_take_update_after_all_gets_a_re_invite() {
    let mut story = Story::new();
    story.talking(UPDATE);
    story.passes(900);
    story.replies("UPDATE", "501 Not Implemented", "");
    story.passes(1);
    assert_eq!(story.times_of("INVITE")[0], 900_000);
}

#[test]
fn a_refused_refresh_is_repeated_and_never_ends_the_call() {
    for status in ["488 Not Acceptable Here", "500 Server Internal Error", "491 Request Pending", "603 Decline", "422 Too Small"] {
        let mut story = Story::new();
        story.talking(UPDATE);
        for _ in 0..30 {
            let before = story.count("UPDATE") + story.count("INVITE");
            while story.count("UPDATE") + story.count("INVITE") == before {
                story.passes(1);
            }
            let last = story.sent.iter().rev().find(|(_, text)| text.starts_with("UPDATE") || text.starts_with("INVITE"));
            let last = last.map(|(_, text)| text.split(' ').next().unwrap_or_default().to_owned()).unwrap();
            story.replies(&last, status, "");
        }
        assert_eq!((story.core.stats().calls, story.count("BYE")), (1, 0), "{status}");
        // Where the one form is refused the other one is tried, unless both only asked at once.
        let waits = status.starts_with("491");
        assert_eq!(story.count("INVITE") > 10, !waits, "{status}");
    }
}

#[test]
fn a_refresh_that_finds_nobody_ends_the_call() {
    for answer in [Some("481 Gone"), Some("408 Request Timeout"), None] {
        let mut story = Story::new();
        story.talking(UPDATE);
        story.passes(900);
        answer.iter().for_each(|status| story.replies("UPDATE", status, ""));
        story.passes(33);
        assert!(matches!(story.last_event(), Event::Ended { by: EndedBy::Timeout, .. }), "{answer:?}");
        assert!(story.count("BYE") > 0);
    }
}

#[test]
fn a_422_is_answered_with_a_longer_interval() {
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    let first = story.last("INVITE");
    assert_eq!(
        (value(&first, "Session-Expires"), value(&first, "Min-SE"), value(&first, "Supported")),
        ("1800", "90", "timer, 100rel, replaces")
    );
    story.replies("INVITE", "422 Session Interval Too Small", "Min-SE: 3600\r\n");
    let second = story.last("INVITE");
    assert_eq!((value(&second, "Session-Expires"), value(&second, "Min-SE"), value(&second, "CSeq")), ("3600", "3600", "2 INVITE"));
    assert_eq!((value(&second, "Call-ID"), value(&second, "From")), (value(&first, "Call-ID"), value(&first, "From")));
    assert!(second.ends_with("v=0\r\n"));
    story.picks_up("Session-Expires: 3600;refresher=uac\r\nRequire: timer\r\n");
    assert!(matches!(story.last_event(), Event::Answered { .. }));
    // The same demand again is no reason to try again.
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    (0..2).for_each(|_| story.replies("INVITE", "422 Session Interval Too Small", "Min-SE: 3600\r\n"));
    assert!(matches!(story.last_event(), Event::Failed { status: Some(422), .. }));
    assert_eq!(story.count("INVITE"), 2);
}

#[test]
fn those_we_call_may_refresh_or_leave_it_to_us() {
    let mut story = Story::new();
    story.dialled("Session-Expires: 300;refresher=uas\r\nRequire: timer\r\n");
    story.passes(200);
    story.callee_says("t", "UPDATE", 1, "Supported: timer\r\nSession-Expires: 300;refresher=uac\r\n", "");
    assert_eq!(value(&story.last("SIP/2.0 200"), "Session-Expires"), "300;refresher=uac");
    story.passes(267);
    assert_eq!(story.count("BYE"), 0);
    story.passes(2);
    assert_eq!(story.times_of("BYE")[0], 200_000 + 268_000);

    let mut story = Story::new();
    story.dialled("Session-Expires: 300\r\nAllow: UPDATE\r\n");
    story.passes(150);
    assert_eq!(story.times_of("UPDATE"), [150_000]);
}

#[test]
fn nobody_is_bothered_who_does_not_know_session_timers() {
    for quiet in [false, true] {
        let mut story = Story::with(|config| config.timers.session_expires = Duration::from_secs(if quiet { 0 } else { 1_800 }));
        story.dialled("");
        story.talking(if quiet { UPDATE } else { "" });
        assert_eq!(value(&story.last("SIP/2.0 200"), "Session-Expires"), "");
        let sent = story.sent.len();
        story.passes(20_000);
        assert_eq!((story.sent.len(), story.core.stats().calls, story.core.next_deadline()), (sent, 2, None));
    }
}

#[test]
fn nonsense_in_the_headers_is_taken_for_nothing() {
    for nonsense in ["", "x", "-5", "99999999999999999999", "90;refresher=", ";;;", "1800;refresher=nobody"] {
        let mut story = Story::new();
        story.talking(&format!("Supported: timer\r\nSession-Expires: {nonsense}\r\nMin-SE: {nonsense}\r\n"));
        assert!(value(&story.last("SIP/2.0 200"), "Session-Expires").ends_with("refresher=uas"), "{nonsense}");
        story.passes(60);
        assert_eq!(story.core.stats().calls, 1, "{nonsense}");
    }
}

//! Transfers that peers ask for: only authorised ones are heard, and only the application acts.

use super::script::value;
use super::{Command, DialRequest, Event, LegId, Story, dial};

#[test]
fn nobody_may_refer_us_unasked() {
    let mut story = Story::new();
    let leg = story.talking("");
    let events = story.events.len();
    story.caller_says(leg, "REFER", 2, "Refer-To: <sip:+1900@198.51.100.7>\r\n", "");
    assert_eq!(story.count("SIP/2.0 405"), 1);
    assert_eq!((story.count("INVITE"), story.events.len(), story.core.stats().calls), (0, events, 1));
}

#[test]
fn an_authorised_peer_is_reported_and_told_how_it_goes() {
    let mut story = Story::new();
    let other = story.dialled("");
    let leg = story.talking("");
    story.told(Command::Authorise { leg });
    let (call_id, tag) = (story.core.legs[&other].dialog.call_id.clone(), story.core.legs[&other].dialog.local_tag.clone());
    let to = format!("Refer-To: <sip:x@y?Subject=evil&Replaces={call_id}%3Bfrom-tag%3Dt%3Bto-tag%3D{tag}>\r\n");
    story.caller_says(leg, "REFER", 2, &to, "");
    let Event::TransferAsked { transaction, refer_to, replaces, replaced, .. } = story.last_event() else { panic!("{:?}", story.events) };
    assert_eq!((refer_to.as_str(), *replaced), ("sip:x@y", Some(other)));
    assert_eq!(replaces.as_deref(), Some(format!("{call_id};from-tag=t;to-tag={tag}").as_str()));
    let transaction = *transaction;
    story.caller_says(leg, "REFER", 3, "Refer-To: <sip:x@y>\r\n", "");
    assert_eq!(story.count("SIP/2.0 491"), 1, "one at a time");
    story.told(Command::AnswerTransfer { leg, transaction, answer: Ok(()) });
    assert_eq!(story.count("SIP/2.0 202"), 1);
    let first = story.last("NOTIFY");
    assert_eq!((value(&first, "Event"), value(&first, "Subscription-State")), ("refer;id=2", "active;expires=180"));
    assert!(first.ends_with("SIP/2.0 100 Trying\r\n"));
    story.told(Command::TransferProgress { leg, status: 486 });
    let second = story.last("NOTIFY");
    assert!(value(&second, "Subscription-State").starts_with("terminated") && second.ends_with("SIP/2.0 486 Busy Here\r\n"));
    story.told(Command::TransferProgress { leg, status: 200 });
    assert_eq!(story.count("NOTIFY"), 2, "nothing after the end");
}

#[test]
fn the_application_may_refuse_or_forget_and_nonsense_does_not_reach_it() {
    let mut story = Story::new();
    let leg = story.talking("");
    story.told(Command::Authorise { leg });
    let events = story.events.len();
    let bad = ["", "Refer-To: <http://x/y>\r\n", "Refer-To: <sip:a@b?Replaces=%zz>\r\n", "Refer-To: <sip:a@b?Replaces=%0d%0aVia>\r\n"];
    for (cseq, to) in (2..).zip(bad) {
        story.caller_says(leg, "REFER", cseq, to, "");
    }
    assert_eq!((story.count("SIP/2.0 400"), story.events.len()), (4, events));
    story.caller_says(leg, "REFER", 20, "Refer-To: sip:x@y\r\n", "");
    let Event::TransferAsked { transaction, .. } = *story.last_event() else { panic!("{:?}", story.events) };
    story.told(Command::AnswerTransfer { leg, transaction, answer: Err(403) });
    assert_eq!((story.count("SIP/2.0 403"), story.count("NOTIFY")), (1, 0));
    story.caller_says(leg, "REFER", 21, "Refer-To: sip:x@y\r\n", "");
    story.passes(10);
    assert_eq!(story.count("SIP/2.0 603"), 1);
    story.caller_says(leg, "REFER", 22, "Refer-To: sip:x@y\r\n", "");
    story.caller_says(leg, "BYE", 23, "", "");
    story.passes(60);
    assert_eq!((story.count("SIP/2.0 481"), story.core.stats().transactions), (1, 0));
}

#[test]
fn allow_tells_those_who_may_refer_us_and_nobody_else() {
    let mut story = Story::new();
    let may_refer = |story: &Story, start: &str| value(&story.last(start), "Allow").split(", ").any(|method| method == "REFER");
    let leg = story.talking("");
    assert!(!may_refer(&story, "SIP/2.0 200"));
    story.told(Command::Authorise { leg });
    story.caller_says(leg, "OPTIONS", 2, "", "");
    assert!(may_refer(&story, "SIP/2.0 200"));
    for (leg, asked) in [(LegId(2), true), (LegId(4), false)] {
        let Command::Dial(request) = dial(leg, false) else { unreachable!() };
        story.told(Command::Dial(Box::new(DialRequest { may_refer: asked, ..*request })));
        assert_eq!(may_refer(&story, "INVITE"), asked);
        story.picks_up("");
        story.callee_says("t", "REFER", 1 + u32::from(asked), "Refer-To: <sip:x@y>\r\n", "");
        assert_eq!(story.count("SIP/2.0 405"), usize::from(!asked));
    }
}

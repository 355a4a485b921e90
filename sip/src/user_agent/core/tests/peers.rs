//! Calls over a line of several peers.

use std::time::Duration;

use super::super::Output;
use super::script::value;
use super::{Command, Event, LegId, Story, address, dial, dial_to};
use crate::transport::Transport;
use crate::user_agent::command::DialRequest;
use crate::user_agent::event::FailWhy;
use crate::user_agent::locate::Target;
use crate::user_agent::{Health, Way};

/// Calls `b` at the first peer, and at .3 and .4 if need be.
fn dial_over(way: Way) -> Command {
    match dial(LegId(2), false) {
        Command::Dial(mut request) => {
            let peers = ["sip:b@192.0.2.3", "sip:b@192.0.2.4:5070"].map(|peer| peer.parse().unwrap()).to_vec();
            request.way = Way { peers, ..way };
            Command::Dial(request)
        }
        other => other,
    }
}

fn called(story: &Story) -> Vec<String> {
    let lines = story.sent.iter().filter_map(|(_, text)| text.strip_prefix("INVITE ")).filter_map(|text| text.split(' ').next());
    let mut called: Vec<String> = lines.map(str::to_owned).collect();
    called.dedup();
    called
}

#[test]
fn a_peer_without_a_line_is_followed_by_the_next_one() {
    let mut story = Story::new();
    story.told(dial_over(Way::default()));
    story.replies("INVITE", "503 Service Unavailable", "");
    let second = story.last("INVITE");
    assert!(second.starts_with("INVITE sip:b@192.0.2.3 ") && second.ends_with("v=0\r\n"), "{second}");
    assert_eq!((value(&second, "To"), value(&second, "CSeq")), ("<sip:b@192.0.2.3>", "2 INVITE"));
    story.replies("INVITE", "500 Server Internal Error", "");
    story.picks_up("");
    assert_eq!(called(&story), ["sip:b@192.0.2.2:5060", "sip:b@192.0.2.3", "sip:b@192.0.2.4:5070"]);
    assert!(matches!(story.events[..], [Event::Answered { .. }]), "{:?}", story.events);
}

#[test]
fn what_the_callee_says_holds_at_every_peer() {
    for status in ["486 Busy Here", "603 Decline", "404 Not Found", "480 Temporarily Unavailable"] {
        let mut story = Story::new();
        story.told(dial_over(Way::default()));
        story.replies("INVITE", status, "");
        assert_eq!((called(&story).len(), story.events.len()), (1, 1), "{status}");
    }
}

#[test]
fn a_peer_that_says_nothing_is_left_after_four_seconds_and_the_last_one_keeps_the_rest() {
    let mut story = Story::new();
    story.told(dial_over(Way::default()));
    story.passes(100);
    assert_eq!(called(&story).len(), 3);
    let first = story.times_of("INVITE sip:b@192.0.2.3 ")[0];
    assert_eq!((first, story.times_of("INVITE sip:b@192.0.2.4:5070 ")[0]), (4_000, 8_000));
    assert!(matches!(story.events[..], [Event::Failed { .. }]), "{:?}", story.events);
    assert_eq!((story.core.stats().legs, story.core.stats().transactions, story.core.next_deadline()), (0, 0, None));
}

#[test]
fn a_call_that_was_given_up_goes_to_no_further_peer() {
    let mut story = Story::new();
    story.told(dial_over(Way::default()));
    story.told(Command::Cancel { leg: LegId(2), reason: None });
    story.replies("INVITE", "503 Service Unavailable", "");
    story.passes(60);
    assert_eq!(called(&story).len(), 1);
    assert!(matches!(story.events[..], [Event::Failed { why: FailWhy::Cancelled, .. }]));
    assert_eq!(story.core.stats().legs, 0);
}

#[test]
fn a_peer_that_answers_no_questions_is_tried_last() {
    let mut story = Story::with(|config| {
        let health = Health { interval: Duration::from_secs(5), ..Health::new("line", "sip:192.0.2.2:5060".parse().unwrap()) };
        config.health = vec![health];
    });
    story.core.start_health(story.now);
    story.passes(40);
    assert!(matches!(story.events[..], [Event::Health { alive: false, .. }]), "{:?}", story.events);
    story.told(dial_over(Way::default()));
    story.replies("INVITE", "503 Service Unavailable", "");
    story.replies("INVITE", "503 Service Unavailable", "");
    assert_eq!(called(&story), ["sip:b@192.0.2.3", "sip:b@192.0.2.4:5070", "sip:b@192.0.2.2:5060"]);
}

#[test]
fn a_proxy_and_a_domain_are_kept_to_at_every_peer() {
    let mut story = Story::with(|config| config.advertised_to = vec![("192.0.2.9/32".parse().unwrap(), address(7).ip())]);
    let proxy = "sip:192.0.2.9".parse().ok();
    story.told(dial_over(Way { proxy, from_host: Some("isp.example".to_owned()), ..Way::default() }));
    story.replies("INVITE", "503 Service Unavailable", "");
    for peer in ["192.0.2.2:5060", "192.0.2.3"] {
        let invite = story.last(&format!("INVITE sip:b@{peer} "));
        assert_eq!(value(&invite, "Route"), "<sip:192.0.2.9;lr>");
        assert!(value(&invite, "From").starts_with("<sip:a@isp.example>;tag="), "{invite}");
        assert_eq!(value(&invite, "Contact"), "<sip:warmline@192.0.2.7:5060>");
        assert!(value(&invite, "Via").starts_with("SIP/2.0/UDP 192.0.2.7:5060;"), "{invite}");
    }
}

#[test]
fn a_call_that_is_given_up_while_its_answer_is_on_the_way_is_ended() {
    let mut story = Story::new();
    let leg = story.dialled("");
    story.told(Command::Cancel { leg, reason: Some("Q.850;cause=16".to_owned()) });
    assert_eq!(value(&story.last("BYE"), "Reason"), "Q.850;cause=16");
    story.replies("BYE", "200 OK", "");
    story.passes(60);
    assert_eq!((story.count("CANCEL"), story.core.stats().legs), (0, 0));
}

/// Places a call over all three peers; where it goes at once.
fn call(story: &mut Story, n: u64) -> Vec<String> {
    story.sent.clear();
    let Command::Dial(request) = dial_over(Way::default()) else { unreachable!() };
    story.told(Command::Dial(Box::new(DialRequest { leg: LegId(n), ..*request })));
    called(story)
}

const FIRST: &str = "sip:b@192.0.2.2:5060";
const SECOND: &str = "sip:b@192.0.2.3";
const THIRD: &str = "sip:b@192.0.2.4:5070";

#[test]
fn a_peer_that_asks_to_be_left_alone_is_asked_after_the_others_until_then() {
    let mut story = Story::new();
    assert_eq!(call(&mut story, 2), [FIRST]);
    story.replies("INVITE", "503 Service Unavailable", "Retry-After: 30 (full)\r\n");
    assert_eq!(called(&story), [FIRST, SECOND]);
    story.picks_up("");
    story.passes(29);
    assert_eq!(call(&mut story, 4), [SECOND]);
    // Without a time it is asked again in the next call. A busy callee says nothing of the peer, and no other one is asked.
    story.replies("INVITE", "503 Service Unavailable", "");
    story.replies("INVITE", "503 Service Unavailable", "Retry-After: 900\r\nReason: Q.850;cause=17\r\n");
    assert_eq!(called(&story), [SECOND, THIRD]);
    assert!(matches!(story.last_event(), Event::Failed { status: Some(503), why: FailWhy::Busy, .. }), "{:?}", story.last_event());
    // When a callee is there again says nothing of the peer either.
    story.passes(2);
    assert_eq!(call(&mut story, 6), [FIRST]);
    story.replies("INVITE", "486 Busy Here", "Retry-After: 60\r\n");
    assert_eq!(call(&mut story, 8), [FIRST]);
}

#[test]
fn where_all_peers_ask_to_be_left_alone_each_is_asked_once_in_a_call_and_ten_minutes_are_believed() {
    let mut story = Story::new();
    let full = "Retry-After: 90000\r\n";
    call(&mut story, 2);
    (0..3).for_each(|_| story.replies("INVITE", "503 Service Unavailable", full));
    assert_eq!(called(&story), [FIRST, SECOND, THIRD]);
    call(&mut story, 4);
    (0..3).for_each(|_| story.replies("INVITE", "503 Service Unavailable", ""));
    assert_eq!(called(&story), [THIRD, FIRST, SECOND]);
    assert!(matches!(story.last_event(), Event::Failed { status: Some(503), why: FailWhy::Unreachable, .. }), "{:?}", story.last_event());
    assert_eq!(story.core.stats().legs, 0);
    story.passes(601);
    assert_eq!(call(&mut story, 6), [FIRST]);
}

#[test]
fn a_proxy_that_asks_to_be_left_alone_is_the_only_way_and_the_order_of_the_peers_behind_it_holds() {
    let mut story = Story::new();
    for n in [2, 4] {
        story.sent.clear();
        let Command::Dial(request) = dial_over(Way { proxy: "sip:192.0.2.9".parse().ok(), ..Way::default() }) else { unreachable!() };
        story.told(Command::Dial(Box::new(DialRequest { leg: LegId(n), ..*request })));
        (0..3).for_each(|_| story.replies("INVITE", "503 Service Unavailable", "Retry-After: 30\r\n"));
        assert_eq!(called(&story), [FIRST, SECOND, THIRD]);
    }
}

#[test]
fn of_the_targets_of_a_name_one_that_asks_to_be_left_alone_is_asked_last() {
    let mut story = Story::new();
    let [first, second] = ["SIP/2.0/UDP", "SIP/2.0/TCP"];
    for (n, expected) in [(2, [first, second]), (4, [second, first])] {
        story.sent.clear();
        story.core.command(story.now, dial_to(LegId(n), "isp.example", false));
        assert!(matches!(story.core.poll_output(), Some(Output::Resolve { .. })));
        let targets = [Transport::Udp, Transport::Tcp].map(|transport| Target { transport, address: address(2) });
        story.core.resolved(story.now, LegId(n), &targets);
        story.drain();
        story.replies("INVITE", "503 Service Unavailable", "Retry-After: 30\r\n");
        story.replies("INVITE", "503 Service Unavailable", "");
        let invites = story.sent.iter().filter(|(_, text)| text.starts_with("INVITE"));
        let asked: Vec<_> = invites.map(|(_, text)| value(text, "Via").split(' ').next().unwrap_or_default()).collect();
        assert_eq!(asked, expected);
    }
}

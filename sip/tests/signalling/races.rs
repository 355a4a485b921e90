//! CANCEL from 0 to 40 ms after its INVITE, with the answer anywhere between, in virtual time: one end, told once, and nothing is left.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use warmline_sip::transport::Transport;
use warmline_sip::user_agent::{Config, Event, LegId, Outcome, Unwired};

use crate::support::{ANSWER, Call};

fn caller() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 5060))
}

#[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
fn origin() -> Instant {
    Instant::now()
}

/// What came out of one race.
#[derive(Debug, Default)]
struct Race {
    leg: Option<LegId>,
    statuses: Vec<String>,
    byes: usize,
    /// Reports that the call is over.
    ends: usize,
    tag: String,
}

impl Race {
    fn drain(&mut self, agent: &mut Unwired, now: Instant) {
        while let Some(outcome) = agent.poll(now) {
            match outcome {
                Outcome::Told(Event::Incoming(call)) => self.leg = Some(call.leg),
                Outcome::Told(Event::Cancelled { .. } | Event::Ended { .. }) => self.ends += 1,
                Outcome::Told(_) => {}
                Outcome::Sent { bytes, .. } => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    if text.starts_with("BYE") {
                        self.byes += 1;
                    } else if text.contains("CSeq: 1 INVITE") && !text.starts_with("SIP/2.0 1") {
                        self.tag = crate::support::tag(&crate::support::header(&text, "To"));
                        self.statuses.push(text[8..11].to_owned());
                    }
                }
            }
        }
    }
}

/// The caller cancels after so many milliseconds, the application answers after so many.
fn race(cancel_at: u64, answer_at: u64) -> Race {
    let start = origin();
    let mut agent = Unwired::new(Config::default(), SocketAddr::from(([192, 0, 2, 1], 5060)), [9; 32], start);
    let mut race = Race::default();
    let mut call = Call::new(caller(), "race");
    let mut acknowledged = false;
    let say = |agent: &mut Unwired, now, text: String| agent.hear(now, Transport::Udp, caller(), text.as_bytes());
    say(&mut agent, start, call.invite());
    race.drain(&mut agent, start);
    for ms in 0..200 {
        let now = start + Duration::from_millis(ms);
        agent.tick(now);
        if ms == cancel_at {
            say(&mut agent, now, call.request("CANCEL", 1, "", ""));
        }
        if ms == answer_at {
            agent.answer(now, race.leg.expect("a call"), ANSWER.as_bytes().to_vec());
        }
        race.drain(&mut agent, now);
        if let Some(status) = race.statuses.first().filter(|_| !acknowledged && ms > cancel_at) {
            // The ACK of a 2xx is a transaction of its own; a caller that cancelled then hangs up.
            acknowledged = true;
            call.to_tag.clone_from(&race.tag);
            if status == "200" {
                let ack = Call { branch: call.branch + 100, ..call.clone() };
                say(&mut agent, now, ack.request("ACK", 1, "", ""));
                say(&mut agent, now, call.request("BYE", 2, "", ""));
            } else {
                say(&mut agent, now, call.request("ACK", 1, "", ""));
            }
            race.drain(&mut agent, now);
        }
    }
    // Timers of the standard run out.
    let until = start + Duration::from_secs(200);
    while let Some(at) = agent.next_deadline().filter(|at| *at <= until) {
        agent.tick(at);
        race.drain(&mut agent, at);
    }
    assert_eq!(agent.held(), 0, "CANCEL after {cancel_at} ms, answer after {answer_at} ms");
    race
}

#[test]
fn every_race_of_cancel_and_answer_has_one_end() {
    for cancel_at in 0..=40 {
        for answer_at in 0..=40 {
            let race = race(cancel_at, answer_at);
            let expected = if cancel_at <= answer_at { "487" } else { "200" };
            let case = format!("CANCEL after {cancel_at} ms, answer after {answer_at} ms: {race:?}");
            assert!(race.statuses.iter().all(|status| status == expected) && !race.statuses.is_empty(), "{case}");
            assert_eq!((race.ends, race.byes), (1, 0), "{case}");
        }
    }
}

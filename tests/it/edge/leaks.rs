//! Calls that vanish, in every way in which they do: nothing of them stays behind.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use tokio::sync::mpsc;
use warmline::{
    call::{
        event::Event,
        ids::{AgentId, LegId},
    },
    telephony::{Lines, Outward, over},
};
use warmline_sip::user_agent::Timers;

use super::{
    rtp::{Rtp, tone},
    support::{Caller, Edge, Peer, Taken, offer, sound_of},
};

const AGENT: LegId = LegId(1);
/// With a pair of ports for each leg of one round, whoever keeps one costs a later call.
const ROUNDS: usize = 20;

/// How a call ends, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The 200 is never acknowledged.
    NoAck,
    /// Sound, and then nothing.
    NoBye,
    /// CANCEL before the answer.
    Cancel,
    /// CANCEL while the answer is on its way.
    CancelTooLate,
    /// As it should be.
    Bye,
    /// BYE right after a description that cannot be done.
    BrokenReinvite,
    /// Our offer is never answered.
    NoAnswer,
    /// The agent's telephone sends sound, is never picked up, and the call vanishes.
    RungInVain,
    /// The agent's telephone is picked up and then says nothing.
    SilentAgent,
}

impl Way {
    fn has_agent(self) -> bool {
        matches!(self, Self::RungInVain | Self::SilentAgent)
    }
}

const WAYS: [Way; 9] = [
    Way::NoAck,
    Way::NoBye,
    Way::Cancel,
    Way::CancelTooLate,
    Way::Bye,
    Way::BrokenReinvite,
    Way::NoAnswer,
    Way::RungInVain,
    Way::SilentAgent,
];

/// A call that goes on, and whose packets measure the time.
struct Clock {
    ticks: mpsc::Receiver<()>,
    _call: Taken,
}

impl Clock {
    async fn start(edge: &mut Edge) -> Self {
        let (waiting, mut rtp) = (Caller::new(edge.address()).await, Rtp::bind().await);
        waiting.send("INVITE", "clock", 1, "", "", &offer(rtp.address(), "0")).await;
        let call = edge.answer().await;
        let answer = waiting.hears().await;
        waiting.confirm("clock", &answer).await;
        rtp.to = sound_of(&answer);
        let (tick, ticks) = mpsc::channel(1);
        tokio::spawn(async move {
            // Whoever is not waiting misses some.
            while !tick.is_closed() {
                rtp.talk(1, tone(440.0)).await;
                let _ = tick.try_send(());
            }
        });
        Self { ticks, _call: call }
    }
}

/// Sockets of the range that this process has open, by what the kernel says.
pub(super) fn open_ports(range: &RangeInclusive<u16>) -> usize {
    let table = std::fs::read_to_string("/proc/self/net/udp").unwrap();
    let port = |line: &str| u16::from_str_radix(line.split_whitespace().nth(1)?.split(':').nth(1)?, 16).ok();
    table.lines().filter_map(port).filter(|port| range.contains(port)).count()
}

/// One call of one kind, until there is nothing more to be said.
async fn vanish(edge: &mut Edge, caller: &Caller, peer: &Peer, way: Way, id: &str) -> Taken {
    let usual = caller.offer();
    caller.send("INVITE", id, 1, "", "", if way == Way::NoAnswer { "" } else { &usual }).await;
    let mut taken = edge.take().await;
    match way {
        Way::Cancel | Way::CancelTooLate => {
            if way == Way::CancelTooLate {
                taken.legs.answer(LegId::CALLER).await;
            }
            caller.send("CANCEL", id, 1, "", "", "").await;
            caller.answer_to(id, "1 INVITE").await;
            return taken;
        }
        _ => taken.legs.answer(LegId::CALLER).await,
    }
    let answer = caller.answer_to(id, "1 INVITE").await;
    assert!(answer.starts_with("SIP/2.0 200"), "{way:?}: {answer}");
    let tag = Caller::tag_of(&answer);
    if way == Way::NoAck || way == Way::NoAnswer {
        return taken;
    }
    caller.confirm(id, &answer).await;
    match way {
        Way::Bye => caller.send("BYE", id, 2, &tag, "", "").await,
        Way::BrokenReinvite => {
            caller.send("INVITE", id, 2, &tag, "", &offer(caller.rtp.local_addr().unwrap(), "18")).await;
            assert!(caller.answer_to(id, "2 INVITE").await.starts_with("SIP/2.0 488"));
            caller.send("BYE", id, 3, &tag, "", "").await;
        }
        Way::RungInVain | Way::SilentAgent => {
            taken.legs.dial(AGENT, (AgentId("desk".to_owned()), over("isp", id)), 200, String::new(), None).await;
            let invite = peer.expect(&format!("INVITE sip:{id}@")).await;
            peer.respond(&invite, "183 Session Progress", &usual).await;
            if way == Way::SilentAgent {
                peer.respond(&invite, "200 OK", "").await;
            }
        }
        Way::NoBye | Way::NoAck | Way::NoAnswer | Way::Cancel | Way::CancelTooLate => {
            caller.rtp.send_to(&[0x80; 172], sound_of(&answer)).await.unwrap();
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_vanish_leave_no_port_and_no_leg() {
    // A pair for a call of each kind at once, for the two agents' legs, for the clock, and some for what is still on its way back.
    let ports = 17_900..=17_931;
    let peer = Peer::new().await;
    let outward = Outward { peers: vec![peer.uri()], ..Outward::default() };
    let lines = Lines { outward: BTreeMap::from([("isp".to_owned(), outward)]), ..Lines::default() };
    let mut edge = Edge::with(ports.clone(), Duration::from_secs(1), |options| {
        let t1 = Duration::from_millis(10);
        options.sip.timers = Timers { t1, t2: t1 * 8, t4: t1 * 10, ..Timers::default() };
        options.media.port_drain = Duration::ZERO;
        (options.calls, options.lines) = (20, lines);
    })
    .await;
    let mut callers = Vec::new();
    for _ in WAYS {
        callers.push(Caller::new(edge.address()).await);
    }
    let mut clock = Clock::start(&mut edge).await;
    for round in 0..ROUNDS {
        let mut calls = Vec::new();
        for (way, caller) in WAYS.into_iter().zip(&callers) {
            calls.push((way, vanish(&mut edge, caller, &peer, way, &format!("{way:?}-{round}")).await));
        }
        for (way, mut call) in calls {
            let mut legs = if way.has_agent() { 2 } else { 1 };
            while legs > 0 {
                legs -= usize::from(matches!(call.next().await, Event::LegEnded { .. } | Event::LegFailed { .. }));
            }
        }
    }
    // What is left is the clock: a pair of ports and a leg.
    let mut left = (0, 0, 0);
    for _ in 0..500 {
        clock.ticks.recv().await.unwrap();
        let stats = edge.telephony.user_agent().stats().await;
        left = (open_ports(&ports), stats.calls, stats.legs);
        if left == (2, 1, 1) {
            return;
        }
    }
    panic!("sockets, calls, legs: {left:?}");
}

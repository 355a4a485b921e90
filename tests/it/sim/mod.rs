//! Calls in virtual time: the brain, and a world that is simulated around it. Stories read like calls; random schedules look for what no story thinks of.

mod agents;
mod checker;
mod faults;
mod meaning;
mod player;
mod run;
mod script;
mod trace;
mod world;

mod story_barge_in;
mod story_browser_closed;
mod story_callback;
mod story_care;
mod story_closed;
mod story_company;
mod story_consent;
mod story_every_step;
mod story_handoff;
mod story_handoff_fails;
mod story_injection;
mod story_inquiry;
mod story_inquiry_by_ear;
mod story_introduction;
mod story_invited;
mod story_known_caller;
mod story_language;
mod story_leaving;
mod story_line;
mod story_nodes;
mod story_private;
mod story_redacted;
mod story_screen;
mod story_spoken_choice;
mod story_supervisor;
mod story_talk;
mod story_third;
mod story_third_lost;
mod story_transfer;
mod story_trouble;
pub(crate) mod story_whisper;
mod story_written;

mod prng;
mod random;
mod random_many;
mod random_third;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use warmline::call::{Caller, Setup, flow::Flow, ids::CallId, redact::Rules, time::WallTime};

/// A small flow like the example one.
fn flow() -> Arc<Flow> {
    static FLOW: OnceLock<Arc<Flow>> = OnceLock::new();
    Arc::clone(FLOW.get_or_init(|| flow_with(&[])))
}

/// The same with these texts of it replaced, each once.
fn flow_with(changes: &[(&str, &str)]) -> Arc<Flow> {
    let text = changes.iter().fold(include_str!("../../data/flows/stories.en.yaml").to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the flow of the stories has no {from:?}");
        text.replacen(from, to, 1)
    });
    let flow = Flow::parse(&text, "stories.en.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let services = BTreeMap::from([("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())]);
    Arc::new(flow.bind(&services).expect("it needs one service"))
}

/// A call on a Wednesday morning.
fn setup(flow: Arc<Flow>) -> Setup {
    Setup {
        call: CallId("call-1".to_owned()),
        flow,
        others: Vec::new(),
        promise: None,
        // 2026-11-25, 10:00.
        wall: WallTime { day: 20_782, ms_of_day: 10 * 3_600_000 },
        caller: Caller {
            number: "+40721000111".to_owned(),
            name: Some("Ioana Pop".to_owned()),
            called: "support".to_owned(),
            ..Caller::default()
        },
        redact: Rules::default(),
    }
}

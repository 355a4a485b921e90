//! Queues with hours, waits and endings of their own: nobody is called where nobody is, and the caller is told so.

use warmline::{
    call::{
        flow::{Flow, Queue, policy::Fallback},
        record::{HandoffStep, What},
    },
    yaml::Mistake,
};

use super::{
    agents::{Agent, Phone},
    flow_with,
    run::Run,
    script::{Cue, Sim},
};

/// Wednesday, 25 November 2026, 10 AM, is when all these calls come.
fn flow(general: &str) -> Result<Flow, Vec<Mistake>> {
    let text = include_str!("../../data/flows/stories.en.yaml");
    let line = "  general: { label: customer service, skills: [general], default: true }";
    assert!(text.contains(line));
    let text = text.replacen(line, &format!("  general: {{ label: customer service, default: true, {general} }}"), 1);
    let services = [("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())].into();
    Ok(Flow::parse(&text, "stories.en.yaml")?.bind(&services).expect("it needs one service"))
}

fn wants_a_human(general: &str) -> Sim {
    let flow = flow(general).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    Sim::with_flow(flow.into()).agent(Agent::with("maria", "Maria", Phone::Answers(2_000))).says("Let me talk to a person")
}

const AFTERNOONS: &str = "hours: { weekly: { monday-friday: \"14:00-18:00\" } }";

/// Nobody was called, and the caller knows why and until when.
fn assert_closed(run: &Run, when: &str) {
    run.tells(&[
        "= decision human",
        "= handoff to general",
        "= general is closed",
        "> caller: I am sorry, my colleagues for customer service are not there",
        when,
    ])
    .never("> find agent")
    .never("I am calling a colleague")
    .never("> dial");
}

#[test]
fn outside_the_hours_a_callback_is_offered_as_where_nobody_can_be_had() {
    let run = wants_a_human(AFTERNOONS).says("yes").says("yes").run();
    assert_closed(&run, "We open again today at 2 PM.");
    run.tells(&["= callback to +40721000111", "> end CallbackPromised"]);
}

#[test]
fn the_queue_says_what_happens_outside_its_hours() {
    let closed = |outside: &str| wants_a_human(&format!("{AFTERNOONS}, outside: {outside}"));
    let run = closed("voicemail")
        .says_for(Cue::When("leave", 9_000), "My parcel is lost, please ring me back", 4_000)
        .hangs_up(Cue::Then(3_000))
        .run();
    assert_closed(&run, "We open again");
    run.tells(&["= message"]);
    let run = closed("bot").says("What are your opening hours on Saturday?").hangs_up(Cue::AfterBot(2_000)).run();
    assert_closed(&run, "We open again");
    run.tells(&["= owner bot", "On Saturday we are open"]);
    let run = closed("goodbye").run();
    assert_closed(&run, "We open again");
    run.tells(&["> end NobodyCame"]);
}

#[test]
fn inside_the_hours_everything_is_as_always() {
    for hours in ["monday-friday: \"09:00-18:00\"", "wednesday: \"09:00-10:30\""] {
        let run = wants_a_human(&format!("hours: {{ weekly: {{ {hours} }} }}")).hangs_up(Cue::At(40_000)).run();
        run.tells(&["I am calling a colleague for customer service", "> find agent for general", "> dial maria"]).never("is closed");
    }
}

#[test]
fn a_holiday_is_closed_and_called_by_its_name() {
    let run = wants_a_human("hours: { weekly: { monday-sunday: \"00:00-24:00\" }, exceptions: { \"11-25\": { open: closed, name: Saint Catherine } } }, outside: goodbye").run();
    assert_closed(&run, "We open again tomorrow");
    let run = wants_a_human("hours: { weekly: { monday: closed } }, outside: goodbye").run();
    assert_closed(&run, "Today we are closed.");
}

#[test]
fn a_queue_has_a_longest_wait_and_an_ending_of_its_own() {
    let run = wants_a_human("wait_ms: 30000, fallback: goodbye")
        .agents(vec![Agent::with("maria", "Maria", Phone::Answers(2_000)).busy_until(900_000)])
        .run();
    run.tells(&["= waiting", "> leave queue", "= handoff NobodyCame", "> end NobodyCame"]).never("call you back");
    let waited = run.record.iter().find_map(|entry| match &entry.what {
        What::Handoff { step: HandoffStep::Ended { waited_ms, .. } } => Some(*waited_ms),
        _ => None,
    });
    assert!((30_000..34_000).contains(&waited.expect("it ended")), "{waited:?}");
}

#[test]
fn mistakes_in_a_queue_are_named_with_their_place() {
    for (general, key, message) in [
        ("hours: { weekly: { monday: \"18:00-09:00\" } }", "hours.weekly.monday", "ends before it begins"),
        ("hours: { weekly: { noday: closed } }", "hours.weekly.noday", "not a day"),
        ("hours: { weekly: {}, exceptions: { \"13-40\": { open: closed } } }", "hours.exceptions.13-40", "not a date"),
        ("outside: bot", "outside", "has no hours"),
        ("wait_ms: 10", "wait_ms", "is not between"),
        ("fallback: shrug", "fallback", "shrug"),
    ] {
        let found = flow(general).expect_err("nothing is wrong");
        assert_eq!(found.len(), 1, "{general}: {found:#?}");
        assert!(found[0].key == format!("queues.general.{key}") && found[0].message.contains(message), "{general}: {}", found[0]);
    }
}

#[test]
fn what_a_queue_does_not_say_is_as_the_flow_says() {
    let flow = flow("useful: []").unwrap();
    let Queue { hours, outside, fallback, wait_ms, .. } = &flow.queues["general"];
    assert_eq!((hours, outside, fallback, wait_ms), (&None, &None, &None, &None));
    assert_eq!((flow.fallback("general", true), flow.wait_ms("general")), (Fallback::Callback, flow.handoff.wait_ms));
}

#[test]
fn who_could_only_be_promised_a_callback_is_helped_here_for_longer_where_the_flow_says_so() {
    let annoyed_twice = |closed_rise: &str| {
        let escalation =
            format!("escalation:\n  closed_rise: {closed_rise}\n  signals: {{ frustration: {{ effect: count, weight: 0.9 }} }}\n");
        let general = format!("  general: {{ label: customer service, default: true, {AFTERNOONS} }}\n");
        let was = "  general: { label: customer service, skills: [general], default: true }\n";
        Sim::with_flow(flow_with(&[("escalation:\n", &escalation), (was, &general)]))
            .says("This is so annoying, are you open on Saturday?")
            .says("This is so annoying, how can I pay?")
            .hangs_up(Cue::AfterBot(500))
            .run()
    };
    annoyed_twice("0").tells(&["= turn 2", "= decision human (frustration)", "= general is closed"]);
    annoyed_twice("1.0").tells(&["= turn 2", "You can pay by card"]).never("= decision human");
}

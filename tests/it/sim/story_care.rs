//! What the bot notices of how a call goes, and what it says to a caller who stays with it.

use warmline::call::record::{Evidence, Signal, What};

use super::{
    faults::Fault,
    flow_with,
    run::Run,
    script::{Cue, Sim},
};

/// Annoyance has this effect.
fn annoyed(effect: &str) -> Sim {
    let signals = format!("escalation:\n  signals: {{ frustration: {{ effect: {effect}, weight: 0.3 }} }}\n");
    Sim::with_flow(flow_with(&[("escalation:\n", &signals)])).says("This is so annoying, are you open on Saturday?")
}

fn evidence(run: &Run, signal: &Signal) -> Vec<Evidence> {
    let of = |what: &What| if let What::Evidence { evidence } = what { Some(evidence.clone()) } else { None };
    run.record.iter().filter_map(|entry| of(&entry.what)).filter(|evidence| evidence.signal == *signal).collect()
}

/// The reasons of each decision.
fn reasons(run: &Run) -> Vec<Vec<String>> {
    let of = |what: &What| if let What::Decision { decision } = what { Some(decision.reasons.clone()) } else { None };
    run.record.iter().filter_map(|entry| of(&entry.what)).collect()
}

#[test]
fn an_annoyed_caller_hears_words_of_regret_before_the_answer_once_for_each_sign() {
    let run = annoyed("soothe").says("How can I pay?").says("This is so annoying, how long does delivery take?").run();
    run.tells(&[
        "> caller: I am sorry for the trouble.",
        "we are open",
        "You can pay by card",
        "> caller: I am sorry for the trouble.",
        "Delivery takes",
    ])
    .never("= decision human");
    assert_eq!(run.count("I am sorry for the trouble"), 2, "once for each sign, and none for the question between them:\n{}", run.text());
    annoyed("count").run().tells(&["we are open"]).never("I am sorry for the trouble");
}

#[test]
fn an_annoyed_caller_is_offered_a_colleague_after_the_answer() {
    let run = annoyed("offer").says("Yes please").run();
    run.tells(&["we are open", "Shall I bring in a colleague?", "= turn 2", "= handoff to", "= bridged with maria"]);
    assert_eq!(run.count("anything else"), 0, "{}", run.text());
}

#[test]
fn who_declines_the_colleague_goes_on_and_is_not_asked_again_soon() {
    let run = annoyed("offer").says("No, thank you").says("This is so annoying, how can I pay?").hangs_up(Cue::AfterBot(500)).run();
    run.tells(&["Shall I bring in a colleague?", "= turn 2", "What can I do for you?", "= turn 3", "You can pay by card"])
        .never("= handoff");
    assert_eq!(run.count("Shall I bring in a colleague?"), 1, "{}", run.text());
}

#[test]
fn silence_is_evidence_and_counts() {
    let run = Sim::new().says_on(Cue::At(25_000), "Are you open on Saturday?").hangs_up(Cue::AfterBot(500)).run();
    let silence = evidence(&run, &Signal::Silence);
    assert_eq!(silence.len(), 1, "{}", run.text());
    assert_eq!(silence[0].span.1.since(silence[0].span.0), 7_000, "it lasted for as long as the flow lets it");
    assert!(reasons(&run).contains(&vec!["silence".to_owned()]), "{:?}", reasons(&run));
}

#[test]
fn a_service_that_failed_is_evidence_by_its_name_and_counts() {
    let run = Sim::new().service(&[Fault::Fails]).says("Where is my order?").says("four five seven one two nine").run();
    run.tells(&["= look-up order failed", "= handoff to orders"]);
    let failed = evidence(&run, &Signal::ServiceFailed);
    assert_eq!(failed.iter().map(|evidence| evidence.quote.as_str()).collect::<Vec<_>>(), ["order"], "{}", run.text());
    assert!(reasons(&run).iter().any(|reasons| reasons.contains(&"service_failed".to_owned())), "{:?}", reasons(&run));
}

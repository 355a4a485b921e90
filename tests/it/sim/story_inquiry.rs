//! The bot asks a human one line on their page, and answers the caller itself.

use std::sync::Arc;

use warmline::call::{
    event::{AgentChoice, DeclineReason},
    flow::hours::Hours,
    record::{FactSource, What},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::Fault,
    flow,
    random::answer,
    run::Run,
    script::{Cue, Sim},
};

const ASKS: &str = "Can I still send it back?";

/// Reads, and does this on their page after so long.
fn reads(id: &'static str, name: &'static str, does: &[(u64, Does)]) -> Agent {
    let agent = Agent::with(id, name, Phone::Answers(2_000)).does(Moment::Bridged, 9_000, Does::HangUp);
    does.iter().fold(agent, |agent, (at, does)| agent.does(Moment::Offered, *at, does.clone()))
}

fn asked(does: &[(u64, Does)]) -> Sim {
    Sim::new().says(ASKS).agent(reads("maria", "Maria", does))
}

fn declines() -> Does {
    Does::Page(AgentChoice::Decline { reason: DeclineReason::NotMySkill })
}

/// Nobody's telephone rings, and the bot has the caller all the time.
#[track_caller]
fn kept(run: &Run) {
    run.never("> dial").never("= owner queue").never("= handoff to").never("= owner agent");
}

#[test]
fn the_caller_is_told_what_the_colleague_says_and_the_flow_goes_on_with_it() {
    let run = asked(&[(6_000, answer("Yes, until Friday", None))]).run();
    run.tells(&[
        "= asks orders: Can the parcel of +40721000111 still be sent back?",
        "> caller: Let me ask a colleague about that.",
        "= offered to maria",
        "> caller: Maria has your question now",
        "= offer to maria Answered",
        "> release maria Free",
        "= maria answers by Screen (yes): Yes, until Friday",
        "= asked Answered, longest silence ",
        "= fact may_return.answer Yes, until Friday confirmed",
        "> caller: My colleague Maria says: Yes, until Friday",
        "> caller: I will send you a label for it.",
        "> caller: Is there anything else",
    ]);
    kept(&run);
    assert!(run.record.iter().any(|entry| matches!(&entry.what, What::Fact { fact } if fact.source == FactSource::Colleague)));
    assert!(run.record.iter().any(|entry| matches!(&entry.what, What::Tried { line } if line.contains("Maria says"))));
}

#[test]
fn a_suggestion_is_said_in_the_flows_words_and_any_other_answer_is_other() {
    let run = asked(&[(2_000, answer("", Some("no")))]).run();
    run.tells(&["(no): No, that is too late now.", "> caller: My colleague Maria says: No, that is too late now.", "> caller: I am sorry"]);
    let run = asked(&[(2_000, answer("Ask again on Monday.", None))]).run();
    run.tells(&["(other): Ask again on Monday.", "> caller: I have noted this: Ask again on Monday. | It was said by Maria."]);
    // Not one of them.
    let run = asked(&[(2_000, answer("", Some("perhaps"))), (5_000, answer("", Some("yes")))]).run();
    assert!(run.time_of("answers by Screen") >= run.time_of("= offered to maria") + 5_000, "{}", run.text());
}

#[test]
fn what_is_written_is_text_of_one_line() {
    let run = asked(&[(2_000, answer("  Yes,\r\n <b>until</b>\tFriday {{ 7 * 7 }} ", None))]).run();
    run.tells(&[
        "answers by Screen (yes): Yes, <b>until</b> Friday {{ 7 * 7 }}",
        "> caller: My colleague Maria says: Yes, <b>until</b> Friday {{ 7 * 7 }}",
    ]);
    let long = asked(&[(2_000, answer(&"Yes, until Friday. ".repeat(90), None))]).run();
    let said = long.lines.iter().find(|line| line.contains("answers by Screen")).unwrap();
    assert!(said.chars().count() < 360, "{said}");
}

#[test]
fn the_caller_is_kept_company_while_the_colleague_looks() {
    // The checker counts the silences and the updates.
    let run = asked(&[(28_000, answer("Yes, until Friday", None))]).run();
    run.tells(&["> caller: Maria has your question now", "> caller: Maria is still looking at your question", "answers by Screen"]);
    let waits = asked(&[(4_000, answer("Yes", None))]);
    let run = waits.agents(vec![reads("maria", "Maria", &[(4_000, answer("Yes", None))]).busy_until(30_000)]).run();
    run.tells(&["= waiting at", "> caller: I am still trying to reach a colleague", "= offered to maria", "answers by Screen (yes)"]);
}

#[test]
fn nobody_is_there() {
    let nobody = ["= asked Nobody", "> caller: Nobody can tell me right now"];
    let run = Sim::new().says(ASKS).agents(vec![]).run();
    run.tells(&nobody);
    kept(&run);
    // All are busy for longer than the caller waits.
    let run = Sim::new().says(ASKS).agent(reads("maria", "Maria", &[]).busy_until(300_000)).run();
    run.tells(&["= waiting at", "> leave queue", nobody[0], nobody[1]]);
    assert!(run.time_of(nobody[0]) >= run.time_of("= asks orders") + 45_000, "{}", run.text());
    // The desk says that it failed, or nothing at all.
    for fault in [Fault::Fails, Fault::Dies] {
        asked(&[]).queue(&[fault]).run().tells(&nobody);
    }
    // One whose page is not looked at.
    asked(&[]).run().tells(&["= offer to maria NoAnswer", "> release maria Resting", nobody[0], nobody[1]]);
}

#[test]
fn a_page_that_is_closed_passes_the_question_on_at_once() {
    let two = vec![reads("maria", "Maria", &[(4_000, Does::ClosesPage)]), reads("dan", "Dan", &[(3_000, answer("Yes", None))])];
    let run = Sim::new().says(ASKS).agents(two).run();
    run.tells(&["= offer to maria Unreachable", "= offered to dan", "= dan answers by Screen (yes)"]);
    assert!(run.time_of("= offered to dan") <= run.time_of("= offered to maria") + 4_200, "{}", run.text());
    let run = asked(&[(4_000, Does::ClosesPage)]).run();
    run.tells(&["= offer to maria Unreachable", "= asked Nobody", "> caller: Nobody can tell me right now"]);
    assert!(run.time_of("= asked Nobody") <= run.time_of("= offered to maria") + 4_200, "{}", run.text());
    // An answer that was on its way is too late, and a page that closes after the answer changes nothing.
    let run = asked(&[(4_000, Does::ClosesPage), (4_010, answer("Yes", None))]).run();
    run.tells(&["= asked Nobody"]).never("answers by");
    let run = asked(&[(4_000, answer("Yes", None)), (4_010, Does::ClosesPage)]).run();
    run.tells(&["= maria answers by Screen (yes)"]).never("Unreachable");
    kept(&run);
}

#[test]
fn nobody_is_asked_at_an_hour_at_which_nobody_is_there() {
    let mut closed = flow();
    Arc::make_mut(&mut closed).queues.get_mut("orders").unwrap().hours = Some(Hours::default());
    let run = Sim::with_flow(closed).says(ASKS).run();
    run.tells(&["= asks orders", "= asked Nobody", "> caller: Nobody can tell me right now"]);
    run.never("> find agent").never("Let me ask a colleague").never("is closed");
}

#[test]
fn an_answer_that_does_not_come_in_time() {
    let two = vec![reads("maria", "Maria", &[(29_000, declines())]), reads("dan", "Dan", &[(40_000, answer("Yes", None))])];
    let run = Sim::new().says(ASKS).agents(two).run();
    run.tells(&[
        "= offered to dan",
        "= offer to dan NeverChose",
        "> release dan Free",
        "= asked Late",
        "> caller: I could not get an answer",
    ]);
    assert!(run.time_of("= asked Late") <= run.time_of("= asks orders") + 45_100, "{}", run.text());
    run.never("answers by");
    kept(&run);
}

#[test]
fn whoever_cannot_say_passes_it_on_and_two_are_never_asked_at_once() {
    let two = vec![reads("maria", "Maria", &[(3_000, declines())]), reads("dan", "Dan", &[(3_000, answer("Yes", None))])];
    let run = Sim::new().says(ASKS).agents(two).run();
    run.tells(&["= offer to maria DeclinedSkill", "> release maria Free", "= offered to dan", "= dan answers by Screen (yes)"]);
    let run = asked(&[(3_000, declines())]).run();
    run.tells(&["= offer to maria DeclinedSkill", "= asked Declined", "> caller: My colleagues could not say."]);
    kept(&run);
}

#[test]
fn whoever_would_rather_speak_with_the_caller_takes_the_call() {
    let run = asked(&[(5_000, Does::Page(AgentChoice::Accept)), (9_500, answer("Too late", None))]).run();
    run.tells(&[
        "= asked Taken",
        "= owner queue orders",
        "= handoff to orders",
        "> dial maria as agent 1",
        "> caller: Maria would like to speak with you",
        "= bridged with maria",
        "> end HandedOver",
    ]);
    run.never("> agent 1: Hello").never("answers by");
    // Their telephone does not ring: then it is a handoff that goes on as every other one.
    let lost = Agent { phone: Phone::Forgotten, ..reads("maria", "Maria", &[(5_000, Does::Page(AgentChoice::Accept))]) };
    let run = Sim::new().says(ASKS).agents(vec![lost, Agent::accepting("dan", "Dan")]).run();
    run.tells(&["= asked Taken", "= offer to maria NoAnswer", "= offered to dan", "> agent 2: Hello Dan", "= bridged with dan"]);
}

#[test]
fn the_bot_goes_on_after_a_colleague_who_took_the_call() {
    let back = Does::Page(AgentChoice::ToBot { node: None });
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Offered, 2_000, Does::Page(AgentChoice::Accept)).does(
        Moment::Bridged,
        5_000,
        back,
    );
    let run = Sim::new().says(ASKS).agent(maria).says_on(Cue::When("sends the caller", 6_000), "I forgot my password").run();
    run.tells(&["= asked Taken", "= bridged with maria", "sends the caller to the bot", "> caller: You can set a new password"]);
}

#[test]
fn a_caller_who_leaves_or_changes_their_mind() {
    let run = asked(&[(9_000, answer("Yes", None))]).hangs_up(Cue::When("= offered to maria", 4_000)).run();
    run.tells(&["= offer to maria CallerLeft", "> release maria Free", "= asked CallerLeft", "> end Abandoned"]).never("answers by");
    let mind = asked(&[(19_000, answer("Yes", None))]).says_on(Cue::When("= offered to maria", 6_000), "Oh never mind");
    let run = mind.says("I forgot my password").run();
    run.tells(&[
        "= offer to maria Withdrawn",
        "> release maria Free",
        "= asked CalledOff",
        "> caller: All right, you have me again.",
        "> caller: You can set a new password",
    ]);
    run.never("answers by");
    kept(&run);
}

#[test]
fn other_words_while_they_wait_change_nothing() {
    let sim = asked(&[(12_000, answer("Yes", None))]).says_on(Cue::When("= offered to maria", 6_000), "Call me back please");
    let run = sim.run();
    run.tells(&["= turn 2 \"Call me back please\"", "= maria answers by Screen (yes)"]).never("callback");
}

#[test]
fn the_gateway_goes_down_meanwhile() {
    let run = asked(&[(19_000, answer("Yes", None))]).step(Cue::When("= offered to maria", 4_000), super::script::CallerDoes::Drains).run();
    run.tells(&["= offer to maria Withdrawn", "= asked Withdrawn", "> end Drained"]).never("= callback");
}

#[test]
fn an_answer_that_comes_twice_or_too_late_is_harmless() {
    let run = asked(&[(3_000, answer("Yes", None)), (3_001, answer("No", None)), (30_000, declines())]).run();
    run.tells(&["= maria answers by Screen (yes)", "> caller: I will send you a label"]);
    assert_eq!((run.count("answers by"), run.count("= asked Answered")), (1, 1), "{}", run.text());
}

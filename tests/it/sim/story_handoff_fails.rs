//! The warm transfer, when people are busy, away, or change their mind.

use warmline::call::{
    event::{AgentChoice, DeclineReason, DialFailure},
    flow::policy::Fallback,
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::Fault,
    script::{Cue, Sim, fails},
};

fn human() -> Sim {
    Sim::new().says("Let me talk to a person")
}

/// Maria cannot take it, Dan can.
fn then_dan(first: Agent) -> Sim {
    human().agents(vec![first, Agent::accepting("dan", "Dan")])
}

#[track_caller]
fn assert_dan_takes_over(sim: Sim, outcome: &str, after: &str) {
    let run = sim.run();
    run.tells(&[
        "> dial maria as agent 1",
        &format!("= offer to maria {outcome}"),
        &format!("> release maria {after}"),
        "not maria",
        "> dial dan as agent 2",
        "I am asking the next colleague, Dan",
        "= bridged with dan",
        "> end HandedOver",
    ]);
}

#[test]
fn busy() {
    assert_dan_takes_over(then_dan(fails("maria", "Maria", DialFailure::Busy)), "Busy", "Resting");
    let run = then_dan(fails("maria", "Maria", DialFailure::Busy)).run();
    run.tells(&["> dial maria as agent 1", "= the Agent's line: SIP Some(486), Q.850 Some(17)", "= offer to maria Busy"]);
}

#[test]
fn declined_at_the_phone() {
    assert_dan_takes_over(then_dan(fails("maria", "Maria", DialFailure::Declined)), "Declined", "Free");
}

#[test]
fn no_answer() {
    assert_dan_takes_over(then_dan(fails("maria", "Maria", DialFailure::NoAnswer)), "NoAnswer", "Resting");
}

#[test]
fn unreachable() {
    assert_dan_takes_over(then_dan(fails("maria", "Maria", DialFailure::Unreachable)), "Unreachable", "Resting");
    assert_dan_takes_over(then_dan(fails("maria", "Maria", DialFailure::Rejected)), "Unreachable", "Resting");
}

#[test]
fn no_line_is_free() {
    assert_dan_takes_over(then_dan(fails("maria", "Maria", DialFailure::NoLine)), "NoLine", "Free");
}

#[test]
fn no_line_is_free_for_anybody_and_a_callback_is_promised() {
    let full = |id, name| fails(id, name, DialFailure::NoLine);
    let run = human()
        .agents(vec![full("maria", "Maria"), full("dan", "Dan")])
        .presses(Cue::When("> caller: I am sorry, nobody", 5_000), "1")
        .run();
    run.tells(&["= offer to maria NoLine", "= offer to dan NoLine", "Shall we call you back", "> end CallbackPromised"]);
}

#[test]
fn a_phone_of_which_nothing_is_reported() {
    let sim = then_dan(Agent::with("maria", "Maria", Phone::Forgotten));
    assert_dan_takes_over(sim, "NoAnswer", "Resting");
}

#[test]
fn declined_by_key() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('9'));
    assert_dan_takes_over(then_dan(maria), "Declined", "Free");
}

#[test]
fn declined_by_voice() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Say("No, not now"));
    assert_dan_takes_over(then_dan(maria), "Declined", "Free");
}

#[test]
fn declined_with_a_reason() {
    let says = |words| Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Say(words));
    assert_dan_takes_over(then_dan(says("Sorry, I am busy")), "DeclinedBusy", "Resting");
    assert_dan_takes_over(then_dan(says("That's not my department")), "DeclinedSkill", "Free");
    for (reason, outcome, after) in [(DeclineReason::Busy, "DeclinedBusy", "Resting"), (DeclineReason::NotMySkill, "DeclinedSkill", "Free")]
    {
        let maria =
            Agent::with("maria", "Maria", Phone::Answers(9_000)).does(Moment::Rung, 1_000, Does::Page(AgentChoice::Decline { reason }));
        assert_dan_takes_over(then_dan(maria), outcome, after);
    }
}

#[test]
fn declined_on_the_page_while_it_rings() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(9_000)).does(
        Moment::Rung,
        1_000,
        Does::Page(AgentChoice::Decline { reason: DeclineReason::Other }),
    );
    assert_dan_takes_over(then_dan(maria), "Declined", "Free");
}

#[test]
fn hung_up_in_the_briefing() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Answered, 3_000, Does::HangUp);
    assert_dan_takes_over(then_dan(maria), "LeftInBriefing", "Resting");
}

#[test]
fn hung_up_right_after_accepting() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1')).does(
        Moment::Briefed,
        900,
        Does::HangUp,
    );
    let run = then_dan(maria).run();
    // It was a bridge, for less than half a second: nobody has helped the caller yet.
    run.tells(&["= offer to maria Accepted", "= bridged with maria", "> release maria Resting", "> dial dan", "= bridged with dan"]);
}

#[test]
fn a_voicemail_never_chooses() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000));
    let run = then_dan(maria).run();
    run.tells(&["> agent 1: Press one", "= offer to maria NeverChose", "> release maria Resting", "= bridged with dan"]);
    assert!(run.count("> hang up agent 1") == 1);
}

#[test]
fn an_answering_machine_is_left_at_its_beep() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Answered, 3_000, Does::Beeps);
    let run = then_dan(maria).run();
    run.tells(&["= on the Agent's line: Beep", "= offer to maria Voicemail", "> release maria Resting", "= bridged with dan"]);
    assert_eq!(run.count("> hang up agent 1"), 1);
}

#[test]
fn a_second_choice_takes_nothing_back() {
    let maria =
        Agent::accepting("maria", "Maria").does(Moment::Briefed, 600, Does::Press('9')).does(Moment::Briefed, 700, Does::Press('1'));
    human().agent(maria).run().tells(&["= offer to maria Accepted", "= bridged with maria", "> end HandedOver"]).never("Declined");
}

#[test]
fn nobody_can_be_had_and_a_callback_is_promised() {
    let run = human()
        .agent(fails("maria", "Maria", DialFailure::Busy))
        .says_for(Cue::Over("Shall we call you back", 3_500), "Yes please", 700)
        .run();
    run.tells(&[
        "= offer to maria Busy",
        "Shall we call you back on +40721000111?",
        "= turn 2 \"Yes please\"",
        "= callback to +40721000111",
        "= handoff Callback",
        "we will call you back on +40721000111",
        "> hang up caller",
        "> end CallbackPromised",
    ]);
}

#[test]
fn a_callback_is_taken_by_key() {
    let run = human().agents(vec![]).presses(Cue::When("> caller: I am sorry, nobody", 5_000), "1").run();
    run.tells(&["Shall we call you back", "= callback to +40721000111", "> end CallbackPromised"]);
}

#[test]
fn no_callback_without_a_clear_yes() {
    let run = human().agents(vec![]).says_for(Cue::When("> caller: Shall we call you back", 4_000), "No thanks", 700).run();
    run.tells(&["Shall we call you back", "= handoff NobodyCame", "Please call again later", "> end NobodyCame"]).never("= callback to");
}

#[test]
fn an_unclear_answer_is_asked_once_more() {
    let run = human()
        .agents(vec![])
        .says_for(Cue::When("> caller: I am sorry, nobody", 5_500), "What number is that", 900)
        .says_for(Cue::AfterBot(700), "Yes", 300)
        .run();
    run.tells(&["Shall we call you back", "= turn 2", "Shall we call you back", "= turn 3 \"Yes\"", "= callback to"]);
}

#[test]
fn silence_is_no_yes() {
    let run = human().agents(vec![]).run();
    run.tells(&["Shall we call you back", "Shall we call you back", "= handoff NobodyCame", "> end NobodyCame"]);
}

fn withheld() -> Sim {
    human().number("").agents(vec![])
}

#[test]
fn a_withheld_number_is_asked_for_and_read_back() {
    let run = withheld().says("zero seven two one, triple zero, one one one").says("Yes please").run();
    run.tells(&[
        "Which number shall we call you back on?",
        "= turn 2",
        "Shall we call you back on 0721000111?",
        "= callback to 0721000111",
        "= handoff Callback",
        "> end CallbackPromised",
    ]);
}

#[test]
fn a_number_may_come_in_parts_and_be_corrected() {
    let run = withheld().says("zero seven two one").says("triple zero one one one").says("No").says("0722 333 444").says("Yes").run();
    run.tells(&["call you back on 0721000111?", "Which number", "call you back on 0722333444?", "= callback to 0722333444"]);
    assert_eq!(run.count("= callback to"), 1);
}

#[test]
fn a_number_is_taken_by_keys_and_confirmed_by_key() {
    let run = withheld().presses(Cue::AfterBot(500), "0721000111#").presses(Cue::AfterBot(500), "1").run();
    run.tells(&["Which number", "Shall we call you back on 0721000111?", "= callback to 0721000111", "> end CallbackPromised"]);
}

#[test]
fn another_number_than_the_one_that_calls() {
    let run = human().agents(vec![]).says("No, on zero seven two two, triple three, triple four").says("Yes").run();
    run.tells(&["call you back on +40721000111?", "call you back on 0722333444?", "= callback to 0722333444"]);
}

#[test]
fn without_a_number_there_is_no_callback() {
    withheld().run().tells(&["Which number", "Which number", "= handoff NobodyCame", "> end NobodyCame"]).never("= callback to");
    withheld()
        .says("No thank you")
        .run()
        .tells(&["Which number", "= handoff NobodyCame", "Please call again later"])
        .never("= callback to");
}

#[test]
fn back_to_the_bot_if_the_flow_says_so_and_not_for_the_same_reason_again() {
    let run =
        human().fallback(Fallback::Bot).agents(vec![]).says("What are your opening hours on Saturday?").says("No thank you, goodbye").run();
    run.tells(&["= handoff BackToBot", "I will help as well as I can", "= owner bot", "= turn 2", "we are open", "> end Contained"]);
    assert_eq!(run.count("= handoff to"), 1);
}

#[test]
fn asking_again_calls_again() {
    let run = human().fallback(Fallback::Bot).agents(vec![]).says("No, I want to talk to a person").hangs_up(Cue::AfterBot(1_000)).run();
    assert_eq!(run.count("= handoff to"), 2, "{}", run.text());
}

#[test]
fn goodbye_if_the_flow_says_so() {
    human().fallback(Fallback::Goodbye).agents(vec![]).run().tells(&[
        "= handoff NobodyCame",
        "Please call again later",
        "> end NobodyCame",
    ]);
}

#[test]
fn a_queue_that_fails_or_dies_is_nobody() {
    for fault in [Fault::Fails, Fault::Dies] {
        let run = human().queue(&[fault]).run();
        run.tells(&["> find agent", "Shall we call you back"]);
        let waited = run.time_of("Shall we call you back") - run.time_of("> find agent");
        assert!(waited <= 3_100, "{waited} ms");
    }
}

#[test]
fn the_wait_has_an_end() {
    let run = human().agent(Agent::accepting("maria", "Maria").busy_until(900_000)).longest_wait(60_000).run();
    run.tells(&["= waiting at 2", "> leave queue", "Shall we call you back", "> end NobodyCame"]);
    let waited = run.time_of("> leave queue") - run.time_of("= handoff to");
    assert_eq!(waited, 60_000);
}

#[test]
fn so_many_agents_and_no_more() {
    let names = [("maria", "Maria"), ("dan", "Dan"), ("ana", "Ana"), ("ion", "Ion"), ("eva", "Eva")];
    let run = human().agents(names.iter().map(|(id, name)| fails(id, name, DialFailure::Busy)).collect()).run();
    run.tells(&["Shall we call you back"]);
    assert_eq!(run.count("> dial"), 4, "the flow's offers");
}

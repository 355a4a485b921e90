//! A queue of another telephone system is called, and heard as soon as it answers.

use warmline::call::{
    event::{DialFailure, TransferBy},
    flow::policy::{Fallback, Mode},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    run::Run,
    script::{Cue, Sim, fails},
};

fn pbx(phone: Phone) -> Agent {
    Agent::with("pbx", "our service desk", phone).by(TransferBy::Invite).does(Moment::Bridged, 20_000, Does::HangUp)
}

fn calls(agents: Vec<Agent>) -> Sim {
    Sim::new().says("Let me talk to a person").agents(agents)
}

#[track_caller]
fn nobody_is_briefed(run: &Run) {
    run.never("Press one").never("> agent 1: Hello").never("> transfer");
}

#[test]
fn both_talk_as_soon_as_it_answers() {
    let run = calls(vec![pbx(Phone::Answers(6_000))]).run();
    run.tells(&[
        "> dial pbx as agent 1",
        "> caller: I am ringing our service desk now.",
        "= bridged with pbx",
        "> patch [caller<agent 1, agent 1<caller]",
        "> end HandedOver",
    ]);
    nobody_is_briefed(&run);
    assert!(run.time_of("= bridged with pbx") <= run.time_of("> dial pbx") + 6_100, "{}", run.text());
    // Nobody reads a page there.
    let run = calls(vec![pbx(Phone::Answers(2_000))]).mode("asked_for_human", Mode::Screen).run();
    run.tells(&["> dial pbx", "= bridged with pbx"]);
}

#[test]
fn whatever_else_comes_of_it_is_the_flows() {
    for (why, ended) in [
        (DialFailure::Busy, "Busy"),
        (DialFailure::NoAnswer, "NoAnswer"),
        (DialFailure::Declined, "Declined"),
        (DialFailure::Unreachable, "Unreachable"),
        (DialFailure::Rejected, "Unreachable"),
        (DialFailure::NoLine, "NoLine"),
    ] {
        let run = calls(vec![fails("pbx", "our service desk", why).by(TransferBy::Invite), Agent::accepting("dan", "Dan")]).run();
        run.tells(&[&format!("= offer to pbx {ended}"), "= offered to dan", "> agent 2: Hello Dan", "= bridged with dan"]);
        let run = calls(vec![fails("pbx", "our service desk", why).by(TransferBy::Invite)]).fallback(Fallback::Bot).run();
        run.tells(&[&format!("= offer to pbx {ended}"), "= handoff BackToBot", "> caller: I am sorry, nobody is free"]);
    }
}

#[test]
fn a_machine_is_left_again_and_the_next_one_called() {
    let beeps = pbx(Phone::Answers(2_000)).does(Moment::Answered, 4_000, Does::Beeps);
    let run = calls(vec![beeps.clone(), Agent::accepting("dan", "Dan")]).run();
    run.tells(&["= bridged with pbx", "> hang up agent 1", "> release pbx Resting", "> caller: We have lost", "= bridged with dan"]);
    // A greeting that only sounds like one is a greeting of that system; and later tones are somebody's.
    let greets =
        pbx(Phone::Answers(2_000)).does(Moment::Answered, 1_000, Does::SoundsLikeAMachine).does(Moment::Answered, 15_000, Does::Beeps);
    let run = calls(vec![greets]).run();
    run.tells(&["= bridged with pbx", "> end HandedOver"]).never("We have lost");
}

#[test]
fn the_caller_may_leave_or_change_their_mind_while_it_rings() {
    let run = calls(vec![pbx(Phone::Answers(15_000))]).hangs_up(Cue::When("= pbx rings", 4_000)).run();
    run.tells(&["> hang up agent 1", "= offer to pbx CallerLeft", "> end Abandoned"]);
    let run = calls(vec![pbx(Phone::Answers(18_000))]).says_on(Cue::When("= pbx rings", 7_000), "Oh never mind").run();
    run.tells(&["> hang up agent 1", "= offer to pbx Withdrawn", "= handoff BackToBot"]);
}

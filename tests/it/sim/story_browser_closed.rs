//! Agents whose telephone is their page close it: while it rings, in the briefing, after the bridge. Nobody hangs on: the caller is told and gets somebody
//! else, or something else.

use warmline::call::event::DialFailure;

use super::{
    agents::{Agent, Does, Moment, Phone},
    script::{Cue, Sim},
};

/// Each closes the page at another moment.
fn three() -> Vec<Agent> {
    let rings = Agent::with("maria", "Maria", Phone::Fails(DialFailure::Unreachable, 3_000));
    let briefed = Agent::with("dan", "Dan", Phone::Answers(2_000)).does(Moment::Answered, 3_000, Does::IsLost);
    let bridged = Agent::with("eva", "Eva", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1')).does(
        Moment::Bridged,
        9_000,
        Does::IsLost,
    );
    vec![rings, briefed, bridged]
}

#[test]
fn at_each_moment_the_caller_is_told_and_somebody_else_is_called() {
    let mut agents = three();
    agents.push(Agent::accepting("ion", "Ion"));
    let run = Sim::new().says("Let me talk to a person").agents(agents).run();
    run.tells(&[
        "= offer to maria Unreachable",
        "> release maria Resting",
        "> dial dan as agent 2",
        "I am asking the next colleague, Dan",
        "= dan is briefed",
        "= offer to dan LeftInBriefing",
        "> release dan Resting",
        "> dial eva as agent 3",
        "= bridged with eva",
        "> release eva Resting",
        "We have lost the connection to your colleague.",
        "> dial ion as agent",
        "= bridged with ion",
        "> end HandedOver",
    ]);
}

#[test]
fn when_the_last_page_is_closed_a_callback_is_promised() {
    let mut agents = three();
    agents.remove(0);
    let yes = Cue::When("> caller: I am sorry, nobody", 5_000);
    let run = Sim::new().says("Let me talk to a person").agents(agents).presses(yes, "1").run();
    run.tells(&[
        "= offer to dan LeftInBriefing",
        "= bridged with eva",
        "We have lost the connection to your colleague.",
        "= offer to dan LeftInBriefing",
        "Shall we call you back",
        "= handoff Callback",
        "> end CallbackPromised",
    ]);
}

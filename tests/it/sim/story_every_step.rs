//! At each step of a handoff each of those who take part fails once. The invariants are checked after every step of every run; what is in the tables is what
//! comes of it.

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::Fault,
    run::Run,
    script::{CallerDoes, Cue, Sim},
};

/// The steps, by the line of the trace with which each begins.
const STEPS: [&str; 6] =
    ["= handoff to", "= offered to maria", "= maria rings", "= maria is briefed", "= maria was told", "= bridged with maria"];

fn human() -> Sim {
    Sim::new().says("Let me talk to a person")
}

fn maria_then_dan(moment: Moment, does: Does) -> Sim {
    let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 1_000, Does::Press('1')).does(moment, 400, does);
    human().agents(vec![maria, Agent::accepting("dan", "Dan")])
}

/// How the call ended: once, and with a word for it.
fn end(run: &Run) -> &str {
    let ends: Vec<&str> = run.lines.iter().filter_map(|line| line.split_once("> end ")).map(|(_, outcome)| outcome).collect();
    assert_eq!(ends.len(), 1, "{}", run.text());
    ends[0]
}

#[test]
fn the_caller_goes_at_each_step() {
    for (step, begins) in STEPS.into_iter().enumerate() {
        let bridged = step == STEPS.len() - 1;
        for (does, before, after) in [
            (CallerDoes::HangsUp, "Abandoned", "HandedOver"),
            (CallerDoes::IsLost, "Lost", "Lost"),
            (CallerDoes::Drains, "Drained", "Drained"),
            (CallerDoes::IsEnded, "NobodyCame", "HandedOver"),
        ] {
            let maria = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 3_000, Does::Press('1'));
            let run = human().agent(maria).step(Cue::When(begins, 300), does.clone()).run();
            assert_eq!(end(&run), if bridged { after } else { before }, "{begins} {does:?}\n{}", run.text());
            if !bridged {
                run.never("= bridged with");
            }
        }
    }
}

#[test]
fn the_agent_goes_at_each_step_and_somebody_else_comes() {
    for (moment, does, outcome) in [
        (Moment::Rung, Does::HangUp, "Unreachable"),
        (Moment::Rung, Does::IsLost, "Unreachable"),
        (Moment::Answered, Does::HangUp, "LeftInBriefing"),
        (Moment::Answered, Does::IsLost, "LeftInBriefing"),
        (Moment::Answered, Does::Beeps, "Voicemail"),
        (Moment::Briefed, Does::HangUp, "LeftInBriefing"),
        (Moment::Briefed, Does::IsLost, "LeftInBriefing"),
        (Moment::Briefed, Does::Beeps, "Voicemail"),
        (Moment::Bridged, Does::HangUp, "Accepted"),
        (Moment::Bridged, Does::IsLost, "Accepted"),
    ] {
        let run = maria_then_dan(moment, does.clone()).run();
        run.tells(&[&format!("= offer to maria {outcome}"), "> dial dan", "= bridged with dan"]);
        assert_eq!(end(&run), "HandedOver", "{moment:?} {does:?}\n{}", run.text());
    }
}

#[test]
fn the_voice_fails_at_each_sentence() {
    for fault in [Fault::Fails, Fault::Dies, Fault::Overloaded, Fault::Slow(4_000)] {
        for sentence in 0..14 {
            let faults: Vec<Fault> = std::iter::repeat_n(Fault::None, sentence).chain([fault]).collect();
            let run = human().agents(vec![Agent::accepting("maria", "Maria"), Agent::accepting("dan", "Dan")]).voice(&faults).run();
            // It ends once, and nobody is left in silence before: the checker looks at every step.
            assert!(!end(&run).is_empty(), "{fault:?} at sentence {sentence}");
        }
    }
}

#[test]
fn the_desk_fails_when_it_is_asked_and_when_it_is_asked_again() {
    for fault in [Fault::Fails, Fault::Dies, Fault::Overloaded] {
        let run = human().agent(Agent::accepting("maria", "Maria")).queue(&[fault]).run();
        run.tells(&["= decision human", "Shall we call you back"]).never("> dial");
        let declines = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Answered, 1_000, Does::Press('9'));
        let run = human().agents(vec![declines, Agent::accepting("dan", "Dan")]).queue(&[Fault::None, fault]).run();
        run.tells(&["= offer to maria Declined", "Shall we call you back"]).never("> dial dan");
    }
}

#[test]
fn ears_and_understanding_fail_while_a_human_is_called() {
    for fault in [Fault::Fails, Fault::Dies, Fault::Overloaded, Fault::Slow(5_000)] {
        let talks = || {
            human()
                .agent(Agent::accepting("maria", "Maria"))
                .says_on(Cue::When("= maria rings", 300), "my number is four five seven one two nine")
        };
        for sim in [talks().recogniser(&[Fault::None, fault, fault]), talks().understanding(&[Fault::None, fault, fault])] {
            let run = sim.run();
            run.tells(&["= bridged with maria"]);
            assert_eq!(end(&run), "HandedOver", "{fault:?}\n{}", run.text());
        }
    }
}

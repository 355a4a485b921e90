//! The bot rings a human, asks them one line, says back what it has understood, and answers the caller itself.

use warmline::call::event::{AgentChoice, DialFailure};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::{Fault, Faults},
    random::answer,
    script::{Cue, Sim, fails},
};

fn maria(steps: &[(Moment, u64, Does)]) -> Agent {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Bridged, 9_000, Does::HangUp);
    steps.iter().fold(agent, |agent, (moment, at, does)| agent.does(*moment, *at, does.clone()))
}

fn asked(steps: &[(Moment, u64, Does)]) -> Sim {
    Sim::new().says("Can it be repaired?").agent(maria(steps))
}

const SAYS: (Moment, u64, Does) = (Moment::Briefed, 500, Does::Say("Yes we do repair these lamps"));
const CONFIRMS: (Moment, u64, Does) = (Moment::SaidBack, 500, Does::Press('1'));

#[test]
fn what_was_said_is_said_back_and_confirmed_by_key() {
    let run = asked(&[SAYS, CONFIRMS]).run();
    run.tells(&[
        "= asks general: Do we repair this?",
        "> caller: Let me ask a colleague",
        "> dial maria as agent 1",
        "> agent 1: Hello Maria, a short question",
        "> caller: Maria has your question now",
        "> agent 1: Please say the answer in a sentence. | Press one",
        "> transcribe agent 1",
        "= said back to maria",
        "> agent 1: I will tell the caller: Yes we do repair these lamps",
        "> hang up agent 1",
        "= offer to maria Answered",
        "> release maria Free",
        "= maria answers by Ear (yes): Yes we do repair these lamps",
        "> caller: My colleague Maria says: Yes we do repair these lamps",
        "> caller: Is there anything else",
    ]);
    run.never("= bridged").never("= owner queue").never("> understand \"Yes we do");
}

#[test]
fn what_is_known_is_said_with_the_question() {
    let sim = Sim::new().says("Where is my order?").says("four five seven one two nine").says("Can it be repaired?");
    sim.agent(maria(&[SAYS, CONFIRMS])).run().tells(&[
        "> agent 1: Hello Maria, a short question; the caller waits on the line. | Order number 457129",
        "= maria answers by Ear",
    ]);
}

#[test]
fn a_clear_yes_confirms_too_unless_it_may_be_a_machine() {
    let yes = (Moment::SaidBack, 500, Does::Say("Yes"));
    asked(&[SAYS, yes.clone()]).run().tells(&["= said back to maria", "= maria answers by Ear (yes)"]);
    let machine = (Moment::Answered, 300, Does::SoundsLikeAMachine);
    let run = asked(&[machine.clone(), SAYS, yes]).run();
    run.tells(&["= said back to maria", "= asked Late"]).never("answers by");
    // Their key does.
    asked(&[machine, SAYS, CONFIRMS]).run().tells(&["= maria answers by Ear (yes)"]);
}

#[test]
fn they_may_say_it_again_in_other_words() {
    let other = (Moment::SaidBack, 500, Does::Say("No we do not repair them any more"));
    let run = asked(&[SAYS, other, (Moment::SaidBack, 14_000, Does::Press('1'))]).run();
    run.tells(&[
        "> agent 1: I will tell the caller: Yes we do",
        "> agent 1: I will tell the caller: No we do not repair them any more",
        "= maria answers by Ear (no): No we do not repair them any more",
    ]);
}

#[test]
fn keys_repeat_decline_and_take_the_call() {
    let run = asked(&[(Moment::Answered, 2_000, Does::Press('2')), SAYS, CONFIRMS]).run();
    run.tells(&["> agent 1: Hello Maria", "> agent 1: Hello Maria", "= maria answers by Ear"]);
    let run = asked(&[SAYS, (Moment::SaidBack, 500, Does::Press('9'))]).run();
    run.tells(&["= said back to maria", "= offer to maria Declined", "= asked Declined", "> caller: I do not know that."]);
    let run = asked(&[(Moment::Briefed, 500, Does::Press('1'))]).run();
    run.tells(&["= asked Taken", "= owner queue general", "= handoff to general", "= bridged with maria", "> end HandedOver"]);
    run.never("answers by").never("> dial maria as agent 2");
}

#[test]
fn the_page_answers_and_takes_while_the_telephone_rings_or_asks() {
    for moment in [Moment::Rung, Moment::Answered, Moment::Briefed] {
        let run = asked(&[(moment, 1_000, answer("", Some("no")))]).run();
        run.tells(&["> dial maria as agent 1", "> hang up agent 1", "= offer to maria Answered", "= maria answers by Screen (no)"]);
    }
    let run = asked(&[(Moment::Rung, 500, Does::Page(AgentChoice::Accept))]).run();
    run.tells(&["= asked Taken", "= told \"Maria would like to speak with you", "= bridged with maria"]).never("> agent 1: Hello");
}

#[test]
fn what_cannot_be_understood_is_asked_for_again_and_then_given_up() {
    // Words of which the recogniser has none are no words; these it is not sure of.
    let mut sim = asked(&[(Moment::Briefed, 500, Does::Say("Mumble mumble"))]);
    sim.world.unsure_of = Some("Mumble mumble");
    let run = sim.run();
    run.tells(&[
        "= maria is not understood",
        "> agent 1: I did not understand that.",
        "= maria is not understood",
        "= maria is not understood",
        "= offer to maria NotUnderstood",
        "= asked Unclear",
        "> caller: I could not understand my colleague.",
    ]);
    // The recogniser fails for agents.
    let deaf = asked(&[SAYS, CONFIRMS]).recogniser(&[Fault::None, Fault::Fails]).run();
    deaf.tells(&["= maria is not understood", "= asked Unclear"]);
}

#[test]
fn whoever_hangs_up_or_is_lost_is_not_waited_for() {
    for does in [Does::HangUp, Does::IsLost] {
        for moment in [Moment::Answered, Moment::Briefed, Moment::SaidBack] {
            let run = asked(&[SAYS, (moment, 300, does.clone())]).run();
            run.tells(&["= offer to maria LeftInBriefing", "= asked Lost", "> caller: I have lost my colleague."]).never("answers by");
        }
    }
    let run = Sim::new().says("Can it be repaired?").agents(vec![maria(&[(Moment::Answered, 900, Does::HangUp)]), {
        let dan = Agent::with("dan", "Dan", Phone::Answers(2_000));
        [SAYS, CONFIRMS].into_iter().fold(dan, |dan, (moment, at, does)| dan.does(moment, at, does))
    }]);
    run.run().tells(&["= offer to maria LeftInBriefing", "> dial dan as agent 2", "= dan answers by Ear"]);
}

#[test]
fn telephones_that_cannot_be_had_are_nobody() {
    for (why, ended) in [
        (DialFailure::Busy, "Busy"),
        (DialFailure::NoAnswer, "NoAnswer"),
        (DialFailure::Unreachable, "Unreachable"),
        (DialFailure::NoLine, "NoLine"),
    ] {
        let run = Sim::new().says("Can it be repaired?").agent(fails("maria", "Maria", why)).run();
        run.tells(&[&format!("= offer to maria {ended}"), "= asked Nobody", "> caller: I do not know that."]);
    }
    let beeps = asked(&[(Moment::Answered, 2_000, Does::Beeps), SAYS, CONFIRMS]).run();
    beeps.tells(&["= offer to maria Voicemail", "= asked Nobody"]).never("answers by");
    asked(&[]).run().tells(&["= offer to maria NeverChose", "= asked Late", "> caller: No answer has come in time."]);
}

#[test]
fn the_question_that_cannot_be_said_is_on_the_page() {
    let mut sim = asked(&[(Moment::Answered, 9_000, answer("", Some("yes")))]);
    let before = std::iter::repeat_n(Fault::None, 5);
    sim.world.speaks = Faults(before.chain([Fault::Fails, Fault::None]).collect());
    let run = sim.run();
    run.tells(&["= maria cannot be told", "= maria answers by Screen (yes)", "> caller: My colleague Maria says"]);
}

#[test]
fn the_caller_leaves_or_changes_their_mind() {
    let run = asked(&[SAYS]).hangs_up(Cue::When("= said back to maria", 500)).run();
    run.tells(&["= asked CallerLeft", "> agent 1: The caller left.", "= offer to maria CallerLeft", "> end Abandoned"]);
    let run = asked(&[]).says_on(Cue::When("= maria is briefed", 3_000), "Oh never mind").run();
    run.tells(&["> hang up agent 1", "= offer to maria Withdrawn", "= asked CalledOff", "> caller: Then we leave it at that."]);
}

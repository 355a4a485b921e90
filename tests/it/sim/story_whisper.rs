//! What the agent hears before they choose, and how often; and when it cannot be said.

use std::sync::Arc;

use warmline::call::{
    action::Action,
    event::AgentChoice,
    flow::Flow,
    ids::LegId,
    record::{HandoffStep, What},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::Fault,
    run::Run,
    script::{Cue, Sim},
};

/// A call with something to tell: an order, an answer, and a caller who has had enough.
fn told() -> Sim {
    in_flow(super::flow())
}

fn in_flow(flow: Arc<Flow>) -> Sim {
    Sim::with_flow(flow)
        .says("Where is my order?")
        .says("four five seven one two nine")
        .says("This is the third time I am asking, let me talk to a person")
}

/// The briefings of calls in a flow that have more to tell than there is time for, as its agents hear them: without the choice behind them.
pub(crate) fn full(flow: &Arc<Flow>) -> Vec<String> {
    let tell = |item: &str, name: &str, wish: &str| {
        let mut sim = Sim::with_flow(Arc::clone(flow)).agent(maria().does(Moment::Briefed, 500, Does::Press('1')));
        let order = sim.world.orders.get_mut("457129").expect("the order of the stories");
        order.insert("item".to_owned(), item.to_owned());
        sim = sim.known(&[("name", name)], 250).says("Where is my order?").presses(Cue::AfterBot(500), "457129").says(wish);
        let run = sim.run();
        let told = run.done.iter().find_map(|(_, action)| match action {
            Action::Speak { leg, clauses, .. } if *leg != LegId::CALLER => Some(clauses.join(" ")),
            _ => None,
        });
        told.unwrap_or_else(|| panic!("nobody was told anything:\n{}", run.text()))
    };
    let wish = "Let me talk to a person";
    let angry = "This is the third time I am asking, I am furious, let me talk to a person";
    vec![
        tell("lamp", "Ana Pop", wish),
        tell("lamp", "Alexandrina Constantinescu-Brătianu", angry),
        tell("garden table with six folding chairs", "Ana Pop", angry),
        tell("two sets of bed linen, one of them in blue", "Bartholomew Featherstonehaugh", wish),
    ]
}

fn human() -> Sim {
    Sim::new().says("Let me talk to a person")
}

fn maria() -> Agent {
    Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Bridged, 8_000, Does::HangUp)
}

fn briefings(run: &Run) -> Vec<&String> {
    run.lines.iter().filter(|line| line.contains("> agent 1: ") && !line.contains("Press one") && !line.contains("caller left")).collect()
}

#[test]
fn name_matter_what_was_tried_why_now_mood_and_what_to_do_first() {
    let mut flow = super::flow();
    Arc::make_mut(&mut flow).handoff.briefing_s = 25;
    let run = in_flow(flow).run();
    let briefing = briefings(&run)[0];
    let order = [
        "Hello Maria, a caller for you.",
        "The caller is Ioana Pop.",
        "Asks where an order is.",
        "Told: order 457129 is shipped and expected on 2026-11-27.",
        "Asked for a person.",
        "Sounds annoyed.",
        "First: apologise.",
    ];
    let mut rest = briefing.as_str();
    for part in order {
        let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("no {part:?} in its place in {briefing}"));
        rest = after;
    }
}

#[test]
fn what_there_is_no_time_for_is_left_out_as_a_whole() {
    let run = told().run();
    let briefing = briefings(&run)[0];
    assert!(briefing.contains("Order number 457129.") && briefing.contains("First: apologise."), "{briefing}");
    assert!(!briefing.contains("Told:") && !briefing.contains('…'), "{briefing}");
}

#[test]
fn a_caller_who_has_only_asked_for_a_person_is_not_quoted() {
    let run = human().number("").run();
    let briefing = briefings(&run)[0];
    assert!(briefing.contains("The caller has not said what for.") && briefing.contains("First: ask what it is about."), "{briefing}");
    assert!(!briefing.contains("The caller is"), "{briefing}");
}

#[test]
fn the_briefing_keeps_to_its_time() {
    for run in [told().run(), human().run()] {
        let took = run
            .record
            .iter()
            .find_map(|entry| match &entry.what {
                What::Handoff { step: HandoffStep::Briefed { took_ms, .. } } => Some(*took_ms),
                _ => None,
            })
            .expect("Maria was told");
        let choice = "Press one or say accept. Two or say again, three or say more, nine or say no.".len() as u64 * 60;
        assert!(took <= 12_000 + choice + 500, "{took} ms");
    }
}

#[test]
fn two_repeats_and_three_tells_more() {
    let agent = maria().does(Moment::Answered, 3_000, Does::Press('2')).does(Moment::Answered, 8_000, Does::Press('3')).does(
        Moment::Answered,
        35_000,
        Does::Press('1'),
    );
    let run = told().agent(agent).run();
    run.tells(&[
        "> agent 1: Hello Maria",
        "< agent 1 Press('2')",
        "> stop speaking",
        "> agent 1: Hello Maria",
        "< agent 1 Press('3')",
        "> agent 1: The caller is Ioana Pop.",
        "= maria was told, repeats 2",
        "= bridged with maria",
    ]);
    let more = briefings(&run)[2];
    assert!(more.contains("expected on 2026-11-27") && more.contains("“This is the third time I am asking"), "{more}");
    let repeats = run.record.iter().find_map(|entry| match entry.what {
        What::Handoff { step: HandoffStep::Ended { offers, repeats, .. } } => Some((offers, repeats)),
        _ => None,
    });
    assert_eq!(repeats, Some((1, 2)));
}

#[test]
fn words_and_the_page_repeat_too() {
    let agent = maria()
        .does(Moment::Briefed, 500, Does::Say("Say that again"))
        .does(Moment::Answered, 30_000, Does::Page(AgentChoice::More))
        .does(Moment::Answered, 50_000, Does::Page(AgentChoice::Accept));
    human().agent(agent).run().tells(&[
        "> agent 1: Press one",
        "> transcribe agent 1",
        "> agent 1: Hello Maria",
        "> agent 1: The caller is Ioana Pop.",
        "= bridged with maria",
    ]);
}

#[test]
fn nobody_hears_it_for_ever_while_the_caller_waits() {
    let mut agent = maria();
    for at in 1..12 {
        agent = agent.does(Moment::Answered, 2_000 * at, Does::Press('2'));
    }
    let run = human().agents(vec![agent, Agent::accepting("dan", "Dan")]).run();
    run.tells(&["= offer to maria NeverChose", "= bridged with dan"]);
    assert_eq!(briefings(&run).len(), 5, "{}", run.text());
}

#[test]
fn what_may_be_a_machine_takes_no_call_by_words() {
    let agent = maria().does(Moment::Answered, 1_000, Does::SoundsLikeAMachine).does(Moment::Briefed, 500, Does::Say("Okay"));
    let run = human().agents(vec![agent, Agent::accepting("dan", "Dan")]).run();
    run.tells(&["MachineSuspected", "> transcribe agent 1", "= offer to maria NeverChose", "= bridged with dan"])
        .never("= bridged with maria");
    // A key or the page is a person's.
    for does in [Does::Press('1'), Does::Page(AgentChoice::Accept)] {
        let agent = maria().does(Moment::Answered, 1_000, Does::SoundsLikeAMachine).does(Moment::Briefed, 500, does);
        human().agent(agent).run().tells(&["MachineSuspected", "= bridged with maria"]);
    }
}

/// The caller hears everything; of what is said to the agent, this becomes of one text after the other.
fn voice_fails(after: usize, then: &[Fault]) -> Sim {
    let agent = maria().does(Moment::Answered, 9_000, Does::Press('1'));
    human().agent(agent).voice(&[&vec![Fault::None; after][..], then, &[Fault::None]].concat())
}

#[test]
fn a_briefing_that_cannot_be_spoken_is_a_short_one() {
    let run = voice_fails(5, &[Fault::Fails; 2]).run();
    run.tells(&[
        "= maria is briefed",
        "= maria cannot be told: Short",
        "> agent 1: A caller for you. | Everything else is on your screen.",
        "= bridged with maria",
    ]);
}

#[test]
fn else_a_bell_and_the_card_and_the_key_still_counts() {
    let run = voice_fails(5, &[Fault::Fails; 4]).run();
    run.tells(&[
        "= maria cannot be told: Short",
        "= maria cannot be told: Bell",
        "agent 1~bell",
        "< agent 1 Press('1')",
        "= bridged with maria",
    ]);
}

//! Two wishes in one breath, and the offer of a colleague.

use std::sync::Arc;

use warmline::call::{
    flow::{
        Flow,
        rehearse::{Cue, Rehearsal},
        step::{Expect, Step},
    },
    record::Care,
    time::WallTime,
    understanding::{Before, Scored, Understanding},
};

use super::{example, talk::Talk};

fn scored(name: &str) -> Scored {
    Scored { name: name.to_owned(), score: 0.95 }
}

fn said(talk: &Talk) -> String {
    said_in(&talk.steps)
}

fn said_in(steps: &[Step]) -> String {
    steps.iter().filter_map(|step| if let Step::Say { text, .. } = step { Some(text.as_str()) } else { None }).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_asked_for_in_the_same_breath_is_answered_too() {
    let mut talk = Talk::new(&example());
    let both = Understanding { intents: vec![scored("opening_hours")], second: Some(scored("delivery_cost")), ..Understanding::default() };
    talk.understood("When are you open, and what does shipping cost?", both);
    let said = said(&talk);
    let (hours, cost) = (said.find("We are open").unwrap(), said.find("Shipping costs 4 euros").unwrap());
    assert!(hours < cost, "{said}");
    assert_eq!(said.matches("anything else").count(), 1, "{said}");
}

#[test]
fn a_colleague_is_offered_in_the_place_of_anything_else() {
    let mut talk = Talk::new(&example());
    talk.means("opening_hours", "When are you open?");
    let mut steps = talk.steps.clone();
    assert!(talk.dialogue.take_care(Care::Offer, &mut steps));
    talk.steps = steps;
    let said = said(&talk);
    assert!(said.ends_with("Shall I bring in a colleague?") && !said.contains("anything else"), "{said}");
    assert_eq!(talk.dialogue.expects(), Expect::YesNo);
    let mut other = talk.clone();
    assert!(talk.says("Yes please").steps.iter().any(|step| matches!(step, Step::Human { .. })));
    assert!(other.says("No, thanks").did(&Step::Declined));
    assert!(!other.steps.iter().any(|step| matches!(step, Step::Human { .. })));
}

#[test]
fn nothing_is_offered_while_a_value_is_asked_for() {
    let mut talk = Talk::new(&example());
    talk.means("order_status", "Where is my order?");
    let mut steps = talk.steps.clone();
    assert!(!talk.dialogue.take_care(Care::Offer, &mut steps));
    assert_eq!(steps, talk.steps);
}

#[test]
fn a_rehearsal_says_what_a_call_says_to_an_annoyed_caller() {
    let plays = |effect: &str| {
        let from = "frustration: { effect: count, weight: 0.5 }";
        let text = example().replacen(from, &format!("frustration: {{ effect: {effect}, weight: 0.3 }}"), 1);
        assert!(text.contains(effect), "{from} is in the example");
        let flow = Arc::new(Flow::parse(&text, "flow.yaml").unwrap());
        let understand = |_: &Before, said: &str| {
            let intents = if said.contains("open") { vec![scored("opening_hours")] } else { Vec::new() };
            Understanding { intents, ..Understanding::default() }
        };
        let mut rehearsal = Rehearsal::new(&flow, WallTime { day: 20_780, ms_of_day: 10 * 3_600_000 }, &understand);
        rehearsal.start();
        ["This is so annoying, when are you open?", "And on Sunday?"].map(|text| said_in(&rehearsal.cue(&Cue::Says(text.to_owned())).steps))
    };
    let [first, second] = plays("soothe");
    assert!(first.starts_with("I am sorry for the trouble.") && first.contains("open"), "{first}");
    assert!(!second.contains("sorry for the trouble"), "once for a sign: {second}");
    let [first, _] = plays("offer");
    assert!(first.ends_with("Shall I bring in a colleague?") && !first.contains("sorry"), "{first}");
    let [first, _] = plays("note");
    assert!(!first.contains("sorry") && first.contains("anything else"), "{first}");
}

#[test]
fn what_is_made_ready_begins_with_the_greeting_and_has_no_holes() {
    let flow = Flow::parse(&example(), "support.en.yaml").unwrap();
    let clauses = flow.first_clauses();
    assert!(said(&Talk::new(&example())).starts_with(&clauses[0]), "{clauses:?}");
    assert!(clauses.len() > flow.knowledge.len());
    assert!(clauses.iter().all(|clause| !clause.is_empty() && !clause.contains('{')), "{clauses:?}");
}

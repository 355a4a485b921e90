//! What the example flow understands, with the real models.
//!
//! `intents.jsonl` is for development: the flow and the head were changed with its misses in sight. `intents_spoken.jsonl` was written by somebody who had
//! seen neither, as people talk on the telephone; its margins say how far the flow still is from that, and what it must not fall below.

use std::{
    fs,
    sync::{Arc, OnceLock},
};

use serde::Deserialize;
use warmline::{
    call::{
        escalation::{Escalation, TurnSeen},
        flow::{
            Flow,
            rehearse::{Cue, Rehearsal},
        },
        time::{Time, WallTime},
        understanding::Before,
    },
    understand::Understander,
};
use warmline_models::{Embedder, ModelsDir, Runtime};

use super::example;

/// The example flow with its heads, built once.
fn heads() -> &'static (Arc<Flow>, Understander) {
    static HEADS: OnceLock<(Arc<Flow>, Understander)> = OnceLock::new();
    HEADS.get_or_init(|| {
        let flow = Arc::new(Flow::parse(&example(), "support.en.yaml").unwrap());
        let runtime = Runtime::load(&ModelsDir::of_user().unwrap()).unwrap();
        let embedder = Arc::new(Embedder::load(&runtime, 1).unwrap());
        let heads = Understander::new(&flow, &embedder).unwrap();
        (flow, heads)
    })
}

fn lines<T: for<'de> Deserialize<'de>>(file: &str) -> Vec<T> {
    let text = fs::read_to_string(format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[derive(Deserialize)]
struct Meant {
    text: String,
    intent: Option<String>,
}

/// Shares of a file's sentences.
struct Shares {
    /// Of those with an intent: the right one was found.
    right: f64,
    /// Of those with an intent: another one was found.
    mistaken: f64,
    /// Of those without: none was found.
    rejected: f64,
    /// What went wrong.
    misses: String,
}

fn shares(file: &str) -> Shares {
    let (flow, heads) = heads();
    let (mut right, mut mistaken, mut inside, mut rejected, mut outside) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    let mut misses = String::new();
    for meant in lines::<Meant>(file) {
        let understanding = heads.understand(&Before::default(), &meant.text).unwrap();
        let intent = flow.intent_of(&understanding).map(|intent| intent.name.clone());
        if intent != meant.intent {
            misses += &format!("{}: {:?}\n", meant.text, understanding.intents.first());
        }
        if meant.intent.is_some() {
            inside += 1;
            right += u32::from(intent == meant.intent);
            mistaken += u32::from(intent.is_some() && intent != meant.intent);
        } else {
            outside += 1;
            rejected += u32::from(intent.is_none());
        }
    }
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole);
    Shares { right: share(right, inside), mistaken: share(mistaken, inside), rejected: share(rejected, outside), misses }
}

#[test]
fn intents_and_what_is_none() {
    let Shares { right, rejected, misses, .. } = shares("intents.jsonl");
    assert!(right >= 0.85 && rejected >= 0.85, "in scope {right:.2}, out of scope rejected {rejected:.2}\n{misses}");
}

/// Measured: right 0.88, mistaken 0.05, rejected 0.88. These sentences were in sight when the flow's examples were written; those of the next test were not.
#[test]
fn intents_as_people_say_them_on_the_telephone() {
    let Shares { right, mistaken, rejected, misses } = shares("intents_spoken.jsonl");
    println!("right {right:.3}, mistaken {mistaken:.3}, rejected {rejected:.3}");
    assert!(
        right >= 0.82 && mistaken <= 0.1 && rejected >= 0.8,
        "right {right:.2}, mistaken {mistaken:.2}, out of scope rejected {rejected:.2}\n{misses}"
    );
}

/// Measured: right 0.93, mistaken 0.05, rejected 0.90.
#[test]
fn intents_of_sentences_that_nobody_tuned_to() {
    let Shares { right, mistaken, rejected, misses } = shares("intents_unseen_en.jsonl");
    println!("right {right:.3}, mistaken {mistaken:.3}, rejected {rejected:.3}");
    assert!(
        right >= 0.9 && mistaken <= 0.08 && rejected >= 0.88,
        "right {right:.2}, mistaken {mistaken:.2}, out of scope rejected {rejected:.2}\n{misses}"
    );
}

#[derive(Deserialize)]
struct Decided {
    text: String,
    escalate: bool,
}

#[test]
fn decisions_with_meaning_and_tone() {
    let (flow, heads) = heads();
    let (mut hits, mut wanted, mut alarms, mut quiet) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut wrong = String::new();
    for file in ["escalation.jsonl", "escalation_held.jsonl"] {
        for it in lines::<Decided>(file) {
            let understanding = heads.understand(&Before::default(), &it.text).unwrap();
            let mut escalation = Escalation::new(Arc::clone(flow));
            let span = (Time(0), Time(2_000));
            escalation.turn(&TurnSeen {
                text: &it.text,
                confidence: 0.95,
                span,
                understanding: &understanding,
                intent: None,
                is_value: false,
            });
            let escalate = escalation.decide(span.1).escalate;
            let (hit, of) = if it.escalate { (&mut hits, &mut wanted) } else { (&mut alarms, &mut quiet) };
            *hit += u32::from(escalate);
            *of += 1;
            if escalate != it.escalate {
                wrong += &format!("{}\n", it.text);
            }
        }
    }
    let (recall, alarms) = (f64::from(hits) / f64::from(wanted), f64::from(alarms) / f64::from(quiet));
    assert!(recall >= 0.9 && alarms <= 0.08, "recall {recall:.2}, false alarms {alarms:.2}\n{wrong}");
}

#[test]
fn the_demonstration_as_text() {
    let (flow, heads) = heads();
    let understand = |before: &Before, said: &str| heads.understand(before, said).unwrap();
    let mut play = Rehearsal::new(flow, WallTime { day: 20_780, ms_of_day: 36_000_000 }, &understand);
    play.start();
    let mut says = |text: &str| play.cue(&Cue::Says(text.to_owned()));
    let answer = says("What are your opening hours on Saturday?").answer().unwrap();
    assert_eq!(answer, "On Saturday we are open from 10 AM to 2 PM.");
    assert_eq!(says("Where is my order?").intent.as_deref(), Some("order_status"));
    says("four five seven one two nine");
    let found = play.made_up();
    assert!(play.cue(&Cue::Service(found)).answer().unwrap().contains("457129"));
    let last = play.cue(&Cue::Says("This is the third time I am asking, let me talk to a person".to_owned()));
    assert_eq!(last.human.map(|to| to.queue).as_deref(), Some("orders"));
    assert_eq!(last.decision.reasons, ["asked_for_human", "repeated"]);
}

/// Measured: 8 of ten (4, where a clause had to be as certain as a whole turn); and in 2 of 296 sentences with one wish a second one is found.
#[test]
fn two_wishes_in_one_sentence_are_both_answered() {
    let (hours, cost, days, back, pay, shop) = ("we are open", "4 euros", "working days", "30 days", "bank transfer", "Harbour Street");
    let wishes = [
        ("What time do you close on Friday, and how much would delivery be?", [hours, cost]),
        ("Where exactly is your store and can I pay there with a card?", [shop, pay]),
        ("I wonder how long the parcel takes and what you charge for sending it.", [days, cost]),
        ("Could I return a lamp I do not like, and are you open on Saturday?", [back, hours]),
        ("Do you take bank transfers? And where can I find you?", [pay, shop]),
        ("How many days will shipping take, and what if I want to send it back?", [days, back]),
        ("Tell me your address please, and when are you open tomorrow.", [shop, hours]),
        ("Is delivery free of charge, and which cards do you accept?", [cost, pay]),
        ("When do you open on Monday? Also, how long do I have to return something?", [hours, back]),
        ("What does postage cost and how fast is it?", [cost, days]),
    ];
    let (flow, heads) = heads();
    let understand = |before: &Before, said: &str| heads.understand(before, said).unwrap();
    let (mut both, mut misses) = (0, String::new());
    for (text, answers) in wishes {
        let mut play = Rehearsal::new(flow, WallTime { day: 20_780, ms_of_day: 36_000_000 }, &understand);
        play.start();
        let said: String = play.cue(&Cue::Says(text.to_owned())).steps.iter().map(|step| format!("{step:?} ")).collect();
        if answers.iter().all(|answer| said.contains(answer)) {
            both += 1;
        } else {
            misses += &format!("{text}: {said}\n");
        }
    }
    let mut others = String::new();
    for file in ["intents.jsonl", "intents_spoken.jsonl", "intents_unseen_en.jsonl"] {
        for meant in lines::<Meant>(file) {
            let second = heads.understand(&Before::default(), &meant.text).unwrap().second;
            others += &second.map(|second| format!("{}: {second:?}\n", meant.text)).unwrap_or_default();
        }
    }
    let found = others.lines().count();
    println!("{both} of ten; a second wish in {found} sentences with one\n{others}");
    assert!(both >= 7, "{both} of ten:\n{misses}");
    assert!(found <= 6, "a second wish in {found} sentences with one:\n{others}");
}

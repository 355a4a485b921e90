//! Single sentences, by their words alone: no model is at work here. `escalation.jsonl` was written to develop on, `escalation_held.jsonl` was not looked at for that.

use std::fs;

use serde::Deserialize;

use super::{Ledger, flow};

#[derive(Deserialize)]
struct Sentence {
    text: String,
    escalate: bool,
    reason: Option<String>,
}

/// Recall, false alarms, and what went wrong.
fn judge(file: &str) -> (f64, f64, String) {
    let text = fs::read_to_string(format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let flow = flow();
    let (mut hits, mut wanted, mut alarms, mut quiet) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut wrong = String::new();
    for line in text.lines() {
        let sentence: Sentence = serde_json::from_str(line).unwrap();
        let decision = Ledger::of(&flow).says(&sentence.text);
        let right_reason = sentence.reason.as_ref().is_none_or(|reason| decision.reasons.contains(reason));
        if sentence.escalate {
            wanted += 1;
            hits += u32::from(decision.escalate && right_reason);
        } else {
            quiet += 1;
            alarms += u32::from(decision.escalate);
        }
        if decision.escalate != sentence.escalate || !right_reason {
            wrong += &format!("{}: {} {:?}\n", sentence.text, decision.score, decision.reasons);
        }
    }
    (f64::from(hits) / f64::from(wanted), f64::from(alarms) / f64::from(quiet), wrong)
}

#[test]
fn sentences_that_were_developed_on() {
    let (recall, alarms, wrong) = judge("escalation.jsonl");
    assert!(recall >= 0.97 && alarms <= 0.03, "recall {recall:.2}, false alarms {alarms:.2}\n{wrong}");
}

#[test]
fn sentences_that_were_not() {
    let (recall, alarms, wrong) = judge("escalation_held.jsonl");
    assert!(recall >= 0.85 && alarms <= 0.08, "recall {recall:.2}, false alarms {alarms:.2}\n{wrong}");
}

#[test]
fn a_person_and_a_machine_may_be_named_without_a_wish_for_either() {
    let flow = flow();
    let asks = |text: &str| Ledger::of(&flow).says(text).reasons.contains(&"asked_for_human".to_owned());
    for text in [
        "I've received somebody else's parcel.",
        "Somebody else opened it.",
        "I want to stop the washing machine halfway through.",
        "I don't want the coffee machine.",
    ] {
        assert!(!asks(text), "{text}");
    }
    for text in ["I don't want to talk to a machine.", "Machines confuse me.", "Is there a person?", "Put a grown-up on, would you."] {
        assert!(asks(text), "{text}");
    }
}

#[test]
fn what_is_said_of_things_in_a_house_is_neither_anger_nor_a_matter() {
    let flow = flow();
    let reasons = |text: &str| Ledger::of(&flow).says(text).reasons;
    for text in [
        "Why does the toaster blow a fuse?",
        "Do you sell a massive shower head?",
        "Those lamps are all the rage.",
        "Can I stick it up on the wall?",
        "My last order with you was in March.",
        "I found one cheaper, do you match prices?",
        "Can you give me a bit of notice before the delivery?",
        "Do you have it on record that I paid?",
        "Someone on the phone said ten days.",
    ] {
        assert_eq!(reasons(text), [""; 0], "{text}");
    }
    for text in ["I am going to cancel my subscription.", "Knock my subscription on the head.", "I'm giving you my thirty days' notice."] {
        assert_eq!(reasons(text).first().map(String::as_str), Some("critical:cancellation"), "{text}");
    }
    assert_eq!(reasons("Your agent was not very helpful and I want to complain.").first().map(String::as_str), Some("critical:complaint"));
}

//! Weighing: what counts, how it fades, and what is said about it.

use std::sync::Arc;

use warmline::call::{
    caller::Caller,
    escalation::{Escalation, TurnSeen},
    flow::Flow,
    record::{AtThreshold, Care, Signal},
    time::{Time, WallTime},
    understanding::{Scored, Tone, Understanding},
};

use super::{Ledger, flow, intent, tone};

/// The example flow with one text replaced.
pub(super) fn with(from: &str, to: &str) -> Arc<Flow> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml")).unwrap();
    assert!(text.contains(from), "{from}");
    Arc::new(Flow::parse(&text.replacen(from, to, 1), "f").unwrap_or_else(|mistakes| panic!("{mistakes:#?}")))
}

#[test]
fn a_wish_for_a_human_is_granted_at_once_with_quote_and_reason() {
    let mut ledger = Ledger::new();
    let decision = ledger.says("This is the third time I am asking, let me talk to a person");
    assert!(decision.escalate);
    assert_eq!(decision.reasons[0], "asked_for_human");
    assert!(decision.reasons.contains(&"repeated".to_owned()));
    assert!(decision.score >= decision.threshold);
    assert!(decision.why.contains("let me talk to a person"), "{}", decision.why);
    assert!(decision.would_change.starts_with("Without asked_for_human the score would be 0.60, below 1.00"), "{}", decision.would_change);
    let evidence = ledger.escalation.drain_evidence();
    let asked = evidence.iter().find(|evidence| evidence.signal == Signal::AskedForHuman).unwrap();
    assert_eq!(asked.quote, "let me talk to a person");
    assert_eq!(asked.span, (Time(1_000), Time(3_000)));
    assert_eq!(decision.evidence[0], asked.number);
    assert!(ledger.escalation.drain_evidence().is_empty());
    assert_eq!(ledger.escalation.destination(Some("order_status")).label, "orders");
}

#[test]
fn nothing_speaks_for_a_human() {
    let decision = Ledger::new().says("Where is my order?");
    assert!(!decision.escalate && decision.reasons.is_empty() && decision.score == 0.0);
    assert_eq!(decision.why, "Nothing speaks for a human.");
    assert!(decision.would_change.starts_with("1.00 more"), "{}", decision.would_change);
}

#[test]
fn the_third_misunderstanding_calls_a_human() {
    let mut ledger = Ledger::new();
    assert!(!ledger.note(Signal::NotUnderstood).escalate);
    assert!(!ledger.note(Signal::NotUnderstood).escalate);
    let decision = ledger.note(Signal::NotUnderstood);
    assert!(decision.escalate, "{decision:?}");
    assert_eq!(decision.reasons, ["not_understood"]);
}

#[test]
fn what_counts_fades() {
    let mut ledger = Ledger::new();
    ledger.note(Signal::NotUnderstood);
    ledger.note(Signal::NotUnderstood);
    let before = ledger.escalation.decide(ledger.now).score;
    let later = ledger.escalation.decide(ledger.now.plus(180_000)).score;
    assert!((later * 2.0 - before).abs() < 0.01, "{before} {later}");
    ledger.now = ledger.now.plus(600_000);
    assert!(!ledger.note(Signal::NotUnderstood).escalate);
}

#[test]
fn thanks_calm_a_small_score_and_not_a_big_one() {
    let mut ledger = Ledger::new();
    let before = ledger.note(Signal::NotUnderstood).score;
    let after = ledger.says("Great, thank you.").score;
    assert!(after < before / 2.0, "{before} {after}");
    let mut ledger = Ledger::new();
    ledger.note(Signal::Repeated);
    let before = ledger.note(Signal::NotUnderstood).score;
    let after = ledger.says("Thanks.").score;
    assert!(after > before * 0.95, "{before} {after}");
}

#[test]
fn low_confidence_counts_from_the_second_turn_in_a_row() {
    let mut ledger = Ledger::new();
    let nothing = Understanding::default();
    assert_eq!(ledger.hears("mumble", 0.4, &nothing).score, 0.0);
    assert_eq!(ledger.hears("mumble mumble", 0.9, &nothing).score, 0.0);
    assert_eq!(ledger.hears("mumble", 0.4, &nothing).score, 0.0);
    let decision = ledger.hears("mumble", 0.4, &nothing);
    assert_eq!(decision.reasons, ["low_confidence"]);
    assert!(ledger.hears("mumble", 0.4, &nothing).score > decision.score);
}

#[test]
fn mockery_needs_a_bad_state_and_never_acts_alone() {
    let sarcastic = tone(Tone { sarcasm: 0.95, ..Tone::default() });
    let mut ledger = Ledger::new();
    let decision = ledger.hears("Wow, great job.", 0.9, &sarcastic);
    assert!(decision.reasons.is_empty(), "nothing has gone wrong: {decision:?}");
    // However much of it there is.
    let mut ledger = Ledger::of(&with("sarcasm: { effect: count, weight: 0.5 }", "sarcasm: { effect: count, weight: 5.0 }"));
    let decision = ledger.hears("Oh great, another robot, just what I needed.", 0.9, &sarcastic);
    assert_eq!((decision.escalate, decision.reasons.as_slice()), (false, &["sarcasm".to_owned()][..]));
    // On top of failures it tips the scale.
    let mut ledger = Ledger::new();
    ledger.note(Signal::NotUnderstood);
    ledger.note(Signal::NotUnderstood);
    assert!(!ledger.escalation.decide(ledger.now).escalate);
    assert!(ledger.hears("Oh brilliant, well done.", 0.9, &sarcastic).escalate);
}

#[test]
fn the_tone_head_alone_calls_a_human_only_when_it_is_sure() {
    let heard = |anger| Ledger::new().hears("I ordered the blue one.", 0.9, &tone(Tone { anger, ..Tone::default() }));
    for (anger, escalate) in [(0.97, true), (0.35, false)] {
        let decision = heard(anger);
        assert_eq!((decision.escalate, decision.reasons.as_slice()), (escalate, &["anger".to_owned()][..]), "{anger}");
    }
    assert!(heard(0.2).reasons.is_empty());
}

#[test]
fn words_alone_are_doubted_where_the_heads_hear_nothing() {
    let unheard = Understanding { matters: vec![Scored { name: "cancellation".to_owned(), score: 0.01 }], ..Understanding::default() };
    let heard = Understanding { matters: vec![Scored { name: "cancellation".to_owned(), score: 0.2 }], ..Understanding::default() };
    let cancels = "I want to cancel my order.";
    assert!(Ledger::new().hears(cancels, 0.9, &heard).escalate);
    let decision = Ledger::new().hears(cancels, 0.9, &unheard);
    assert_eq!((decision.escalate, decision.reasons.as_slice()), (false, &["critical:cancellation".to_owned()][..]));
    // Danger is believed by its words.
    assert!(Ledger::new().hears("The toaster is on fire.", 0.9, &unheard).escalate);
}

#[test]
fn tone_can_be_switched_off() {
    let flow = with("  tone: true\n", "  tone: false\n");
    let angry = tone(Tone { anger: 0.99, frustration: 0.99, sarcasm: 0.99, gratitude: 0.0 });
    let decision = Ledger::of(&flow).hears("You people are useless, this is a disgrace.", 0.9, &angry);
    assert_eq!(decision.score, 0.0, "{decision:?}");
}

#[test]
fn a_meaning_without_the_words_is_enough_if_it_is_sure() {
    let out = "It is not for us any longer, the whole thing.";
    assert!(Ledger::new().hears(out, 0.9, &intent("cancellation", 0.95)).escalate);
    assert!(!Ledger::new().hears(out, 0.9, &intent("cancellation", 0.7)).escalate);
    assert!(Ledger::new().hears("Is there no other option than you?", 0.9, &intent("human_agent", 0.95)).escalate);
    // The words say that it is not meant: the meaning was misled by them.
    assert!(!Ledger::new().hears("I don't want to cancel.", 0.9, &intent("cancellation", 0.99)).escalate);
    assert!(!Ledger::new().hears("Are you a real person?", 0.9, &intent("human_agent", 0.99)).escalate);
}

#[test]
fn a_critical_matter_has_its_own_queue() {
    let mut ledger = Ledger::new();
    let decision = ledger.says("I want to file a complaint about my order.");
    assert_eq!(decision.reasons, ["critical:complaint"]);
    assert_eq!(ledger.escalation.destination(Some("order_status")).queue, "complaints");
    assert_eq!(ledger.escalation.named_intent(), Some("complaint"));
    // Without one, it goes where its intent goes.
    let mut ledger = Ledger::new();
    ledger.says("Please cancel my order.");
    assert_eq!(ledger.escalation.destination(None).queue, "orders");
}

#[test]
fn the_policy_is_the_flows() {
    let note_only = with("asked_for_human: { effect: now, weight: 1.0 }", "asked_for_human: { effect: note, weight: 1.0 }");
    let mut ledger = Ledger::of(&note_only);
    let decision = ledger.says("Operator.");
    assert!(!decision.escalate && decision.reasons.is_empty());
    assert_eq!(ledger.escalation.drain_evidence().len(), 1, "it is written down all the same");
    let low = with("  threshold: 1.0\n", "  threshold: 0.3\n");
    assert!(Ledger::of(&low).note(Signal::NotUnderstood).escalate);
    assert!(Ledger::new().says("Put me through to the shift leader.").escalate, "words of the flow");
}

#[test]
fn values_are_not_searched_for_wishes() {
    let mut escalation = Escalation::new(flow());
    let misled = intent("human_agent", 0.99);
    let turn = TurnSeen {
        text: "four five seven",
        confidence: 0.9,
        span: (Time(0), Time(900)),
        understanding: &misled,
        intent: None,
        is_value: true,
    };
    escalation.turn(&turn);
    assert!(!escalation.decide(Time(900)).escalate);
}

#[test]
fn one_signal_of_one_turn_counts_once() {
    let mut ledger = Ledger::new();
    let score = ledger.says("I already told you that.").score;
    let span = (Time(1_000), Time(3_000));
    ledger.escalation.note(Signal::Repeated, "I already told you that.", span);
    assert_eq!(ledger.escalation.decide(ledger.now).score, score);
}

#[test]
fn a_settled_handoff_calls_nobody_again() {
    let mut ledger = Ledger::new();
    assert!(ledger.says("Operator.").escalate);
    ledger.escalation.settle(ledger.now);
    assert!(!ledger.says("Where is my order?").escalate);
    assert!(ledger.says("Operator!").escalate);
}

#[test]
fn a_failed_service_and_a_repetition_are_enough_together() {
    let mut ledger = Ledger::new();
    assert!(!ledger.note(Signal::ServiceFailed).escalate);
    assert!(!ledger.note(Signal::Silence).escalate);
    let decision = ledger.note(Signal::Repeated);
    assert!(decision.escalate);
    assert_eq!(decision.reasons.len(), 3);
}

#[test]
fn the_record_says_when_other_thresholds_were_reached() {
    let mut ledger = Ledger::new();
    let first = ledger.note(Signal::ServiceFailed);
    assert_eq!(first.at_thresholds, [AtThreshold { threshold: 0.4, at: Time(5_000) }]);
    let second = ledger.note(Signal::NotUnderstood);
    let thresholds: Vec<(f32, u64)> = second.at_thresholds.iter().map(|it| (it.threshold, it.at.0)).collect();
    assert_eq!(thresholds, [(0.4, 5_000), (0.6, 10_000), (0.8, 10_000)]);
    assert!(!second.escalate);
}

#[test]
fn a_signal_may_offer_a_colleague_or_change_the_wording() {
    let offer = with("frustration: { effect: count, weight: 0.5 }", "frustration: { effect: offer, weight: 0.5 }");
    let mut ledger = Ledger::of(&offer);
    assert_eq!(ledger.says("Where is my order?").care, Care::None);
    let annoyed = ledger.says("This is so annoying.");
    assert_eq!((annoyed.escalate, annoyed.care), (false, Care::Offer));
    ledger.escalation.cared();
    assert_eq!(ledger.says("Where is my order?").care, Care::None, "once for each sign");
    // Declined: it is not offered again for a while.
    ledger.escalation.declined(ledger.now);
    assert_eq!(ledger.says("This is so annoying.").care, Care::None);
    let soothe = with("frustration: { effect: count, weight: 0.5 }", "frustration: { effect: soothe, weight: 0.5 }");
    assert_eq!(Ledger::of(&soothe).says("This is so annoying.").care, Care::Soothe);
}

#[test]
fn after_a_handoff_that_came_to_nothing_more_is_needed_for_a_while() {
    let mut ledger = Ledger::new();
    ledger.escalation.settle(ledger.now);
    assert!(!ledger.note(Signal::ServiceFailed).escalate);
    assert!(!ledger.note(Signal::Repeated).escalate, "1.1 of 1.25");
    assert!(ledger.says("Operator.").escalate, "asking for one always does");
    let mut ledger = Ledger::new();
    for _ in 0..3 {
        ledger.escalation.settle(ledger.now);
    }
    for _ in 0..5 {
        assert!(!ledger.note(Signal::NotUnderstood).escalate, "three tries were enough");
    }
    assert!(ledger.says("Operator.").escalate);
}

#[test]
fn a_caller_on_the_list_comes_to_a_human_sooner() {
    let flow = with("  vip: []\n", "  vip: [\"40 21 300 0000\"]\n");
    let caller = |number: &str| Caller { number: number.to_owned(), ..Caller::default() };
    let decides = |number: &str| {
        let mut escalation = Escalation::for_caller(Arc::clone(&flow), &caller(number));
        let alone = escalation.decide(Time(0));
        escalation.note(Signal::NotUnderstood, "mumble", (Time(1_000), Time(2_000)));
        escalation.note(Signal::NotUnderstood, "mumble", (Time(3_000), Time(4_000)));
        (alone.escalate, escalation.decide(Time(4_000)).score >= 0.95)
    };
    assert_eq!(decides("+40213000000"), (false, true));
    assert_eq!(decides("+40213000001"), (false, false));
}

#[test]
fn a_meaning_that_all_flows_know_is_enough_if_no_word_denies_it() {
    let matters = |name: &str, score| Understanding { matters: vec![Scored { name: name.to_owned(), score }], ..Understanding::default() };
    let judge = |text: &str, name: &str, score| Ledger::new().hears(text, 0.9, &matters(name, score));
    assert_eq!(judge("The thing went up in flames.", "safety", 0.95).reasons, ["critical:safety"]);
    assert!(judge("Surely a living soul works there.", "human", 0.95).escalate);
    assert!(!judge("I don't want to cancel anything.", "cancellation", 0.75).escalate);
    assert!(!judge("My friend complained about you.", "complaint", 0.75).escalate);
    assert!(!judge("Thanks, bye.", "fraud", 0.95).escalate, "too short to mean anything by itself");
    let ends = "The thing is of no more use to us here.";
    let [noted, enough] = [0.3, 0.45].map(|score| judge(ends, "cancellation", score));
    assert!(enough.escalate && !noted.escalate && noted.score > 0.0, "{noted:?} {enough:?}");
    assert!(!judge("Pardon?", "human", 0.95).escalate, "a single word");
    assert!(!judge("Nobody there?", "human", 0.5).escalate && judge("Nobody there?", "human", 0.85).escalate, "two words mean little");
    // What is surely heard counts whatever the words around it say.
    let insists = "no no no i said i want to speak to someone not track an order";
    let [doubtful, sure] = [0.6, 0.95].map(|score| judge(insists, "human", score));
    assert!(sure.escalate && sure.score > doubtful.score, "{doubtful:?} {sure:?}");
}

#[test]
fn how_likely_a_meaning_must_be_is_the_flows() {
    let judge = |above: &str, name: &str, score| {
        let human = format!("human_meaning_above: {above}");
        let label = format!("label: a cancellation\n      meaning_above: {above}");
        let flow = if name == "human" { with("human_meaning_above: 0.4", &human) } else { with("label: a cancellation", &label) };
        let matters = Understanding { matters: vec![Scored { name: name.to_owned(), score }], ..Understanding::default() };
        Ledger::of(&flow).hears("The thing is of no more use to us here.", 0.9, &matters)
    };
    for name in ["human", "cancellation"] {
        let [noted, enough] = [0.6, 0.92].map(|score| judge("0.9", name, score));
        assert!(enough.escalate && !noted.escalate && noted.score > 0.0, "{name} {noted:?} {enough:?}");
        // Less than words need not to be doubted.
        assert!(judge("0.15", name, 0.18).escalate, "{name}");
        for (above, score) in [("1.0", 0.95), ("0.0", 0.0)] {
            let decision = judge(above, name, score);
            assert!(!decision.escalate && decision.score == 0.0, "{name} {above} {decision:?}");
        }
    }
}

#[test]
fn a_negation_ends_where_a_new_thought_begins() {
    assert!(Ledger::new().says("If this is not repaired by Monday then I'll take legal action.").escalate);
    assert!(!Ledger::new().says("I don't want to take legal action.").escalate);
}

#[test]
fn while_nobody_of_the_queue_is_there_more_is_needed_where_the_flow_says_so() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml")).unwrap();
    let decides = |closed_rise: &str, hour: u64, last: Option<&str>| {
        let text = text.replacen("  closed_rise: 0\n", &format!("  closed_rise: {closed_rise}\n"), 1);
        let hours = "\n  orders: { hours: { weekly: { monday-friday: \"09:00-18:00\" } }, label: orders, ";
        let text = text.replacen("\n  orders: { label: orders, ", hours, 1);
        assert!(text.contains("\n  orders: { hours: { weekly: { monday-friday: \"09:00-18:00\" } }, label"), "the queue of the example");
        let flow = Arc::new(Flow::parse(&text, "f").unwrap_or_else(|mistakes| panic!("{mistakes:#?}")));
        let mut ledger = Ledger::of(&flow);
        // Wednesday, 2026-11-25.
        ledger.escalation.see_queue(Some("order_status"), WallTime { day: 20_782, ms_of_day: hour * 3_600_000 });
        (0..3).for_each(|_| _ = ledger.note(Signal::NotUnderstood));
        match last {
            Some(text) => ledger.says(text).escalate,
            None => ledger.escalation.decide(ledger.now).escalate,
        }
    };
    assert!(decides("0.5", 10, None) && decides("0", 20, None), "1.05 of 1.00");
    assert!(!decides("0.5", 20, None), "1.05 of 1.50");
    assert!(decides("0.5", 20, Some("Operator.")), "asking for one always does");
}

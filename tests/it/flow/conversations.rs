//! Conversations, one behaviour each.

use warmline::call::{
    action::Method,
    event::{Failure, Found},
    flow::step::{Expect, Step},
    outcome::Outcome,
    record::FactSource,
    time::WallTime,
    understanding::{Phrased, Scored, Understanding},
};

use super::{SMALL, example, talk::Talk, with};

const SHIPPED: &[(&str, &str)] = &[("status", "shipped"), ("expected", "Tuesday")];

#[test]
fn the_demonstration() {
    let mut talk = Talk::new(&example());
    assert!(talk.bot().contains("automated assistant"));
    let notices: Vec<_> =
        talk.steps.iter().filter_map(|step| if let Step::Say { notice, .. } = step { notice.as_deref() } else { None }).collect();
    assert_eq!(notices, ["automation", "recording", "tone_analysis"]);
    assert!(
        talk.means("opening_hours", "What are your opening hours on Saturday?")
            .bot()
            .starts_with("On Saturday we are open from 10 AM to 2 PM.")
    );
    assert!(talk.means("order_status", "Where is my order?").bot().starts_with("What is your order number?"));
    assert_eq!(talk.dialogue.expects(), Expect::Digits { least: 6, most: 6 });
    talk.says("4 5 7 1 2 9");
    assert_eq!(talk.url(), Some("http://127.0.0.1:8099/orders/457129"));
    assert!(talk.found("order", SHIPPED).bot().starts_with("Your order 457129 is on its way, and should be with you on Tuesday."));
    assert_eq!(talk.dialogue.intent(), Some("order_status"));
    let fact = talk.dialogue.facts().iter().find(|fact| fact.name == "order_number").unwrap();
    assert_eq!((fact.value.as_str(), fact.confirmed, fact.source), ("457129", true, FactSource::Said));
    assert!(fact.span.is_some());
    assert_eq!(talk.dialogue.open_question(), None);
}

#[test]
fn a_follow_up_needs_no_question() {
    let mut talk = Talk::new(SMALL);
    talk.means("opening_hours", "Are you open on Saturday?");
    assert!(talk.says("And on Sunday?").bot().starts_with("On Sunday we are closed."));
    assert!(talk.says("what about tomorrow").bot().starts_with("Tomorrow, Tuesday,"));
    // Without a question about opening hours before it, a day means nothing.
    let mut talk = Talk::new(SMALL);
    assert!(talk.says("And on Sunday?").did(&Step::NotUnderstood));
}

#[test]
fn an_unsure_number_is_read_back() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    talk.confidence = 0.5;
    assert_eq!(talk.says("four five seven one two nine").bot(), "I understood 4 5 7 1 2 9. Right?");
    assert_eq!(talk.dialogue.expects(), Expect::YesNo);
    assert_eq!(talk.says("Yes, that's right.").url(), Some("http://127.0.0.1:8099/orders/457129"));
    assert!(talk.dialogue.facts()[0].confirmed);
}

#[test]
fn a_read_back_can_be_corrected() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    talk.confidence = 0.5;
    talk.says("four five seven one two nine");
    assert_eq!(talk.says("No, four five seven one two eight.").bot(), "I understood 4 5 7 1 2 8. Right?");
    assert_eq!(talk.says("no, four nine").bot(), "I understood 4 9 7 1 2 8. Right?");
    assert_eq!(talk.says("yes").url(), Some("http://127.0.0.1:8099/orders/497128"));
    // A plain "no" asks again.
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    talk.confidence = 0.5;
    talk.says("four five seven one two nine");
    assert_eq!(talk.says("No.").bot(), "All right. Please tell me the order number again.");
}

#[test]
fn a_wrong_number_is_corrected_after_the_answer() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?").says("457129").found("order", SHIPPED);
    assert_eq!(talk.says("No, it's four five seven one two eight.").url(), Some("http://127.0.0.1:8099/orders/457128"));
}

#[test]
fn parts_of_a_number_are_put_together() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    assert_eq!(talk.says("four five seven").bot(), "I have 4 5 7 so far. Please go on.");
    assert_eq!(talk.says("one two nine").url(), Some("http://127.0.0.1:8099/orders/457129"));
}

#[test]
fn another_order_needs_another_number() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?").says("457129").found("order", SHIPPED);
    assert_eq!(talk.means("order_status", "Where is my order?").url(), Some("http://127.0.0.1:8099/orders/457129"));
    talk.found("order", SHIPPED);
    assert_eq!(talk.means("order_status", "And where is my other order?").bot(), "What is your order number?");
}

#[test]
fn a_number_in_the_question_is_taken() {
    let mut talk = Talk::new(SMALL);
    assert_eq!(talk.means("order_status", "Where is my order 457129?").url(), Some("http://127.0.0.1:8099/orders/457129"));
}

#[test]
fn two_tries_then_keys_then_a_human() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    assert_eq!(talk.says("purple elephants").bot(), "Please say the six digits.");
    assert!(talk.did(&Step::NotUnderstood));
    assert_eq!(talk.says("purple elephants").bot(), "Please key it in.");
    let mut keyed = talk.clone();
    assert_eq!(keyed.keys("457129").url(), Some("http://127.0.0.1:8099/orders/457129"));
    assert_eq!(keyed.dialogue.facts()[0].source, FactSource::Keyed);
    assert!(keyed.dialogue.facts()[0].confirmed);
    assert_eq!(talk.says("purple elephants").human(), Some("orders"));
}

#[test]
fn who_has_no_number_gets_a_human() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    assert_eq!(talk.says("I don't have it.").human(), Some("orders"));
}

#[test]
fn digits_are_never_an_intent_while_a_number_is_expected() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    let misled = Understanding { intents: vec![Scored { name: "human_agent".to_owned(), score: 0.99 }], ..Understanding::default() };
    assert_eq!(talk.dialogue.intent_of("four five seven", &misled), None);
    assert_eq!(talk.understood("four five seven one two nine", misled).url(), Some("http://127.0.0.1:8099/orders/457129"));
}

#[test]
fn the_subject_can_be_changed_while_a_number_is_expected() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    // A question in between is answered, and the number asked for again.
    assert_eq!(talk.means("cost", "What does shipping cost?").bot(), "Shipping costs 4 euros. What is your order number?");
    assert_eq!(talk.means("opening_hours", "are you open on Sunday").bot(), "On Sunday we are closed. What is your order number?");
    // The same wish again is noticed.
    assert!(talk.means("order_status", "where is my order").did(&Step::Repeated));
    // Another wish takes its place.
    assert_eq!(talk.means("reset", "I forgot my password.").bot(), "What is your e-mail address?");
    // A weak guess changes nothing.
    let weak = Understanding { intents: vec![Scored { name: "order_status".to_owned(), score: 0.6 }], ..Understanding::default() };
    assert!(talk.understood("something like that", weak).did(&Step::NotUnderstood));
}

#[test]
fn the_service_knows_no_such_order() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?").says("457129");
    assert!(talk.service("order", Ok(Found::Nothing)).bot().starts_with("I cannot find an order with this number."));
    // It is asked for again the next time, not taken for known.
    assert_eq!(talk.means("order_status", "Where is my order?").bot(), "What is your order number?");
}

#[test]
fn the_service_fails() {
    for failure in [Failure::TimedOut, Failure::Broken, Failure::BadAnswer, Failure::Overloaded] {
        let mut talk = Talk::new(SMALL);
        talk.means("order_status", "Where is my order?").says("457129");
        assert_eq!(talk.service("order", Err(failure)).human(), Some("orders"));
        assert!(!talk.bot().contains("457129"), "nothing is said of an order that nobody looked up: {}", talk.bot());
    }
}

#[test]
fn late_and_strange_answers_of_services_change_nothing() {
    let mut talk = Talk::new(SMALL);
    assert!(talk.found("order", SHIPPED).steps.is_empty());
    talk.means("order_status", "Where is my order?").says("457129");
    assert!(talk.found("account", &[("state", "open")]).steps.is_empty());
    assert!(talk.says("hello?").steps.is_empty(), "the answer is on its way");
    assert!(talk.found("order", SHIPPED).bot().contains("Tuesday"));
    assert!(talk.found("order", SHIPPED).steps.is_empty());
}

#[test]
fn look_ups_are_capped() {
    let mut talk = Talk::new(SMALL);
    for number in ["457121", "457122", "457123"] {
        talk.means("order_status", &format!("Where is my order {number}?"));
        assert!(talk.url().is_some());
        talk.service("order", Ok(Found::Nothing));
    }
    talk.means("order_status", "Where is my order 457124?");
    assert_eq!((talk.url(), talk.human()), (None, Some("orders")));
}

#[test]
fn values_are_escaped_in_addresses_and_never_read_as_templates() {
    let flow = SMALL
        .replace("read: { digits: { least: 6, most: 6 } }", "read: text")
        .replace("    pattern: \"[1-9][0-9]{5}\"\n", "")
        .replace("    keys: Please key it in.\n", "")
        .replace("confirm_below: 0.7", "confirm_below: 0");
    let mut talk = Talk::new(&flow);
    talk.means("order_status", "Where is my order?");
    talk.says("../admin?x=1#{{ services.orders }} é");
    assert_eq!(talk.url(), Some("http://127.0.0.1:8099/orders/..%2Fadmin%3Fx%3D1%23%7B%7B%20services.orders%20%7D%7D%20%C3%A9"));
    assert!(talk.found("order", &[("status", "{{ company }}")]).bot().contains("{{ services.orders }}"), "{}", talk.bot());
}

#[test]
fn forms_are_sent_with_filled_fields() {
    let mut talk = Talk::new(SMALL);
    talk.means("reset", "I forgot my password.");
    assert_eq!(talk.dialogue.expects(), Expect::Spelled);
    talk.says("jane dot doe at example dot com");
    assert_eq!(talk.bot(), "I understood jane.doe@example.com. Is that right?");
    talk.says("yes");
    let request = talk.steps.iter().find_map(|step| if let Step::LookUp { request, .. } = step { Some(request) } else { None }).unwrap();
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.body["mail"], "jane.doe@example.com");
    assert!(request.timeout_ms <= 3_000);
}

#[test]
fn repeat_wait_hello_thanks_and_goodbye() {
    let mut talk = Talk::new(SMALL);
    assert_eq!(talk.says("Hello?").bot(), "What can I do for you?");
    let answer = talk.means("cost", "What does shipping cost?").bot();
    assert_eq!(talk.says("Sorry, could you repeat that please?").bot(), answer);
    assert_eq!(talk.says("One moment please.").bot(), "Of course, take your time.");
    assert_eq!(talk.says("Yes.").bot(), "What can I do for you?");
    assert!(talk.says("Great, thank you.").bot().starts_with("You are welcome."));
    talk.says("No, that's all, thanks. Bye!");
    assert!(talk.did(&Step::End(Outcome::Contained)), "{:?}", talk.steps);
    assert!(talk.says("hello").steps.is_empty(), "nothing happens after the end");
}

#[test]
fn repeating_a_question_asks_it_again() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    assert_eq!(talk.says("What was that?").bot(), "What is your order number?");
    assert!(!talk.did(&Step::NotUnderstood));
}

#[test]
fn the_same_answer_twice_is_a_repetition() {
    let mut talk = Talk::new(SMALL);
    assert!(!talk.means("cost", "What does shipping cost?").did(&Step::Repeated));
    assert!(talk.means("cost", "And how much is shipping?").did(&Step::Repeated));
    assert!(!talk.means("opening_hours", "Are you open on Saturday?").did(&Step::Repeated));
    assert!(!talk.means("opening_hours", "Are you open on Sunday?").did(&Step::Repeated));
}

#[test]
fn what_is_not_understood_ends_with_a_human() {
    let mut talk = Talk::new(SMALL);
    for _ in 0..2 {
        assert!(talk.says("purple elephants").did(&Step::NotUnderstood));
        assert_eq!(talk.human(), None);
    }
    assert_eq!(talk.says("purple elephants").human(), Some("general"));
    assert_eq!(talk.dialogue.open_question().as_deref(), Some("purple elephants"));
}

#[test]
fn a_turn_that_was_hardly_heard_is_asked_for_again() {
    let mut talk = Talk::new(SMALL);
    talk.confidence = 0.2;
    assert!(talk.means("order_status", "Where is my border?").bot().starts_with("Sorry, I did not hear that well."));
    assert!(talk.says("").bot().starts_with("Sorry, I did not hear that well."));
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    assert_eq!(talk.says("").bot(), "Sorry, I did not hear that well. Could you say it again? What is your order number?");
    talk.says("");
    assert_eq!(talk.says("").human(), Some("orders"), "not for ever");
}

#[test]
fn nothing_is_heard_at_all() {
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?");
    assert_eq!(talk.silent().bot(), "Are you still there? What is your order number?");
    talk.silent();
    assert!(talk.silent().did(&Step::End(Outcome::CallerSilent)));
}

#[test]
fn the_human_is_of_the_queue_of_what_the_caller_wants() {
    let mut talk = Talk::new(SMALL);
    assert_eq!(talk.means("human_agent", "Operator.").human(), Some("general"));
    let mut talk = Talk::new(SMALL);
    talk.means("order_status", "Where is my order?").says("457129").found("order", SHIPPED);
    assert_eq!(talk.means("human_agent", "Operator.").human(), Some("orders"));
    assert_eq!(talk.dialogue.intent(), Some("order_status"));
    let mut talk = Talk::new(SMALL);
    assert_eq!(talk.keys("0").human(), Some("general"));
}

#[test]
fn words_of_a_chat_model_are_said_for_the_entry_that_they_are_from_and_for_no_other() {
    let asked = |phrased: Option<Phrased>| {
        let knowledge = vec![Scored { name: "cost".to_owned(), score: 0.9 }];
        let mut talk = Talk::new(SMALL);
        talk.understood("How much is it to send?", Understanding { knowledge, phrased: phrased.map(Box::new), ..Understanding::default() });
        assert_eq!(talk.human(), None);
        talk.bot()
    };
    let words = |entry: &str, text: Option<&str>| Some(Phrased { entries: vec![entry.to_owned()], text: text.map(str::to_owned) });
    assert!(asked(words("cost", Some("It is 4 euros."))).starts_with("It is 4 euros."));
    for phrased in [None, words("cost", None), words("hours", Some("We are open."))] {
        assert!(asked(phrased).starts_with("Shipping costs 4 euros."));
    }
}

#[test]
fn a_flow_asks_whether_anybody_of_a_queue_is_there() {
    let says = |condition: &str, hour: u64| {
        let ways = format!("nodes:\n  ways:\n    branch:\n      - when: {condition}\n        go: sent\n      - go: prepared\n");
        let intent = "  visit:\n    go: ways\n    queue: orders\n    examples: [May I come by?]\nknowledge:\n";
        let hours = "  orders: { hours: { weekly: { monday-friday: \"09:00-18:00\" } }, label: orders,";
        let flow = with("nodes:\n", &ways).replacen("knowledge:\n", intent, 1).replacen("  orders: { label: orders,", hours, 1);
        // Monday, 2026-11-23.
        let mut talk = Talk::at(&flow, WallTime { day: 20_780, ms_of_day: hour * 3_600_000 });
        talk.means("visit", "May I come by?").bot()
    };
    for condition in ["queue.open", "queues.orders.open", "queue.open and not caller.trunk"] {
        assert!(says(condition, 10).contains("A link was sent") && !says(condition, 20).contains("A link was sent"), "{condition}");
    }
}

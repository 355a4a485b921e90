//! A step that asks a human one line.

use warmline::call::{
    flow::step::{Consulted, Step},
    outcome::InquiryOutcome,
    record::{AskBy, FactSource},
};

use super::{mistakes, talk::Talk, with};

const RIGHT: &str = "  sent:
    consult:
      queue: intent
      question: Was a link sent to {{ address }}?
      suggest: { yes: \"Yes, it was.\", no: \"No.\" }
      within_ms: 20000
      otherwise: not_known
      late: too_late
    next: told
  told:
    branch:
      - when: sent.choice == \"yes\"
        go: was_sent
      - go: was_said
  was_sent: { say: Then look at your mail. }
  was_said: { say: \"Noted: {{ sent.answer }}\" }
  not_known: { say: I do not know. }
  too_late: { say: It takes too long. }
";

/// The small flow with that step.
fn flow() -> String {
    with("  sent: { say: A link was sent. }\n", RIGHT)
}

/// A mistake of the flow with one text replaced: its message, its hint, and the line it is on.
fn broken(from: &str, to: &str, message: &str) -> (String, String) {
    let text = flow();
    assert!(text.contains(from), "{from:?}");
    let text = text.replacen(from, to, 1);
    let found = mistakes(&text);
    let first = found.iter().find(|mistake| mistake.message.contains(message)).unwrap_or_else(|| panic!("no {message:?} in {found:#?}"));
    let line = text.lines().nth(first.place.line - 1).unwrap().trim().to_owned();
    (first.hint.clone().unwrap_or_default(), line)
}

#[test]
fn mistakes_are_named_where_they_are() {
    for (from, to, message, hint, line) in [
        ("queue: intent", "queue: oders", "there is no queue `oders`", "did you mean `orders`?", "queue: oders"),
        ("otherwise: not_known", "otherwise: not_knwn", "there is no node `not_knwn`", "did you mean `not_known`?", "otherwise: not_knwn"),
        ("late: too_late", "late: to_late", "there is no node `to_late`", "`too_late`", "late: to_late"),
        ("within_ms: 20000", "within_ms: 20", "20 is not between 5000 and 300000", "", "within_ms: 20"),
        (
            "{{ address }}?",
            "{{ adress }}?",
            "there is no variable, slot or look-up `adress`",
            "",
            "question: Was a link sent to {{ adress }}?",
        ),
        ("sent.choice ==", "sent.chose ==", "the answer to `sent` has no field `chose`", "", "- when: sent.chose == \"yes\""),
        ("no: \"No.\"", "other: \"No.\"", "`other` is any answer that is not suggested", "another name", "suggest:"),
        ("no: \"No.\"", "no: \"\"", "the text is empty", "", "suggest:"),
        ("      otherwise: not_known\n", "", "`otherwise` is missing", "otherwise", ""),
        ("within_ms: 20000", "with_ms: 20000", "unknown key `with_ms`", "within_ms", "with_ms: 20000"),
        ("    next: told", "    by: ear\n    next: told", "unknown key `by`", "", "by: ear"),
    ] {
        let (help, at) = broken(from, to, message);
        assert!(help.contains(hint) && at.contains(line), "{to}: {help} | {at}");
    }
    let clash = flow().replace("  sent:\n", "  address:\n").replace("found: sent, nothing: sent", "found: address, nothing: address");
    let found = mistakes(&clash);
    assert!(found.iter().any(|mistake| mistake.message.contains("`address` is also a slot")), "{found:#?}");
    // A circle in which the caller is never heard.
    broken("not_known: { say: I do not know. }", "not_known: { say: I do not know., next: sent }", "a loop that never listens");
}

fn asks() -> Talk {
    let mut talk = Talk::new(&flow());
    talk.means("reset", "I forgot my password").says("jane at example dot com").says("Yes");
    talk.found("account", &[("state", "ok")]);
    talk
}

#[test]
fn the_question_goes_out_with_what_is_known_and_the_flow_goes_on_with_the_answer() {
    let mut talk = asks();
    let Some(Step::Consult(ask)) = talk.steps.last() else { panic!("{:?}", talk.steps) };
    assert_eq!((ask.queue.as_str(), ask.by, ask.within_ms), ("general", AskBy::Screen, 20_000));
    assert!(ask.question.starts_with("Was a link sent to jane@example.com"), "{}", ask.question);
    assert_eq!(ask.suggestions.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["no", "yes"]);
    let yes = Consulted::Answer { name: "Maria".to_owned(), text: "Yes, it was.".to_owned(), choice: Some("yes".to_owned()) };
    talk.consulted("sent", yes);
    assert!(talk.bot().starts_with("My colleague Maria says: Yes, it was. Then look at your mail."), "{}", talk.bot());
    let knows = talk.steps.iter().any(|step| matches!(step, Step::Know(fact) if fact.source == FactSource::Colleague && fact.confirmed));
    assert!(knows, "{:?}", talk.steps);
    let mut talk = asks();
    talk.consulted("sent", Consulted::Answer { name: "Maria".to_owned(), text: "{{ address }} <b>".to_owned(), choice: None });
    assert!(talk.bot().contains("Noted: {{ address }} <b>"), "{}", talk.bot());
}

#[test]
fn every_failure_has_its_way() {
    for (why, said) in [
        (InquiryOutcome::Late, "It takes too long."),
        (InquiryOutcome::Nobody, "I do not know."),
        (InquiryOutcome::Declined, "I do not know."),
        (InquiryOutcome::Lost, "I do not know."),
        (InquiryOutcome::Unclear, "I do not know."),
        (InquiryOutcome::CalledOff, "you have me again"),
    ] {
        let mut talk = asks();
        assert!(talk.consulted("sent", Consulted::Nothing(why)).bot().contains(said), "{why:?}: {}", talk.bot());
    }
    // An answer to something else.
    let mut talk = asks();
    assert_eq!(talk.consulted("find", Consulted::Nothing(InquiryOutcome::Late)).steps, []);
}

//! Agents answer what the bot asks them for a caller.

use serde_json::json;
use warmline::{
    call::{
        event::{AgentChoice, Event},
        outcome::{InquiryOutcome, OfferOutcome, Outcome},
        record::{AskBy, HandoffStep, InquiryStep, Suggestion, Summary},
    },
    view::CardStep,
};

use super::support::{code, served};
use crate::store::samples::{ended, maria, step};

const ANSWER: &str = "/api/v1/calls/one/answer";

fn asked() -> HandoffStep {
    HandoffStep::Inquiry {
        inquiry: InquiryStep::Asked {
            node: "may_return".to_owned(),
            queue: "orders".to_owned(),
            question: "Can it still be sent back?".to_owned(),
            suggestions: vec![Suggestion { name: "yes".to_owned(), text: "Yes, until Friday.".to_owned() }],
            by: AskBy::Screen,
            within_ms: 45_000,
            summary: Box::new(Summary { reason: "Asks whether it can be sent back.".to_owned(), ..Summary::default() }),
        },
    }
}

fn over(outcome: InquiryOutcome) -> HandoffStep {
    HandoffStep::Inquiry { inquiry: InquiryStep::Ended { outcome, waited_ms: 4_000, longest_silence_ms: 300, offers: 1 } }
}

#[tokio::test]
async fn an_answer_reaches_the_call_as_it_was_written() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let answer = json!({"agent": "maria", "text": "Yes, <b>until</b> Friday"});
    assert_eq!(code(served.post(ANSWER, &answer).await).await, (409, "not_offered".to_owned()));
    call.write(1_000, step(asked()));
    call.write(1_010, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    assert_eq!(served.post(ANSWER, &answer).await.status(), 202);
    let text = "Yes, <b>until</b> Friday".to_owned();
    let choice = AgentChoice::Answer { text, suggestion: None };
    assert_eq!(call.events.recv().await, Some(Event::AgentChose { agent: maria(), choice }));
    assert_eq!(served.post(ANSWER, &json!({"agent": "maria", "suggestion": "yes"})).await.status(), 202);
    let choice = AgentChoice::Answer { text: String::new(), suggestion: Some("yes".to_owned()) };
    assert_eq!(call.events.recv().await, Some(Event::AgentChose { agent: maria(), choice }));
    let other = json!({"agent": "ion", "text": "No"});
    assert_eq!(code(served.post(ANSWER, &other).await).await, (409, "not_offered".to_owned()));
    assert!(call.events.try_recv().is_err());
}

#[tokio::test]
async fn what_is_no_answer_is_refused() {
    let served = served().await;
    let mut call = served.live("one", 0);
    call.write(1_000, step(asked()));
    call.write(1_010, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    for wrong in [
        json!({}),
        json!({"agent": "maria"}),
        json!({"agent": "maria", "text": "  \n "}),
        json!({"agent": "maria", "text": "x".repeat(301)}),
        json!({"agent": "maria", "text": "Yes", "suggestion": "yes"}),
        json!({"agent": "maria", "text": 7}),
        json!({"agent": "maria", "text": "Yes", "html": true}),
    ] {
        assert_eq!(code(served.post(ANSWER, &wrong).await).await, (400, "bad_request".to_owned()), "{wrong}");
    }
    let longest = json!({"agent": "maria", "text": "ș".repeat(300)});
    assert_eq!(served.post(ANSWER, &longest).await.status(), 202, "letters are counted, not bytes");
    let yes = json!({"agent": "maria", "text": "Yes"});
    // The agent has taken the call: nothing is asked any more.
    call.write(5_000, step(over(InquiryOutcome::Taken)));
    assert_eq!(code(served.post(ANSWER, &yes).await).await, (409, "not_asked".to_owned()));
    call.write(9_000, ended(Outcome::HandedOver));
    drop(call);
    assert_eq!(code(served.post(ANSWER, &yes).await).await, (409, "call_ended".to_owned()));
    assert_eq!(code(served.post("/api/v1/calls/two/answer", &yes).await).await, (404, "no_such_call".to_owned()));
}

#[tokio::test]
async fn the_card_has_the_question_until_there_is_an_answer() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let card = || served.parts.hub.cards(&maria()).borrow().last().cloned().expect("a card");
    call.write(1_000, step(asked()));
    call.write(1_010, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    let shown = card();
    let inquiry = shown.inquiry.clone().unwrap();
    assert_eq!((shown.step, shown.queue.as_deref(), inquiry.until), (CardStep::Ringing, Some("orders"), 46_000));
    assert_eq!(
        (inquiry.question.as_str(), shown.summary.reason.as_str()),
        ("Can it still be sent back?", "Asks whether it can be sent back.")
    );
    assert!(!shown.call.escalated, "the bot has kept the caller");
    call.write(5_000, step(HandoffStep::OfferEnded { agent: maria(), outcome: OfferOutcome::Answered }));
    let answered = InquiryStep::Answered {
        agent: maria(),
        name: "Maria".to_owned(),
        text: "Yes".to_owned(),
        choice: Some("yes".to_owned()),
        by: AskBy::Screen,
    };
    call.write(5_000, step(HandoffStep::Inquiry { inquiry: answered }));
    call.write(5_000, step(over(InquiryOutcome::Answered)));
    let shown = card();
    assert_eq!((shown.step, shown.outcome), (CardStep::Ended, Some(OfferOutcome::Answered)));
}

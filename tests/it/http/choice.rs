//! Buttons that reach a live call.

use serde_json::json;
use warmline::{
    call::{
        event::{AgentChoice, DeclineReason, Event, TransferTo},
        ids::AgentId,
        outcome::{OfferOutcome, Outcome},
        record::{HandoffStep, ThirdStep},
    },
    http::{Numbers, Options},
    view::CardStep,
};

use super::support::{code, served, served_with};
use crate::store::samples::{ended, maria, step};

const CHOICE: &str = "/api/v1/calls/one/choice";

#[tokio::test]
async fn an_agent_answers_for_the_call_that_is_offered_to_them() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let accept = json!({"agent": "maria", "choice": "accept"});
    assert_eq!(code(served.post(CHOICE, &accept).await).await, (409, "not_offered".to_owned()));
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    assert_eq!(served.post(CHOICE, &accept).await.status(), 202);
    assert_eq!(call.events.recv().await, Some(Event::AgentChose { agent: maria(), choice: AgentChoice::Accept }));
    let other = json!({"agent": "ion", "choice": "accept"});
    assert_eq!(code(served.post(CHOICE, &other).await).await, (409, "not_offered".to_owned()));
    call.write(20, step(HandoffStep::OfferEnded { agent: maria(), outcome: OfferOutcome::NoAnswer }));
    assert_eq!(code(served.post(CHOICE, &accept).await).await, (409, "not_offered".to_owned()));
    assert!(call.events.try_recv().is_err());
}

#[tokio::test]
async fn ended_and_unknown_calls_take_no_choice() {
    let served = served().await;
    let mut call = served.live("one", 0);
    call.write(10, ended(Outcome::Contained));
    drop(call);
    let accept = json!({"agent": "maria", "choice": "accept"});
    assert_eq!(code(served.post(CHOICE, &accept).await).await, (409, "call_ended".to_owned()));
    assert_eq!(code(served.post("/api/v1/calls/two/choice", &accept).await).await, (404, "no_such_call".to_owned()));
    assert_eq!(code(served.post("/api/v1/calls/one/hangup", &json!({})).await).await, (409, "call_ended".to_owned()));
    assert_eq!(code(served.post("/api/v1/calls/two/hangup", &json!({})).await).await, (404, "no_such_call".to_owned()));
    for wrong in [
        json!({}),
        json!({"agent": "maria", "choice": "explode"}),
        json!({"agent": 7, "choice": "accept"}),
        json!([]),
        json!({"agent": "maria", "choice": "accept", "to": "+1900"}),
        json!({"agent": "maria", "choice": "accept", "to": {"queue": "orders"}}),
        json!({"agent": "maria", "choice": "accept", "reason": "busy"}),
        json!({"agent": "maria", "choice": "decline", "reason": "tired"}),
        json!({"agent": "maria", "choice": "hold", "node": "survey"}),
        json!({"agent": "maria", "choice": "transfer"}),
        json!({"agent": "maria", "choice": "consult"}),
        json!({"agent": "maria", "choice": "add", "to": {"agent": "ion"}}),
        json!({"agent": "maria", "choice": "part", "to": {"agent": "ion"}}),
        json!({"agent": "maria", "choice": "transfer", "to": {"sip": "sip:me@evil.example"}}),
    ] {
        assert_eq!(code(served.post(CHOICE, &wrong).await).await, (400, "bad_request".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn every_button_reaches_the_call_with_its_detail() {
    let to = TransferTo::Number { number: "+4021".to_owned(), target: "via:isp/021".to_owned(), replaces: None };
    let lookup = {
        let to = to.clone();
        move |agent: &str, number: &str| (agent == "maria" && number == "+4021").then(|| to.clone())
    };
    let served = served_with(Options { numbers: Numbers::new(lookup), ..Options::new(([127, 0, 0, 1], 0).into()) }).await;
    let mut call = served.live("one", 0);
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    let ion = AgentId("ion".to_owned());
    for (body, choice) in [
        (json!({"choice": "decline"}), AgentChoice::Decline { reason: DeclineReason::Other }),
        (json!({"choice": "decline", "reason": "not_my_skill"}), AgentChoice::Decline { reason: DeclineReason::NotMySkill }),
        (json!({"choice": "repeat"}), AgentChoice::Repeat),
        (json!({"choice": "more"}), AgentChoice::More),
        (json!({"choice": "hold"}), AgentChoice::Hold),
        (json!({"choice": "resume"}), AgentChoice::Resume),
        (json!({"choice": "mute"}), AgentChoice::Mute),
        (json!({"choice": "unmute"}), AgentChoice::Unmute),
        (
            json!({"choice": "transfer", "to": {"queue": "orders"}}),
            AgentChoice::Transfer { to: TransferTo::Queue { queue: "orders".to_owned() } },
        ),
        (
            json!({"choice": "transfer", "to": {"agent": "ion"}}),
            AgentChoice::Transfer { to: TransferTo::Agent { agent: ion, replaces: None } },
        ),
        (json!({"choice": "transfer", "to": {"number": "+4021"}}), AgentChoice::Transfer { to: to.clone() }),
        (json!({"choice": "consult", "to": {"number": "+4021"}}), AgentChoice::Consult { to: to.clone() }),
        (
            json!({"choice": "consult", "to": {"queue": "orders"}}),
            AgentChoice::Consult { to: TransferTo::Queue { queue: "orders".to_owned() } },
        ),
        (json!({"choice": "add", "to": {"number": "+4021"}}), AgentChoice::Add { to }),
        (json!({"choice": "conference"}), AgentChoice::Conference),
        (json!({"choice": "complete"}), AgentChoice::Complete),
        (json!({"choice": "part"}), AgentChoice::Part),
        (json!({"choice": "to_bot"}), AgentChoice::ToBot { node: None }),
        (json!({"choice": "to_bot", "node": "survey"}), AgentChoice::ToBot { node: Some("survey".to_owned()) }),
    ] {
        let mut body = body;
        body["agent"] = json!("maria");
        assert_eq!(served.post(CHOICE, &body).await.status(), 202, "{body}");
        assert_eq!(call.events.recv().await, Some(Event::AgentChose { agent: maria(), choice }), "{body}");
    }
    for choice in ["transfer", "consult", "add"] {
        let outside = json!({"agent": "maria", "choice": choice, "to": {"number": "+1900555"}});
        assert_eq!(code(served.post(CHOICE, &outside).await).await, (403, "may_not_call".to_owned()), "{choice}");
    }
    assert!(call.events.try_recv().is_err());
}

#[tokio::test]
async fn a_hang_up_reaches_the_call_with_or_without_a_body() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let bodiless = served.client.post(served.url("/api/v1/calls/one/hangup")).send().await.unwrap();
    assert_eq!(bodiless.status(), 202);
    assert_eq!(call.events.recv().await, Some(Event::EndCall));
    call.write(10, step(HandoffStep::Bridged { agent: maria(), time_to_agent_ms: 1, longest_silence_ms: 1 }));
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    assert_eq!(served.post("/api/v1/calls/one/hangup", &json!({})).await.status(), 202);
    assert_eq!(call.events.recv().await, Some(Event::AgentChose { agent: maria(), choice: AgentChoice::HangUp }));
}

#[tokio::test]
async fn a_call_that_takes_nothing_says_so() {
    let served = served().await;
    let _call = served.live("one", 0);
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(served.post("/api/v1/calls/one/hangup", &json!({})).await.status().as_u16());
    }
    assert_eq!(answers, [202, 202, 202, 202, 503, 503]);
}

#[tokio::test]
async fn a_colleague_who_is_asked_has_the_card_and_may_leave() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let ion = || AgentId("ion".to_owned());
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    call.write(20, step(HandoffStep::Bridged { agent: maria(), time_to_agent_ms: 1, longest_silence_ms: 1 }));
    let leave = json!({"agent": "ion", "choice": "hang_up"});
    assert_eq!(code(served.post(CHOICE, &leave).await).await, (409, "not_offered".to_owned()));
    let asked = ThirdStep::Offered { who: ion(), name: "Ion".to_owned(), by: "Maria".to_owned() };
    call.write(30, step(HandoffStep::Third { agent: maria(), third: asked }));
    let card = served.parts.hub.cards(&ion()).borrow().last().cloned().expect("Ion has a card");
    assert_eq!((card.step, card.consulted_by.as_deref()), (CardStep::Ringing, Some("Maria")));
    assert_eq!(served.post(CHOICE, &leave).await.status(), 202);
    assert_eq!(call.events.recv().await, Some(Event::AgentChose { agent: ion(), choice: AgentChoice::HangUp }));
    // Maria leaves the caller to Ion: his card is one like any other, and hers is over.
    call.write(40, step(HandoffStep::Third { agent: maria(), third: ThirdStep::HasCaller { who: ion(), name: "Ion".to_owned() } }));
    let cards = [ion(), maria()].map(|agent| served.parts.hub.cards(&agent).borrow().last().cloned().expect("a card"));
    assert_eq!(cards.each_ref().map(|card| (card.step, card.consulted_by.is_none())), [(CardStep::Bridged, true), (CardStep::Ended, true)]);
    let hold = json!({"agent": "maria", "choice": "hold"});
    assert_eq!(code(served.post(CHOICE, &hold).await).await, (409, "not_offered".to_owned()));
}

//! Agents and their cards.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::sync::mpsc;
use warmline::{
    call::{
        action::AgentAfter,
        event::Event,
        ids::{AgentId, CallId, RequestId},
        outcome::{OfferOutcome, Outcome},
        record::{Fact, HandoffStep, What},
    },
    desk::{AgentView, Own, Request, RingAt, StateWord},
};

use super::support::{code, served, served_for};
use crate::store::samples::{ended, escalates, evidence, fact, maria, said, step, summary};

#[tokio::test]
async fn agents_say_whether_they_are_there() {
    let served = served().await;
    let all = served.json("/api/v1/agents").await;
    assert_eq!(
        all["agents"][1],
        json!({"id": "maria", "name": "Maria", "state": "available", "queues": ["orders"], "languages": ["en"], "calls": [], "capacity": 1, "free": 1, "browser": false, "desk_phone": true, "reason": null})
    );
    let put = async |agent: &str, body: serde_json::Value| {
        served.client.put(served.url(&format!("/api/v1/agents/{agent}/state"))).json(&body).send().await.unwrap()
    };
    let away = put("maria", json!({"state": "away"})).await;
    assert_eq!((away.status().as_u16(), away.json::<serde_json::Value>().await.unwrap()["state"].clone()), (200, json!("away")));
    let lunch = put("maria", json!({"state": "away", "reason": "lunch"})).await;
    assert_eq!(lunch.json::<serde_json::Value>().await.unwrap()["reason"], "lunch");
    let page = put("maria", json!({"state": "available", "phone": "browser"})).await.json::<serde_json::Value>().await.unwrap();
    assert_eq!((&page["state"], &page["reason"], &page["browser"]), (&json!("closed"), &json!(null), &json!(true)));
    let desk = put("maria", json!({"state": "available", "phone": "desk_phone"})).await.json::<serde_json::Value>().await.unwrap();
    assert_eq!(desk["browser"], false);
    assert_eq!(code(put("nobody", json!({"state": "away"})).await).await, (404, "no_such_agent".to_owned()));
    for wrong in [
        json!({"state": "busy"}),
        json!({}),
        json!({"state": "away", "until": 1}),
        json!({"state": "available", "reason": "lunch"}),
        json!({"state": "away", "reason": "bored"}),
        json!({"state": "away", "phone": "pigeon"}),
    ] {
        assert_eq!(code(put("maria", wrong).await).await, (400, "bad_request".to_owned()));
    }
    assert_eq!(code(served.get("/api/v1/agents/nobody/events").await).await, (404, "no_such_agent".to_owned()));
}

#[tokio::test]
async fn an_agent_whose_telephone_is_their_page_is_there_while_it_is_open() {
    let served = served().await;
    let mut desk = served.parts.desk.watch();
    let mut until = async |word: StateWord| {
        let maria = |all: &Arc<Vec<AgentView>>| all.iter().any(|agent| agent.id == maria() && agent.state == word);
        tokio::time::timeout(Duration::from_secs(30), desk.wait_for(maria)).await.unwrap().unwrap();
    };
    assert!(served.parts.desk.set_state(&maria(), Own { available: true, reason: None, phone: Some(RingAt::Page) }));
    until(StateWord::Closed).await;
    let first = served.stream("/api/v1/agents/maria/events", None).await;
    until(StateWord::Available).await;
    let second = served.stream("/api/v1/agents/maria/events", None).await;
    drop(first);
    let (events, mut inbox) = mpsc::channel(8);
    served.parts.desk.find(request("one"), &events);
    assert!(matches!(inbox.recv().await, Some(Event::AgentReserved { .. })), "one page is still open");
    drop(second);
    assert_eq!(inbox.recv().await, Some(Event::PageClosed { agent: maria() }));
    served.parts.desk.release(&CallId("one".to_owned()), &maria(), AgentAfter::Free);
    until(StateWord::Closed).await;
}

#[tokio::test]
async fn the_card_follows_the_offer() {
    let served = served().await;
    let mut stream = served.stream("/api/v1/agents/maria/events", None).await;
    let got = stream.next().await.unwrap();
    assert_eq!((got.name.as_str(), &got.data["state"]), ("agent", &json!("available")));

    let mut call = served.live("one", 0);
    call.write(1_000, said("Let me talk to a person."));
    call.write(1_000, evidence(1, warmline::call::record::Signal::AskedForHuman));
    call.write(1_000, escalates());
    call.write(1_000, step(HandoffStep::Started { queue: "orders".to_owned(), summary: summary() }));
    call.write(1_100, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    let card = stream.next().await.unwrap();
    assert_eq!((card.name.as_str(), &card.data["step"], &card.data["outcome"]), ("card", &json!("ringing"), &json!(null)));
    assert_eq!(card.data["call"]["id"], "one");
    assert_eq!(card.data["summary"]["facts"][0]["value"], "457129");
    assert_eq!(card.data["reasons"], json!(["asked_for_human", "repeated"]));
    assert_eq!(card.data["evidence"][0]["signal"], json!({"kind": "asked_for_human"}));

    // What is gathered while it rings is on the card at once.
    call.write(1_150, What::Fact { fact: Fact { name: "email".to_owned(), value: "jane.doe@example.com".to_owned(), ..fact() } });
    let card = stream.next().await.unwrap();
    assert_eq!(card.data["summary"]["facts"][1]["value"], "jane.doe@example.com");

    call.write(1_200, step(HandoffStep::Briefing { agent: maria() }));
    assert_eq!(stream.next().await.unwrap().data["step"], "briefing");
    // A page that is opened late sees the card as it is.
    let mut late = served.stream("/api/v1/agents/maria/events", None).await;
    assert_eq!(late.take(2).await[1].data["step"], "briefing");
    call.write(1_300, step(HandoffStep::OfferEnded { agent: maria(), outcome: OfferOutcome::Declined }));
    let card = stream.next().await.unwrap();
    assert_eq!((&card.data["step"], &card.data["outcome"]), (&json!("ended"), &json!("declined")));
    // What happens to the call now is another agent's matter.
    call.write(1_400, ended(Outcome::Abandoned));
    drop(call);
    assert!(served.desk_state(&mut stream).await);
}

#[tokio::test]
async fn fifty_agents_see_their_own_cards_and_come_back_to_them() {
    let agents: Vec<String> = (0..50).map(|number| format!("agent-{number:02}")).collect();
    let served = served_for(&agents).await;
    let mut streams = Vec::new();
    for agent in &agents {
        let mut stream = served.stream(&format!("/api/v1/agents/{agent}/events"), None).await;
        assert_eq!(stream.next().await.unwrap().data["id"], agent.as_str());
        streams.push(stream);
    }
    let mut calls = Vec::new();
    for (number, agent) in agents.iter().enumerate() {
        let mut call = served.live(&format!("call-{number}"), number as u64);
        call.write(10, step(HandoffStep::Started { queue: "orders".to_owned(), summary: summary() }));
        let agent = warmline::call::ids::AgentId(agent.clone());
        call.write(20, step(HandoffStep::Offered { agent, name: "Somebody".to_owned() }));
        calls.push(call);
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let card = stream.next().await.unwrap();
        let pop = format!("https://crm.example/?tel=%2B40721000111&call=call-{number}");
        assert_eq!((&card.data["call"]["id"], &card.data["screen_pop"]), (&json!(format!("call-{number}")), &json!(pop)));
    }
    // Every second page goes away, misses a step, and comes back.
    streams.truncate(25);
    for (number, call) in calls.iter_mut().enumerate() {
        call.write(30, step(HandoffStep::Briefing { agent: warmline::call::ids::AgentId(agents[number].clone()) }));
    }
    for (number, agent) in agents.iter().enumerate().skip(25) {
        let mut stream = served.stream(&format!("/api/v1/agents/{agent}/events"), None).await;
        let card = stream.take(2).await.pop().unwrap();
        assert_eq!((&card.data["call"]["id"], &card.data["step"]), (&json!(format!("call-{number}")), &json!("briefing")));
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let card = stream.next().await.unwrap();
        assert_eq!((&card.data["call"]["id"], &card.data["step"]), (&json!(format!("call-{number}")), &json!("briefing")));
    }
}

#[tokio::test]
async fn a_bridged_call_ends_on_the_card_too() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let mut stream = served.stream("/api/v1/agents/maria/events", None).await;
    stream.next().await.unwrap();
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    assert_eq!(stream.next().await.unwrap().data["step"], "ringing");
    call.write(20, step(HandoffStep::Bridged { agent: maria(), time_to_agent_ms: 10, longest_silence_ms: 5 }));
    let card = stream.next().await.unwrap();
    assert_eq!(
        (&card.data["step"], &card.data["outcome"], &card.data["call"]["time_to_agent_ms"]),
        (&json!("bridged"), &json!("accepted"), &json!(10))
    );
    call.write(30, ended(Outcome::HandedOver));
    let card = stream.next().await.unwrap();
    assert_eq!((&card.data["step"], &card.data["call"]["outcome"]), (&json!("ended"), &json!("handed_over")));
}

#[tokio::test]
async fn the_desk_is_seen_as_it_changes() {
    let served = served().await;
    let mut stream = served.stream("/api/v1/agents/maria/events", None).await;
    stream.next().await.unwrap();
    let (events, _inbox) = mpsc::channel(8);
    let call = CallId("one".to_owned());
    served.parts.desk.find(request("one"), &events);
    let got = stream.next().await.unwrap();
    assert_eq!((&got.data["state"], &got.data["calls"]), (&json!("ringing"), &json!(["one"])));
    served.parts.desk.bridged(&call, &maria());
    assert_eq!(stream.next().await.unwrap().data["state"], "busy");
    served.parts.desk.release(&call, &maria(), AgentAfter::WrapUp);
    let got = stream.next().await.unwrap();
    assert_eq!((&got.data["state"], &got.data["calls"]), (&json!("wrap_up"), &json!([])));
}

/// For Maria, and not for Ion.
fn request(call: &str) -> Request {
    Request {
        call: CallId(call.to_owned()),
        id: RequestId(1),
        queue: "orders".to_owned(),
        language: None,
        not: vec![AgentId("ion".to_owned())],
        who: None,
        ahead_ms: 0,
        caller: None,
        prefer: None,
        reads: false,
    }
}

impl super::support::Served {
    /// The next thing on this stream is a change of the agent's state, not a card.
    async fn desk_state(&self, stream: &mut super::support::Stream) -> bool {
        assert!(self.parts.desk.set_available(&maria(), false));
        stream.next().await.unwrap().name == "agent"
    }
}

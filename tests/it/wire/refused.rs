//! Agents who do not take the call: the next step is never silence.

use std::time::Duration;

use serde_json::Value;

use super::{LIMIT, gateway, hear_greeting, newest_call, phone, said};

/// How the first offer to an agent ended, in the record of a call.
fn first_offer(seen: &Value) -> Option<String> {
    let steps = seen["entries"].as_array()?.iter().filter(|entry| entry["what"] == "handoff").map(|entry| &entry["step"]);
    steps.into_iter().find(|step| step["step"] == "offer_ended")?["outcome"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_agent_is_told_apart_and_the_caller_is_told() {
    let agent = phone("maria").await;
    let gateway = gateway("busy", &agent.address()).await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let wish = line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    agent.ring(LIMIT).await.unwrap().refuse("486 Busy Here").await.unwrap();

    let call = newest_call(&gateway.rig).await;
    let outcome = gateway.rig.api().until(&format!("/api/v1/calls/{call}"), LIMIT, first_offer).await.unwrap();
    assert_eq!(outcome, "busy");
    line.media.wait_for_silence_of(Duration::from_millis(700), wish.end, LIMIT).await.unwrap();
    assert!(line.is_up(), "the caller is still there");
    line.hang_up().await.unwrap();
}

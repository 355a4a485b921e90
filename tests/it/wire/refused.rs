//! Agents who do not take the call: the next step is never silence.

use std::time::Duration;

use serde_json::Value;

use super::{LIMIT, gateway, hear_greeting, newest_call, phone, said};

/// How the first offer to an agent ended, in the record of a call.
fn first_offer(seen: &Value) -> Option<String> {
    let steps = seen["entries"].as_array()?.iter().filter(|entry| entry["what"] == "handoff").map(|entry| &entry["step"]);
    steps.into_iter().find(|step| step["step"] == "offer_ended")?["outcome"].as_str().map(str::to_owned)
}

/// Anything that the caller was told about being called back.
fn callback_offered(seen: &Value) -> Option<()> {
    let told = |entry: &Value| entry["text"].as_str().or(entry["step"]["text"].as_str()).is_some_and(|text| text.contains("call you back"));
    seen["entries"].as_array()?.iter().any(told).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_agent_is_told_apart_and_the_caller_is_called_back() {
    let agent = phone("maria").await;
    let gateway = gateway("busy", &agent.address()).await;
    let caller = phone("+40721555019").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let wish = line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    agent.ring(LIMIT).await.unwrap().refuse("486 Busy Here").await.unwrap();

    let call = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let outcome = gateway.rig.api().until(&call, LIMIT, first_offer).await.unwrap();
    assert_eq!(outcome, "busy");
    let cause =
        |seen: &Value| seen["entries"].as_array()?.iter().find(|entry| entry["what"] == "cause").map(|entry| entry["cause"]["sip"].clone());
    assert_eq!(gateway.rig.api().until(&call, LIMIT, cause).await.unwrap(), 486);
    gateway.rig.api().until(&call, LIMIT, callback_offered).await.unwrap();
    line.media.wait_for_silence_of(Duration::from_millis(1_000), wish.end, LIMIT).await.unwrap();
    line.media.say(&said("Yes, please call me back.").await).await.unwrap();

    line.wait_for_hang_up(LIMIT).await.unwrap();
    let outcome = |seen: &Value| seen["head"]["outcome"].as_str().map(str::to_owned);
    assert_eq!(gateway.rig.api().until(&call, LIMIT, outcome).await.unwrap(), "callback_promised");
}

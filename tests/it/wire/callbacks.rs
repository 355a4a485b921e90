//! A callback over a trunk: for a caller who waited when the power failed.

use std::time::Duration;

use serde_json::Value;
use warmline::{
    config::{Transfer, TrunkConfig},
    phone::{Line, Phone, Sound},
};

use super::{Gateway, LIMIT, gateway_of, hear_greeting, maria, newest_call, phone, said, start_with};

const CALLER_HZ: f64 = 1_300.0;
const AGENT_HZ: f64 = 700.0;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waited_when_the_power_failed_is_called_back() {
    let (agent, caller) = (phone("maria").await, phone("0721000111").await);
    let peer = caller.address().rsplit('@').next().unwrap().parse().unwrap();
    let agents = vec![maria(&agent.address(), Transfer::Bridge)];
    let mut gateway =
        start_with("callback", agents, false, 0, |file| _ = file.trunks.insert("isp".to_owned(), TrunkConfig::to(vec![peer]))).await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let first = newest_call(&gateway.rig).await;
    // Her telephone rings, and nobody takes it: the caller waits. What happens is written down some hundred milliseconds later.
    let ringing = agent.ring(LIMIT).await.unwrap();
    assert!(ringing.let_ring(Duration::from_secs(2)).await.unwrap());
    drop((ringing, line));
    gateway.rig.kill_and_restart().await.unwrap();

    let with_agent = agent.ring(LIMIT).await.unwrap().answer().await.unwrap();
    with_agent.media.wait_for_sound_of(Duration::from_millis(500), with_agent.answered, LIMIT).await.unwrap();
    with_agent.media.press('1').await.unwrap();
    let back = caller.ring(LIMIT).await.unwrap().answer().await.unwrap();
    let second = newest_call(&gateway.rig).await;
    let record = format!("/api/v1/calls/{second}");
    let bridged = |seen: &Value| (seen["head"]["owner"]["who"] == "agent").then(|| seen["head"].clone());
    let head = gateway.rig.api().until(&record, LIMIT, bridged).await.unwrap();
    assert_eq!((head["calls_back"].as_str(), head["caller"].as_str()), (Some(first.as_str()), Some("0721000111")));

    let since = (back.media.now(), with_agent.media.now());
    let (one, other) = (Sound::tone(CALLER_HZ, 2_500), Sound::tone(AGENT_HZ, 2_500));
    let (one, other) = tokio::join!(back.media.say(&one), with_agent.media.say(&other));
    one.unwrap();
    other.unwrap();
    let (at_caller, at_agent) = (back.media.heard_since(since.0), with_agent.media.heard_since(since.1));
    assert!(at_agent.strength(CALLER_HZ) > 0.5, "the agent hears the caller: {}", at_agent.strength(CALLER_HZ));
    assert!(at_caller.strength(AGENT_HZ) > 0.5, "the caller hears the agent: {}", at_caller.strength(AGENT_HZ));

    back.hang_up().await.unwrap();
    let reached = |seen: &Value| {
        let callback = seen["callbacks"].get(0)?;
        (callback["state"] == "reached" && callback["last_call"] == second.as_str()).then(|| callback["tries"].as_u64())
    };
    let tries = gateway.rig.api().until("/api/v1/callbacks?all=true", LIMIT, reached).await.unwrap();
    assert_eq!(tries, Some(1));
}

/// Rings, and asks for a human. Which call it is.
async fn wants_a_human(phone: &Phone, gateway: &Gateway) -> (Line, String) {
    let line = phone.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let call = newest_call(&gateway.rig).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    (line, call)
}

/// Waits until a step of a call's handoff is on record.
async fn until(gateway: &Gateway, call: &str, step: &str, is: impl Fn(&Value) -> bool) {
    let seen = |seen: &Value| {
        let steps = seen["entries"].as_array()?.iter().map(|entry| &entry["step"]);
        steps.filter(|found| found["step"] == step).any(&is).then_some(())
    };
    gateway.rig.api().until(&format!("/api/v1/calls/{call}"), LIMIT, seen).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_rings_again_after_the_power_failed_has_their_place() {
    let agent = phone("maria").await;
    let (first, second, other) = (phone("0721000111").await, phone("0721000222").await, phone("0721000333").await);
    // No trunk leads to callers: none is called back.
    let mut gateway = gateway_of("again", vec![maria(&agent.address(), Transfer::Bridge)]).await;
    let (line, _) = wants_a_human(&first, &gateway).await;
    let ringing = agent.ring(LIMIT).await.unwrap();
    assert!(ringing.let_ring(Duration::from_secs(2)).await.unwrap());
    drop((ringing, line));
    gateway.rig.kill_and_restart().await.unwrap();

    // Somebody has Maria, and somebody waits for her.
    let (_others, call) = wants_a_human(&other, &gateway).await;
    let with_maria = agent.ring(LIMIT).await.unwrap().answer().await.unwrap();
    with_maria.media.wait_for_sound_of(Duration::from_millis(500), with_maria.answered, LIMIT).await.unwrap();
    with_maria.media.press('1').await.unwrap();
    until(&gateway, &call, "bridged", |_| true).await;
    let (_seconds, behind) = wants_a_human(&second, &gateway).await;
    until(&gateway, &behind, "waiting", |step| step["position"] == 1).await;

    let (_firsts, again) = wants_a_human(&first, &gateway).await;
    until(&gateway, &again, "waiting", |step| step["position"] == 1).await;
    until(&gateway, &behind, "waiting", |step| step["position"] == 2).await;
    with_maria.hang_up().await.unwrap();
    until(&gateway, &again, "offered", |step| step["agent"] == "maria").await;
}

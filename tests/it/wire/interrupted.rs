//! A power cut in the middle of a call.

use super::{LIMIT, gateway, hear_greeting, newest_call, phone};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_cut_off_is_on_record_as_interrupted() {
    let mut gateway = gateway("interrupted", "sip:maria@127.0.0.1:9").await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let call = newest_call(&gateway.rig).await;

    gateway.rig.kill_and_restart().await.unwrap();

    let outcome = |seen: &serde_json::Value| seen["head"]["outcome"].as_str().map(str::to_owned);
    let outcome = gateway.rig.api().until(&format!("/api/v1/calls/{call}"), LIMIT, outcome).await.unwrap();
    assert_eq!(outcome, "interrupted");

    // It takes calls again.
    let again = phone("caller").await;
    let line = again.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.hang_up().await.unwrap();
}

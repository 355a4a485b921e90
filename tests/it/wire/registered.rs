//! An agent's telephone that registers with the gateway: baresip, which knows MD5 only, and which takes the call where it registered from.

use std::time::Duration;

use serde_json::Value;
use warmline::{
    clock,
    phone::{PASSWORD, Sound, free_port},
};

use super::{
    Folder, LIMIT,
    baresip::{configure_with, start},
    gateway, hear_greeting, newest_call, phone, said,
};

const HUM_HZ: f64 = 1_300.0;

fn telephones(seen: &str) -> bool {
    seen.lines().any(|line| line.starts_with("warmline_telephones") && line.ends_with(" 1"))
}

fn ringing(seen: &Value) -> Option<()> {
    seen["entries"].as_array()?.iter().any(|entry| entry["what"] == "handoff" && entry["step"]["step"] == "briefing").then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_taken_on_a_telephone_that_registered() {
    let folder = Folder::new("registered");
    let gateway = gateway("registered-gateway", "registered").await;
    let account = format!(";auth_pass={PASSWORD};outbound=sip:{}", gateway.rig.sip());
    let agent = folder.0.join("agent");
    configure_with(&agent, "maria", free_port().unwrap(), &Sound::tone(HUM_HZ, 60_000), "10700-10800", &account, &["g711"]);
    // It registers, with the gateway as its domain.
    let accounts = std::fs::read_to_string(agent.join("accounts")).unwrap();
    let accounts = accounts.replace("regint=0", "regint=60").replace("maria@127.0.0.1", &format!("maria@{}", gateway.rig.sip()));
    std::fs::write(agent.join("accounts"), accounts).unwrap();
    let _agent = start(&agent, &[]);
    let (deadline, mut look) = (clock::now() + LIMIT, tokio::time::interval(Duration::from_millis(100)));
    loop {
        look.tick().await;
        let metrics = gateway.rig.api().bytes("/metrics").await.unwrap();
        if telephones(&String::from_utf8_lossy(&metrics)) {
            break;
        }
        assert!(clock::now() < deadline, "the telephone did not register");
    }

    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    gateway.rig.api().until(&record, LIMIT, ringing).await.unwrap();
    line.hang_up().await.unwrap();
}

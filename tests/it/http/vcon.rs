//! Calls as vCons: checked against what draft-ietf-vcon-vcon-core-03 requires.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use warmline::call::{ids::CallId, outcome::Outcome};

use super::support::{Served, code, served};
use crate::store::samples::{ended, whole_call};

async fn ended_call() -> Served {
    let served = served().await;
    let mut call = served.live("one", 0);
    for what in whole_call() {
        call.write(5_000, what);
    }
    call.write(6_000, ended(Outcome::HandedOver));
    drop(call);
    served.parts.store.flush().await;
    std::fs::write(served.parts.store.recording_path(&CallId("one".to_owned())), b"RIFF and so on").unwrap();
    served
}

fn is_date(value: &Value) -> bool {
    value.as_str().is_some_and(|text| warmline::view::Stamp::parse(text).is_some())
}

/// Section 4: what must be there and of which kind, and that every index points at something.
fn check(vcon: &Value) {
    assert_eq!(vcon["vcon"], "0.4.0");
    let uuid = vcon["uuid"].as_str().unwrap();
    let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
    assert_eq!((parts.as_slice(), &uuid[14..15]), ([8, 4, 4, 4, 12].as_slice(), "8"));
    assert!("89ab".contains(&uuid[19..20]) && uuid.replace('-', "").bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(is_date(&vcon["created_at"]));
    let parties = vcon["parties"].as_array().unwrap();
    for party in parties {
        assert!(["person", "bot", "organization"].contains(&party["type"].as_str().unwrap()));
        assert!(
            party
                .as_object()
                .unwrap()
                .iter()
                .all(|(key, value)| ["tel", "sip", "name", "uuid", "type"].contains(&key.as_str()) && value.is_string())
        );
    }
    let is_party = |value: &Value| value.as_u64().is_some_and(|index| (index as usize) < parties.len());
    let dialogs = vcon["dialog"].as_array().unwrap();
    for dialog in dialogs {
        assert!(is_date(&dialog["start"]) && dialog["duration"].as_f64().is_some_and(|seconds| seconds >= 0.0));
        let channels = dialog["parties"].as_array().unwrap();
        assert!(channels.iter().all(|channel| channel.as_array().map_or(is_party(channel), |inner| inner.iter().all(is_party))));
        match dialog["type"].as_str().unwrap() {
            "recording" => assert!(is_party(&dialog["originator"]) && dialog.get("disposition").is_none()),
            "incomplete" => assert_eq!(dialog["disposition"], "failed"),
            other => panic!("{other}"),
        }
        if dialog.get("body").is_some() {
            assert_eq!((&dialog["encoding"], dialog["body"].is_string()), (&json!("base64url"), true));
            assert!(dialog["mediatype"].as_str().unwrap().contains('/'));
        }
        assert!(dialog.get("url").is_none(), "nothing is referred to that only we can fetch");
    }
    for analysis in vcon["analysis"].as_array().unwrap() {
        assert!(["report", "sentiment", "summary", "transcript", "translation", "tts"].contains(&analysis["type"].as_str().unwrap()));
        assert!(analysis["vendor"].is_string() && analysis["schema"].is_string());
        assert!((analysis["dialog"].as_u64().unwrap() as usize) < dialogs.len());
        assert_eq!((&analysis["encoding"], analysis.get("body").is_some()), (&json!("json"), true));
    }
}

#[tokio::test]
async fn a_call_is_a_vcon_with_all_that_was_said_and_why_a_human_came() {
    let served = ended_call().await;
    let answer = served.get("/api/v1/calls/one/vcon").await;
    assert_eq!(answer.headers()["content-type"], "application/vcon");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"call-one.vcon\"");
    let vcon: Value = answer.json().await.unwrap();
    check(&vcon);
    let wanted = json!([
        {"type": "person", "tel": "+40721000111", "name": "Ana Pop"},
        {"type": "bot", "name": "support_ro"},
        {"type": "person", "uuid": "maria", "name": "Maria"},
    ]);
    assert_eq!((&vcon["parties"], &vcon["dialog"][0]["parties"]), (&wanted, &json!([0, [1, 2]])));
    assert_eq!((&vcon["subject"], &vcon["dialog"][0]["duration"]), (&json!("order status"), &json!(6.0)));
    assert!(vcon["dialog"][0].get("body").is_none());
    let of = |kind: &str| vcon["analysis"].as_array().unwrap().iter().find(|one| one["type"] == kind).unwrap()["body"].clone();
    let turns = of("transcript")["turns"].clone();
    assert_eq!(
        (&turns[0]["party"], &turns[0]["text"], &turns[0]["start"]),
        (&json!(0), &json!("Where is my order?"), &json!("2026-11-22T10:46:02.000Z"))
    );
    assert_eq!((&turns[1]["party"], &turns[1]["text"]), (&json!(1), &json!("What is the")));
    assert_eq!(of("summary")["reason"], "Asks where order 457129 is.");
    assert_eq!((&of("report")["outcome"], &of("report")["decisions"][0]["escalate"]), (&json!("handed_over"), &json!(true)));
    // The same call is the same vCon.
    assert_eq!(served.json("/api/v1/calls/one/vcon").await["uuid"], vcon["uuid"]);
}

#[tokio::test]
async fn the_recording_is_in_it_if_it_is_asked_for() {
    let served = ended_call().await;
    let vcon = served.json("/api/v1/calls/one/vcon?recording=true").await;
    check(&vcon);
    let dialog = &vcon["dialog"][0];
    assert_eq!(URL_SAFE_NO_PAD.decode(dialog["body"].as_str().unwrap()).unwrap(), b"RIFF and so on");
    assert_eq!((&dialog["filename"], &dialog["mediatype"]), (&json!("one.wav"), &json!("audio/x-wav")));
    std::fs::remove_file(served.parts.store.recording_path(&CallId("one".to_owned()))).unwrap();
    assert_eq!(code(served.get("/api/v1/calls/one/vcon?recording=true").await).await, (404, "no_recording".to_owned()));
}

#[tokio::test]
async fn calls_that_go_on_or_were_refused_are_no_conversations_yet() {
    let served = served().await;
    let mut call = served.live("two", 0);
    assert_eq!(code(served.get("/api/v1/calls/two/vcon").await).await, (409, "call_live".to_owned()));
    call.write(10, ended(Outcome::Refused));
    drop(call);
    let vcon = served.json("/api/v1/calls/two/vcon").await;
    check(&vcon);
    assert_eq!(vcon["dialog"][0]["type"], "incomplete");
    assert_eq!(code(served.get("/api/v1/calls/none/vcon").await).await, (404, "no_such_call".to_owned()));
    assert_eq!(code(served.get("/api/v1/calls/two/vcon?recording=maybe").await).await, (400, "bad_request".to_owned()));
}

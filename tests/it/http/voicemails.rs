//! Messages that callers left: a list, their sound, who has dealt with them, and what the audit log says of it.

use reqwest::Method;
use serde_json::{Value, json};
use warmline::call::{
    ids::CallId,
    outcome::{HandoffOutcome, Outcome},
    record::{HandoffStep, What},
    time::Time,
};

use super::support::{Served, code, guarded, served};
use crate::store::samples::{STARTED_MS, ended, handoff_ended, step};

/// A call in which a message was left after three seconds, four seconds long.
async fn left(served: &Served, id: &str, minute: u64) -> u64 {
    let mut call = served.live(id, minute);
    call.write(1_000, step(handoff_ended(HandoffOutcome::NobodyCame)));
    let message = HandoffStep::Voicemail { from: Time(3_000), to: Time(7_000), text: "Please call me, it is broken.".to_owned() };
    call.write(7_000, step(message));
    call.write(8_000, ended(Outcome::VoicemailLeft));
    drop(call);
    served.parts.store.flush().await;
    let entries = served.parts.store.entries(&CallId(id.to_owned()), 0).await.unwrap();
    let is_message = |what: &What| matches!(what, What::Handoff { step: HandoffStep::Voicemail { .. } });
    entries.iter().find(|item| is_message(&item.entry.what)).unwrap().seq
}

fn wav(seconds: u32) -> Vec<u8> {
    let spec = hound::WavSpec { channels: 2, sample_rate: 8_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut file = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    for sample in 0..seconds * 8_000 {
        // Of each second its number.
        let second = i16::try_from(sample / 8_000).unwrap();
        writer.write_sample(second).unwrap();
        writer.write_sample(-second).unwrap();
    }
    writer.finalize().unwrap();
    file.into_inner()
}

#[tokio::test]
async fn messages_are_listed_until_somebody_has_dealt_with_them() {
    let served = served().await;
    let (later, first) = (left(&served, "later", 5).await, left(&served, "first", 0).await);
    let open = served.json("/api/v1/voicemails").await["voicemails"].clone();
    let ids = |list: &Value| list.as_array().unwrap().iter().map(|one| one["call"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&open), ["first", "later"], "whoever has waited longest comes first");
    let left_at = warmline::view::Stamp(STARTED_MS + 7_000);
    assert_eq!(
        [&open[0]["seq"], &open[0]["from"], &open[0]["to"], &open[0]["left"], &open[0]["done"]],
        [&json!(first), &json!(3_000), &json!(7_000), &json!(left_at), &Value::Null]
    );
    assert!(!open.to_string().contains("broken"), "the words are on the call's record, where it is noted who reads them");
    let record = served.json("/api/v1/calls/first").await;
    let entry = record["entries"].as_array().unwrap().iter().find(|entry| entry["seq"] == first).unwrap();
    assert_eq!(entry["step"]["text"], "Please call me, it is broken.");

    let done =
        |call: &str, seq: u64| served.client.put(served.url(&format!("/api/v1/voicemails/{call}/{seq}"))).json(&json!({"state": "done"}));
    assert_eq!(done("first", first).send().await.unwrap().status(), 204);
    assert_eq!(ids(&served.json("/api/v1/voicemails").await["voicemails"]), ["later"]);
    let all = served.json("/api/v1/voicemails?all=true").await["voicemails"].clone();
    assert_eq!(ids(&all), ["later", "first"]);
    assert_eq!((&all[0]["done"], &all[1]["done"]["by"]), (&Value::Null, &Value::Null), "without accounts nobody knows who it was");
    assert!(all[1]["done"]["at"].is_string());

    assert_eq!(code(done("first", first).send().await.unwrap()).await, (409, "voicemail_done".to_owned()));
    for (call, seq) in [("first", first + 1), ("later", first + 9), ("nobody", later)] {
        assert_eq!(code(done(call, seq).send().await.unwrap()).await, (404, "no_such_voicemail".to_owned()), "{call} {seq}");
    }
    for (body, status) in [(json!({"state": "new"}), 400), (json!({}), 400), (json!({"state": "done", "by": "me"}), 400)] {
        let answer = served.client.put(served.url(&format!("/api/v1/voicemails/later/{later}"))).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{body}");
    }
    assert_eq!(served.get("/api/v1/voicemails?every=1").await.status(), 400);

    // Whoever is erased has left nothing.
    served.parts.store.remove_calls(&[CallId("first".to_owned())], &[]).await.unwrap();
    assert_eq!(ids(&served.json("/api/v1/voicemails?all=true").await["voicemails"]), ["later"]);
}

#[tokio::test]
async fn a_message_is_heard_and_the_audit_log_says_by_whom() {
    let served = guarded().await;
    let seq = left(&served, "one", 0).await;
    std::fs::write(served.parts.store.recording_path(&CallId("one".to_owned())), wav(9)).unwrap();
    let sanda = served.sign_in("sanda").await;
    let list: Value = served.ask(&sanda, Method::GET, "/api/v1/voicemails", None).await.json().await.unwrap();
    let message = &list["voicemails"][0];
    assert_eq!(message["call"]["recording"], true);
    let path = format!("/api/v1/calls/one/recording?from={}&to={}", message["from"], message["to"]);
    let sound = served.ask(&sanda, Method::GET, &path, None).await.bytes().await.unwrap();
    let samples: Vec<i16> = hound::WavReader::new(std::io::Cursor::new(sound)).unwrap().into_samples().map(Result::unwrap).collect();
    let seconds: std::collections::BTreeSet<i16> = samples.chunks(2).map(|both| both[0]).collect();
    assert_eq!((samples.len(), seconds), (4 * 16_000, [3, 4, 5, 6].into()), "the stretch of the message, and nothing besides");

    let oana = served.sign_in("oana").await;
    let put = || (Method::PUT, format!("/api/v1/voicemails/one/{seq}"), Some(json!({"state": "done"})));
    let (method, path, body) = put();
    assert_eq!(served.ask(&oana, method, &path, body).await.status(), 403, "whoever may only look does not take it off the list");
    let (method, path, body) = put();
    assert_eq!(served.ask(&sanda, method, &path, body).await.status(), 204);
    let all: Value = served.ask(&oana, Method::GET, "/api/v1/voicemails?all=true", None).await.json().await.unwrap();
    assert_eq!(all["voicemails"][0]["done"]["by"], "sanda");

    served.parts.store.flush().await;
    let ada = served.sign_in("ada").await;
    let log: Value = served.ask(&ada, Method::GET, "/api/v1/audit?target=one", None).await.json().await.unwrap();
    let deeds: Vec<String> = log["lines"].as_array().unwrap().iter().map(|line| format!("{} {}", line["name"], line["did"])).collect();
    assert_eq!(deeds, ["\"sanda\" \"closed_voicemail\"", "\"sanda\" \"heard_recording\""]);
}

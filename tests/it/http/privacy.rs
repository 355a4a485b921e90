//! What data protection asks of the record: searched, given out, erased with a receipt, held, and written down.

use std::{collections::BTreeSet, io::Read, path::Path};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use warmline::{
    call::{
        ids::{AgentId, CallId},
        outcome::Outcome,
        record::{HandoffStep, What},
    },
    store::NewDelivery,
    view::{Notes, Stamp},
};

use super::{
    people::Browser,
    support::{Served, code, guarded},
};
use crate::store::samples::{ended, new_call, said, step, whole_call};

const NUMBER: &str = "+40721000111";
/// Words that the caller of `whole_call` and these tests says, and nobody else.
const WORDS: &str = "zanzibarian umbrella";

/// An ended call from that number, with everything that can be of a call.
async fn full_call(served: &Served, id: &str) {
    let store = &served.parts.store;
    let mut call = served.live(id, 0);
    for what in whole_call() {
        call.write(5_000, what);
    }
    call.write(5_500, said(&format!("I lost my {WORDS}")));
    call.write(6_000, ended(Outcome::HandedOver));
    drop(call);
    store.flush().await;
    let id = CallId(id.to_owned());
    std::fs::write(store.recording_path(&id), format!("RIFF {WORDS}")).unwrap();
    let notes =
        Notes { agent: AgentId("maria".to_owned()), text: format!("{NUMBER} wants a {WORDS}"), disposition: None, changed: Stamp(1) };
    store.put_notes(&id, &notes).await.unwrap();
    let hook = NewDelivery { hook: "crm".to_owned(), queue: 10 };
    store.put_deliveries(&[hook], 7, &id, &format!("{{\"caller\":\"{NUMBER}\"}}"), 0).await.unwrap();
}

/// A call of somebody else.
async fn other_call(served: &Served) {
    let mut new = new_call("other", 1);
    (new.caller.number, new.caller.name) = ("+40799999999".to_owned(), None);
    let mut log = served.parts.store.begin(new);
    for what in [said("Nothing to do with it"), ended(Outcome::Contained)] {
        _ = crate::store::samples::write(&mut log, 100, what);
    }
    drop(log);
    served.parts.store.flush().await;
}

async fn post(served: &Served, who: &Browser, what: &str, number: &str) -> Response {
    served.ask(who, Method::POST, &format!("/api/v1/privacy/{what}"), Some(json!({ "number": number }))).await
}

/// Every file below a folder that has a text in it.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn folder(served: &Served) -> std::path::PathBuf {
    served.parts.store.recording_path(&CallId("x".to_owned())).parent().unwrap().parent().unwrap().to_owned()
}

async fn deeds(served: &Served, who: &Browser, target: &str) -> Vec<String> {
    served.parts.store.flush().await;
    let page: Value = served.ask(who, Method::GET, &format!("/api/v1/audit?target={target}"), None).await.json().await.unwrap();
    page["lines"].as_array().unwrap().iter().map(|line| line["did"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_number_is_erased_from_every_file_and_the_receipt_says_nothing_of_it() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    full_call(&served, "one").await;
    other_call(&served).await;
    let folder = folder(&served);
    assert!(files_with(&folder, WORDS).len() >= 3, "database, recording and event log: {:?}", files_with(&folder, WORDS));
    assert!(!files_with(&folder, NUMBER).is_empty());

    let answer = post(&served, &ada, "erase", "0721 000-111").await;
    assert_eq!(answer.status(), 200);
    let receipt: Value = answer.json().await.unwrap();
    assert_eq!((&receipt["by"], &receipt["kept"], &receipt["erased"]["calls"]), (&json!("ada"), &json!(0), &json!(1)), "{receipt}");
    for kind in ["recordings", "event_logs", "entries", "turns", "facts", "notes", "deliveries", "evidence"] {
        assert!(receipt["erased"][kind].as_u64().is_some_and(|count| count > 0), "{kind}: {receipt}");
    }
    for text in [NUMBER, "721000111", WORDS, "Ana Pop"] {
        assert_eq!(files_with(&folder, text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(served.status(&ada, "/api/v1/calls/one").await, 404, "nor does anything in memory know it");
    assert_eq!(served.status(&ada, "/api/v1/calls/other").await, 200, "nobody else has lost anything");
    let whole = serde_json::to_string(&receipt).unwrap();
    assert!(!whole.contains("721000111") && !whole.contains("one"), "{whole}");

    // The receipt is kept, and can be taken away.
    let id = receipt["id"].as_str().unwrap();
    let kept = served.ask(&ada, Method::GET, &format!("/api/v1/privacy/receipts/{id}"), None).await;
    assert!(kept.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(kept.json::<Value>().await.unwrap(), receipt);
    let all: Value = served.ask(&ada, Method::GET, "/api/v1/privacy/receipts", None).await.json().await.unwrap();
    assert_eq!(all["receipts"], json!([receipt]));
    assert_eq!(deeds(&served, &ada, id).await, ["erased_number"]);
    assert_eq!(served.status(&ada, "/api/v1/privacy/receipts/none").await, 404);
}

#[tokio::test]
async fn a_call_that_promised_to_call_the_number_back_is_the_numbers_too() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    let mut new = new_call("other", 1);
    new.caller.number = "+40788888888".to_owned();
    let mut log = served.parts.store.begin(new);
    for what in [step(HandoffStep::CallbackPromised { number: NUMBER.to_owned() }), ended(Outcome::CallbackPromised)] {
        _ = crate::store::samples::write(&mut log, 100, what);
    }
    drop(log);
    served.parts.store.flush().await;
    let found: Value = post(&served, &ada, "find", NUMBER).await.json().await.unwrap();
    assert_eq!(found["calls"][0]["id"], "other");
    assert_eq!(post(&served, &ada, "erase", NUMBER).await.status(), 200);
    assert_eq!(files_with(&folder(&served), NUMBER), Vec::<String>::new());
}

#[tokio::test]
async fn a_call_that_goes_on_is_refused_and_one_under_a_hold_stays() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    full_call(&served, "one").await;
    let call = served.live("two", 1);
    assert_eq!(code(post(&served, &ada, "erase", NUMBER).await).await, (409, "call_live".to_owned()));
    drop(call);
    served.parts.store.flush().await;

    let hold = |method, body| served.ask(&ada, method, "/api/v1/calls/one/hold", body);
    assert_eq!(hold(Method::PUT, Some(json!({"why": " "}))).await.status(), 400);
    let held: Value = hold(Method::PUT, Some(json!({"why": "Case 7/2026"}))).await.json().await.unwrap();
    assert_eq!((&held["by"], &held["why"]), (&json!("ada"), &json!("Case 7/2026")));
    let again: Value = hold(Method::PUT, Some(json!({"why": "another"}))).await.json().await.unwrap();
    assert_eq!(again, held, "the first hold stays");
    let found: Value = post(&served, &ada, "find", NUMBER).await.json().await.unwrap();
    assert_eq!(found["held"], json!(["one"]));
    let receipt: Value = post(&served, &ada, "erase", NUMBER).await.json().await.unwrap();
    assert_eq!((&receipt["kept"], &receipt["erased"]["calls"]), (&json!(1), &json!(1)), "{receipt}");
    assert_eq!(served.status(&ada, "/api/v1/calls/one").await, 200);
    assert_eq!(hold(Method::DELETE, None).await.status(), 204);
    let receipt: Value = post(&served, &ada, "erase", NUMBER).await.json().await.unwrap();
    assert_eq!((&receipt["kept"], &receipt["erased"]["calls"]), (&json!(0), &json!(1)), "{receipt}");
    assert_eq!(deeds(&served, &ada, "one").await, ["lifted_hold", "saw_call", "placed_hold"]);
}

#[tokio::test]
async fn an_export_has_everything_and_a_line_for_each_call() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    full_call(&served, "one").await;
    other_call(&served).await;
    served.status(&ada, "/api/v1/calls/one").await;
    let answer = post(&served, &ada, "export", "0040 721 000 111").await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"application/zip".parse().unwrap()));
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let names: BTreeSet<String> = zip.file_names().map(str::to_owned).collect();
    let wanted =
        ["audit.json", "call.json", "call.vcon", "events.jsonl", "notes.json", "recording.wav"].map(|name| format!("calls/one/{name}"));
    assert_eq!(names, wanted.into_iter().chain(["export.json".to_owned()]).collect());
    let mut text = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    assert!(text("calls/one/call.json").contains(WORDS) && text("calls/one/notes.json").contains(WORDS));
    assert!(text("calls/one/audit.json").contains("saw_call"));
    let manifest: Value = serde_json::from_str(&text("export.json")).unwrap();
    let digest = |text: &str| warmline::store::FlowFile::sha256(text);
    for file in manifest["files"].as_array().unwrap() {
        assert_eq!(file["sha256"], digest(&text(file["name"].as_str().unwrap())), "{file}");
    }
    assert_eq!(deeds(&served, &ada, "one").await[0], "exported_number");
    let left: Vec<_> = std::fs::read_dir(folder(&served)).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("export")), "{left:?}");
}

#[tokio::test]
async fn only_numbers_that_one_person_has_are_searched() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    for number in ["", "+4", "anonymous", " Unknown "] {
        for what in ["find", "export", "erase"] {
            assert_eq!(code(post(&served, &ada, what, number).await).await, (400, "bad_request".to_owned()), "{what} {number:?}");
        }
    }
    let rules: Value = served.ask(&served.sign_in("oana").await, Method::GET, "/api/v1/privacy", None).await.json().await.unwrap();
    assert_eq!(
        (&rules["retention"]["recordings"], &rules["retention"]["notes"], &rules["audit_days"]),
        (&json!(90), &json!(365), &json!(365))
    );
}

#[tokio::test]
async fn the_compliance_record_says_what_was_announced_struck_out_and_seen() {
    let served = guarded().await;
    let (ada, oana) = (served.sign_in("ada").await, served.sign_in("oana").await);
    let mut call = served.live("one", 0);
    for (at, notice) in [(900, "automation"), (1_800, "recording"), (2_700, "recording")] {
        call.write(at, What::Notice { notice: notice.to_owned() });
    }
    call.write(3_000, What::Private { on: true });
    call.write(4_000, What::Private { on: false });
    for _ in 0..2 {
        call.write(
            5_000,
            What::Redacted { kinds: vec!["cards".to_owned()], from: warmline::call::time::Time(1), to: warmline::call::time::Time(2) },
        );
    }
    call.write(6_000, ended(Outcome::Contained));
    drop(call);
    served.parts.store.flush().await;
    served.status(&oana, "/api/v1/calls/one").await;
    served.status(&oana, "/api/v1/calls/one/vcon").await;
    served.parts.store.flush().await;
    let record: Value = served.ask(&ada, Method::GET, "/api/v1/calls/one/compliance", None).await.json().await.unwrap();
    assert_eq!(record["notices"], json!({ "automation": 900, "recording": 1_800 }), "when it was first heard");
    assert_eq!((&record["redacted"], &record["private_stretches"]), (&json!({ "cards": 2 }), &json!(1)));
    assert_eq!(record["kept_until"]["recordings"], "2027-02-20T10:46:00.000Z");
    assert_eq!(record["kept_until"]["notes"], "2027-11-22T10:46:00.000Z", "with the call");
    let seen: Vec<&str> = record["seen"].as_array().unwrap().iter().map(|line| line["did"].as_str().unwrap()).collect();
    assert_eq!(seen, ["exported_call", "saw_call"]);
}

#[tokio::test]
async fn notes_corrections_and_replays_are_in_the_audit_log() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    let mut call = served.live("one", 0);
    call.write(100, said("Where is my order?"));
    served.parts.store.flush().await;
    for _ in 0..2 {
        served.ask(&ada, Method::PUT, "/api/v1/calls/one/notes/maria", Some(json!({"text": "called"}))).await;
    }
    let wrong = json!({"agent": "maria", "seq": 1, "should_say": "Tomorrow."});
    assert_eq!(served.ask(&ada, Method::POST, "/api/v1/calls/one/corrections", Some(wrong)).await.status(), 201);
    assert_eq!(deeds(&served, &ada, "one").await, ["corrected", "wrote_notes"], "notes save themselves: once is enough");
}

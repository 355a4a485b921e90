//! `warmline eval`, `warmline understand` and `warmline flow simulate` as a person or a script calls them, with the real models.
//!
//! What the example flow understands is `understood`'s matter: here its own examples are asked, and one line of each file is labelled wrongly, so that a
//! figure that cannot fall is noticed.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::cli::{FlowFile, warmline};

const FLOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml");

/// What `warmline eval PART` prints of these lines, and the figures that it writes.
fn measured(part: &str, lines: &[&str], more: &[&str]) -> (String, Value) {
    let (file, out) = (FlowFile::new(&format!("{part}.jsonl"), &lines.join("\n")), FlowFile::new(&format!("{part}.json"), ""));
    let (file, json) = (file.0.to_str().unwrap(), out.0.to_str().unwrap());
    let said = warmline(&[&["eval", part, file, "--flow", FLOW, "--misses", "--json", json], more].concat());
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
    let figures: Value = serde_json::from_str(&fs::read_to_string(&out.0).unwrap()).unwrap();
    assert_eq!(figures["part"], part);
    (String::from_utf8(said.stdout).unwrap(), figures)
}

/// The names of an object's fields.
fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// What is known of scores: a sweep of thresholds, and how right a score is.
fn assert_scores(scores: &Value) {
    assert_eq!(keys(scores), BTreeSet::from(["auc", "calibration_error", "reliability", "sweep"]));
    let sweep = scores["sweep"].as_array().unwrap();
    assert_eq!((sweep.len(), keys(&sweep[0])), (19, BTreeSet::from(["rejected", "right", "threshold"])));
    assert_eq!(keys(&scores["reliability"][0]), BTreeSet::from(["count", "from", "mean_score", "right"]));
}

#[test]
fn intents_are_measured_with_what_was_taken_for_what() {
    let (text, figures) = measured(
        "intents",
        &[
            r#"{"text":"Where is my order?","intent":"order_status"}"#,
            r#"{"text":"My parcel has not arrived yet.","label":"parcel"}"#,
            r#"{"turns":["I would like to track my shipment."],"intent":"order_status"}"#,
            r#"{"text":"Will it rain in Oslo tomorrow?","intent":null}"#,
            r#"{"text":"What is happening with my order?","intent":"opening_hours"}"#,
        ],
        &["--map", "parcel=order_status"],
    );
    assert!(text.contains("in scope right 75.0 %, taken for another 25.0 %, out of scope rejected 100.0 %"), "{text}");
    let miss = text.split("wrong:").nth(1).unwrap();
    assert!(miss.contains("opening_hours → order_status") && miss.contains("What is happening with my order?"), "{text}");
    assert_eq!(miss.trim().lines().count(), 1, "{text}");
    assert_eq!(keys(&figures), BTreeSet::from(["ms_each", "part", "ready_s", "scores", "table"]));
    let table = &figures["table"];
    assert_eq!((&table["sentences"], &table["in_scope"], &table["mistaken"]), (&5.into(), &0.75.into(), &0.25.into()));
    assert_eq!((&table["out_of_scope_recall"], &table["accuracy"]), (&1.0.into(), &0.8.into()));
    let confusion = serde_json::json!([{ "meant": "opening_hours", "found": "order_status", "count": 1 }]);
    assert_eq!(table["confusion"], confusion);
    let orders = table["classes"].as_array().unwrap().iter().find(|class| class["class"] == "order_status").unwrap();
    assert_eq!((&orders["sentences"], &orders["recall"], &orders["precision"]), (&3.into(), &1.0.into(), &0.75.into()));
    assert_scores(&figures["scores"]);
}

#[test]
fn questions_with_a_fixed_answer_are_measured() {
    let (text, figures) = measured(
        "knowledge",
        &[
            r#"{"text":"How long does delivery take?","knowledge":"delivery_time"}"#,
            r#"{"text":"Is delivery free?","knowledge":"delivery_cost"}"#,
            r#"{"text":"Do you take PayPal?","knowledge":"payment_methods"}"#,
            r#"{"text":"Where is my order?","knowledge":null}"#,
            r#"{"text":"Are you a robot?","knowledge":"address"}"#,
        ],
        &[],
    );
    assert!(text.contains("answered rightly 75.0 %, left alone rightly 100.0 %"), "{text}");
    assert!(text.contains("address → are_you_a_robot"), "{text}");
    assert_eq!(keys(&figures), BTreeSet::from(["ms_each", "part", "scores", "table"]));
    assert_eq!((&figures["table"]["in_scope"], &figures["table"]["out_of_scope_recall"]), (&0.75.into(), &1.0.into()));
    assert_scores(&figures["scores"]);
}

#[test]
fn calls_for_a_human_are_measured_reason_by_reason() {
    let (text, figures) = measured(
        "escalation",
        &[
            r#"{"text":"I want to speak to a human.","escalate":true,"reason":"asked_for_human"}"#,
            r#"{"turns":["Where is my order?","I want to make a formal complaint."],"escalate":true,"reason":"critical:complaint"}"#,
            r#"{"text":"When are you open?","escalate":true,"reason":"asked_for_human"}"#,
            r#"{"text":"Where is my order?","escalate":false}"#,
            r#"{"turns":[{"speaker":"bot","text":"I want to speak to a human."},"Is delivery free?"],"escalate":false}"#,
        ],
        &[],
    );
    assert!(text.contains("recall 66.7 %, false alarms 0.0 %"), "{text}");
    assert!(text.contains("missed 0.00 []: When are you open?"), "{text}");
    assert_eq!(keys(&figures), BTreeSet::from(["false_alarms", "lines", "ms_each", "part", "reasons", "recall", "scores"]));
    assert_eq!((&figures["lines"], &figures["false_alarms"]), (&5.into(), &0.0.into()));
    let reasons = serde_json::json!([
        { "reason": "asked_for_human", "due": 2, "called": 1, "for_this": 1 },
        { "reason": "critical:complaint", "due": 1, "called": 1, "for_this": 1 },
    ]);
    assert_eq!(figures["reasons"], reasons);
    assert_scores(&figures["scores"]);
}

#[test]
fn tones_are_measured_one_by_one() {
    let (text, figures) = measured(
        "tone",
        &[
            r#"{"text":"I am absolutely furious, this is an outrage!","tone":"anger"}"#,
            r#"{"text":"I am so fed up, it is really annoying.","tone":"frustration"}"#,
            r#"{"turns":["Oh great, another robot, just what I needed."],"tone":"sarcasm"}"#,
            r#"{"text":"Thank you so much, that was very kind of you.","tone":"gratitude"}"#,
            r#"{"text":"Where is my order?","tone":"neutral"}"#,
        ],
        &[],
    );
    assert!(text.contains("found / alarms at 0.5"), "{text}");
    assert_eq!(keys(&figures), BTreeSet::from(["ms_each", "part", "sentences", "tones"]));
    let tones = figures["tones"].as_array().unwrap();
    let names: Vec<&str> = tones.iter().map(|tone| tone["tone"].as_str().unwrap()).collect();
    assert_eq!(names, ["anger", "frustration", "sarcasm", "gratitude"]);
    for tone in tones {
        assert_scores(&tone["scores"]);
        assert_eq!(
            (&tone["sentences"], &tone["scores"]["auc"]),
            (&1.into(), &1.0.into()),
            "the one that is meant has the highest score: {tone}"
        );
    }
}

#[test]
fn what_cannot_be_measured_is_said() {
    let unlabelled = FlowFile::new("unlabelled.jsonl", "{\"text\":\"Where is my order?\"}\n");
    let broken = FlowFile::new("broken.jsonl", "{\"text\":\"Where is my order?\",\"intent\":null}\n{\"text\":\n");
    let parts = [
        ("intents", "no line says what is wanted"),
        ("knowledge", "no line says which entry answers it"),
        ("escalation", "no line says whether a human should be called"),
        ("tone", "no line says its tone"),
    ];
    for (part, mistake) in parts {
        for (file, mistake) in [(&unlabelled, mistake), (&broken, "broken.jsonl:2")] {
            let said = warmline(&["eval", part, file.0.to_str().unwrap(), "--flow", FLOW]);
            let text = String::from_utf8_lossy(&said.stderr);
            assert!(said.status.code() == Some(1) && text.contains(mistake), "{part}: {text}");
        }
    }
}

#[test]
fn sentences_and_conversations_are_understood_line_by_line() {
    let lines = [
        r#"{"id":1,"text":"Where is my order?"}"#,
        r#"{"id":"two","turns":["Where is my order?","I want to speak to a human.","Are you there?"]}"#,
        r#"{"id":3,"turns":[{"role":"assistant","text":"I want to speak to a human."},{"role":"user","text":"How long does delivery take?"}]}"#,
        r#"{"id":4,"text":"I am going to sue you."}"#,
        r#"{"id":5,"text":"Will it rain in Oslo tomorrow?"}"#,
        r#"{"id":6,"text":"#,
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    command.args(["understand", "--flow", FLOW]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    let mistake = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.code() == Some(1) && mistake.contains("line 6"), "{mistake}");
    let told: Vec<Value> = String::from_utf8(said.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        told.iter().map(|line| line["id"].clone()).collect::<Vec<_>>(),
        [1.into(), Value::from("two"), 3.into(), 4.into(), 5.into()]
    );
    let of_a_line = ["answer", "confidence", "escalate", "escalated_at", "id", "intent", "reasons", "score", "tone"];
    for line in &told {
        assert_eq!(keys(line), BTreeSet::from(of_a_line));
        assert_eq!(keys(&line["tone"]), BTreeSet::from(["anger", "frustration", "gratitude", "sarcasm"]));
    }
    assert_eq!((&told[0]["intent"], &told[0]["escalate"]), (&"order_status".into(), &false.into()));
    assert_eq!((&told[1]["escalate"], &told[1]["escalated_at"]), (&true.into(), &1.into()));
    assert_eq!((&told[2]["answer"], &told[2]["escalate"]), (&"Delivery takes two to three working days.".into(), &false.into()));
    let reasons = told[3]["reasons"].as_array().unwrap();
    assert!(reasons.contains(&"critical:legal_threat".into()) && told[3]["escalated_at"].is_null(), "{}", told[3]);
    assert_eq!((&told[4]["intent"], &told[4]["answer"], &told[4]["escalate"]), (&Value::Null, &Value::Null, &false.into()));
}

#[test]
fn a_conversation_is_played_with_its_trace_for_people_and_for_machines() {
    let script = FlowFile::new(
        "simulated.yaml",
        "- Where is my order?\n- keys: \"457129\"\n- service: { status: shipped, item: lamp, expected: \"2026-11-27\" }\n- I want to speak to a human.\n- not reached\n",
    );
    let script = script.0.to_str().unwrap();
    let played = |more: &[&str]| {
        let said = warmline(&[&["flow", "simulate", FLOW, "--script", script, "--at", "2026-11-23T10:00"], more].concat());
        assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap()
    };
    let (text, json) = (played(&[]), played(&["--json"]));
    let trace: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(trace.iter().all(|line| keys(line) == BTreeSet::from(["at_ms", "text", "who"])), "{json}");
    let times: Vec<u64> = trace.iter().map(|line| line["at_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times.last() > times.first(), "{times:?}");
    let mut from = 0;
    for (who, said) in [
        ("caller", "Where is my order?"),
        ("meaning", "order_status ["),
        ("caller", "[keys 457129]"),
        ("fact", "457129"),
        ("look-up", "457129"),
        ("service", "answers"),
        ("bot", "Your order 457129 is on its way"),
        ("caller", "I want to speak to a human."),
        ("human", "asked_for_human"),
    ] {
        let at = trace[from..].iter().position(|line| line["who"] == who && line["text"].as_str().unwrap().contains(said));
        from += at.unwrap_or_else(|| panic!("no {who} with “{said}” after line {from}: {json}")) + 1;
    }
    assert!(!json.contains("not reached"), "after the human nothing is played: {json}");
    // The same for people: a line each, with seconds.
    assert_eq!(text.lines().count(), trace.len(), "{text}");
    assert!(text.lines().next().unwrap().starts_with("   0.000  bot"), "{text}");
}

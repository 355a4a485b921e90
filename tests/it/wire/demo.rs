//! The demo's own report, as a script would read it.

use std::{fs, process::Stdio};

use serde_json::Value;
use tokio::process::Command;

use super::{Folder, places::Place};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_call_goes_all_the_way_to_a_human() {
    let _place = Place::take().await;
    let folder = Folder::new("demo");
    let file = folder.0.join("report.json");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_warmline"));
    demo.args(["demo", "--once", "--json"]).arg(&file).arg("--folder").arg(folder.0.join("run"));
    let output = demo.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{complaint}");

    let report: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["ok"], true);
    let turns = report["turns"].as_array().unwrap();
    assert!(turns.len() >= 4, "{printed}");
    for turn in turns {
        for key in ["said", "heard", "answer"] {
            assert!(turn[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {turn}");
        }
        assert!(turn["reply_latency_ms"].is_u64(), "{turn}");
    }
    assert!(report["escalation"]["reasons"].as_array().unwrap().contains(&Value::from("asked_for_human")));
    assert!(!report["escalation"]["evidence"].as_array().unwrap().is_empty());
    let handoff = &report["handoff"];
    assert_eq!(handoff["outcome"], "bridged");
    assert!(handoff["summary_spoken"].as_str().is_some_and(|text| !text.is_empty()));
    assert!(handoff["summary_shown"]["reason"].as_str().is_some_and(|text| !text.is_empty()));
    assert!(handoff["time_to_agent_ms"].is_u64() && handoff["longest_silence_ms"].is_u64());
    assert!(fs::metadata(report["recording"].as_str().unwrap()).unwrap().len() > 100_000);
}

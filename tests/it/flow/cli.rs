//! `warmline flow check|schema` as a person or a script calls it.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

use super::{SMALL, with};

/// A flow, or what else is given to the command, in a file of its own.
pub(super) struct FlowFile(pub(super) PathBuf);

impl FlowFile {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

pub(super) fn warmline(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_warmline")).args(args).output().unwrap()
}

#[test]
fn a_right_flow_exits_0_and_a_wrong_one_1() {
    let right = FlowFile::new("right.yaml", SMALL);
    let said = warmline(&["flow", "check", right.0.to_str().unwrap()]);
    assert_eq!(said.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&said.stdout).contains("the flow `small` is right"));
    let wrong = FlowFile::new("wrong.yaml", &with("human: orders", "human: oders"));
    let said = warmline(&["flow", "check", wrong.0.to_str().unwrap()]);
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(text.contains("there is no queue `oders`") && text.contains("did you mean `orders`?"), "{text}");
}

#[test]
fn a_flow_that_does_not_write_down_what_agents_say_is_told_what_that_means() {
    for (transcribe, note) in [("both", None), ("caller", Some("in what agents say")), ("off", Some("in what callers and agents say"))] {
        let flow = FlowFile::new(&format!("{transcribe}.yaml"), &format!("{SMALL}\nhandoff: {{ transcribe: {transcribe} }}\n"));
        let said = warmline(&["flow", "check", flow.0.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&said.stdout);
        assert_eq!(said.status.code(), Some(0), "{text}");
        assert_eq!(text.contains("note: "), note.is_some(), "{text}");
        assert!(note.is_none_or(|note| text.contains(note) && text.contains("stay in the recording")), "{text}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let said = Command::new(env!("CARGO_BIN_EXE_warmline")).args(["flow", "schema"]).stdout(writer).output().unwrap();
    assert_eq!((said.status.code(), String::from_utf8_lossy(&said.stderr)), (Some(0), "".into()));
}

#[test]
fn mistakes_for_machines() {
    let wrong = FlowFile::new("machines.yaml", &with("human: orders", "human: oders").replacen("go: email\n", "go: emial\n", 1));
    let said = warmline(&["flow", "check", "--json", wrong.0.to_str().unwrap()]);
    assert_eq!(said.status.code(), Some(1));
    let lines: Vec<Value> = String::from_utf8(said.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["key"], "nodes.trouble_human.human");
    assert!(lines[1]["line"].as_u64() > lines[0]["line"].as_u64());
    assert_eq!(lines[1]["hint"], "did you mean `orders`?");
}

#[test]
fn the_schema_describes_the_file() {
    let said = warmline(&["flow", "schema"]);
    let schema: Value = serde_json::from_slice(&said.stdout).unwrap();
    for key in ["greeting", "intents", "knowledge", "hours", "slots", "lookups", "nodes", "queues", "escalation", "prompts"] {
        assert!(schema["properties"][key]["description"].is_string(), "{key} is not described");
    }
    assert_eq!(schema["additionalProperties"], Value::Bool(false));
}

#[test]
fn the_cases_beside_the_example_flows_come_out_as_they_should() {
    for language in ["en", "ro", "cs"] {
        let flow = format!("{}/config/flows/support.{language}.yaml", env!("CARGO_MANIFEST_DIR"));
        let said = warmline(&["flow", "test", &flow]);
        let text = String::from_utf8_lossy(&said.stdout);
        assert_eq!(said.status.code(), Some(0), "{text}\n{}", String::from_utf8_lossy(&said.stderr));
    }
}

#[test]
fn the_flow_that_lines_of_other_trades_are_measured_with_is_right() {
    let said = warmline(&["flow", "check", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/services.en.yaml")]);
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stdout));
}

#[test]
fn a_case_that_comes_out_otherwise_is_named_with_its_trace() {
    let cases = FlowFile::new(
        "otherwise.cases.yaml",
        "- name: wrong\n  script: [Operator.]\n  expect: { escalated: false, said: [a colleague of mine] }\n",
    );
    let flow = concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml");
    let said = warmline(&["flow", "test", flow, "--cases", cases.0.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&said.stdout);
    assert_eq!(said.status.code(), Some(1), "{text}");
    assert!(
        text.contains("FAILED  wrong") && text.contains("a human was called") && text.contains("“a colleague of mine” was not said"),
        "{text}"
    );
    assert!(text.contains("Operator."), "the trace shows what was said: {text}");
}

#[test]
fn readers_are_measured_on_labelled_values() {
    let lines = "{\"kind\":\"digits\",\"text\":\"four five seven one two nine\",\"value\":\"457129\"}\n{\"kind\":\"time\",\"text\":\"five pm\",\"value\":\"16:00\"}\n";
    let (values, out) = (FlowFile::new("values.jsonl", lines), FlowFile::new("values.json", ""));
    let said = warmline(&["eval", "slots", values.0.to_str().unwrap(), "--json", out.0.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(text.contains("“five pm”: 17:00 instead of 16:00"), "{text}");
    let figures: Value = serde_json::from_str(&fs::read_to_string(&out.0).unwrap()).unwrap();
    assert_eq!((&figures["digits"]["exact"], &figures["time"]["exact"]), (&1.into(), &0.into()));
}

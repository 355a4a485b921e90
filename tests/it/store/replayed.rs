//! A call that was logged as the gateway logs it goes through the brain again, from the file.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use warmline::{
    call::{
        Call, Caller, Setup,
        action::Action,
        event::{Event, Found, LegEnd, SpeechEnd},
        flow::Flow,
        ids::{CallId, LegId},
        replay::replay,
        time::Time,
        understanding::{Scored, Transcript, Understanding},
    },
    store::{FlowFile, NewCall, Options, Recorded, Store, read_log},
};

use super::samples::new_call;

fn flow_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/flows/stories.en.yaml")
}

fn services() -> BTreeMap<String, String> {
    [("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())].into()
}

fn setup(text: &str) -> Setup {
    let flow = Flow::parse(text, "stories.en.yaml").unwrap().bind(&services()).unwrap();
    let NewCall { id, wall, caller, redact, .. } = new_call("one", 0);
    Setup {
        call: id,
        flow: Arc::new(flow),
        others: Vec::new(),
        promise: None,
        redact,
        wall,
        caller: Caller { called: "support".to_owned(), ..caller },
    }
}

/// What the simplest drivers report, and when.
fn reports(action: &Action, words: &[&str], turn: &mut usize, now: u64) -> Vec<(u64, Event)> {
    match action {
        Action::Answer { leg } => vec![(now + 20, Event::LegAnswered { leg: *leg })],
        Action::Speak { id, clauses, .. } => {
            let ended = Event::SpeechEnded { id: *id, why: SpeechEnd::Finished, clauses: clauses.len(), fraction: 0.0 };
            vec![(now + 80, Event::SpeechStarted { id: *id, at: Time(now + 80) }), (now + 1_500, ended)]
        }
        Action::Transcribe { id, .. } => {
            let text = words.get(*turn).copied().unwrap_or_default();
            *turn += 1;
            let transcript =
                Transcript { text: text.to_owned(), confidence: 0.913_7, complete: Some(0.871_3), back_channel: Some(-1.25), voice: None };
            vec![(now + 170, Event::Heard { id: *id, transcript })]
        }
        Action::Understand { id, text } => {
            let intent = if text.contains("order") { ("order_status", 0.913_37) } else { ("nothing", 0.1) };
            let intents = vec![Scored { name: intent.0.to_owned(), score: intent.1 }];
            vec![(now + 15, Event::Understood { id: *id, understanding: Understanding { intents, ..Understanding::default() } })]
        }
        Action::LookUp { id, .. } => {
            let fields = [("status", "shipped"), ("item", "lamp"), ("expected", "2026-11-27")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            vec![(now + 90, Event::LookedUp { id: *id, found: Found::Fields { fields: fields.into() } })]
        }
        Action::FindAgent { id, .. } => vec![(now + 5, Event::NobodyToAsk { id: *id })],
        _ => Vec::new(),
    }
}

/// Runs a call in virtual time, logged as the gateway does it; gives back the log's file.
async fn logged(folder: &Path, flow: &Path) -> PathBuf {
    logged_with(folder, flow, (&[12_000, 20_000, 28_000], WORDS), "").await
}

/// What the caller says.
const WORDS: &[&str] = &["Where is my order?", "457129", "Thank you, goodbye."];

/// The same with what the caller says at these times, and keys that they press at 18 s.
async fn logged_with(folder: &Path, flow: &Path, (says_at, words): (&[u64], &[&str]), keys: &str) -> PathBuf {
    let text = std::fs::read_to_string(flow).unwrap();
    let store = Store::open(&Options::new(folder)).await.unwrap();
    let setup = setup(&text);
    let file = FlowFile::new("stories", flow, &text, services());
    let mut log = store.begin(NewCall { caller: setup.caller.clone(), flow: file, ..new_call("one", 0) });
    let mut call = Call::new(setup);
    let voice = |from: u64| {
        let (leg, at) = (LegId::CALLER, Time(from));
        [(from + 60, Event::VoiceStarted { leg, at }), (from + 1_400, Event::VoiceStopped { leg, at: Time(from + 1_200) })]
    };
    let mut coming: VecDeque<(u64, Event)> = says_at.iter().copied().flat_map(voice).collect();
    coming.extend(keys.chars().zip(0..).map(|(digit, n)| (18_000 + 150 * n, Event::Digit { leg: LegId::CALLER, digit })));
    coming.push_back((60_000, Event::LegEnded { leg: LegId::CALLER, why: LegEnd::HungUp }));
    let (mut now, mut turn) = (0, 0);
    loop {
        while let Some(action) = call.poll_action() {
            // The drivers take an action a little later than the brain asked for it.
            let _shown = log.action(Time(now + 1), &action);
            coming.extend(reports(&action, words, &mut turn, now));
        }
        let Some((deadline, _)) = call.poll_timeout() else { break };
        coming.make_contiguous().sort_by_key(|(at, _)| *at);
        match coming.front() {
            Some((at, _)) if *at < deadline.0 => {
                let (at, event) = coming.pop_front().unwrap();
                now = at.max(now);
                log.event(Time(now), &event);
                call.handle(event, Time(now));
            }
            _ => {
                now = deadline.0.max(now);
                log.timeout(Time(now));
                call.handle_timeout(Time(now));
            }
        }
    }
    drop(log);
    store.flush().await;
    store.log_path(&CallId("one".to_owned()))
}

/// The flow in which the order number is as secret as a card's.
fn private_flow(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(flow_path()).unwrap();
    let private = text.replace("    confirm: I understood {{ value }}. Is that right?\n", "    private: true\n");
    assert_ne!(text, private);
    let path = folder.join("private.en.yaml");
    std::fs::write(&path, private).unwrap();
    path
}

/// Everything that a store has written.
fn written(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(written(&entry.path()));
        } else {
            found.push((entry.path(), std::fs::read(entry.path()).unwrap()));
        }
    }
    found
}

#[tokio::test]
async fn what_a_caller_gives_in_private_is_in_no_file() {
    let flows = tempfile::tempdir().unwrap();
    let flow = private_flow(flows.path());
    for (says_at, keys) in [(&[12_000, 20_000, 28_000][..], ""), (&[12_000][..], "457129")] {
        let folder = tempfile::tempdir().unwrap();
        let path = logged_with(folder.path(), &flow, (says_at, WORDS), keys).await;
        let log = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        // The value was taken: the service was asked with it, and its answer was told.
        for part in ["\"private\",\"on\":true", "\"private\",\"on\":false", "looked_up", "shipped", "\"gap\""] {
            assert!(log.contains(part), "{part}: {log}");
        }
        let files = written(folder.path());
        assert!(files.len() >= 2, "{files:?}");
        for (path, bytes) in &files {
            let text = String::from_utf8_lossy(bytes);
            let figures: String = text.chars().filter(|letter| letter.is_ascii_digit() || letter.is_ascii_alphabetic()).collect();
            assert!(!text.contains("457129") && !figures.contains("457129"), "{}", path.display());
            let keyed = text
                .match_indices("\"digit\":\"")
                .any(|(at, found)| text[at + found.len()..].starts_with(|key: char| key.is_ascii_digit()));
            assert!(!keyed, "a key in {}", path.display());
        }
    }
    // The same call where nothing is private has it everywhere.
    let folder = tempfile::tempdir().unwrap();
    let path = logged(folder.path(), &flow_path()).await;
    assert!(String::from_utf8(std::fs::read(path).unwrap()).unwrap().contains("457129"));
}

#[tokio::test]
async fn what_is_struck_out_is_in_no_file() {
    let at = &[12_000, 20_000, 28_000][..];
    // As it was said, as it is read back, and as a value.
    let secrets = ["4111 1111", "1111 1111", "1 1 1 1", "4111111", "wordfish"];
    for (words, keys) in [
        (&["Where is my order?", "4111 1111 1111 1111", "Goodbye."][..], ""),
        (&["My card is 4111111111111111. Where is my order?", "457129", "Goodbye."], ""),
        (&["Where is my order?", "It is 4111 1111 1111", "1111 for you"], ""),
        (&["My password is swordfish. Where is my order?", "457129", "Goodbye."], ""),
        (&["The password is", "Swordfish.", "Where is my order?"], ""),
        (&["Where is my order?", "", ""], "4111111111111111"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = logged_with(folder.path(), &flow_path(), (at, words), keys).await;
        for (path, bytes) in written(folder.path()) {
            let text = String::from_utf8_lossy(&bytes);
            let told: Vec<&&str> = secrets.iter().filter(|secret| text.contains(**secret)).collect();
            assert!(told.is_empty(), "{words:?}: {}: {told:?} in {text}", path.display());
            // Of a number that is keyed the first six figures may be known.
            let keyed: String =
                text.split("\"event\":\"digit\"").skip(1).filter_map(|rest| rest.split("\"digit\":\"").nth(1)?.chars().next()).collect();
            assert!(!keyed.contains("4111111"), "{keyed}");
        }
        let log = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        for part in ["\"redacted\"", "\"strike\"", "\"gap\"", "\"ended\""] {
            assert!(log.contains(part), "{words:?}: no {part}: {log}");
        }
    }
}

#[tokio::test]
async fn a_log_gives_the_same_actions_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = logged(folder.path(), &flow_path()).await;
    let log = read_log(&path).unwrap();
    let recorded = Recorded::from(&log);
    assert!(recorded.ended && recorded.gap.is_none());
    assert!(recorded.told.len() > 30 && recorded.actions.len() > 30, "{} {}", recorded.told.len(), recorded.actions.len());
    assert!(recorded.actions.iter().any(|(_, action)| matches!(action, Action::LookUp { .. })), "the call went as far as the look-up");
    let text = std::fs::read_to_string(flow_path()).unwrap();
    let again = replay(setup(&text), &recorded.told);
    assert_eq!(recorded.first_difference(&again), None);

    // Cut off anywhere, it still is the beginning of the same call.
    let whole = std::fs::read(&path).unwrap();
    for cut in (whole.len() / 2..whole.len() - 1).step_by(whole.len() / 40) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let recorded = Recorded::from(&read_log(&path).unwrap());
        assert_eq!(recorded.first_difference(&replay(setup(&text), &recorded.told)), None, "cut at {cut}");
    }
    // Changed, it is another one.
    let other = String::from_utf8(whole).unwrap().replace("457129", "457130");
    std::fs::write(&path, other.replacen("457130", "457129", 1)).unwrap();
    let recorded = Recorded::from(&read_log(&path).unwrap());
    assert!(recorded.first_difference(&replay(setup(&text), &recorded.told)).is_some());
}

fn command(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_warmline")).arg("replay").args(arguments).output().unwrap()
}

#[tokio::test]
async fn the_command_says_same_or_shows_where_they_part() {
    let folder = tempfile::tempdir().unwrap();
    let flow = folder.path().join("flow.yaml");
    let text = std::fs::read_to_string(flow_path()).unwrap();
    std::fs::write(&flow, &text).unwrap();
    let log = logged(&folder.path().join("record"), &flow).await;

    let same = command(&[&log]);
    let said = String::from_utf8_lossy(&same.stdout);
    assert!(same.status.success() && said.starts_with("same ") && said.contains(" actions"), "{said}");

    let other = folder.path().join("other.yaml");
    std::fs::write(&other, text.replace("on its way", "on the road")).unwrap();
    let parted = command(&[&log, Path::new("--flow"), &other]);
    let said = String::from_utf8_lossy(&parted.stdout);
    assert_eq!(parted.status.code(), Some(1), "{said}");
    assert!(said.contains("has changed") && said.contains("on its way") && said.contains("on the road"), "{said}");

    std::fs::remove_file(&flow).unwrap();
    let missing = command(&[&log]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("--flow"));
}

#[tokio::test]
async fn another_threshold_shows_when_a_human_would_have_been_called() {
    let folder = tempfile::tempdir().unwrap();
    // Two turns that nobody understands: 0.35 each, of 1.00.
    let words = &["Blue fish hum quietly.", "Seven trees dance there.", "Where is my order?"];
    let flow = folder.path().join("flow.yaml");
    std::fs::copy(flow_path(), &flow).unwrap();
    let log = logged_with(&folder.path().join("record"), &flow, (&[12_000, 20_000, 28_000], words), "").await;
    let with = |pair: &str| {
        let ran = command(&[&log, Path::new("--set"), Path::new(pair)]);
        (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let at = |line: &str, before: &str| -> f64 {
        let rest = line.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {line}")).1;
        rest.split_once(" s").and_then(|(seconds, _)| seconds.parse().ok()).unwrap_or_else(|| panic!("no time in {line}"))
    };
    let (ok, said, err) = with("escalation.threshold=0.6");
    assert!(ok, "{said}{err}");
    let line = |begins: &str| {
        said.lines().find_map(|line| line.trim_start().strip_prefix(begins)).unwrap_or_else(|| panic!("no {begins:?} in {said}"))
    };
    // As it was: two turns and a silence; with 0.6 the second turn, which ends a second and a half after its last sound at 21.2 s.
    let (was, would_be, reached) = (line("recorded: "), line("with escalation.threshold=0.6: "), line("thresholds reached: "));
    assert!(was.contains("(not_understood, silence, score ") && was.contains(" of 1.00)"), "{said}");
    assert!(would_be.contains("(not_understood, score ") && would_be.contains(" of 0.60)"), "{said}");
    assert!((21.2..24.0).contains(&at(would_be, "handoff at ")) && at(was, "handoff at ") > 30.0, "{said}");
    assert!((at(reached, "0.6 at ") - 21.2).abs() < 0.05 && at(reached, "1.0 at ") > 30.0, "{said}");
    // The deeds part where the bot made ready to ask again, and would have made ready to call a human instead.
    let (recorded, replayed) = said.split_once("  replayed: ").unwrap_or_else(|| panic!("{said}"));
    let recorded = recorded.split_once("  recorded: ").unwrap_or_else(|| panic!("{said}")).1;
    assert!(recorded.contains("I did not understand that") && replayed.contains("I am calling a colleague"), "{said}");

    // Where nothing would have been done otherwise, it says so; decisions that only name another threshold are no deeds.
    let (ok, said, err) = with("escalation.threshold=0.98");
    assert!(ok && said.contains("nothing else would have been done"), "{said}{err}");
    let (ok, _, err) = with("escalation.treshold=0.6");
    assert!(!ok && err.contains("there is no key `treshold`"), "{err}");
}

//! Event logs.

use std::{fs, io::Write};

use warmline::{
    call::{
        action::Action,
        event::Event,
        ids::{CallId, LegId},
        time::Time,
    },
    store::{Line, LogError, Options, Store, read_log},
};

use super::samples::{new_call, said, write};

async fn logged() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    let mut log = store.begin(new_call("one", 0));
    log.event(Time(10), &Event::LegAnswered { leg: LegId::CALLER });
    assert!(log.action(Time(10), &Action::Answer { leg: LegId::CALLER }).is_none());
    log.timeout(Time(5_000));
    write(&mut log, 5_000, said("Hello?"));
    drop(log);
    store.flush().await;
    let path = store.log_path(&CallId("one".to_owned()));
    (folder, path)
}

#[tokio::test]
async fn a_log_holds_all_that_the_brain_was_told_and_asked_for() {
    let (_folder, path) = logged().await;
    let log = read_log(&path).unwrap();
    let call = new_call("one", 0);
    assert_eq!((log.setup.caller, log.setup.wall, log.setup.flow), (call.caller, call.wall, call.flow));
    assert!(!log.torn);
    assert_eq!(log.lines[0], Line::Event { at: Time(10), event: Event::LegAnswered { leg: LegId::CALLER } });
    assert_eq!(log.lines[1], Line::Action { at: Time(10), action: Action::Answer { leg: LegId::CALLER } });
    assert_eq!(log.lines[2], Line::Timeout { at: Time(5_000) });
    assert!(matches!(&log.lines[3], Line::Action { action: Action::Record(_), .. }));
    assert_eq!(log.lines.len(), 4);
}

#[tokio::test]
async fn a_torn_last_line_is_left_out_and_said() {
    let (_folder, path) = logged().await;
    let whole = fs::read(&path).unwrap();
    for cut in 1..40 {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let log = read_log(&path).unwrap();
        assert_eq!((log.lines.len(), log.torn), (3, true), "{cut} bytes cut");
    }
}

#[tokio::test]
async fn rubbish_in_the_middle_is_an_error_with_its_line() {
    let (_folder, path) = logged().await;
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.replacen("\"timeout\"", "\"tim", 1)).unwrap();
    assert!(matches!(read_log(&path), Err(LogError::Line { line: 4, .. })));
    fs::write(&path, whole.split_once('\n').unwrap().1).unwrap();
    assert!(matches!(read_log(&path), Err(LogError::NoSetup { .. })));
    fs::File::create(&path).unwrap().write_all(b"").unwrap();
    assert!(matches!(read_log(&path), Err(LogError::NoSetup { .. })));
}

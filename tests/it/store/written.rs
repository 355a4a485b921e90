//! What is written is read again.

use sqlx::{Connection, Row, SqliteConnection};
use warmline::{
    call::{ids::CallId, outcome::Outcome, record::What},
    store::{Filter, Options, Store, StoreError, is_call_id},
    view::CallState,
};

use super::samples::{ended, harmful_words, new_call, said, whole_call, write};

async fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn a_call_is_read_as_it_was_written() {
    let (_folder, store) = open().await;
    let mut log = store.begin(new_call("one", 0));
    let mut written = Vec::new();
    for (index, what) in whole_call().into_iter().enumerate() {
        written.push(write(&mut log, index as u64 * 500, what).item);
    }
    written.push(write(&mut log, 60_000, ended(Outcome::HandedOver)).item);
    drop(log);
    store.flush().await;

    let read = store.entries(&CallId("one".to_owned()), 0).await.unwrap();
    let kept: Vec<_> = written.iter().filter(|item| !matches!(item.entry.what, What::Hearing { .. })).collect();
    assert_eq!(read.iter().collect::<Vec<_>>(), kept.iter().map(|item| &***item).collect::<Vec<_>>());
    let behind = store.entries(&CallId("one".to_owned()), 20).await.unwrap();
    assert_eq!(behind.first().map(|item| item.seq), Some(21));

    let head = store.head(&CallId("one".to_owned())).await.unwrap().unwrap();
    assert_eq!(head.state, CallState::Ended);
    assert_eq!(head.outcome, Some(Outcome::HandedOver));
    assert_eq!(head.duration_ms, Some(60_000));
    assert_eq!(head.intent.as_deref(), Some("order_status"));
    assert_eq!((head.agent_name.as_deref(), head.time_to_agent_ms, head.longest_silence_ms), (Some("Maria"), Some(8_200), Some(1_900)));
    assert_eq!(head.reasons, ["asked_for_human", "repeated"]);
}

#[tokio::test]
async fn every_kind_of_entry_has_its_rows() {
    let (folder, store) = open().await;
    let mut log = store.begin(new_call("one", 0));
    for what in whole_call() {
        write(&mut log, 1_000, what);
    }
    drop(log);
    store.flush().await;

    let address = format!("sqlite://{}", folder.path().join("warmline.db").display());
    let mut database = SqliteConnection::connect(&address).await.unwrap();
    for (table, rows) in [("calls", 1), ("turns", 2), ("evidence", 2), ("decisions", 1), ("handoff_steps", 27), ("facts", 1)] {
        let count: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&mut database).await.unwrap();
        assert_eq!(count, rows, "{table}");
    }
    let row = sqlx::query("SELECT speaker, text, heard, reply_ms FROM turns WHERE speaker = 'bot'").fetch_one(&mut database).await.unwrap();
    assert_eq!((row.get::<&str, _>(1), row.get::<&str, _>(2), row.get::<i64, _>(3)), ("What is the order number?", "What is the", 640));
    let row = sqlx::query("SELECT kind, matter FROM evidence WHERE number = 2").fetch_one(&mut database).await.unwrap();
    assert_eq!((row.get::<&str, _>(0), row.get::<&str, _>(1)), ("critical", "cancellation"));
}

#[tokio::test]
async fn a_task_that_is_dropped_without_an_end_leaves_a_failed_call() {
    let (_folder, store) = open().await;
    let mut log = store.begin(new_call("one", 0));
    write(&mut log, 4_000, said("Hello?"));
    drop(log);
    store.flush().await;
    let head = store.head(&CallId("one".to_owned())).await.unwrap().unwrap();
    assert_eq!((head.state, head.outcome, head.duration_ms), (CallState::Ended, Some(Outcome::Failed), Some(4_000)));
}

#[tokio::test]
async fn lists_are_newest_first_and_go_on_where_they_stopped() {
    let (_folder, store) = open().await;
    let mut live = Vec::new();
    for minute in 0..7 {
        let mut log = store.begin(new_call(&format!("call-{minute}"), minute));
        if minute == 3 {
            live.push(log);
        } else {
            write(&mut log, 1_000, ended(Outcome::Contained));
        }
    }
    store.flush().await;
    let ids = |page: &warmline::store::Page| page.calls.iter().map(|head| head.id.0.clone()).collect::<Vec<_>>();
    let first = store.calls(&Filter { limit: 3, ..Filter::default() }).await.unwrap();
    assert_eq!((ids(&first), first.more), (vec!["call-6".into(), "call-5".into(), "call-4".into()], true));
    let before = Some(CallId("call-4".to_owned()));
    let second = store.calls(&Filter { before, limit: 4, ..Filter::default() }).await.unwrap();
    assert_eq!((ids(&second), second.more), (vec!["call-3".into(), "call-2".into(), "call-1".into(), "call-0".into()], false));
    let live = store.calls(&Filter { state: Some(CallState::Live), limit: 9, ..Filter::default() }).await.unwrap();
    assert_eq!(ids(&live), ["call-3"]);
}

#[tokio::test]
async fn words_of_callers_are_only_ever_words() {
    let (_folder, store) = open().await;
    for (index, words) in harmful_words().into_iter().enumerate() {
        let mut call = new_call(&format!("call-{index}"), index as u64);
        call.caller.name = Some(words.clone());
        call.caller.number.clone_from(&words);
        let mut log = store.begin(call);
        write(&mut log, 1_000, said(&words));
        drop(log);
        store.flush().await;
        let id = CallId(format!("call-{index}"));
        assert_eq!(store.head(&id).await.unwrap().unwrap().caller_name, Some(words.clone()));
        let entries = store.entries(&id, 0).await.unwrap();
        assert!(matches!(&entries[0].entry.what, What::CallerTurn { text, .. } if *text == words), "{words}");
    }
    assert_eq!(store.calls(&Filter { limit: 100, ..Filter::default() }).await.unwrap().calls.len(), harmful_words().len());
}

#[tokio::test]
async fn a_record_belongs_to_one_gateway_at_a_time() {
    let (folder, store) = open().await;
    assert!(matches!(Store::open(&Options::new(folder.path())).await, Err(StoreError::InUse(_))));
    drop(store);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_look_into_the_record() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("record");
    let _store = Store::open(&Options::new(&folder)).await.unwrap();
    for folder in [folder.clone(), folder.join("calls"), folder.join("recordings")] {
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o077, 0, "{}", folder.display());
    }
}

#[test]
fn ids_that_could_leave_the_folder_are_no_ids() {
    for good in ["a", "01J-x_9", &"x".repeat(64)] {
        assert!(is_call_id(good), "{good}");
    }
    for bad in ["", "..", "a/b", "a\\b", "a.wav", "a b", "é", "a\0", &"x".repeat(65), "%2e%2e"] {
        assert!(!is_call_id(bad), "{bad}");
    }
}

//! What is too old is deleted, for good, and nothing else.

use std::path::Path;

use sqlx::{Connection, SqliteConnection};
use warmline::{
    call::{
        ids::{AgentId, CallId},
        outcome::Outcome,
        record::{HandoffStep, What},
    },
    privacy::{Retention, sweep},
    store::{AuditFilter, Options, Store},
    view::{Hold, Kept, Notes, Stamp},
};

use super::samples::{STARTED_MS, ended, new_call, said, whole_call, write};

const DAY_MS: u64 = 86_400_000;
const WORDS: &str = "zanzibarian umbrella";

async fn open(folder: &Path) -> Store {
    Store::open(&Options::new(folder)).await.unwrap()
}

/// Writes an ended call that is so many days younger than the first.
async fn call(store: &Store, id: &str, days: u64) {
    let mut log = store.begin(new_call(id, days * 24 * 60));
    for what in whole_call() {
        _ = write(&mut log, 1_000, what);
    }
    _ = write(&mut log, 2_000, said(WORDS));
    _ = write(&mut log, 3_000, ended(Outcome::HandedOver));
    drop(log);
    store.flush().await;
    let call = CallId(id.to_owned());
    std::fs::write(store.recording_path(&call), format!("RIFF {WORDS}")).unwrap();
    let notes = Notes { agent: AgentId("maria".to_owned()), text: WORDS.to_owned(), disposition: None, changed: Stamp(1) };
    store.put_notes(&call, &notes).await.unwrap();
}

async fn count(folder: &Path, table: &str, id: &str) -> i64 {
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", folder.join("warmline.db").display())).await.unwrap();
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table} WHERE call = ?")).bind(id).fetch_one(&mut database).await.unwrap()
}

pub(super) fn bytes_have(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return bytes_have(&path, text);
        }
        std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn each_kind_goes_at_its_own_time_and_a_held_call_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for (id, days) in [("old", 0), ("held", 0), ("young", 50)] {
        call(&store, id, days).await;
    }
    let held = Hold { call: CallId("held".to_owned()), placed: Stamp(1), by: None, why: "a case".to_owned() };
    store.place_hold(&held).await.unwrap();
    let retention = Retention([(Kept::Recordings, 30), (Kept::Transcripts, 60), (Kept::Calls, 90)].into());
    let at = |day: u64| STARTED_MS + day * DAY_MS;

    assert!(sweep(&store, &retention, at(29)).await.unwrap().is_empty(), "nothing is old enough");
    let swept = sweep(&store, &retention, at(31)).await.unwrap();
    assert_eq!(swept, [("recordings".to_owned(), 1)].into());
    assert!(!store.recording_path(&CallId("old".to_owned())).exists());
    assert!(store.recording_path(&CallId("held".to_owned())).exists() && store.recording_path(&CallId("young".to_owned())).exists());
    assert!(sweep(&store, &retention, at(31)).await.unwrap().is_empty(), "once is enough");

    let swept = sweep(&store, &retention, at(61)).await.unwrap();
    assert!(swept["transcripts"] > 0 && swept["event_logs"] == 1, "{swept:?}");
    for table in ["turns", "evidence"] {
        assert_eq!(count(folder.path(), table, "old").await, 0, "{table}");
        assert!(count(folder.path(), table, "held").await > 0 && count(folder.path(), table, "young").await > 0, "{table}");
    }
    assert!(count(folder.path(), "facts", "old").await > 0 && count(folder.path(), "notes", "old").await > 0);
    // What is left can be read: times, notices, outcomes.
    let left = store.entries(&CallId("old".to_owned()), 0).await.unwrap();
    assert!(
        left.iter().any(|item| matches!(item.entry.what, What::Notice { .. }))
            && left.iter().any(|item| matches!(item.entry.what, What::Ended { .. }))
    );
    assert!(left.iter().all(|item| !matches!(item.entry.what, What::CallerTurn { .. } | What::BotTurn { .. } | What::Evidence { .. })));
    assert_eq!(store.swept(&CallId("old".to_owned())).await.unwrap().keys().collect::<Vec<_>>(), ["recordings", "transcripts"]);

    let swept = sweep(&store, &retention, at(91)).await.unwrap();
    assert_eq!(swept["calls"], 1, "{swept:?}");
    assert!(store.head(&CallId("old".to_owned())).await.unwrap().is_none());
    assert!(
        store.head(&CallId("held".to_owned())).await.unwrap().is_some() && store.head(&CallId("young".to_owned())).await.unwrap().is_some()
    );
    store.flush().await;
    let told = store.audit_lines(&AuditFilter { did: Some("deleted_old".to_owned()), limit: 9, ..AuditFilter::default() }).await.unwrap();
    assert_eq!(told.len(), 3, "each time that something was deleted: {told:?}");
    assert!(told[0].target.as_ref().unwrap().contains("calls 1"), "{told:?}");
}

#[tokio::test]
async fn what_was_deleted_is_in_no_byte_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    call(&store, "old", 0).await;
    assert!(bytes_have(folder.path(), WORDS) && bytes_have(folder.path(), "+40721000111"));
    sweep(&store, &Retention([(Kept::Calls, 1)].into()), STARTED_MS + 2 * DAY_MS).await.unwrap();
    for text in [WORDS, "+40721000111", "Ana Pop"] {
        assert!(!bytes_have(folder.path(), text), "{text}");
    }
}

/// A file of a call that the record does not know, as old as that.
fn lost(store: &Store, id: &str, ms: u64) -> std::path::PathBuf {
    let path = store.recording_path(&CallId(id.to_owned()));
    let file = std::fs::File::create(&path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(ms)).unwrap();
    path
}

#[tokio::test]
async fn calls_that_go_on_stay_and_files_of_no_call_go_by_their_own_age() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let log = store.begin(new_call("live", 0));
    store.flush().await;
    let (old, young) = (lost(&store, "lost", STARTED_MS), lost(&store, "fresh", STARTED_MS + 20 * DAY_MS));
    let retention = Retention([(Kept::Recordings, 30), (Kept::Calls, 30)].into());
    let swept = sweep(&store, &retention, STARTED_MS + 40 * DAY_MS).await.unwrap();
    assert_eq!(swept, [("orphans".to_owned(), 1)].into());
    assert!(!old.exists() && young.exists());
    assert!(store.head(&CallId("live".to_owned())).await.unwrap().is_some());
    drop(log);
}

#[tokio::test]
async fn facts_notes_and_corrections_have_times_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    call(&store, "old", 0).await;
    sweep(&store, &Retention([(Kept::Facts, 1), (Kept::Notes, 1)].into()), STARTED_MS + 2 * DAY_MS).await.unwrap();
    assert_eq!((count(folder.path(), "facts", "old").await, count(folder.path(), "notes", "old").await), (0, 0));
    assert!(count(folder.path(), "turns", "old").await > 0);
    let left = store.entries(&CallId("old".to_owned()), 0).await.unwrap();
    let summary = left.iter().find_map(|item| match &item.entry.what {
        What::Handoff { step: HandoffStep::Started { summary, .. } } => Some(summary.clone()),
        _ => None,
    });
    assert_eq!(summary.expect("the step is there").facts, [], "what was made of them went, too");
}

//! Databases and disks that take nothing for a while: calls go on, the health says so, and nothing is missing afterwards.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::Duration,
};

use sqlx::{Connection, Executor, SqliteConnection};
use warmline::{
    call::{ids::CallId, outcome::Outcome},
    store::{Line, Options, Store, read_log},
};

use super::samples::{ended, new_call, said, write};

/// Waits for a state of the store that its writers bring about by themselves.
async fn until(store: &Store, what: &str, is: impl Fn(&warmline::store::Health) -> bool) {
    let reached = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while !is(&store.health()) {
            look.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), reached).await.is_ok(), "{what}: {:?}", store.health());
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_a_locked_database_does_not_take_come_from_the_event_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { queue: 32, ..Options::new(folder.path()) }).await.unwrap();
    let address = format!("sqlite://{}", folder.path().join("warmline.db").display());
    let mut other = SqliteConnection::connect(&address).await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();

    let mut log = store.begin(new_call("one", 0));
    // More than the writer and its queue can hold.
    for index in 0..6_000 {
        write(&mut log, index, said("Hello?"));
    }
    until(&store, "the trouble is seen", |health| !health.database && health.lag_ms > 0).await;
    assert!(store.health().deferred_entries > 0);
    write(&mut log, 9_000, ended(Outcome::Contained));
    drop(log);

    other.execute("ROLLBACK").await.unwrap();
    until(&store, "the trouble is over", |health| health.database).await;
    store.flush().await;
    assert_eq!(store.entries(&CallId("one".to_owned()), 0).await.unwrap().len(), 6_001);
    assert_eq!(store.head(&CallId("one".to_owned())).await.unwrap().unwrap().outcome, Some(Outcome::Contained));
    assert_eq!(store.health().lost_lines, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_made_is_tried_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("record");
    // A file where the folder should be: for root, too, this cannot be written.
    std::fs::write(&folder, b"in the way").unwrap();
    let store = Store::open(&Options::new(&folder)).await.unwrap();
    assert!(!store.health().database);
    assert!(store.calls(&warmline::store::Filter { limit: 1, ..warmline::store::Filter::default() }).await.is_err());
    let mut log = store.begin(new_call("one", 0));
    write(&mut log, 100, said("Hello?"));
    until(&store, "the log's trouble is seen", |health| !health.event_logs).await;

    std::fs::remove_file(&folder).unwrap();
    until(&store, "both write again", |health| health.ok()).await;
    write(&mut log, 200, ended(Outcome::Contained));
    drop(log);
    store.flush().await;
    assert_eq!(store.entries(&CallId("one".to_owned()), 0).await.unwrap().len(), 2);
    assert_eq!(read_log(&store.log_path(&CallId("one".to_owned()))).unwrap().lines.len(), 2);
}

/// Set for the child: the folder of the record.
const FOLDER: &str = "WARMLINE_TEST_FULL";

/// Not a test of its own: a process whose files may not grow for a while.
#[test]
fn child_whose_disk_is_full() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&Options::new(folder)).await.unwrap();
        let mut log = store.begin(new_call("one", 0));
        write(&mut log, 0, said("before"));
        store.flush().await;
        let mut lines = std::io::stdin().lines();
        println!("\nready");
        lines.next();
        let words = "words ".repeat(200);
        for index in 0..300 {
            write(&mut log, index, said(&words));
        }
        until(&store, "the full disk is seen", |health| !health.database && !health.event_logs).await;
        println!("\nfull");
        lines.next();
        until(&store, "it writes again", |health| health.ok()).await;
        write(&mut log, 1_000, ended(Outcome::Contained));
        drop(log);
        store.flush().await;
        println!("\ndone {}", store.health().lost_lines);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_nothing_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    // A limit of the file size is a full disk that needs no mount; without the trap the signal would end the child.
    let mut child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact store::trouble::child_whose_disk_is_full --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let limit = |bytes: &str| {
        let status = Command::new("prlimit").args(["--pid", &child.id().to_string(), &format!("--fsize={bytes}:")]).status().unwrap();
        assert!(status.success(), "util-linux's prlimit sets the limit");
    };
    assert!(lines.any(|line| line == "ready"), "the child opened its record");
    limit("4096");
    writeln!(input, "go on").unwrap();
    assert!(lines.any(|line| line == "full"), "the child saw the full disk, and went on");
    limit("unlimited");
    writeln!(input, "go on").unwrap();
    assert!(lines.any(|line| line == "done 0"), "the child lost no line");
    assert!(child.wait().unwrap().success());

    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    let id = CallId("one".to_owned());
    assert_eq!(store.entries(&id, 0).await.unwrap().len(), 302);
    assert_eq!(store.head(&id).await.unwrap().unwrap().outcome, Some(Outcome::Contained));
    let log = read_log(&store.log_path(&id)).unwrap();
    assert_eq!(log.lines.len(), 302);
    assert!(!log.lines.iter().any(|line| matches!(line, Line::Gap { .. })));
}

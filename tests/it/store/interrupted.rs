//! kill -9 in mid call.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use warmline::{
    call::{ids::CallId, outcome::Outcome, record::What},
    store::{Options, Store},
    view::CallState,
};

use super::samples::{ended, new_call, said, write};

/// Set for the child: the folder of the record.
const FOLDER: &str = "WARMLINE_TEST_RECORD";
const ENTRIES: u64 = 40;

/// Not a test of its own: the process that is killed. Says "written" when the last entry is 1 s old.
#[test]
fn child_that_is_killed_in_mid_call() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&Options::new(folder)).await.unwrap();
        let mut over = store.begin(new_call("over", 0));
        write(&mut over, 900, ended(Outcome::Contained));
        drop(over);
        let mut log = store.begin(new_call("cut", 1));
        for index in 0..ENTRIES {
            write(&mut log, index * 100, said(&format!("word {index}")));
        }
        // The promise is one second. Nothing is flushed here: the store has to do it by itself.
        let second = tokio::time::timeout(std::time::Duration::from_secs(1), std::future::pending::<()>());
        assert!(second.await.is_err());
        println!("written");
        std::future::pending::<()>().await;
    });
}

#[tokio::test]
async fn a_killed_gateway_leaves_a_call_that_says_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::interrupted::child_that_is_killed_in_mid_call", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).any(|line| line.ends_with("written"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said, "the child wrote its entries");

    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    let head = store.head(&CallId("cut".to_owned())).await.unwrap().unwrap();
    assert_eq!((head.state, head.outcome), (CallState::Ended, Some(Outcome::Interrupted)));
    assert_eq!(head.duration_ms, Some((ENTRIES - 1) * 100));
    let entries = store.entries(&CallId("cut".to_owned()), 0).await.unwrap();
    assert_eq!(entries.len() as u64, ENTRIES + 1);
    assert!(matches!(entries.last().unwrap().entry.what, What::Ended { outcome: Outcome::Interrupted }));
    let over = store.head(&CallId("over".to_owned())).await.unwrap().unwrap();
    assert_eq!(over.outcome, Some(Outcome::Contained));

    // Calls of this run are nobody's leftovers.
    let log = store.begin(new_call("now", 2));
    store.flush().await;
    assert_eq!(store.head(&CallId("now".to_owned())).await.unwrap().unwrap().state, CallState::Live);
    drop(log);
}

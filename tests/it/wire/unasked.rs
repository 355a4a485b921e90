//! What the library that runs the models does unasked: nothing. As soon as it is loaded it would give the machine a name, keep a log of what it is used for,
//! and send that to its makers now and then.

use std::{fs, process::Stdio};

use tokio::{io::AsyncWriteExt as _, process::Command};
use warmline_models::ModelsDir;

use super::Folder;

#[tokio::test]
async fn whoever_loads_the_models_leaves_nothing_to_report_to_the_makers_of_their_library() {
    let home = Folder::new("unasked");
    let mut warmline = Command::new(env!("CARGO_BIN_EXE_warmline"));
    warmline.args(["understand", "--flow", "config/flows/support.en.yaml"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    warmline.env("WARMLINE_MODELS", ModelsDir::of_user().unwrap().path()).env("XDG_CACHE_HOME", &home.0).env("HOME", &home.0);
    // As it is started by people, who know nothing of that library.
    warmline.env_remove("ORT_DISABLE_TELEMETRY").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = warmline.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"id\":\"1\",\"text\":\"Where is my order?\"}\n").await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("order_status"), "{output:?}");
    let left: Vec<_> = fs::read_dir(&home.0).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

//! `warmline privacy export|erase`, on the record of a gateway that does not run.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use warmline::{
    call::outcome::Outcome,
    store::{Options, Store},
};

use super::samples::{ended, new_call, said, whole_call, write};

const NUMBER: &str = "+40721000111";
const WORDS: &str = "zanzibarian umbrella";

/// A record with one call of the number.
async fn record(folder: &Path) -> Store {
    let store = Store::open(&Options::new(folder)).await.unwrap();
    let mut log = store.begin(new_call("one", 0));
    for what in whole_call() {
        _ = write(&mut log, 1_000, what);
    }
    _ = write(&mut log, 2_000, said(WORDS));
    _ = write(&mut log, 3_000, ended(Outcome::HandedOver));
    drop(log);
    store.flush().await;
    store
}

/// The example configuration, with its record in that folder.
fn configuration(folder: &Path) -> std::path::PathBuf {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let text = std::fs::read_to_string(config.join("warmline.yaml")).unwrap();
    let (text, file) = (text.replace("../var/store", &folder.join("store").display().to_string()), folder.join("warmline.yaml"));
    for part in ["flows", "languages"] {
        std::os::unix::fs::symlink(config.join(part), folder.join(part)).unwrap();
    }
    std::fs::write(&file, text).unwrap();
    file
}

fn privacy(config: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    command.arg("privacy").args(arguments).arg("--config").arg(config).stdin(Stdio::null()).output().unwrap()
}

fn told(output: &Output) -> (bool, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn a_caller_gets_what_is_kept_of_them_and_then_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let (config, out) = (configuration(folder.path()), folder.path().join("export.zip"));
    let (out, kept) = (out.to_str().unwrap(), folder.path().join("store"));
    let (done, said) = told(&privacy(&config, &["erase", NUMBER, "--yes"]));
    assert!(!done && said.contains("there is no record in"), "{said}");

    let store = record(&kept).await;
    let (done, said) = told(&privacy(&config, &["erase", NUMBER, "--yes"]));
    assert!(!done && said.contains("a gateway works with"), "{said}");
    drop(store);
    // Its writers end behind it. However the number is written.
    let (done, said) = loop {
        tokio::task::yield_now().await;
        let (done, said) = told(&privacy(&config, &["export", "0040 721 000 111", "--out", out]));
        if !said.contains("a gateway works with") {
            break (done, said);
        }
    };
    assert!(done && said.contains("1 calls in"), "{said}");
    assert!(std::fs::read(out).unwrap().starts_with(b"PK"));
    let (done, said) = told(&privacy(&config, &["export", NUMBER, "--out", out]));
    assert!(!done && said.contains("exists"), "a file of before is not written over: {said}");

    let (done, said) = told(&privacy(&config, &["erase", NUMBER]));
    assert!(!done && said.contains("nothing was erased"), "{said}");
    let receipt = privacy(&config, &["erase", NUMBER, "--yes"]);
    let (done, said) = told(&receipt);
    assert!(done, "{said}");
    let receipt: serde_json::Value = serde_json::from_slice(&receipt.stdout).unwrap();
    assert!(receipt["id"].is_string() && !receipt.to_string().contains(NUMBER), "{receipt}");
    assert!(!super::privacy::bytes_have(&kept, WORDS) && !super::privacy::bytes_have(&kept, NUMBER));
}

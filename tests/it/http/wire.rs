//! The API against its own document: schemathesis asks for every address with what the document allows and with what it does not.
//! Named like the tests of the wire, because it comes with the programs of others, as they do (`cargo xtask test`).

use std::{
    process::Stdio,
    sync::{Arc, atomic::Ordering},
};

use tokio::process::Command;
use warmline::{call::outcome::Outcome, knowledge::Shelf};

use super::support::served;
use crate::store::samples::{ended, whole_call};

/// Examples for each address. With the seed, the same ones every time.
const EXAMPLES: &str = "12";
const SEED: &str = "20261126";

/// What is not asked: live streams have no end, metrics are not ours, and calls of pages need a page.
const NOT_ASKED: &str = "(/events|/stream|^/metrics)$|/web-calls|/phone$";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_the_api_as_the_document_says() {
    let served = served().await;
    // A gateway that is ready: that it is not, yet, is no fault of the API.
    served.parts.readiness.models.store(true, Ordering::Relaxed);
    served.parts.readiness.sip.store(true, Ordering::Relaxed);
    served.parts.library.fill(vec![Shelf { flow: "support.en".to_owned(), entries: Vec::new(), find: Arc::new(|_| Some(Vec::new())) }]);
    let mut call = served.live("one", 0);
    for what in whole_call() {
        call.write(5_000, what);
    }
    call.write(6_000, ended(Outcome::HandedOver));
    drop(call);
    served.parts.store.flush().await;
    let peers = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new("python3")
        .args(["-m", "schemathesis.cli", "run", &served.url("/api/v1/openapi.json")])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED, "--generation-deterministic"])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"])
        .args(["--exclude-path-regex", NOT_ASKED, "--request-timeout", "20", "--workers", "1", "--no-color", "--warnings", "off"])
        .args(["--suppress-health-check", "all", "--continue-on-failure"])
        .env("PYTHONPATH", &peers)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("python3");
    let said = format!("{}\n{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}");
    assert!(said.contains("No issues found") || said.contains("passed"), "{said}");
}

//! Many calls at once, from SIPp.

use std::{fs, process::Stdio};

use tokio::process::Command;

use super::{Folder, LIMIT, capture::Capture, gateway};

const CALLS: &str = "200";

#[tokio::test(flavor = "multi_thread")]
async fn short_calls_at_a_steady_rate_are_all_answered() {
    let gateway = gateway("sipp", "sip:maria@127.0.0.1:9").await;
    let folder = Folder::new("sipp-files");
    let capture = Capture::of("sipp", &gateway).await;
    let mut sipp = Command::new("sipp");
    sipp.args(["-sn", "uac", &gateway.rig.sip().to_string(), "-s", "support", "-i", "127.0.0.1", "-r", "20", "-m", CALLS, "-d", "100"]);
    sipp.args(["-nostdin", "-trace_err", "-error_file", "errors.log"]).current_dir(&folder.0);
    sipp.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let status = tokio::time::timeout(LIMIT, sipp.status()).await.unwrap().unwrap();
    let errors = fs::read_to_string(folder.0.join("errors.log")).unwrap_or_default();
    assert!(status.success(), "SIPp ended with {status}\n{errors}");

    let live = |calls: &serde_json::Value| calls["calls"].as_array().is_some_and(Vec::is_empty).then_some(());
    gateway.rig.api().until("/api/v1/calls?state=live", LIMIT, live).await.unwrap();
    capture.end().await.assert_well_formed(&["sip", "sdp", "rtp"]);
}

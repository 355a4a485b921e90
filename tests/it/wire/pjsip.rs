//! PJSIP as the caller: encrypted, on hold and back, keys in INFO and as events, in G.722 and found by its checks (ICE); what both hear of each other are
//! words; it may not transfer the call.

use std::{net::UdpSocket, path::Path, process::Stdio};

use serde_json::Value;
use tokio::process::Command;
use warmline::phone::{Sound, free_port};

use super::{Folder, LIMIT, capture::Capture, codecs::words, gateway_that_tells_keys, newest_call, said};

/// Where `cargo xtask test` installs PJSIP's Python package.
const PACKAGES: &str = "target/peers";

/// Places one call, says something in it, and returns what PJSIP said of it.
async fn call(target: &str, folder: &Path, voice: &Sound, plan: &[&str]) -> String {
    talk(target, folder, free_port().unwrap(), voice, plan).await
}

/// Places one call, or (`answer`) takes one, from a port, and hums.
pub(super) async fn run(target: &str, folder: &Path, port: u16, plan: &[&str]) -> String {
    talk(target, folder, port, &Sound::tone(440.0, 60_000), plan).await
}

async fn talk(target: &str, folder: &Path, port: u16, voice: &Sound, plan: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let play = folder.join("play.wav");
    voice.write(&play).unwrap();
    let port = port.to_string();
    let output = Command::new("python3")
        .env("PYTHONPATH", root.join(PACKAGES))
        .arg(root.join("tests/peers/pjsip.py"))
        .arg(target)
        .arg(&play)
        .arg(folder.join("heard.wav"))
        .arg(&port)
        .args(plan)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!complaint.contains("No module named"), "{complaint}: `cargo xtask test` installs PJSIP into {PACKAGES}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn keys(seen: &Value) -> Option<String> {
    let entries = seen["entries"].as_array()?;
    let keys: String = entries.iter().filter(|entry| entry["what"] == "key").filter_map(|entry| entry["digit"].as_str()).collect();
    (seen["head"]["state"] == "ended").then_some(keys)
}

#[tokio::test(flavor = "multi_thread")]
async fn pjsip_holds_presses_keys_in_two_ways_and_is_encrypted() {
    let folder = Folder::new("pjsip");
    let gateway = gateway_that_tells_keys("pjsip-gateway").await;
    let target = format!("sip:support@{}", gateway.rig.sip());

    let hum = Sound::tone(440.0, 60_000);
    let told = call(&target, &folder.0, &hum, &["srtp", "codec=PCMA", "10:hold", "13:unhold", "15:info=7", "17:dtmf=58", "20:bye"]).await;
    assert!(told.contains("CONFIRMED 200"), "{told}");
    // Active, held by itself, active again.
    assert!(told.matches("media 1").count() >= 2 && told.contains("media 2"), "{told}");
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    assert_eq!(gateway.rig.api().until(&record, LIMIT, keys).await.unwrap(), "758");
    let quality = |seen: &Value| {
        let entries = seen["entries"].as_array()?;
        entries.iter().find(|entry| entry["what"] == "quality").map(|entry| entry["quality"].clone())
    };
    let quality = gateway.rig.api().until(&record, LIMIT, quality).await.unwrap();
    assert_eq!((quality["codec"].as_str(), quality["protection"].as_str()), (Some("PCMA"), Some("sdes")), "{quality}");
    assert!(quality["mos"].as_f64().is_some_and(|mos| mos > 3.0), "{quality}");
    let figures = String::from_utf8(gateway.rig.api().bytes("/metrics").await.unwrap()).unwrap();
    let rated = figures.lines().find_map(|line| line.strip_prefix("warmline_leg_mos_count{leg=\"caller\"} ")?.parse::<u64>().ok());
    assert!(rated.is_some_and(|times| times > 1), "{figures}");

    // A caller's REFER is refused, nobody is called for it, and the call goes on.
    let (capture, canary) = (Capture::of("pjsip", &gateway).await, UdpSocket::bind("127.0.0.1:0").unwrap());
    let refer = format!("6:refer=sip:canary@{}", canary.local_addr().unwrap());
    // When the greeting is over, it asks.
    let mut voice = Sound::silence(11_000);
    voice.samples.extend(said("What are your opening hours?").await.samples);
    voice.samples.extend(Sound::silence(20_000).samples);
    let told = call(&target, &folder.0, &voice, &["codec=G722", "ice", &refer, "8:dtmf=9", "10:checks", "21:bye"]).await;
    assert!(told.contains("CONFIRMED 200"), "{told}");
    assert!(["transfer 403", "transfer 405", "transfer 603"].iter().any(|refused| told.contains(refused)), "{told}");
    assert!(told.contains("checks found the way"), "{told}");
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    assert_eq!(gateway.rig.api().until(&record, LIMIT, keys).await.unwrap(), "9");
    let seen = gateway.rig.api().json(&record).await.unwrap();
    let entries = seen["entries"].as_array().unwrap();
    let heard: String = entries.iter().filter(|entry| entry["what"] == "caller_turn").map(|entry| entry["text"].to_string()).collect();
    assert!(heard.to_lowercase().contains("opening hours"), "the gateway heard {heard} of PJSIP's caller: {}", seen["entries"]);
    assert!(seen["entries"].to_string().contains("opening_hours"), "{heard}");
    canary.set_nonblocking(true).unwrap();
    assert!(canary.recv(&mut [0; 1]).is_err(), "somebody was called because a caller wished it");
    capture.end().await.without_reports().assert_well_formed(&["sip", "sdp", "rtp", "stun"]);
    let heard = words(&Sound::read(&folder.0.join("heard.wav")).unwrap(), &folder).await;
    assert!(heard.contains("help") || heard.contains("assistant"), "PJSIP heard “{heard}”");
}

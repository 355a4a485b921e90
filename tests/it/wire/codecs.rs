//! Somebody else's telephone with every codec and every encryption: baresip calls, and what it hears is the greeting, word for word enough
//! for a recogniser; the gateway hears it too, for it answers.

use std::process::Stdio;

use tokio::process::Command;
use warmline::phone::{Sound, free_port};

use super::{
    Folder, LIMIT,
    baresip::{configure_with, heard, start},
    capture::Capture,
    gateway_with_tls, newest_call, said,
};

/// What the account says of encryption, and the modules that it needs.
const PHONES: [(&str, &[&str]); 6] = [
    (";transport=tls;mediaenc=srtp-mand;audio_codecs=pcma", &["g711", "srtp"]),
    (";mediaenc=srtp;audio_codecs=pcmu", &["g711", "srtp"]),
    (";transport=tcp;mediaenc=srtp-mand;audio_codecs=pcma", &["g711", "srtp"]),
    (";mediaenc=dtls_srtp;audio_codecs=pcmu", &["g711", "srtp", "dtls_srtp"]),
    (";audio_codecs=g722", &["g722"]),
    (";audio_codecs=opus/48000/2", &["opus"]),
];

/// The words of a sound, by the gateway's own recogniser.
pub(super) async fn words(sound: &Sound, folder: &Folder) -> String {
    let file = folder.0.join("heard-by-phone.wav");
    sound.write(&file).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_warmline")).arg("transcribe").arg(&file).stderr(Stdio::inherit()).output().await.unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().to_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_hears_and_is_heard_with_every_codec_and_encryption() {
    let folder = Folder::new("codecs");
    let gateway = gateway_with_tls("codecs-gateway").await;
    let capture = Capture::of("codecs", &gateway).await;
    let mut voice = Sound::silence(12_000);
    voice.samples.extend(said("What are your opening hours?").await.samples);
    voice.samples.extend(Sound::silence(12_000).samples);
    for (index, (account, modules)) in PHONES.into_iter().enumerate() {
        let caller = folder.0.join(format!("caller{index}"));
        let ports = format!("{}-{}", 10_500 + index * 20, 10_519 + index * 20);
        configure_with(&caller, "caller", free_port().unwrap(), &voice, &ports, account, modules);
        let target = match account {
            over if over.contains("tls") => format!("{};transport=tls", gateway.rig.tls().unwrap()),
            over if over.contains("tcp") => format!("{};transport=tcp", gateway.rig.sip()),
            _ => gateway.rig.sip().to_string(),
        };
        let _calling = start(&caller, &["-e", &format!("/dial sip:support@{target}")]);
        let before = heard(&caller).await;
        let heard = words(&before, &folder).await;
        assert!(heard.contains("help") || heard.contains("assistant"), "{account}: the phone heard “{heard}”");
        let call = newest_call(&gateway.rig).await;
        let answered = |seen: &serde_json::Value| seen["entries"].to_string().contains("opening_hours").then_some(());
        gateway
            .rig
            .api()
            .until(&format!("/api/v1/calls/{call}"), LIMIT, answered)
            .await
            .unwrap_or_else(|error| panic!("{account}: {error}"));
    }
    capture.end().await.without_reports().assert_well_formed(&["sip", "sdp", "rtp", "dtls"]);
}

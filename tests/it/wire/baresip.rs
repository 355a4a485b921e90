//! Somebody else's telephone at both ends: baresip calls with a WAV, and baresip is the agent's phone, which says "accept".

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::process::{Child, Command};
use warmline::{
    clock,
    phone::{Sound, free_port},
};

use super::{Folder, LIMIT, gateway, newest_call, said};

const AGENT_HZ: f64 = 1_300.0;
/// Where Debian puts baresip's modules.
const MODULES: &str = "/usr/lib/baresip/modules";

/// Writes a configuration: plays `voice`, and dumps what it hears and says into its folder.
pub(super) fn configure(folder: &Path, user: &str, port: u16, voice: &Sound, rtp_ports: &str) {
    configure_with(folder, user, port, voice, rtp_ports, "", &["g711"]);
}

/// The same with parameters of the account and other modules.
pub(super) fn configure_with(folder: &Path, user: &str, port: u16, voice: &Sound, rtp_ports: &str, account: &str, modules: &[&str]) {
    fs::create_dir_all(folder.join("dump")).unwrap();
    voice.write(&folder.join("voice.wav")).unwrap();
    // The transport is a part of the address, the rest belongs to the account.
    let (uri, account) = match account.strip_prefix(";transport=") {
        Some(rest) => account.split_at(account.len() - rest.find(';').map_or(0, |end| rest.len() - end)),
        None => ("", account),
    };
    fs::write(folder.join("accounts"), format!("<sip:{user}@127.0.0.1{uri}>;regint=0;answermode=auto{account}\n")).unwrap();
    let modules: String = modules.iter().map(|module| format!("module {module}.so\n")).collect();
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\naudio_path /usr/share/baresip\n\
         audio_source aufile,{}\naudio_player aufile,{}\naudio_alert aufile,/dev/null\nausrc_srate 8000\nauplay_srate 8000\n\
         audio_channels 1\njitter_buffer_delay 1-5\nrtp_ports {rtp_ports}\nrtcp_mux no\nopus_stereo no\nopus_sprop_stereo no\nmodule_path {MODULES}\nmodule stdio.so\n\
         {modules}module aufile.so\nmodule sndfile.so\nsnd_path {}\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n",
        folder.join("voice.wav").display(),
        folder.join("heard.wav").display(),
        folder.join("dump").display(),
    );
    fs::write(folder.join("config"), config).unwrap();
}

pub(super) fn start(folder: &Path, extra: &[&str]) -> Child {
    let mut baresip = Command::new("baresip");
    baresip.args(["-4", "-f"]).arg(folder).args(extra).current_dir(folder);
    baresip.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

/// What baresip decoded, as its sndfile module wrote it when the call ended.
pub(super) async fn heard(folder: &Path) -> Sound {
    let mut look = tokio::time::interval(Duration::from_millis(100));
    let deadline = clock::now() + LIMIT;
    loop {
        look.tick().await;
        let files: Vec<PathBuf> = fs::read_dir(folder.join("dump")).unwrap().flatten().map(|entry| entry.path()).collect();
        let file = files.iter().find(|file| file.to_string_lossy().ends_with("-dec.wav"));
        // The length in a WAV's head is written last.
        match file.map(|file| Sound::read(file)) {
            Some(Ok(sound)) if !sound.samples.is_empty() => return sound,
            other => assert!(clock::now() < deadline, "no decoded sound among {files:?}: {other:?}"),
        }
    }
}

fn bridged(seen: &Value) -> Option<()> {
    let entries = seen["entries"].as_array()?;
    entries.iter().any(|entry| entry["what"] == "handoff" && entry["step"]["step"] == "bridged").then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_calls_and_baresip_takes_the_call() {
    let folder = Folder::new("baresip");
    let (caller, agent) = (folder.0.join("caller"), folder.0.join("agent"));
    let agent_port = free_port().unwrap();
    let gateway = gateway("baresip-gateway", &format!("sip:maria@127.0.0.1:{agent_port}")).await;

    // The agent says "accept" now and then, as long as the briefing may last, and hums afterwards.
    let mut voice = Sound::default();
    let accept = said("Accept.").await;
    for _ in 0..6 {
        voice.samples.extend(Sound::silence(5_000).samples);
        voice.samples.extend(&accept.samples);
    }
    voice.samples.extend(Sound::tone(AGENT_HZ, 20_000).samples);
    configure(&agent, "maria", agent_port, &voice, "10300-10400");
    let _agent = start(&agent, &[]);

    let mut voice = Sound::silence(16_000);
    // Whoever was not understood says it once more.
    let wish = said("I want to talk to a person, please.").await;
    for rest in [25_000, 120_000] {
        voice.samples.extend(&wish.samples);
        voice.samples.extend(Sound::silence(rest).samples);
    }
    configure(&caller, "caller", free_port().unwrap(), &voice, "10400-10500");
    let dial = format!("/dial sip:support@{}", gateway.rig.sip());
    let _calling = start(&caller, &["-e", &dial]);

    let call = newest_call(&gateway.rig).await;
    gateway.rig.api().until(&format!("/api/v1/calls/{call}"), LIMIT * 2, bridged).await.unwrap();
    // The agent's sound ends, baresip hangs up, and the caller's call ends with it.
    let ended = |seen: &Value| (seen["head"]["state"] == "ended").then(|| seen["head"]["outcome"].as_str().unwrap_or_default().to_owned());
    let outcome = gateway.rig.api().until(&format!("/api/v1/calls/{call}"), LIMIT * 2, ended).await.unwrap();
    assert_eq!(outcome, "handed_over");

    let heard = heard(&caller).await;
    let hum = heard.samples.chunks_exact(4_000).filter(|part| Sound { samples: part.to_vec() }.strength(AGENT_HZ) > 0.8).count();
    assert!(hum >= 4, "the caller heard the agent's tone for {hum} half seconds only");
}

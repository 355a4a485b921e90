//! Linphone (`linphonec`) as a telephone of others: it takes calls, says a WAV, and is told by lines what else to do.

use std::{fs, path::Path};

use warmline::phone::Sound;

use super::peer::Peer;

/// Starts one on a port; its sound is on those from `sound` on. It answers by itself, and says `voice` in each call.
pub(super) async fn start(folder: &Path, user: &str, port: u16, sound: u16, voice: &Sound) -> Peer {
    fs::create_dir_all(folder.join(".local/share/linphone")).unwrap();
    let play = folder.join("voice.wav");
    voice.write(&play).unwrap();
    let settings = format!(
        "[sip]\nsip_port={port}\nbind_address=127.0.0.1\ncontact=sip:{user}@127.0.0.1\nguess_hostname=0\nuse_ipv6=0\nauto_net_state_mon=0\n\
         [rtp]\naudio_rtp_port={sound}-{}\nbind_address=127.0.0.1\n[sound]\nechocancellation=0\n[video]\nenabled=0\ncapture=0\ndisplay=0\n",
        sound + 38
    );
    let file = folder.join("linphonerc");
    fs::write(&file, settings).unwrap();
    let mut linphone = Peer::listening("linphonec", folder, &["-c", &file.to_string_lossy(), "-C"]);
    linphone.tell("soundcard use files");
    linphone.tell(&format!("play {}", play.display()));
    linphone.tell(&format!("record {}", folder.join("heard.wav").display()));
    linphone.tell("autoanswer enable");
    linphone.says("Auto answer enabled").await;
    linphone
}

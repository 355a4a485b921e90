//! Somebody presses keys on baresip, puts the bot on hold, and comes back: no sound goes to a telephone that holds, and the call goes on.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use warmline::{
    clock,
    phone::{Sound, free_port},
};

use super::{
    Folder, Gateway, LIMIT,
    baresip::{configure_with, start},
    capture::{Capture, Packet, Packets},
    gateway_that_tells_keys, hear_greeting, newest_call, phone,
};

const RTP_PORTS: &str = "11000-11049";

/// What baresip is told while it runs (its ctrl_tcp module: JSON in netstrings).
struct Control(TcpStream);

impl Control {
    async fn connect(port: u16) -> Self {
        let (deadline, mut look) = (clock::now() + LIMIT, tokio::time::interval(Duration::from_millis(50)));
        loop {
            look.tick().await;
            match TcpStream::connect(("127.0.0.1", port)).await {
                Ok(stream) => return Self(stream),
                Err(error) => assert!(clock::now() < deadline, "baresip takes no commands: {error}"),
            }
        }
    }

    /// Gives a command, and waits until it is carried out.
    async fn tell(&mut self, command: &str, params: &str) {
        let text = json!({ "command": command, "params": params, "token": command }).to_string();
        self.0.write_all(format!("{}:{text},", text.len()).as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        let response = format!("\"token\":\"{command}\"");
        while !String::from_utf8_lossy(&seen).contains(&response) {
            let read = tokio::time::timeout(LIMIT, self.0.read_buf(&mut seen)).await;
            assert!(read.expect("baresip answers").unwrap() > 0, "baresip ended");
        }
        assert!(String::from_utf8_lossy(&seen).contains("\"ok\":true"), "{command}: {}", String::from_utf8_lossy(&seen));
    }

    /// Presses keys, each when the one before it has been counted, and lets go of the last.
    async fn press(&mut self, gateway: &Gateway, record: &str, so_far: &str, keys: &str) -> String {
        let mut all = so_far.to_owned();
        for key in keys.chars() {
            self.tell("sndcode", &key.to_string()).await;
            all.push(key);
            let counted = |seen: &Value| (pressed(seen) == all).then_some(());
            gateway.rig.api().until(record, LIMIT, counted).await.unwrap();
        }
        all
    }
}

fn pressed(seen: &Value) -> String {
    let entries = seen["entries"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["what"] == "key").filter_map(|entry| entry["digit"].as_str()).collect()
}

/// The bot has said something to its end.
fn said_in_full(seen: &Value) -> Option<()> {
    let entries = seen["entries"].as_array()?;
    entries.iter().any(|entry| entry["what"] == "bot_turn" && entry["interrupted"] == false).then_some(())
}

/// Where the INVITEs of a telephone stand among the packets, without repetitions.
fn invites(packets: &Packets, from: u16) -> Vec<usize> {
    let mut seen: Vec<&str> = Vec::new();
    let mut places = Vec::new();
    for (place, packet) in packets.all.iter().enumerate() {
        if packet.method == "INVITE" && packet.from == from && !seen.contains(&packet.cseq.as_str()) {
            seen.push(&packet.cseq);
            places.push(place);
        }
    }
    places
}

fn sound(packets: &Packets, within: impl std::slice::SliceIndex<[Packet], Output = [Packet]>) -> usize {
    packets.all[within].iter().filter(|packet| packet.is("rtp") && (11_000..=11_049).contains(&packet.to)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_holds_comes_back_and_its_keys_count() {
    let folder = Folder::new("held");
    let gateway = gateway_that_tells_keys("held-gateway").await;
    let capture = Capture::of("held", &gateway).await;
    let (baresip, control) = (folder.0.join("baresip"), free_port().unwrap());
    let sip = free_port().unwrap();
    configure_with(&baresip, "caller", sip, &Sound::tone(440.0, 60_000), RTP_PORTS, "", &["g711"]);
    let mut config = std::fs::read_to_string(baresip.join("config")).unwrap();
    config += &format!("module_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n");
    std::fs::write(baresip.join("config"), config).unwrap();
    let _baresip = start(&baresip, &[]);

    let mut control = Control::connect(control).await;
    control.tell("dial", &format!("sip:support@{}", gateway.rig.sip())).await;
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let answered = |seen: &Value| seen["entries"].to_string().contains("\"answered\"").then_some(());
    gateway.rig.api().until(&record, LIMIT, answered).await.unwrap();

    let keys = control.press(&gateway, &record, "", "4").await;
    control.tell("hold", "").await;
    // Another caller hears the whole greeting meanwhile: longer than a voice may be late that does not wait for a telephone on hold.
    let other = phone("other").await;
    let line = other.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.hang_up().await.unwrap();
    control.tell("resume", "").await;
    let keys = control.press(&gateway, &record, &keys, "35").await;
    gateway.rig.api().until(&record, LIMIT, said_in_full).await.unwrap();
    control.tell("hangup", "").await;
    let ended = |seen: &Value| (seen["head"]["state"] == "ended").then(|| seen["entries"].to_string());
    let entries = gateway.rig.api().until(&record, LIMIT, ended).await.unwrap();
    assert_eq!(keys, "435");
    assert!(!entries.contains("\"trouble\""), "{entries}");

    let packets = capture.end().await;
    packets.assert_well_formed(&["sip", "sdp", "rtp"]);
    let places = invites(&packets, sip);
    let [_, hold, resume] = places[..] else { panic!("one call, hold and resume, but {places:?}") };
    let agreed = hold + packets.all[hold..].iter().position(|packet| packet.status == "200" && packet.to == sip).unwrap();
    let (before, after) = (sound(&packets, ..hold), sound(&packets, resume..));
    assert!(before > 0 && after > 50, "{before} packets of sound before, {after} after");
    // A frame or two were on their way.
    assert!(sound(&packets, agreed..resume) <= 3, "{} packets of sound went to a telephone that holds", sound(&packets, agreed..resume));
}

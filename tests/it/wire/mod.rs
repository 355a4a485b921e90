//! The real gateway as a child process, with real models, on real SIP and RTP: telephones of others, many calls, hostile messages,
//! a power cut. They need the models (`cargo xtask models pull --lang ro`) and what `xtask/src/machine.rs` lists for tests.

mod baresip;
mod callbacks;
mod capture;
mod codecs;
mod consult;
mod correlation;
mod crowded;
mod demo;
mod elsewhere;
mod held;
mod interrupted;
mod interruptions;
mod introduced;
mod invite;
mod kamailio;
mod linphone;
mod message;
mod peer;
mod people;
mod pjsip;
mod places;
mod probes;
mod redacted;
mod refused;
mod registered;
mod romanian;
mod secrets;
mod secure_trunk;
mod sipp;
mod spoken_choice;
mod tones;
mod torture;
mod transfers;
mod unasked;
mod whisper;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use self::places::Place;
use warmline::{
    clock,
    config::{ConfigFile, Transfer},
    phone::{Agent, Line, Phone, Rig, Setup, Sound, Voice},
};

/// How long anything may take on a machine that is busy with other tests.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// Any port of loopback.
pub(super) const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running gateway for one test, and the right to run one.
pub(super) struct Gateway {
    pub(super) rig: Rig,
    place: Place,
    _folder: Folder,
}

/// A folder that is removed at the end.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("warmline-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts a gateway whose agent Maria has her telephone at `agent`.
pub(super) async fn gateway(name: &str, agent: &str) -> Gateway {
    start(name, vec![maria(agent, Transfer::Bridge)], false).await
}

/// The same, with every key on record: usually of keys that follow each other only the first is, for they may be a card's number.
pub(super) async fn gateway_that_tells_keys(name: &str) -> Gateway {
    let agents = vec![maria("sip:maria@127.0.0.1:9", Transfer::Bridge)];
    start_with(name, agents, false, 0, |file| file.privacy.redact.clear()).await
}

/// Maria, with her telephone there.
pub(super) fn maria(target: &str, transfer: Transfer) -> Agent {
    Agent { id: "maria".to_owned(), name: "Maria".to_owned(), target: target.to_owned(), transfer }
}

/// Starts a gateway with these agents.
pub(super) async fn gateway_of(name: &str, agents: Vec<Agent>) -> Gateway {
    start(name, agents, false).await
}

/// The same, which speaks TLS too, with a certificate of its own making.
pub(super) async fn gateway_with_tls(name: &str) -> Gateway {
    start(name, vec![maria("sip:maria@127.0.0.1:9", Transfer::Bridge)], true).await
}

async fn start(name: &str, agents: Vec<Agent>, tls: bool) -> Gateway {
    start_with(name, agents, tls, 0, |_| {}).await
}

/// The same, on a wished port for SIP (0: any) and with an adjusted configuration.
pub(super) async fn start_with(name: &str, agents: Vec<Agent>, tls: bool, port: u16, adjusted: impl FnOnce(&mut ConfigFile)) -> Gateway {
    let place = Place::take().await;
    let folder = Folder::new(name);
    let setup = Setup {
        binary: env!("CARGO_BIN_EXE_warmline").into(),
        folder: folder.0.clone(),
        models: None,
        agents,
        wished_ports: (port, 0),
        certificate: tls.then(|| certificate(&folder)),
    };
    let adjusted = |file: &mut ConfigFile| {
        file.rtp.ports = place.ports();
        adjusted(file);
    };
    Gateway { rig: Rig::start_with(setup, adjusted).await.unwrap(), place, _folder: folder }
}

fn certificate(folder: &Folder) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.0.join("certificate.pem"), folder.0.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

/// A telephone of our own.
pub(super) async fn phone(user: &str) -> Phone {
    Phone::bind(user, ANY, clock::now()).await.unwrap()
}

/// Something said in the caller's voice.
pub(super) async fn said(text: &str) -> Sound {
    Voice::Slt.or_any().await.say(text).await.unwrap()
}

/// Waits until the bot's greeting is over.
pub(super) async fn hear_greeting(line: &Line) {
    line.media.wait_for_silence_of(Duration::from_millis(1_000), line.answered, LIMIT).await.unwrap();
}

/// The id of the newest call in the gateway's list.
pub(super) async fn newest_call(rig: &Rig) -> String {
    let id = |calls: &serde_json::Value| calls["calls"].get(0)?["id"].as_str().map(str::to_owned);
    rig.api().until("/api/v1/calls", LIMIT, id).await.unwrap()
}

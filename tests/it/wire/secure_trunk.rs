//! A telephone system that speaks nothing but TLS and SRTP, with an authority of its own: it calls, and it is called, for it can show the right
//! certificate; whoever cannot is not spoken to. While both talk the gateway's certificate is renewed.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustix::process::{Pid, Signal, kill_process};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use warmline::{
    clock,
    config::{ConfigFile, Srtp, Transfer, TrunkConfig},
    phone::{Agent, Sound},
};
use warmline_sip::user_agent::server_of;

use super::{
    Folder, Gateway, LIMIT,
    baresip::{configure_with, free_port, heard, start},
    codecs::words,
    maria, newest_call, said, start_with,
};

const AGENT_HZ: f64 = 1_300.0;
/// What both telephones do of encryption.
const SECURE: &str = ";transport=tls;mediaenc=srtp-mand;audio_codecs=pcma";
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Somebody who vouches for servers.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Self { pem: params.self_signed(&key).unwrap().pem(), issuer: Issuer::new(params, key) }
    }

    /// A certificate for loopback, and its key, in two files.
    fn issue(&self, certificate: &Path, key: &Path) {
        let own = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        fs::write(certificate, params.signed_by(&own, &self.issuer).unwrap().pem()).unwrap();
        fs::write(key, own.serialize_pem()).unwrap();
    }

    /// Whether a server shows whoever connects now a certificate from here.
    async fn vouches_for(&self, server: SocketAddr) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(server).await.unwrap();
        TlsConnector::from(Arc::new(config)).connect(ServerName::from(server.ip()), stream).await.is_ok()
    }
}

/// A server that another authority vouches for, and what the first client said to that.
async fn impostor(folder: &Folder) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let (certificate, key) = (folder.0.join("impostor.pem"), folder.0.join("impostor.key"));
    Authority::new("nobody knows it").issue(&certificate, &key);
    let acceptor = TlsAcceptor::from(server_of(&certificate, &key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let first = tokio::spawn(async move { acceptor.accept(listener.accept().await?.0).await.map(drop) });
    (address, first)
}

/// The gateway between the telephone system at a port and an impostor, either of which has one agent.
async fn gateway(folder: &Folder, port: u16, impostor: SocketAddr) -> Gateway {
    let secure = |address: &str, allowed| TrunkConfig {
        allowed,
        srtp: Srtp::Required,
        health_s: 0,
        ..TrunkConfig::to(vec![format!("{address};transport=tls").parse().unwrap()])
    };
    let (pbx, impostor) = (secure(&format!("127.0.0.1:{port}"), None), secure(&impostor.to_string(), Some(Vec::new())));
    let authority = folder.0.join("authority.pem");
    let ada = Agent { id: "ada".to_owned(), name: "Ada".to_owned(), ..maria("4020", Transfer::Bridge) };
    let adjusted = |file: &mut ConfigFile| {
        file.trunks = [("impostor".to_owned(), impostor), ("pbx".to_owned(), pbx)].into();
        for (agent, trunk) in [("ada", "impostor"), ("maria", "pbx")] {
            file.agents.get_mut(agent).unwrap().via = Some(trunk.to_owned());
        }
        file.sip.server_ca = Some(authority);
    };
    start_with("secure-trunk-gateway", vec![ada, maria("maria", Transfer::Bridge)], true, 0, adjusted).await
}

/// How the offers to the agents ended, once Maria has the caller.
fn bridged(seen: &Value) -> Option<Vec<(String, String)>> {
    let steps = || seen["entries"].as_array().into_iter().flatten().filter(|entry| entry["what"] == "handoff").map(|entry| &entry["step"]);
    steps().find(|step| step["step"] == "bridged" && step["agent"] == "maria")?;
    let word = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let ended = steps().filter(|step| step["step"] == "offer_ended").map(|step| (word(step, "agent"), word(step, "outcome")));
    Some(ended.collect())
}

/// Says that certificates were renewed.
fn hang_up_signal(gateway: &Gateway) {
    let id = gateway.rig.process().unwrap().cast_signed();
    kill_process(Pid::from_raw(id).unwrap(), Signal::HUP).unwrap();
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let (deadline, mut look) = (clock::now() + LIMIT, tokio::time::interval(LOOK_EVERY));
    while !is_so().await {
        assert!(clock::now() < deadline, "{what}");
        look.tick().await;
    }
}

/// The gateway's certificate is renewed, and then spoiled.
async fn renewed_and_spoiled(gateway: &Gateway) {
    let (server, folder) = (gateway.rig.tls().unwrap(), gateway.rig.folder());
    let (certificate, renewed) = (folder.join("certificate.pem"), Authority::new("renewed"));
    assert!(!renewed.vouches_for(server).await);
    renewed.issue(&certificate, &folder.join("key.pem"));
    assert!(!renewed.vouches_for(server).await, "nobody has said so yet");
    hang_up_signal(gateway);
    until("the renewed certificate was never shown", async || renewed.vouches_for(server).await).await;
    fs::write(&certificate, "no certificate").unwrap();
    hang_up_signal(gateway);
    let log = || fs::read_to_string(folder.join("gateway.log")).unwrap();
    until("nobody complains", async || log().contains("the certificates cannot be read: the old ones stay in force")).await;
    assert!(log().contains("certificate.pem: no usable certificate in PEM form"), "{}", log());
    assert!(renewed.vouches_for(server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_with_an_authority_of_its_own_calls_and_is_called_and_certificates_are_renewed_meanwhile() {
    let folder = Folder::new("secure-trunk");
    let (caller, agent) = (folder.0.join("caller"), folder.0.join("agent"));
    let authority = Authority::new("of the telephone system");
    fs::write(folder.0.join("authority.pem"), &authority.pem).unwrap();
    let (impostor, handshake) = impostor(&folder).await;

    // The agent says "accept" as long as the briefing may last, and hums afterwards. baresip speaks TLS at the port above the other one.
    let mut voice = Sound::default();
    let accept = said("Accept.").await;
    for _ in 0..6 {
        voice.samples.extend(Sound::silence(5_000).samples);
        voice.samples.extend(&accept.samples);
    }
    voice.samples.extend(Sound::tone(AGENT_HZ, 30_000).samples);
    let port = free_port().await;
    configure_with(&agent, "maria", port, &voice, "10700-10749", SECURE, &["g711", "srtp"]);
    let (certificate, key) = (agent.join("certificate.pem"), agent.join("key.pem"));
    authority.issue(&certificate, &key);
    let both = agent.join("both.pem");
    fs::write(&both, fs::read_to_string(&key).unwrap() + &fs::read_to_string(&certificate).unwrap()).unwrap();
    let config = fs::read_to_string(agent.join("config")).unwrap();
    fs::write(agent.join("config"), format!("{config}sip_certificate {}\n", both.display())).unwrap();
    let _agent = start(&agent, &[]);
    let gateway = gateway(&folder, port + 1, impostor).await;

    let mut voice = Sound::silence(16_000);
    voice.samples.extend(said("I want to talk to a person, please.").await.samples);
    voice.samples.extend(Sound::silence(120_000).samples);
    configure_with(&caller, "caller", free_port().await, &voice, "10750-10799", SECURE, &["g711", "srtp"]);
    let dial = format!("/dial sip:support@{};transport=tls", gateway.rig.tls().unwrap());
    let _calling = start(&caller, &["-e", &dial]);

    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let offers = gateway.rig.api().until(&record, LIMIT * 2, bridged).await.unwrap();
    let expected = [("ada", "unreachable"), ("maria", "accepted")].map(|(agent, outcome)| (agent.to_owned(), outcome.to_owned()));
    assert_eq!(offers, expected);
    assert!(handshake.await.unwrap().is_err(), "the gateway believed the impostor");

    renewed_and_spoiled(&gateway).await;
    let seen = gateway.rig.api().json(&record).await.unwrap();
    assert_ne!(seen["head"]["state"], "ended", "{seen}");
    // The agent's sound ends, baresip hangs up, and the caller's call ends with it, over the connections that were up all the time.
    let ended = |seen: &Value| (seen["head"]["state"] == "ended").then(|| seen["head"]["outcome"].as_str().unwrap_or_default().to_owned());
    assert_eq!(gateway.rig.api().until(&record, LIMIT * 2, ended).await.unwrap(), "handed_over");
    let sound = heard(&caller).await;
    let hum = sound.samples.chunks_exact(4_000).filter(|part| Sound { samples: part.to_vec() }.strength(AGENT_HZ) > 0.8).count();
    assert!(hum >= 4, "the caller heard the agent's tone for {hum} half seconds only");
    let briefing = words(&heard(&agent).await, &folder).await;
    assert!(["press", "accept", "screen", "person"].iter().any(|word| briefing.contains(word)), "the agent heard “{briefing}”");
}

//! A telephone system that speaks nothing but TLS and SRTP, with an authority of its own: it calls, and it is called, for it can show the right
//! certificate; whoever cannot is not spoken to, in either direction. While both talk the gateway's certificates are renewed, clients ask for another name
//! of it, and somebody calls by WebSocket.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustix::process::{Pid, Signal, kill_process};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use warmline::{
    clock,
    config::{CertificateFiles, ConfigFile, Srtp, Transfer, TrunkConfig},
    phone::{Agent, Sound, free_port},
};
use warmline_sip::user_agent::server_of;

use super::{
    Folder, Gateway, LIMIT,
    baresip::{configure_with, heard, start},
    codecs::words,
    maria, newest_call, said, start_with,
};

const AGENT_HZ: f64 = 1_300.0;
/// What both telephones do of encryption.
const SECURE: &str = ";transport=tls;mediaenc=srtp-mand;audio_codecs=pcma";
/// The gateway's first name, and its other one.
const HERE: &str = "127.0.0.1";
const DESK: &str = "desk.example";
/// The page that may connect.
const PAGE: &str = "https://desk.example";
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

    /// A certificate for a name or an address, and its key, in two files.
    fn issue(&self, name: &str, certificate: &Path, key: &Path) {
        let own = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        fs::write(certificate, params.signed_by(&own, &self.issuer).unwrap().pem()).unwrap();
        fs::write(key, own.serialize_pem()).unwrap();
    }
}

/// Somebody who connects: the certificate and the key of the files, or nothing to show.
struct Client<'a>(Option<(&'a Path, &'a Path)>);

impl Client<'_> {
    /// Connects to the server of this name that this authority vouches for; if it is a name, it is asked for (SNI).
    async fn connect(&self, server: SocketAddr, name: &'static str, authority: &Authority) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        let config = match self.0 {
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
                config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
            }
            None => config.with_no_client_auth(),
        };
        let stream = TcpStream::connect(server).await.unwrap();
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
    }

    /// Whether a server shows whoever connects now a certificate from this authority.
    async fn sees(&self, server: SocketAddr, name: &'static str, authority: &Authority) -> bool {
        self.connect(server, name, authority).await.is_ok()
    }
}

/// A server that another authority vouches for, and what the first client said to that.
async fn impostor(folder: &Folder) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let (certificate, key) = (folder.0.join("impostor.pem"), folder.0.join("impostor.key"));
    Authority::new("nobody knows it").issue(HERE, &certificate, &key);
    let acceptor = TlsAcceptor::from(server_of(&certificate, &key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let first = tokio::spawn(async move { acceptor.accept(listener.accept().await?.0).await.map(drop) });
    (address, first)
}

/// A port that was free a moment ago.
fn free_address() -> SocketAddr {
    std::net::TcpListener::bind((HERE, 0)).unwrap().local_addr().unwrap()
}

/// The gateway between the telephone system at a port and an impostor, either of which has one agent. It has a second name, and pages may connect.
async fn gateway(folder: &Folder, port: u16, impostor: SocketAddr, [ws, wss]: [SocketAddr; 2]) -> Gateway {
    let secure = |address: &str, allowed| TrunkConfig {
        allowed,
        srtp: Srtp::Required,
        health_s: 0,
        ..TrunkConfig::to(vec![format!("{address};transport=tls").parse().unwrap()])
    };
    let (pbx, impostor) = (secure(&format!("127.0.0.1:{port}"), None), secure(&impostor.to_string(), Some(Vec::new())));
    let authority = folder.0.join("authority.pem");
    let desk = (folder.0.join("desk.pem"), folder.0.join("desk.key"));
    let ada = Agent { id: "ada".to_owned(), name: "Ada".to_owned(), ..maria("4020", Transfer::Bridge) };
    let adjusted = |file: &mut ConfigFile| {
        file.trunks = [("impostor".to_owned(), impostor), ("pbx".to_owned(), pbx)].into();
        for (agent, trunk) in [("ada", "impostor"), ("maria", "pbx")] {
            file.agents.get_mut(agent).unwrap().via = Some(trunk.to_owned());
        }
        (file.sip.server_ca, file.sip.client_ca) = (Some(authority.clone()), Some(authority));
        file.sip.further_certificates = vec![CertificateFiles { certificate: desk.0, private_key: desk.1 }];
        (file.sip.ws, file.sip.wss, file.sip.origins) = (ws.into(), wss.into(), vec![PAGE.to_owned()]);
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
async fn renewed_and_spoiled(gateway: &Gateway, client: &Client<'_>) {
    let (server, folder) = (gateway.rig.tls().unwrap(), gateway.rig.folder());
    let (certificate, renewed) = (folder.join("certificate.pem"), Authority::new("renewed"));
    assert!(!client.sees(server, HERE, &renewed).await);
    renewed.issue(HERE, &certificate, &folder.join("key.pem"));
    assert!(!client.sees(server, HERE, &renewed).await, "nobody has said so yet");
    hang_up_signal(gateway);
    until("the renewed certificate was never shown", async || client.sees(server, HERE, &renewed).await).await;
    fs::write(&certificate, "no certificate").unwrap();
    hang_up_signal(gateway);
    let log = || fs::read_to_string(folder.join("gateway.log")).unwrap();
    until("nobody complains", async || log().contains("the certificates cannot be read: the old ones stay in force")).await;
    assert!(log().contains("certificate.pem: no usable certificate in PEM form"), "{}", log());
    assert!(client.sees(server, HERE, &renewed).await);
}

/// Whoever asks for the other name sees its certificate; whoever has none to show is not spoken to.
async fn names_and_strangers(server: SocketAddr, client: &Client<'_>, desk: &Authority) {
    assert!(client.sees(server, DESK, desk).await && !client.sees(server, HERE, desk).await);
    let mut stranger = Client(None).connect(server, DESK, desk).await.unwrap();
    // In TLS 1.3 the server says so after the client's side of the handshake is done.
    let refused = timeout(LIMIT, stranger.read(&mut [0; 16])).await.expect("an end in time").unwrap_err();
    assert!(refused.to_string().contains("CertificateRequired"), "{refused}");
}

/// A page's call, over a connection that is open already: it is answered, with sound that is encrypted, and hangs up.
async fn calls_by_web_socket(stream: impl AsyncRead + AsyncWrite + Unpin, transport: &str) {
    let mut request = "ws://gateway/".into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
    request.headers_mut().insert("Origin", HeaderValue::from_static(PAGE));
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    let key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 {HERE}\r\ns=-\r\nc=IN IP4 {HERE}\r\nt=0 0\r\nm=audio 9 RTP/SAVP 0\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_80 {key}\r\n"
    );
    let mut tag = String::new();
    for (method, cseq, body) in [("INVITE", 1, offer.as_str()), ("ACK", 1, ""), ("BYE", 2, "")] {
        let text = format!(
            "{method} sip:support@gateway.example SIP/2.0\r\nVia: SIP/2.0/{transport} df7jal23ls0d.invalid;branch=z9hG4bK{transport}{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:ana@shop.example>;tag=f\r\nTo: <sip:support@gateway.example>{tag}\r\nCall-ID: page-{transport}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:ana@df7jal23ls0d.invalid;transport=ws>\r\nContent-Type: application/sdp\r\n\r\n{body}"
        );
        socket.send(Message::text(text)).await.unwrap();
        if method == "ACK" {
            continue;
        }
        let answered = async {
            loop {
                // Pings of the gateway come, too.
                let message = socket.next().await.unwrap().unwrap();
                let text = message.to_text().unwrap_or_default();
                if text.starts_with("SIP/2.0") && !text.starts_with("SIP/2.0 1") {
                    return text.to_owned();
                }
            }
        };
        let answer = timeout(LIMIT, answered).await.expect("an answer in time");
        assert!(answer.starts_with("SIP/2.0 200") && answer.contains(&format!("CSeq: {cseq} {method}\r\n")), "{transport}: {answer}");
        assert!(method == "BYE" || answer.contains("RTP/SAVP 0") && answer.contains("a=crypto:1 "), "{answer}");
        let to = answer.lines().find(|line| line.starts_with("To: ")).unwrap();
        tag = format!(";tag={}", to.split_once(";tag=").unwrap().1);
    }
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
    let port = free_port().unwrap();
    configure_with(&agent, "maria", port, &voice, "10700-10749", SECURE, &["g711", "srtp"]);
    let (certificate, key) = (agent.join("certificate.pem"), agent.join("key.pem"));
    authority.issue(HERE, &certificate, &key);
    let shows = |phone: &Path| {
        let both = phone.join("both.pem");
        fs::write(&both, fs::read_to_string(&key).unwrap() + &fs::read_to_string(&certificate).unwrap()).unwrap();
        let config = fs::read_to_string(phone.join("config")).unwrap();
        fs::write(phone.join("config"), format!("{config}sip_certificate {}\n", both.display())).unwrap();
    };
    shows(&agent);
    let _agent = start(&agent, &[]);
    let desk = Authority::new("of the desk");
    desk.issue(DESK, &folder.0.join("desk.pem"), &folder.0.join("desk.key"));
    let [ws, wss] = [free_address(), free_address()];
    let gateway = gateway(&folder, port + 1, impostor, [ws, wss]).await;

    let mut voice = Sound::silence(16_000);
    voice.samples.extend(said("I want to talk to a person, please.").await.samples);
    voice.samples.extend(Sound::silence(120_000).samples);
    configure_with(&caller, "caller", free_port().unwrap(), &voice, "10750-10799", SECURE, &["g711", "srtp"]);
    shows(&caller);
    let dial = format!("/dial sip:support@{};transport=tls", gateway.rig.tls().unwrap());
    let _calling = start(&caller, &["-e", &dial]);

    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let offers = gateway.rig.api().until(&record, LIMIT * 2, bridged).await.unwrap();
    let expected = [("ada", "unreachable"), ("maria", "accepted")].map(|(agent, outcome)| (agent.to_owned(), outcome.to_owned()));
    assert_eq!(offers, expected);
    assert!(handshake.await.unwrap().is_err(), "the gateway believed the impostor");

    let client = Client(Some((&certificate, &key)));
    names_and_strangers(gateway.rig.tls().unwrap(), &client, &desk).await;
    calls_by_web_socket(TcpStream::connect(ws).await.unwrap(), "WS").await;
    calls_by_web_socket(client.connect(wss, DESK, &desk).await.unwrap(), "WSS").await;
    renewed_and_spoiled(&gateway, &client).await;
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

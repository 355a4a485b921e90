//! Kamailio in front of the gateway, as the trunk: the gateway registers there and is looked at (OPTIONS), calls come from its dispatcher and
//! stay in its route, agents are rung through it, and rtpengine relays the sound.

use std::{fs, net::SocketAddr, ops::RangeInclusive, path::Path};

use serde_json::Value;
use tokio::process::Child;
use warmline::{
    config::{AuthConfig, ConfigFile, Peer as PeerAddress, RegistrationConfig, Transfer, TrunkConfig},
    phone::{Sound, free_port},
};

use super::{
    Folder, Gateway, LIMIT,
    baresip::{configure_with, heard, start},
    capture::Capture,
    codecs::words,
    maria, newest_call,
    peer::Peer,
    said, start_with,
};

const PASSWORD: &str = "kamailio-and-the-gateway-know-it";
const TRUNK: &str = "kamailio";
/// The number of the agent's telephone behind Kamailio.
const AGENT: &str = "2001";
const AGENT_HZ: f64 = 1_300.0;
/// The ports that rtpengine gives to calls.
const RELAYED: RangeInclusive<u16> = 17_000..=17_199;

/// Kamailio and rtpengine, with the gateway behind them.
struct World {
    gateway: Gateway,
    kamailio: Peer,
    _rtpengine: Peer,
    address: SocketAddr,
    folder: Folder,
}

impl World {
    async fn start(name: &str) -> Self {
        let folder = Folder::new(name);
        let (gateway_port, control) = (free_port().unwrap(), free_port().unwrap());
        let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let rtpengine = rtpengine(&folder.0, control);
        // Inactive and probed: it carries calls once it has answered.
        fs::write(folder.0.join("gateways"), format!("1 sip:127.0.0.1:{gateway_port} 9\n")).unwrap();
        // Passwords are never written into a configuration.
        let password = folder.0.join("password");
        fs::write(&password, PASSWORD).unwrap();
        let kamailio = kamailio(&folder.0, address, control);
        let gateway = start_with(&format!("{name}-gateway"), vec![maria(AGENT, Transfer::Bridge)], false, gateway_port, |file| {
            behind(file, address, &password);
        })
        .await;
        assert_eq!(gateway.rig.sip().port(), gateway_port, "somebody else took the port");
        kamailio.says(&format!("up: sip:127.0.0.1:{gateway_port}")).await;
        kamailio.says("registered warmline at").await;
        Self { gateway, kamailio, _rtpengine: rtpengine, address, folder }
    }

    /// How often Kamailio passed a request within a dialog that came from somebody.
    fn passed(&self, method: &str, from: u16) -> usize {
        let line = format!(": {method} from 127.0.0.1:{from}");
        self.kamailio.log().lines().filter(|seen| seen.contains("within") && seen.ends_with(&line)).count()
    }
}

fn rtpengine(folder: &Path, control: u16) -> Peer {
    let (control, first, last) =
        (format!("--listen-ng=127.0.0.1:{control}"), format!("--port-min={}", RELAYED.start()), format!("--port-max={}", RELAYED.end()));
    // In user space (no kernel module), in the foreground.
    let fixed = ["--table=-1", "--interface=127.0.0.1", "--foreground", "--log-stderr", "--log-level=6", "--num-threads=1"];
    Peer::start("rtpengine", folder, &[&fixed[..], &[&control, &first, &last]].concat())
}

fn kamailio(folder: &Path, address: SocketAddr, control: u16) -> Peer {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/kamailio.cfg");
    let defined = [
        "REALM=\"127.0.0.1\"".to_owned(),
        format!("PASSWORD={PASSWORD:?}"),
        format!("GATEWAYS=\"{}\"", folder.join("gateways").display()),
        format!("RTPENGINE=\"udp:127.0.0.1:{control}\""),
    ];
    let (listen, runtime) = (format!("udp:{address}"), folder.display().to_string());
    let config = config.display().to_string();
    let mut arguments = vec!["-DD", "-E", "-f", &config, "-l", &listen, "-Y", &runtime, "-m", "32", "-M", "4"];
    arguments.extend(defined.iter().flat_map(|definition| ["-A", definition]));
    Peer::start("kamailio", folder, &arguments)
}

/// The gateway's side of the trunk.
fn behind(file: &mut ConfigFile, kamailio: SocketAddr, password: &Path) {
    let peer: PeerAddress = kamailio.to_string().parse().unwrap();
    let password_file = Some(password.to_owned());
    let registration = RegistrationConfig {
        registrar: peer.clone(),
        user: "warmline".to_owned(),
        password: None,
        password_env: None,
        password_file: password_file.clone(),
        expires_s: 600,
        outbound_proxy: None,
    };
    let auth = AuthConfig { user: "warmline".to_owned(), password: None, password_env: None, password_file, realm: None };
    let trunk = TrunkConfig { registration: Some(registration), auth: Some(auth), ..TrunkConfig::to(vec![peer]) };
    file.trunks.insert(TRUNK.to_owned(), trunk);
    if let Some(maria) = file.agents.get_mut("maria") {
        maria.via = Some(TRUNK.to_owned());
    }
}

/// A WAV: silence and words in turn.
async fn script(parts: &[(u32, &str)], rest_ms: u32) -> Sound {
    let mut voice = Sound::default();
    for (pause_ms, text) in parts {
        voice.samples.extend(Sound::silence(*pause_ms).samples);
        voice.samples.extend(said(text).await.samples);
    }
    voice.samples.extend(Sound::silence(rest_ms).samples);
    voice
}

fn port_of(phone: &Path) -> u16 {
    let config = fs::read_to_string(phone.join("config")).unwrap();
    let listens = config.lines().find_map(|line| line.strip_prefix("sip_listen 127.0.0.1:")).unwrap();
    listens.parse().unwrap()
}

/// The agent's telephone, which registers with Kamailio, says "accept" as long as the briefing may last, and hums afterwards.
async fn agent(folder: &Path, kamailio: &str) -> Child {
    let mut voice = script(&[(5_000, "Accept."); 6], 0).await;
    voice.samples.extend(Sound::tone(AGENT_HZ, 10_000).samples);
    let account = format!(";auth_pass={PASSWORD};outbound=sip:{kamailio}");
    configure_with(folder, AGENT, free_port().unwrap(), &voice, "11250-11299", &account, &["g711"]);
    let accounts = fs::read_to_string(folder.join("accounts")).unwrap();
    let accounts = accounts.replace("regint=0", "regint=60").replace("@127.0.0.1>", &format!("@{kamailio}>"));
    fs::write(folder.join("accounts"), accounts).unwrap();
    start(folder, &[])
}

fn ended(seen: &Value) -> Option<String> {
    (seen["head"]["state"] == "ended").then(|| seen["head"]["outcome"].as_str().unwrap_or_default().to_owned())
}

fn assert_greeting(heard: &str) {
    assert!(heard.contains("help") || heard.contains("assistant"), "the caller heard “{heard}”");
}

/// Sound straight from telephone to gateway. The caller's sound ends, and it hangs up.
async fn straight_call(world: &World) {
    let caller = world.folder.0.join("straight");
    let voice = script(&[(12_000, "What are your opening hours?")], 8_000).await;
    configure_with(&caller, "caller", free_port().unwrap(), &voice, "11150-11199", "", &["g711"]);
    let _calling = start(&caller, &["-e", &format!("/dial sip:support@{}", world.address)]);
    assert_greeting(&words(&heard(&caller).await, &world.folder).await);
    let record = format!("/api/v1/calls/{}", newest_call(&world.gateway.rig).await);
    let seen = world.gateway.rig.api();
    seen.until(&record, LIMIT, ended).await.unwrap();
    assert!(seen.json(&record).await.unwrap()["entries"].to_string().contains("opening_hours"));
    assert_eq!(world.passed("BYE", port_of(&caller)), 1, "{}", world.kamailio.log());
}

/// Sound through rtpengine on both legs. The caller asks for a person, the agent is rung through Kamailio and hangs up in the end.
async fn relayed_call(world: &World) {
    let (caller, agent_folder) = (world.folder.0.join("relayed"), world.folder.0.join("agent"));
    let _agent = agent(&agent_folder, &world.address.to_string()).await;
    world.kamailio.says(&format!("registered {AGENT} at")).await;
    let voice = script(&[(12_000, "I want to talk to a person, please.")], 120_000).await;
    configure_with(&caller, "caller", free_port().unwrap(), &voice, "11200-11249", "", &["g711"]);
    let _calling = start(&caller, &["-e", &format!("/dial sip:relayed@{}", world.address)]);
    world.kamailio.says(&format!("outward to sip:{AGENT}")).await;
    let record = format!("/api/v1/calls/{}", newest_call(&world.gateway.rig).await);
    let outcome = world.gateway.rig.api().until(&record, LIMIT * 2, ended).await.unwrap();
    assert_eq!(outcome, "handed_over");

    let sound = heard(&caller).await;
    let hum = sound.samples.chunks_exact(4_000).filter(|part| Sound { samples: part.to_vec() }.strength(AGENT_HZ) > 0.8).count();
    assert!(hum >= 4, "the caller heard the agent's tone for {hum} half seconds only");
    assert_greeting(&words(&sound, &world.folder).await);
    let briefing = words(&heard(&agent_folder).await, &world.folder).await;
    assert!(briefing.contains("person") || briefing.contains("accept"), "the agent heard “{briefing}”");
    // The agent's BYE came to the gateway, and the gateway's own went to the caller.
    assert_eq!(world.passed("BYE", port_of(&agent_folder)), 1, "{}", world.kamailio.log());
    assert_eq!(world.passed("BYE", world.gateway.rig.sip().port()), 1, "{}", world.kamailio.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_come_and_go_through_kamailio_and_rtpengine() {
    let world = World::start("kamailio").await;
    let capture = Capture::of("kamailio", &world.gateway).await;
    straight_call(&world).await;
    relayed_call(&world).await;
    let figures = String::from_utf8(world.gateway.rig.api().bytes("/metrics").await.unwrap()).unwrap();
    for figure in [
        format!("warmline_trunk_registered{{trunk=\"{TRUNK}\"}} 1"),
        format!("warmline_trunk_up{{trunk=\"{TRUNK}\",peer=\"{}\"}} 1", world.address),
    ] {
        assert!(figures.contains(&figure), "{figure} is not in\n{figures}");
    }

    let packets = capture.end().await;
    packets.assert_well_formed(&["sip", "sdp", "rtp", "rtcp"]);
    let relayed = |ports: RangeInclusive<u16>| packets.sent().filter(|packet| packet.is("rtp") && ports.contains(&packet.to)).count();
    assert!(relayed(RELAYED) > 1_000, "{} packets went through rtpengine", relayed(RELAYED));
    assert!(relayed(11_150..=11_199) > 500, "{} packets went straight", relayed(11_150..=11_199));
    assert_eq!(relayed(11_200..=11_299), 0, "sound went past rtpengine");
}

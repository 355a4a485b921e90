//! A real phone: baresip calls the agent and is called by it. Where it is not installed these tests say so and pass.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::{Child, Command};
use warmline_sip::user_agent::{EndedBy, Event, Timers};

use crate::support::{Agent, quick};

const MODULES: &str = "/usr/lib/baresip/modules";

/// A phone with a tone as its microphone; it ends when dropped.
struct Phone {
    address: SocketAddr,
    _process: Child,
}

impl Phone {
    /// Starts baresip, which then runs `command` (for example a dial); `None` if it is not installed. It has a loopback address to itself, 127.9.0.`host`: it
    /// binds UDP, TCP and TLS (one port further), and on 127.0.0.1 some other test has one of those now and then.
    fn start(host: u8, name: &str, seconds: u32, command: Option<String>) -> Option<Self> {
        if !PathBuf::from(MODULES).exists() {
            eprintln!("baresip is not installed: skipped");
            return None;
        }
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("baresip-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let address = SocketAddr::from((Ipv4Addr::new(127, 9, 0, host), 5060));
        std::fs::write(folder.join("said.wav"), tone(seconds)).unwrap();
        std::fs::write(folder.join("accounts"), "<sip:phone@127.0.0.1>;regint=0;answermode=auto\n").unwrap();
        let heard = folder.join("heard.wav");
        let config = format!(
            "poll_method epoll\nsip_listen {address}\nnet_interface {}\naudio_path /usr/share/baresip\n\
             audio_source aufile,{}\naudio_player aufile,{}\naudio_alert aufile,/dev/null\nausrc_srate 8000\nauplay_srate 8000\n\
             audio_channels 1\njitter_buffer_delay 1-5\nmodule_path {MODULES}\nmodule stdio.so\nmodule g711.so\nmodule aufile.so\n\
             module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n",
            address.ip(),
            folder.join("said.wav").display(),
            heard.display(),
        );
        std::fs::write(folder.join("config"), config).unwrap();
        let mut phone = Command::new("baresip");
        phone.arg("-4").arg("-f").arg(&folder).args(["-t", "30"]);
        if let Some(command) = command {
            phone.args(["-e", &command]);
        }
        let process = phone.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        Some(Self { address, _process: process })
    }
}

/// A WAV file: 8 kHz, 16 bit, one channel, a 400 Hz square wave.
fn tone(seconds: u32) -> Vec<u8> {
    let samples = 8_000 * seconds;
    let mut wav = Vec::new();
    for part in [&b"RIFF"[..], &(36 + samples * 2).to_le_bytes(), b"WAVEfmt ", &16_u32.to_le_bytes()] {
        wav.extend_from_slice(part);
    }
    for half in [1_u16, 1, 8_000, 0, 16_000, 0, 2, 16] {
        wav.extend_from_slice(&half.to_le_bytes());
    }
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&(samples * 2).to_le_bytes());
    wav.extend((0..samples).flat_map(|n| if n / 10 % 2 == 0 { 3_000_i16 } else { -3_000 }.to_le_bytes()));
    wav
}

/// Somewhere for the phone's RTP to go, and a session description that says so.
fn media() -> (UdpSocket, Vec<u8>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    );
    (socket, sdp.into_bytes())
}

async fn patient_agent() -> Agent {
    let mut config = quick();
    config.timers = Timers::default();
    Agent::start(config).await
}

#[tokio::test]
async fn baresip_calls_over_udp_and_tcp_and_the_agent_hangs_up() {
    for (host, transport) in [(1, "udp"), (2, "tcp")] {
        let mut agent = patient_agent().await;
        let address = if transport == "udp" { agent.udp() } else { agent.tcp() };
        let dial = format!("/dial sip:support@{address};transport={transport}");
        let Some(_phone) = Phone::start(host, &format!("calls-{transport}"), 20, Some(dial)) else { return };
        let call = agent.incoming().await;
        assert!(call.offer.is_some_and(|sdp| sdp.windows(7).any(|seven| seven == b"m=audio")), "{transport}");
        let (_media, sdp) = media();
        agent.handle.ring(call.leg, 180, None).await;
        agent.handle.answer(call.leg, sdp).await;
        assert!(matches!(agent.event().await, Event::Confirmed { .. }), "{transport}");
        agent.handle.bye(call.leg, None).await;
        assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Local, .. }));
        agent.settled().await;
    }
}

#[tokio::test]
async fn baresip_is_called_held_resumed_and_hangs_up_itself() {
    let mut agent = patient_agent().await;
    // The phone ends the call when its file is over.
    let Some(phone) = Phone::start(3, "called", 3, None) else { return };
    let (_media, sdp) = media();
    let target = format!("sip:phone@{}", phone.address);
    // The phone needs a moment until it listens; until then its port refuses, and we are told at once.
    let mut leg = agent.dial(&target).await;
    loop {
        match agent.event().await {
            Event::Failed { .. } => leg = agent.dial(&target).await,
            Event::Progress { .. } => {}
            Event::Answered { sdp: Some(_), .. } => break,
            other => panic!("unexpected {other:?}"),
        }
    }
    let text = String::from_utf8(sdp).unwrap();
    for (offer, expected) in [(text.replace("a=rtpmap", "a=sendonly\r\na=rtpmap"), "a=recvonly"), (text, "a=sendrecv")] {
        agent.handle.reinvite(leg, offer.into_bytes()).await;
        let Event::Reanswered { result: Ok(Some(answer)), .. } = agent.event().await else { panic!("expected an answer") };
        assert!(String::from_utf8_lossy(&answer).contains(expected), "{}", String::from_utf8_lossy(&answer));
    }
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    agent.settled().await;
}

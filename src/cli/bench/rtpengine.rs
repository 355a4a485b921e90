//! The same telephones through rtpengine, in user space: the reference for what bridging packets costs on this machine.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::{
    phones::{Kind, Observed, Phone, observe},
    process,
};
use crate::phone::free_port;

/// How long a start or an answer may take.
const PATIENCE: Duration = Duration::from_millis(200);
const ATTEMPTS: usize = 50;

/// Pairs of telephones that it bridges; none if it is not installed (Debian: rtpengine-daemon).
pub(super) fn relay(calls: usize) -> Result<Option<Observed>> {
    let Ok(mut relay) = Relay::start() else { return Ok(None) };
    let measured = relay.bridge(calls).and_then(|phones| {
        let process = relay.child.id();
        observe(phones, || process::cpu(process), || process::memory(process))
    });
    relay.end();
    measured.map(Some)
}

/// A running rtpengine, and its control socket.
struct Relay {
    child: Child,
    control: UdpSocket,
    requests: u32,
}

impl Relay {
    fn start() -> Result<Self> {
        let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        control.set_read_timeout(Some(PATIENCE))?;
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        control.connect(free)?;
        let child = Command::new("rtpengine")
            .args(["--config-file=none", "--foreground", "--table=-1", "--interface=127.0.0.1", "--log-stderr", "--log-level=1"])
            .args(["--port-min=40000", "--port-max=49999", "--num-threads=1", &format!("--listen-ng={free}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("rtpengine")?;
        let mut relay = Self { child, control, requests: 0 };
        if relay.ask("d7:command4:pinge").is_err() {
            relay.end();
            bail!("rtpengine does not answer");
        }
        Ok(relay)
    }

    /// Pairs of telephones whose calls it has accepted.
    fn bridge(&mut self, calls: usize) -> Result<Vec<Phone>> {
        let mut phones = Vec::with_capacity(calls * 2);
        for call in 0..calls {
            let (mut caller, mut agent) = (Phone::new(Kind::Plain)?, Phone::new(Kind::Plain)?);
            agent.connect(self.describe("offer", call, caller.address()?)?);
            caller.connect(self.describe("answer", call, agent.address()?)?);
            phones.extend([caller, agent]);
        }
        Ok(phones)
    }

    /// Tells one side's description; the port that the other side is to send to.
    fn describe(&mut self, command: &str, call: usize, at: SocketAddr) -> Result<u16> {
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
            ip = at.ip(),
            port = at.port()
        );
        let mut fields = vec![("call-id", format!("call-{call}")), ("command", command.to_owned()), ("from-tag", "caller".to_owned())];
        fields.push(("sdp", sdp));
        if command == "answer" {
            fields.push(("to-tag", "agent".to_owned()));
        }
        let answer = self.ask(&dictionary(&fields))?;
        let port = answer.split_once("m=audio ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        port.with_context(|| format!("rtpengine refuses: {answer}"))
    }

    /// One request of the "ng" protocol: a cookie and a bencoded dictionary.
    fn ask(&mut self, request: &str) -> Result<String> {
        self.requests += 1;
        let cookie = self.requests.to_string();
        let mut answer = [0; 4_096];
        for _ in 0..ATTEMPTS {
            // Not listening yet, or an answer to an earlier attempt.
            let _ = self.control.send(format!("{cookie} {request}").as_bytes());
            let Ok(length) = self.control.recv(&mut answer) else {
                std::thread::park_timeout(PATIENCE / 4);
                continue;
            };
            let text = String::from_utf8_lossy(&answer[..length]);
            if let Some(answer) = text.strip_prefix(&format!("{cookie} ")) {
                return Ok(answer.to_owned());
            }
        }
        bail!("rtpengine does not answer")
    }

    fn end(&mut self) {
        // Only if it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bencoding: keys in order, every text with its length.
fn dictionary(fields: &[(&str, String)]) -> String {
    let mut text = "d".to_owned();
    for (key, value) in fields {
        let _ = write!(text, "{}:{key}{}:{value}", key.len(), value.len());
    }
    text.push('e');
    text
}

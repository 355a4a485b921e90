//! What travels on loopback, as Wireshark's dissectors see it: one capture per telephone of others, in which nothing that the gateway sends may be
//! malformed. Capturing needs root (Debian's tshark brings dumpcap).

use std::{fs, net::UdpSocket, ops::RangeInclusive, path::Path, process::Command, time::Duration};

use warmline::clock;

use super::{Folder, Gateway, LIMIT, peer::Peer};

const FILE: &str = "packets.pcap";
/// What is asked of each packet, in this order.
const FIELDS: [&str; 10] = [
    "udp.srcport",
    "tcp.srcport",
    "udp.dstport",
    "tcp.dstport",
    "frame.protocols",
    "sip.Method",
    "sip.Status-Code",
    "sip.CSeq",
    "_ws.malformed",
    "_ws.expert.group",
];
/// Wireshark's number of the group of complaints that a packet is malformed.
const MALFORMED: &str = "117440512";

/// A capture of what the gateway sends and gets, until it is ended.
pub(super) struct Capture {
    dumpcap: Peer,
    folder: Folder,
    from: Ports,
    /// Sends marks to itself: what was sent before a mark that is in the file is in the file, too.
    marks: UdpSocket,
}

/// The gateway's own.
#[derive(Debug, Clone)]
struct Ports {
    sip: u16,
    /// RTP and RTCP.
    sound: RangeInclusive<u16>,
}

/// One packet.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) from: u16,
    pub(super) to: u16,
    /// The dissectors that took part, outermost first.
    protocols: Vec<String>,
    /// Of a SIP request, else empty.
    pub(super) method: String,
    /// Of a SIP response, else empty.
    pub(super) status: String,
    pub(super) cseq: String,
    /// A dissector could not make sense of it.
    malformed: bool,
}

impl Packet {
    pub(super) fn is(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|one| one == protocol)
    }

    fn read(line: &str) -> Self {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), FIELDS.len(), "{line}");
        let port = |fields: &[&str]| fields.concat().parse().unwrap_or_default();
        let text = |index: usize| fields[index].to_owned();
        let protocols = fields[4].split(':').map(str::to_owned).collect();
        let malformed = !fields[8].is_empty() || fields[9].contains(MALFORMED);
        let (from, to) = (port(&fields[0..2]), port(&fields[2..4]));
        Self { from, to, protocols, method: text(5), status: text(6), cseq: text(7), malformed }
    }
}

/// All packets of a capture.
#[derive(Debug)]
pub(super) struct Packets {
    pub(super) all: Vec<Packet>,
    from: Ports,
}

impl Capture {
    /// Begins to capture what this gateway sends and gets.
    pub(super) async fn of(name: &str, gateway: &Gateway) -> Self {
        Self::start(name, Ports { sip: gateway.rig.sip().port(), sound: gateway.place.sound() }).await
    }

    async fn start(name: &str, from: Ports) -> Self {
        let folder = Folder::new(&format!("{name}-capture"));
        let marks = UdpSocket::bind("127.0.0.1:0").unwrap();
        let marked = marks.local_addr().unwrap().port();
        let (sip, first, last) = (from.sip, from.sound.start(), from.sound.end());
        let filter = format!("port {sip} or udp port {marked} or udp portrange {first}-{last}");
        let dumpcap = Peer::start("dumpcap", &folder.0, &["-i", "lo", "-P", "-f", &filter, "-w", FILE]);
        dumpcap.says("File:").await;
        let capture = Self { dumpcap, folder, from, marks };
        capture.sees("here it begins").await;
        capture
    }

    /// Ends it, and has every packet dissected.
    pub(super) async fn end(mut self) -> Packets {
        self.sees("here it ends").await;
        self.dumpcap.end();
        Packets { all: dissected(&self.folder.0.join(FILE), self.from.sip), from: self.from }
    }

    async fn sees(&self, mark: &str) {
        let (deadline, mut look) = (clock::now() + LIMIT, tokio::time::interval(Duration::from_millis(100)));
        loop {
            look.tick().await;
            self.marks.send_to(mark.as_bytes(), self.marks.local_addr().unwrap()).unwrap();
            let seen = fs::read(self.folder.0.join(FILE)).unwrap_or_default();
            if holds(&seen, mark.as_bytes()) {
                return;
            }
            assert!(clock::now() < deadline, "nothing is captured:\n{}", self.dumpcap.log());
        }
    }
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

/// RTP is known by the SDP, or by its looks where tshark cannot follow; what is on the gateway's port for SIP is SIP.
fn dissected(file: &Path, sip: u16) -> Vec<Packet> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-n").arg("-r").arg(file).args(["--enable-heuristic", "rtp_udp"]);
    for transport in ["udp", "tcp"] {
        tshark.args(["-d", &format!("{transport}.port=={sip},sip")]);
    }
    tshark.args(["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"]).args(FIELDS.iter().flat_map(|field| ["-e", *field]));
    let output = tshark.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(Packet::read).collect()
}

impl Packets {
    /// The gateway's own.
    pub(super) fn sent(&self) -> impl Iterator<Item = &Packet> {
        self.all.iter().filter(|packet| packet.from == self.from.sip || self.from.sound.contains(&packet.from))
    }

    /// Without RTCP. Encrypted reports look like plain ones, and tshark reads them as such; those in clear are looked at in the other tests.
    pub(super) fn without_reports(mut self) -> Self {
        self.all.retain(|packet| !packet.is("rtcp"));
        self
    }

    /// Nothing that the gateway sent is malformed, and the dissectors were at work: they found each of these protocols in what it sent.
    pub(super) fn assert_well_formed(&self, protocols: &[&str]) {
        for protocol in protocols {
            assert!(self.sent().any(|packet| packet.is(protocol)), "no {protocol} among {} packets", self.all.len());
        }
        let malformed: Vec<&Packet> = self.sent().filter(|packet| packet.malformed).collect();
        let first: Vec<&&Packet> = malformed.iter().take(5).collect();
        assert!(malformed.is_empty(), "{} malformed packets, such as {first:#?}", malformed.len());
    }
}

/// Nobody uses the port.
const NO_SOUND: RangeInclusive<u16> = 9..=10;

#[tokio::test]
async fn a_malformed_packet_is_found() {
    let gateway = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = gateway.local_addr().unwrap();
    let capture = Capture::start("control", Ports { sip: address.port(), sound: NO_SOUND }).await;
    // An Initial Address Message (Q.763) has more than its type, which is one octet.
    for (kind, body) in [("application/isup", "\x01"), ("text/plain", "\x01")] {
        let head =
            "INFO sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2";
        let text = format!("{head}\r\nCall-ID: x\r\nCSeq: 1 INFO\r\nContent-Type: {kind}\r\nContent-Length: 1\r\n\r\n{body}");
        gateway.send_to(text.as_bytes(), address).unwrap();
        gateway.recv(&mut [0; 2_000]).unwrap();
    }
    let packets = capture.end().await;
    let malformed: Vec<bool> = packets.sent().map(|packet| packet.malformed).collect();
    assert_eq!(malformed, [true, false], "{packets:?}");
}

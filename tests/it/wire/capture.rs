//! What travels on loopback, as Wireshark's dissectors see it: one capture per telephone of others, in which nothing that the gateway sends may be
//! malformed. Capturing needs root (Debian's tshark brings dumpcap).

use std::{net::SocketAddr, ops::RangeInclusive, path::Path, process::Command};

use super::{Folder, peer::Peer};

/// The gateway's RTP and RTCP ports, if the configuration does not say otherwise.
const SOUND: RangeInclusive<u16> = 20_000..=29_999;
/// What is asked of each packet, in this order.
const FIELDS: [&str; 9] = [
    "frame.number",
    "udp.srcport",
    "tcp.srcport",
    "udp.dstport",
    "tcp.dstport",
    "frame.protocols",
    "sip.Method",
    "sip.Status-Code",
    "sip.CSeq",
];
const MALFORMED: &str = "_ws.malformed";

/// A capture of what the gateway sends and gets, until it is ended.
pub(super) struct Capture {
    dumpcap: Peer,
    folder: Folder,
    sip: u16,
}

/// One packet.
#[derive(Debug)]
pub(super) struct Packet {
    number: String,
    pub(super) from: u16,
    pub(super) to: u16,
    /// The dissectors that took part, outermost first.
    protocols: Vec<String>,
    /// Of a SIP request, else empty.
    pub(super) method: String,
    /// Of a SIP response, else empty.
    pub(super) status: String,
    pub(super) cseq: String,
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
        let protocols = fields[5].split(':').map(str::to_owned).collect();
        let (from, to) = (port(&fields[1..3]), port(&fields[3..5]));
        Self { number: text(0), from, to, protocols, method: text(6), status: text(7), cseq: text(8) }
    }
}

/// All packets of a capture.
#[derive(Debug)]
pub(super) struct Packets {
    pub(super) all: Vec<Packet>,
    sip: u16,
}

impl Capture {
    /// Begins to capture.
    pub(super) async fn start(name: &str, gateway: SocketAddr) -> Self {
        let (folder, sip) = (Folder::new(&format!("{name}-capture")), gateway.port());
        let filter = format!("port {sip} or udp portrange {}-{}", SOUND.start(), SOUND.end());
        let mut dumpcap = Peer::start("dumpcap", &folder.0, &["-i", "lo", "-P", "-f", &filter, "-w", "packets.pcap"]);
        dumpcap.says("File:").await;
        Self { dumpcap, folder, sip }
    }

    /// Ends it, and has every packet dissected.
    pub(super) fn end(mut self) -> Packets {
        self.dumpcap.end();
        let packets = dissected(&self.folder.0.join("packets.pcap"), self.sip);
        Packets { all: packets, sip: self.sip }
    }
}

/// RTP is known by the SDP, or by its looks where tshark cannot follow; what is on the gateway's port for SIP is SIP.
fn dissected(file: &Path, sip: u16) -> Vec<Packet> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-n").arg("-r").arg(file).args(["--enable-heuristic", "rtp_udp"]);
    for transport in ["udp", "tcp"] {
        tshark.args(["-d", &format!("{transport}.port=={sip},sip")]);
    }
    tshark.args(["-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]).args(FIELDS.iter().flat_map(|field| ["-e", *field]));
    let output = tshark.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(Packet::read).collect()
}

impl Packets {
    /// The gateway's own.
    pub(super) fn sent(&self) -> impl Iterator<Item = &Packet> {
        self.all.iter().filter(|packet| packet.from == self.sip || SOUND.contains(&packet.from))
    }

    /// Nothing that the gateway sent is malformed, and the dissectors were at work: they found each of these protocols in what it sent.
    pub(super) fn assert_well_formed(&self, protocols: &[&str]) {
        for protocol in protocols {
            assert!(self.sent().any(|packet| packet.is(protocol)), "no {protocol} among {} packets", self.all.len());
        }
        let malformed: Vec<&Packet> = self.sent().filter(|packet| packet.is(MALFORMED)).collect();
        let first: Vec<&&Packet> = malformed.iter().take(5).collect();
        assert!(malformed.is_empty(), "{} malformed packets, such as {first:#?}", malformed.len());
    }
}

//! A small name server on loopback.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// A record.
#[derive(Clone)]
pub(crate) enum Record {
    Address(IpAddr),
    Srv { priority: u16, port: u16, host: &'static str },
    Naptr { order: u16, service: &'static str, replacement: &'static str },
}

impl Record {
    fn kind(&self) -> u16 {
        match self {
            Self::Address(IpAddr::V4(_)) => 1,
            Self::Address(IpAddr::V6(_)) => 28,
            Self::Srv { .. } => 33,
            Self::Naptr { .. } => 35,
        }
    }

    fn data(&self) -> Vec<u8> {
        let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        match self {
            Self::Address(IpAddr::V4(ip)) => ip.octets().to_vec(),
            Self::Address(IpAddr::V6(ip)) => ip.octets().to_vec(),
            Self::Srv { priority, port, host } => {
                [&priority.to_be_bytes()[..], &1_u16.to_be_bytes(), &port.to_be_bytes(), &encoded(host)].concat()
            }
            Self::Naptr { order, service, replacement } => {
                [&order.to_be_bytes()[..], &1_u16.to_be_bytes(), &text("s"), &text(service), &text(""), &encoded(replacement)].concat()
            }
        }
    }
}

fn encoded(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.') {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out
}

/// The server; it stops when dropped.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Serves these records; everything else does not exist, and what ends in `.silent` is never answered.
    pub(crate) async fn start(records: &[(&'static str, Record)]) -> Self {
        let mut zone: HashMap<String, Vec<Record>> = HashMap::new();
        for (name, record) in records {
            zone.entry((*name).to_owned()).or_default().push(record.clone());
        }
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4_096];
            while let Ok((length, source)) = socket.recv_from(&mut buffer).await {
                count.fetch_add(1, Ordering::Relaxed);
                if let Some(answer) = answer(&buffer[..length], &zone) {
                    let _ = socket.send_to(&answer, source).await;
                }
            }
        });
        Self { address, asked, task }
    }

    /// Questions so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One question, answered (RFC 1035 §4).
fn answer(query: &[u8], zone: &HashMap<String, Vec<Record>>) -> Option<Vec<u8>> {
    let (mut at, mut labels) = (12, Vec::new());
    while query[at] != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..=at + length]).to_ascii_lowercase());
        at += length + 1;
    }
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let name = labels.join(".");
    if name.ends_with(".silent") {
        return None;
    }
    let records = zone.get(&name);
    let found: Vec<&Record> = records.into_iter().flatten().filter(|record| record.kind() == kind).collect();
    let code = if records.is_some() { 0x80 } else { 0x83 };
    let count = u8::try_from(found.len()).unwrap();
    let mut out = [&query[..2], &[0x81, code, 0, 1, 0, count, 0, 0, 0, 0], &query[12..at + 5]].concat();
    for record in found {
        let data = record.data();
        out.extend_from_slice(&[0xc0, 12]);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
        out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend_from_slice(&data);
    }
    Some(out)
}

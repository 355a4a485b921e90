//! The registrar in virtual time: expiry, order, ways through NATs.

use std::net::SocketAddr;
use std::time::Duration;

use super::lines::{Bench, header};
use super::{ConnectionId, Hop, Packet, Transport, address, clean};
use crate::auth::{Secret, Session, challenges, strongest};
use crate::user_agent::config::Config;
use crate::user_agent::event::Event;
use crate::user_agent::lines::{Registrar, RegistrarUser};

const ANA: &str = "<sip:ana@192.0.2.2:5060>";

fn bench() -> Bench {
    let user = RegistrarUser { user: "ana".into(), secret: Secret::password("sesame") };
    let registrar = Registrar { contacts_per_user: 3, ..Registrar::new("phones", vec![user]) };
    Bench::new(Config { registrar: Some(registrar), ..Config::default() })
}

fn register(call_id: &str, cseq: u32, lines: &str) -> String {
    format!(
        "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK{call_id}{cseq}{};rport\r\nFrom: <sip:ana@x>;tag=f\r\n\
         To: <sip:ana@x>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n{lines}Content-Length: 0\r\n\r\n",
        lines.len()
    )
}

impl Bench {
    fn says(&mut self, from: (SocketAddr, Option<u64>), text: &str) {
        let message = clean(text.as_bytes(), from.0);
        let transport = if from.1.is_some() { Transport::Tcp } else { Transport::Udp };
        let from = Hop { connection: from.1.map(ConnectionId), ..Hop::to(transport, from.0) };
        self.core.receive(self.now, Packet { from, message });
        self.drain();
    }

    /// Registers with the answer to a fresh challenge; returns the status line of the answer.
    fn registers(&mut self, from: (SocketAddr, Option<u64>), call_id: &str, cseq: u32, lines: &str) -> String {
        self.says(from, &register(call_id, cseq, lines));
        let challenge = header(self.last(), "WWW-Authenticate");
        let secret = Secret::password("sesame");
        let challenge = strongest(&challenges([challenge.as_str()].into_iter()), None, &secret).unwrap();
        let credentials = Session::new(challenge, "c".to_owned()).answer("ana", &secret, "REGISTER", "sip:x").unwrap();
        self.says(from, &register(call_id, cseq, &format!("Authorization: {credentials}\r\n{lines}")));
        self.last().lines().next().unwrap_or_default().to_owned()
    }

    fn contacts(&mut self) -> Vec<usize> {
        let counts =
            self.events.drain(..).map(|event| if let Event::Bindings { contacts, .. } = event { contacts } else { panic!("{event:?}") });
        counts.collect()
    }

    fn uris(&self) -> Vec<String> {
        self.core.registered(self.now, "ana").into_iter().map(|contact| contact.uri).collect()
    }
}

fn from(n: u8) -> (SocketAddr, Option<u64>) {
    (address(n), None)
}

#[test]
fn a_binding_lives_as_long_as_it_was_granted_and_a_refresh_prolongs_it() {
    let mut bench = bench();
    assert_eq!(bench.registers(from(2), "a", 1, &format!("Contact: {ANA};expires=100\r\nExpires: 3000\r\n")), "SIP/2.0 200 OK");
    bench.passes(Duration::from_secs(60));
    assert_eq!(bench.registers(from(2), "a", 2, &format!("Contact: {ANA};expires=100\r\n")), "SIP/2.0 200 OK");
    bench.passes(Duration::from_secs(99));
    assert_eq!((bench.uris().len(), bench.contacts()), (1, vec![1]));
    bench.passes(Duration::from_secs(2));
    assert_eq!((bench.uris().len(), bench.contacts()), (0, vec![0]));
    // Longer than we want, and no wish at all, are the most that we give.
    bench.registers(from(2), "a", 3, &format!("Contact: {ANA}\r\nExpires: 999999\r\n"));
    assert_eq!(header(bench.last(), "Contact"), "<sip:ana@192.0.2.2:5060>;expires=3600");
    bench.passes(Duration::from_secs(3_601));
    assert_eq!((bench.contacts(), bench.core.stats().transactions, bench.core.next_deadline()), (vec![1, 0], 0, None));
}

#[test]
fn an_old_registration_changes_nothing() {
    let mut bench = bench();
    bench.registers(from(2), "a", 5, &format!("Contact: {ANA}\r\n"));
    for lines in [format!("Contact: {ANA};expires=0\r\n"), "Contact: *\r\nExpires: 0\r\n".to_owned()] {
        for cseq in [4, 5] {
            assert!(bench.registers(from(2), "a", cseq, &lines).starts_with("SIP/2.0 500"), "{lines}");
        }
    }
    assert_eq!(bench.uris().len(), 1);
    // After a restart the telephone has another Call-ID: its numbers begin anew.
    assert_eq!(bench.registers(from(2), "b", 1, &format!("Contact: {ANA};expires=0\r\n")), "SIP/2.0 200 OK");
    assert_eq!((bench.uris().len(), bench.contacts()), (0, vec![1, 0]));
}

#[test]
fn a_further_contact_takes_the_place_of_the_oldest_and_a_device_has_one() {
    let mut bench = bench();
    for n in 1..=5 {
        bench.registers(from(2), &format!("c{n}"), 1, &format!("Contact: <sip:ana@192.0.2.{n}0>\r\n"));
    }
    assert_eq!(bench.uris(), ["sip:ana@192.0.2.50", "sip:ana@192.0.2.40", "sip:ana@192.0.2.30"]);
    assert_eq!(bench.contacts(), [1, 2, 3]);
    for port in [1, 2] {
        let line = format!("Contact: <sip:ana@192.0.2.60:{port}>;+sip.instance=\"<urn:uuid:1>\"\r\n");
        bench.registers(from(2), &format!("d{port}"), 1, &line);
    }
    assert_eq!(bench.uris(), ["sip:ana@192.0.2.60:2", "sip:ana@192.0.2.50", "sip:ana@192.0.2.40"]);
}

#[test]
fn a_way_through_a_nat_is_kept_open_and_others_are_left_alone() {
    let mut bench = bench();
    bench.registers(from(2), "a", 1, "Contact: <sip:ana@10.0.0.5:5060>;expires=100\r\n");
    bench.registers(from(3), "b", 1, "Contact: <sip:ana@192.0.2.3:5060>;expires=100\r\n");
    bench.registers((address(4), Some(7)), "c", 1, "Contact: <sip:ana@10.0.0.6:5060;transport=tcp>;expires=100\r\n");
    bench.sent.clear();
    bench.passes(Duration::from_secs(300));
    let knocks: Vec<_> = bench.sent.iter().map(|(at, hop, text)| (*at, hop.address(), text.lines().next().unwrap_or_default())).collect();
    let line = "OPTIONS sip:ana@10.0.0.5:5060 SIP/2.0";
    assert_eq!(knocks, [25_000, 50_000, 75_000].map(|at| (at, address(2), line)));
    assert_eq!(bench.core.stats().transactions, 0);
}

#[test]
fn a_phone_behind_a_closed_stream_is_gone() {
    let mut bench = bench();
    bench.registers((address(4), Some(7)), "a", 1, "Contact: <sip:ana@192.0.2.4;transport=tcp>\r\n");
    bench.registers(from(2), "b", 1, &format!("Contact: {ANA}\r\n"));
    assert!(bench.core.connections_in_use().contains(&ConnectionId(7)));
    bench.core.connection_closed(bench.now, ConnectionId(8));
    bench.core.connection_closed(bench.now, ConnectionId(7));
    bench.drain();
    assert_eq!((bench.uris(), bench.contacts()), (vec!["sip:ana@192.0.2.2:5060".to_owned()], vec![1, 2, 1]));
}

#[test]
fn a_nonce_ages_and_is_bound_to_its_address() {
    let mut bench = bench();
    bench.says(from(2), &register("a", 1, ""));
    let challenge = header(bench.last(), "WWW-Authenticate");
    let secret = Secret::password("sesame");
    let challenge = strongest(&challenges([challenge.as_str()].into_iter()), None, &secret).unwrap();
    let mut session = Session::new(challenge, "c".to_owned());
    let mut credentials = || format!("Authorization: {}\r\n", session.answer("ana", &secret, "REGISTER", "sip:x").unwrap());
    bench.says(from(3), &register("b", 1, &credentials()));
    assert!(bench.last().starts_with("SIP/2.0 401") && header(bench.last(), "WWW-Authenticate").ends_with("stale=true"));
    bench.passes(Duration::from_secs(299));
    bench.says(from(2), &register("a", 2, &credentials()));
    assert!(bench.last().starts_with("SIP/2.0 200"), "{}", bench.last());
    bench.passes(Duration::from_secs(2));
    bench.says(from(2), &register("a", 3, &credentials()));
    assert!(bench.last().starts_with("SIP/2.0 401") && header(bench.last(), "WWW-Authenticate").ends_with("stale=true"));
}

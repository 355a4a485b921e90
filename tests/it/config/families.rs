//! IPv4 and IPv6 at once, and every way to get it wrong.

use std::net::IpAddr;

use super::{broken, example, one, parse};

const UDP: &str = "  udp: 127.0.0.1:5060";
const TCP: &str = "  tcp: 127.0.0.1:5060";
const BIND: &str = "  bind: 127.0.0.1\n";

/// The example with addresses of both families.
fn both() -> String {
    let mut text = example();
    for (from, to) in [
        (UDP, "  udp: [127.0.0.1:5060, \"[::1]:5060\"]"),
        (TCP, "  tcp: [127.0.0.1:5060, \"[::1]:5062\"]"),
        (BIND, "  bind: [127.0.0.1, \"::1\"]\n"),
        ("\ntrunks:\n", "\ntrunks:\n  isp: { peers: [\"[2001:db8::7]:5060\", 192.0.2.7], advertised: [\"2001:db8::1\"] }\n"),
    ] {
        assert!(text.contains(from), "the example does not hold {from:?}");
        text = text.replacen(from, to, 1);
    }
    text
}

#[test]
fn one_address_of_each_family_is_listed() {
    let file = parse(&both()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).file;
    let udp: Vec<String> = file.sip.udp.iter().map(|address| address.to_string()).collect();
    assert_eq!(udp, ["127.0.0.1:5060", "[::1]:5060"]);
    assert_eq!(file.sip.tcp.of(true).map(|address| address.port()), Some(5_062));
    assert_eq!(file.rtp.bind.of(true), "::1".parse::<IpAddr>().ok());
}

#[test]
fn what_is_said_of_one_family_goes_with_what_is_said_of_the_other() {
    one(UDP, "  udp: [127.0.0.1:5060, 127.0.0.2:5060]", "udp: [", "two addresses of IPv4", "");
    one(UDP, "  udp: [127.0.0.1:5060, ::1]", "udp: [", "socket address", "");
    one(UDP, "  udp: { v4: 127.0.0.1:5060 }", "udp: {", "an address, or a list of one of IPv4 and one of IPv6", "");
    one(BIND, "  bind: [\"::1\", \"::2\"]\n", "bind: [", "two addresses of IPv6", "");
    one(UDP, "  udp: [127.0.0.1:5060, \"[::1]:5060\"]", "  bind: 127.0.0.1", "no address of IPv6, which `sip` has one of", "each family");
    one(BIND, "  bind: \"::1\"\n", "bind: \"::1\"", "no address of IPv4, which `sip` has one of", "");
    one(BIND, "  bind: [127.0.0.1, \"::\"]\n", "bind: [127", "bound to every address of IPv6", "sip.advertised");
    one(
        "  advertised:\n",
        "  advertised: \"2001:db8::1\"\n",
        "  advertised: \"",
        "an address of IPv6, and neither",
        "the family that is listened on",
    );
}

#[test]
fn trunks_are_reached_from_their_own_family() {
    for (trunk, key, message) in [
        ("{ peers: [\"[2001:db8::7]\"] }", "trunks.isp.peers[0]", "an address of IPv6, and `sip.udp` has none"),
        ("{ peers: [\"[2001:db8::7];transport=tls\"] }", "trunks.isp.peers[0]", "an address of IPv6, and `sip` has none"),
        ("{ peers: [192.0.2.7], advertised: \"2001:db8::1\" }", "trunks.isp.advertised", "an address of IPv6"),
    ] {
        let found = broken("\ntrunks:\n", &format!("\ntrunks:\n  isp: {trunk}\n"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].key, key);
        assert!(found[0].message.contains(message), "{}", found[0]);
    }
}

//! Where a SIP URI may be reached (RFC 3263 §4): pure. From the answers of NAPTR, SRV, A and AAAA to an ordered list of targets.

use std::net::{IpAddr, SocketAddr};

use crate::transport::Transport;
use crate::uri::{Host, Uri, Wanted};

/// One way to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
}

/// What has to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing.
    Known(Target),
    /// The URI has a port: addresses only (RFC 3263 §4.2).
    Addresses(Place),
    /// The URI has a transport: SRV for that one, then addresses.
    Service { host: String, service: Service },
    /// NAPTR, then SRV for what it offers, or for all that we have.
    Any { host: String, secure: bool },
    /// WebSocket peers are never called (RFC 7118 §5.4), and some transports we do not have.
    Nowhere,
}

/// A host at which a port is to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) transport: Transport,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A name to ask SRV records of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) transport: Transport,
    pub(crate) name: String,
}

/// A NAPTR record (RFC 3403), as far as it matters here.
#[derive(Debug, Clone)]
pub(crate) struct Naptr {
    pub(crate) order: u16,
    pub(crate) preference: u16,
    pub(crate) flags: String,
    pub(crate) service: String,
    pub(crate) replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Srv {
    pub(crate) priority: u16,
    pub(crate) weight: u16,
    pub(crate) port: u16,
    pub(crate) host: String,
}

/// Families of addresses that can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Families {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
    /// Whether IPv6 comes first.
    pub(crate) v6_first: bool,
}

/// What we can reach, by datagrams and by streams.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Able {
    pub(crate) datagrams: Families,
    pub(crate) streams: Families,
}

impl Able {
    fn families(self, transport: Transport) -> Families {
        if transport.is_reliable() { self.streams } else { self.datagrams }
    }

    fn is_any(families: Families) -> bool {
        families.v4 || families.v6
    }
}

/// Decides what to look up.
pub(crate) fn plan(uri: &Uri) -> Plan {
    let wanted = uri.wanted();
    let transport = match wanted {
        Wanted::Unknown | Wanted::Only(Transport::Ws | Transport::Wss) => return Plan::Nowhere,
        Wanted::Only(transport) => transport,
        // Without NAPTR and SRV it is UDP (RFC 3263 §4.1).
        Wanted::Any => Transport::Udp,
    };
    let port = uri.port.unwrap_or(transport.default_port());
    let host = match &uri.host {
        Host::Ip(ip) => return Plan::Known(Target { transport, address: SocketAddr::new(*ip, port) }),
        Host::Name(host) => host.clone(),
    };
    let named = uri.params.get("transport").is_some();
    match (uri.port, named) {
        (Some(_), _) => Plan::Addresses(Place { transport, host, port }),
        (None, true) => Plan::Service { service: service(transport, &host), host },
        (None, false) => Plan::Any { host, secure: uri.secure },
    }
}

/// The SRV name of a transport (RFC 3263 §4.1).
fn service(transport: Transport, host: &str) -> Service {
    let prefix = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws => "_sip._ws",
        Transport::Wss => "_sips._ws",
    };
    Service { transport, name: format!("{prefix}.{host}") }
}

/// The services of a domain: those of its NAPTR records in their order, else one for each transport that we have.
pub(crate) fn services(host: &str, secure: bool, mut records: Vec<Naptr>, able: Able) -> Vec<Service> {
    records.sort_by_key(|record| (record.order, record.preference));
    let usable = |transport: Transport| (transport.is_secure() || !secure) && Able::is_any(able.families(transport));
    let offered = records.into_iter().filter(|record| record.flags.eq_ignore_ascii_case("s")).filter_map(|record| {
        let transport = match record.service.to_ascii_uppercase().as_str() {
            "SIP+D2U" => Transport::Udp,
            "SIP+D2T" => Transport::Tcp,
            "SIPS+D2T" => Transport::Tls,
            _ => return None,
        };
        Some(Service { transport, name: record.replacement })
    });
    let offered: Vec<Service> = offered.filter(|service| usable(service.transport)).take(MOST).collect();
    if offered.is_empty() {
        let own = [Transport::Udp, Transport::Tcp, Transport::Tls];
        return own.into_iter().filter(|&transport| usable(transport)).map(|transport| service(transport, host)).collect();
    }
    offered
}

/// Records of one kind that are followed.
const MOST: usize = 16;

/// Puts SRV records into the order in which they are tried: by priority, and by weight and chance among equals (RFC 2782). `draw` gives a
/// number from 0 to its argument, both included.
pub(crate) fn in_order(mut records: Vec<Srv>, mut draw: impl FnMut(u32) -> u32) -> Vec<Srv> {
    // A lone dot says that the service is not offered.
    records.retain(|record| !matches!(record.host.as_str(), "." | ""));
    // Weight 0 stands first, so that it has a small chance too.
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    records.truncate(MOST);
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let equal = records.iter().take_while(|record| record.priority == priority);
        let total: u32 = equal.clone().map(|record| u32::from(record.weight)).sum();
        let chance = draw(total);
        let mut sum = 0;
        let chosen = equal.clone().position(|record| {
            sum += u32::from(record.weight);
            sum >= chance
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

/// The places of a service.
pub(crate) fn places(service: &Service, records: Vec<Srv>) -> impl Iterator<Item = Place> {
    let transport = service.transport;
    records.into_iter().map(move |record| Place { transport, host: record.host, port: record.port })
}

/// The place of a domain without SRV records.
pub(crate) fn bare(host: &str, transport: Transport) -> Place {
    Place { transport, host: host.to_owned(), port: transport.default_port() }
}

/// The targets of one place, in the order of the families.
pub(crate) fn targets(place: &Place, addresses: &[IpAddr], able: Able) -> Vec<Target> {
    let families = able.families(place.transport);
    let mut found: Vec<Target> = addresses
        .iter()
        .filter(|ip| if ip.is_ipv4() { families.v4 } else { families.v6 })
        .map(|&ip| Target { transport: place.transport, address: SocketAddr::new(ip, place.port) })
        .collect();
    found.sort_by_key(|target| target.address.is_ipv6() != families.v6_first);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Able =
        Able { datagrams: Families { v4: true, v6: true, v6_first: false }, streams: Families { v4: true, v6: true, v6_first: true } };

    fn plan_of(uri: &str) -> Plan {
        plan(&uri.parse().unwrap())
    }

    fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Naptr {
        Naptr { order, preference, flags: "s".to_owned(), service: service.to_owned(), replacement: replacement.to_owned() }
    }

    fn srv(priority: u16, weight: u16, host: &str) -> Srv {
        Srv { priority, weight, port: 5060, host: host.to_owned() }
    }

    #[test]
    fn a_literal_address_or_a_port_skips_look_ups() {
        let known = |transport, address: &str| Plan::Known(Target { transport, address: address.parse().unwrap() });
        assert_eq!(plan_of("sip:a@192.0.2.1"), known(Transport::Udp, "192.0.2.1:5060"));
        assert_eq!(plan_of("sips:a@[2001:db8::1]"), known(Transport::Tls, "[2001:db8::1]:5061"));
        let place = Place { transport: Transport::Tls, host: "example.com".to_owned(), port: 5070 };
        assert_eq!(plan_of("sips:a@example.com:5070"), Plan::Addresses(place));
        assert_eq!(plan_of("sip:a@example.com;transport=ws"), Plan::Nowhere);
        assert_eq!(plan_of("sip:a@example.com;transport=sctp"), Plan::Nowhere);
        let service = Service { transport: Transport::Tcp, name: "_sip._tcp.example.com".to_owned() };
        assert_eq!(plan_of("sip:a@example.com;transport=tcp"), Plan::Service { host: "example.com".to_owned(), service });
        assert_eq!(plan_of("sips:a@example.com"), Plan::Any { host: "example.com".to_owned(), secure: true });
    }

    #[test]
    fn naptr_decides_in_its_order_and_sips_takes_only_what_is_secure() {
        let records = vec![
            naptr(20, 1, "SIP+D2U", "u."),
            naptr(10, 2, "sips+d2t", "s."),
            naptr(10, 1, "SIP+D2T", "t."),
            naptr(5, 1, "SIP+D2W", "w."),
            naptr(1, 1, "E2U+sip", "e."),
        ];
        let names = |secure| services("x", secure, records.clone(), ALL).into_iter().map(|service| service.name).collect::<Vec<_>>();
        assert_eq!(names(false), ["t.", "s.", "u."]);
        assert_eq!(names(true), ["s."]);
        let default: Vec<_> = services("x", false, Vec::new(), ALL).into_iter().map(|service| service.name).collect();
        assert_eq!(default, ["_sip._udp.x", "_sip._tcp.x", "_sips._tcp.x"]);
        // Records for others only must not lead a sips: call into the clear.
        let secure: Vec<_> = services("x", true, vec![naptr(1, 1, "SIP+D2U", "u.")], ALL).into_iter().map(|s| s.name).collect();
        assert_eq!(secure, ["_sips._tcp.x"]);
    }

    #[test]
    fn priority_first_then_weight_by_chance() {
        let records = vec![srv(2, 0, "last"), srv(1, 30, "b"), srv(1, 0, "zero"), srv(1, 10, "a"), srv(0, 0, ".")];
        let order = |draws: &[u32]| {
            let mut draws = draws.iter().copied();
            let ordered = in_order(records.clone(), |most| draws.next().unwrap_or(0).min(most));
            ordered.into_iter().map(|record| record.host).collect::<Vec<_>>()
        };
        assert_eq!(order(&[]), ["zero", "b", "a", "last"]);
        assert_eq!(order(&[31, 5]), ["a", "b", "zero", "last"]);
        assert_eq!(order(&[30, 0]), ["b", "zero", "a", "last"]);
    }

    #[test]
    fn weights_are_the_shares_of_first_tries() {
        use rand::rngs::StdRng;
        use rand::{Rng, SeedableRng};
        let mut rng = StdRng::seed_from_u64(2782);
        let mut first = 0;
        for _ in 0..10_000 {
            let ordered = in_order(vec![srv(1, 25, "few"), srv(1, 75, "many")], |most| rng.random_range(0..=most));
            first += usize::from(ordered[0].host == "many");
        }
        assert!((7_200..7_800).contains(&first), "{first}");
    }

    #[test]
    fn only_families_that_can_be_reached_are_tried() {
        let both: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        let list = |transport, able| targets(&bare("x", transport), &both, able).iter().map(|t| t.address.to_string()).collect::<Vec<_>>();
        assert_eq!(list(Transport::Udp, ALL), ["192.0.2.1:5060", "[2001:db8::1]:5060"]);
        assert_eq!(list(Transport::Tls, ALL), ["[2001:db8::1]:5061", "192.0.2.1:5061"]);
        let v4 = Able { datagrams: Families { v4: true, ..Families::default() }, ..Able::default() };
        assert_eq!(list(Transport::Udp, v4), ["192.0.2.1:5060"]);
        assert!(list(Transport::Tcp, v4).is_empty());
    }
}

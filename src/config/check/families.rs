//! IPv4 and IPv6: what is said of one must go with what is said of the other.

use std::net::IpAddr;

use super::Checker;
use crate::{
    config::{Addresses, ConfigFile, Peer, Transport, addresses::family},
    yaml::Path,
};

/// Does the signalling have an address of a family?
fn listens(file: &ConfigFile, v6: bool) -> bool {
    file.sip.listeners().any(|(_, address)| address.is_ipv6() == v6)
}

impl Checker<'_> {
    /// Whoever can call in a family must be heard in it, and be told an address of it.
    pub(super) fn families(&mut self, file: &ConfigFile) {
        let bind = Path::of(&["rtp", "bind"]);
        if self.was_hurt(&Path::of(&["sip"])) || self.was_hurt(&bind) {
            return;
        }
        for v6 in [false, true] {
            if listens(file, v6) && file.rtp.bind.of(v6).is_none() {
                let message = format!("no address of {}, which `sip` has one of: its calls would have no sound", family(v6));
                self.wrong(&bind, message, Some("list one of each family that `sip` listens on"));
            }
        }
        for address in file.rtp.bind.iter().filter(IpAddr::is_unspecified) {
            if !listens(file, address.is_ipv6()) && file.sip.advertised.of(address.is_ipv6()).is_none() {
                let hint = "bind it to one address, or set `sip.advertised`";
                self.wrong(&bind, format!("bound to every address of {}, and none is advertised", family(address.is_ipv6())), Some(hint));
            }
        }
        self.advertised(&Path::of(&["sip", "advertised"]), &file.sip.advertised, file);
    }

    /// What peers are told of us must be of a family that we have.
    pub(super) fn advertised(&mut self, at: &Path, told: &Addresses<IpAddr>, file: &ConfigFile) {
        for v6 in told.iter().map(|address| address.is_ipv6()) {
            if !listens(file, v6) && file.rtp.bind.of(v6).is_none() {
                let message = format!("an address of {}, and neither `sip` nor `rtp.bind` has one", family(v6));
                self.wrong(at, message, Some("advertise an address of the family that is listened on"));
            }
        }
    }

    /// A peer at an address is only reached from one of its family.
    pub(super) fn family_of(&mut self, at: &Path, peer: &Peer, file: &ConfigFile) {
        let Some(v6) = peer.host.address().map(|address| address.is_ipv6()).filter(|_| !self.was_hurt(&Path::of(&["sip"]))) else { return };
        let (reached, key) = match peer.transport {
            Some(Transport::Udp) | None => (file.sip.udp.of(v6).is_some(), "sip.udp"),
            Some(Transport::Tcp | Transport::Tls) => (listens(file, v6), "sip"),
        };
        if !reached {
            let message = format!("an address of {}, and `{key}` has none: nothing can be sent there", family(v6));
            self.wrong(at, message, Some("list an address of each family there"));
        }
    }
}

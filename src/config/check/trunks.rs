//! Trunks: what their types cannot know.

use std::collections::BTreeSet;

use super::Checker;
use crate::{
    config::{ConfigFile, Peer, RuleConfig, Stir, Transport, TrunkConfig},
    trunk::{HeaderTemplate, Network, Rewriter, Route, SignedPolicy, Trunk, is_header_name},
    yaml::Path,
};

/// Seconds that a registration lasts at least: below, a registrar has nothing else to do.
const LEAST_EXPIRES_S: u32 = 60;

impl Checker<'_> {
    /// Reads the trunks. Where something is wrong with one, what comes of it does not matter.
    pub(in crate::config) fn trunks(&mut self, file: &ConfigFile) -> Vec<Trunk> {
        let mut seen: Vec<(Network, &str)> = Vec::new();
        let mut trunks = Vec::new();
        for (name, trunk) in &file.trunks {
            let at = Path::of(&["trunks", name]);
            if !Route::is_trunk_name(name) {
                let hint = "use 1 to 64 letters, digits, `-`, `_` and `.`; `any` stands for all of them";
                self.wrong(&at, format!("no trunk can be called `{name}`"), Some(hint));
            }
            self.peers(&at, trunk, file);
            self.sources(&at, name, trunk, &mut seen);
            self.account(&at, trunk);
            self.advertised(&at.clone().key("advertised"), &trunk.advertised, file);
            self.bounds(&at, trunk);
            trunks.push(Trunk {
                name: name.clone(),
                networks: trunk.networks(),
                trusted: trunk.identity.trust_asserted,
                signed: match trunk.identity.stir {
                    Stir::Ignore => SignedPolicy::Ignore,
                    Stir::Show => SignedPolicy::Show,
                    Stir::Require => SignedPolicy::Require,
                },
                inbound: self.rules(&at.clone().key("numbers").key("inbound"), &trunk.numbers.inbound),
                outbound: self.rules(&at.clone().key("numbers").key("outbound"), &trunk.numbers.outbound),
                calls_per_second: trunk.calls_per_second,
                calls: trunk.calls,
                headers: self.headers(&at.key("headers").key("send"), trunk),
            });
        }
        trunks
    }

    fn peers(&mut self, at: &Path, trunk: &TrunkConfig, file: &ConfigFile) {
        let key = |key: &str| at.clone().key(key);
        if trunk.peers.is_empty() && !self.was_hurt(&key("peers")) {
            self.wrong(&key("peers"), "no peer: no call could be placed", Some("write them like `peers: [sip.example.net]`"));
        }
        let registration = trunk.registration.as_ref();
        let of_registration = |name: &str| key("registration").key(name);
        let peers = trunk.peers.iter().enumerate().map(|(index, peer)| (key("peers").item(index), Some(peer)));
        let others = [
            (key("outbound_proxy"), trunk.outbound_proxy.as_ref()),
            (of_registration("registrar"), registration.map(|registration| &registration.registrar)),
            (of_registration("outbound_proxy"), registration.and_then(|registration| registration.outbound_proxy.as_ref())),
        ];
        for (at, peer) in peers.chain(others) {
            self.transport(&at, peer, file);
        }
    }

    fn transport(&mut self, at: &Path, peer: Option<&Peer>, file: &ConfigFile) {
        let off = match peer.and_then(|peer| peer.transport) {
            Some(Transport::Udp) => file.sip.udp.is_empty().then_some("udp"),
            Some(Transport::Tcp) => file.sip.tcp.is_empty().then_some("tcp"),
            Some(Transport::Tls) | None => None,
        };
        if let Some(off) = off {
            self.wrong(at, format!("`sip.{off}` is empty: nothing can be sent there"), Some("give it an address"));
        } else if let Some(peer) = peer {
            self.family_of(at, peer, file);
        }
    }

    /// Two trunks cannot share an address: nobody could tell their calls apart.
    fn sources<'f>(&mut self, at: &Path, name: &'f str, trunk: &TrunkConfig, seen: &mut Vec<(Network, &'f str)>) {
        let (networks, key) = (trunk.networks(), if trunk.allowed.is_some() { "allowed" } else { "peers" });
        let cut = self.was_hurt(&at.clone().key(key));
        if networks.is_empty() && trunk.allowed.is_none() && !trunk.peers.is_empty() && !cut {
            let hint = "add `allowed` with its networks, or `allowed: []` if no calls come from it";
            self.wrong(&at.clone().key("peers"), "no peer is a literal address: nobody knows where its calls come from", Some(hint));
        }
        for network in networks {
            if let Some((_, other)) = seen.iter().find(|(known, other)| known.same_as(&network) && *other != name) {
                let message = format!("calls from {}/{} are those of trunk `{other}`", network.address, network.bits);
                self.wrong(&at.clone().key(key), message, Some("the most specific network counts; two trunks cannot have the same"));
            }
            seen.push((network, name));
        }
    }

    fn account(&mut self, at: &Path, trunk: &TrunkConfig) {
        let users = [
            ("registration", trunk.registration.as_ref().map(|registration| registration.user.as_str())),
            ("auth", trunk.auth.as_ref().map(|auth| auth.user.as_str())),
        ];
        for (section, user) in &users {
            let odd = |letter: char| letter.is_control() || letter.is_whitespace() || "\"<>@".contains(letter);
            if user.is_some_and(|user| user.is_empty() || user.contains(odd)) {
                let hint = "write the name alone, without the host";
                self.wrong(&at.clone().key(section).key("user"), "no user of an account", Some(hint));
            }
        }
        if trunk.servers().is_empty() {
            for (section, _) in users.iter().filter(|(_, user)| user.is_some()) {
                let hint = "add `allowed` with the networks of its servers";
                self.wrong(&at.clone().key(section), "no address of its servers is known: nobody would get the password", Some(hint));
            }
        }
        if trunk.registration.as_ref().is_some_and(|registration| registration.expires_s < LEAST_EXPIRES_S) {
            let message = format!("a registration lasts at least {LEAST_EXPIRES_S} seconds");
            self.wrong(&at.clone().key("registration").key("expires_s"), message, None);
        }
    }

    fn bounds(&mut self, at: &Path, trunk: &TrunkConfig) {
        let zero = [("calls_per_second", trunk.calls_per_second == Some(0)), ("calls", trunk.calls == Some(0))];
        for (key, _) in zero.into_iter().filter(|(_, zero)| *zero) {
            self.wrong(&at.clone().key(key), "must be at least 1", Some("leave it empty for no bound of its own"));
        }
        let mut codecs = BTreeSet::new();
        if trunk.codecs.is_empty() || !trunk.codecs.iter().all(|codec| codecs.insert(*codec)) {
            self.wrong(&at.clone().key("codecs"), "one codec at least, and none twice", Some("known here: pcmu, pcma, g722, opus"));
        }
    }

    fn rules(&mut self, at: &Path, rules: &[RuleConfig]) -> Rewriter {
        let mut good = Vec::new();
        for (index, config) in rules.iter().enumerate() {
            let at = at.clone().item(index);
            match config.rule() {
                Some(Ok(rule)) => good.push(rule),
                Some(Err((key, bad))) => self.wrong(&at.key(key), bad.to_string(), None),
                None if self.was_hurt(&at) => {}
                None => self.wrong(&at, "a rule has either `match` or `regex`", None),
            }
        }
        Rewriter::new(good)
    }

    fn headers(&mut self, at: &Path, trunk: &TrunkConfig) -> Vec<(String, HeaderTemplate)> {
        let mut good = Vec::new();
        for (name, text) in &trunk.headers.send {
            let at = at.clone().key(name);
            if !is_header_name(name) {
                self.wrong(
                    &at,
                    format!("`{name}` is no header of ours"),
                    Some("its name begins with `X-`; letters, digits and dashes follow"),
                );
            }
            match HeaderTemplate::parse(text) {
                Ok(template) => good.push((name.clone(), template)),
                Err(message) => self.wrong(&at, message, None),
            }
        }
        good
    }
}

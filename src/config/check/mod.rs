//! What the types cannot know: ports that collide, names that nothing declares, flows that are wrong.

mod accounts;
mod claims;
mod crm;
mod families;
mod languages;
mod passwords;
mod people;
mod privacy;
mod remote;
mod routes;
mod trunks;
mod webhooks;

pub(super) use passwords::Outside;

use crate::{
    config::{ConfigFile, JitterLimits, SipConfig},
    yaml::{Mistake, Path, Read},
};

pub(super) struct Checker<'a> {
    read: &'a Read<ConfigFile>,
    mistakes: Vec<Mistake>,
    /// Mistakes in flow files: those stand in their own files' order.
    in_flows: Vec<Mistake>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(read: &'a Read<ConfigFile>) -> Self {
        Self { read, mistakes: read.mistakes.clone(), in_flows: Vec::new() }
    }

    fn wrong(&mut self, path: &Path, message: impl Into<String>, hint: Option<&str>) {
        self.mistakes.push(self.read.tree.mistake(path, message, hint.map(str::to_owned)));
    }

    /// Was something at `path`, or in it, cut out because its form was wrong? Then it has been complained of already.
    fn was_hurt(&self, path: &Path) -> bool {
        let path = path.to_string();
        self.read.cut.iter().any(|cut| cut.to_string().starts_with(&path))
    }

    pub(super) fn finish(self) -> Result<(), Vec<Mistake>> {
        let Self { mut mistakes, in_flows, .. } = self;
        mistakes.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
        mistakes.dedup();
        mistakes.extend(in_flows);
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    pub(super) fn sections(&mut self, file: &ConfigFile) {
        let at = |section, key| Path::of(&[section, key]);
        if file.sip.listeners().next().is_none() {
            self.wrong(&Path::of(&["sip"]), "no address to listen on: nobody could call", Some("give `udp` or `tcp` an address"));
        }
        for (key, bound) in file.sip.listeners() {
            let ports = file.rtp.ports;
            if key == "udp" && (ports.first..=ports.last).contains(&bound.port()) {
                self.wrong(&at("sip", key), "the port lies in the range of `rtp.ports`", Some("move one of them"));
            }
            if bound.ip().is_unspecified() && file.sip.advertised.of(bound.is_ipv6()).is_none() {
                let hint = "set `sip.advertised` to the address that peers reach us at";
                self.wrong(&at("sip", key), "bound to every address, and none is advertised", Some(hint));
            }
            if matches!(key, "tls" | "wss") && (file.sip.certificate.is_none() || file.sip.private_key.is_none()) {
                self.wrong(&at("sip", key), "TLS without a certificate", Some("set `sip.certificate` and `sip.private_key`"));
            }
        }
        if !file.sip.further_certificates.is_empty() && file.sip.certificate.is_none() {
            let hint = "set `sip.certificate` and `sip.private_key`: it is shown to whoever asks for no name";
            self.wrong(&at("sip", "further_certificates"), "further certificates without a first one", Some(hint));
        }
        self.families(file);
        if file.sip.tcp.iter().any(|tcp| tcp.port() != 0 && tcp == file.http.bind) {
            self.wrong(&at("http", "bind"), "the same address as `sip.tcp`", None);
        }
        self.accounts(file);
        if file.rtp.ports.last - file.rtp.ports.first < 3 {
            self.wrong(&at("rtp", "ports"), "too few ports for one call", Some("a call with an agent takes four"));
        }
        let jitter = file.rtp.jitter;
        if jitter.min_ms > jitter.start_ms || jitter.start_ms > jitter.max_ms || jitter.max_ms > JitterLimits::MOST_MS {
            let most = format!("must be in order, and `max_ms` at most {}", JitterLimits::MOST_MS);
            self.wrong(&at("rtp", "jitter"), most, Some("such as { min_ms: 10, start_ms: 20, max_ms: 240 }"));
        }
        for (section, key, value) in [
            ("limits", "calls", file.limits.calls),
            ("limits", "web_calls_per_address", file.limits.web_calls_per_address),
            ("rtp", "threads", file.rtp.threads),
            ("speech", "threads", file.speech.threads),
            ("http", "connections", file.http.connections),
            ("http", "connections_per_address", file.http.connections_per_address),
            ("desk", "queue_places", file.desk.queue_places),
            ("registrar", "contacts", file.registrar.contacts),
        ] {
            if value == 0 {
                self.wrong(&at(section, key), "must be at least 1", None);
            }
        }
        self.registrar(file);
        self.privacy(file);
        self.claims(file);
        self.remote(&file.speech);
        for (name, address) in &file.services {
            let host = ["http://", "https://"].iter().find_map(|scheme| address.strip_prefix(scheme));
            if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
                self.wrong(&at("services", name), format!("“{address}” is no http address"), Some("write it like `http://127.0.0.1:8099`"));
            }
        }
    }

    /// Whom TLS believes is in files of certificates.
    pub(super) fn authorities_of_tls(&mut self, sip: &SipConfig, outside: Outside<'_>) {
        for (key, file) in [("client_ca", &sip.client_ca), ("server_ca", &sip.server_ca)] {
            let Some(file) = file else { continue };
            let at = Path::of(&["sip", key]);
            match (outside.open)(&outside.folder.join(file)) {
                Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => {}
                Ok(_) => self.wrong(&at, format!("{}: no certificate in PEM form", file.display()), None),
                Err(error) => self.wrong(&at, format!("{}: {error}", file.display()), None),
            }
        }
    }

    fn registrar(&mut self, file: &ConfigFile) {
        let at = |key| Path::of(&["registrar", key]);
        let (least, most) = (file.registrar.min_expires_s, file.registrar.max_expires_s);
        if least == 0 || least > most {
            self.wrong(&at("min_expires_s"), "must be at least 1 and at most `max_expires_s`", None);
        }
        let realm = &file.registrar.realm;
        if realm.is_empty() || realm.len() > 128 || realm.chars().any(|letter| letter.is_control() || matches!(letter, '"' | '\\')) {
            self.wrong(&at("realm"), "a realm has 1 to 128 characters, and no quotes", None);
        }
    }
}

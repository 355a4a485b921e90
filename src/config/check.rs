//! What the types cannot know: ports that collide, names that nothing declares, flows that are wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path as FilePath,
    sync::Arc,
};

use crate::{
    call::flow::Flow,
    config::ConfigFile,
    yaml::{self, Mistake, Path, Read},
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
            if bound.ip().is_unspecified() && file.sip.advertised.is_none() {
                let hint = "set `sip.advertised` to the address that peers reach us at";
                self.wrong(&at("sip", key), "bound to every address, and none is advertised", Some(hint));
            }
            if matches!(key, "tls" | "wss") && (file.sip.certificate.is_none() || file.sip.private_key.is_none()) {
                self.wrong(&at("sip", key), "TLS without a certificate", Some("set `sip.certificate` and `sip.private_key`"));
            }
        }
        if file.sip.tcp.is_some_and(|tcp| tcp.port() != 0 && tcp == file.http.bind) {
            self.wrong(&at("http", "bind"), "the same address as `sip.tcp`", None);
        }
        if !file.http.bind.ip().is_loopback() {
            let hint = "put a proxy with accounts in front of it";
            self.wrong(&at("http", "bind"), "not a loopback address: the pages have no accounts", Some(hint));
        }
        if file.rtp.ports.last - file.rtp.ports.first < 3 {
            self.wrong(&at("rtp", "ports"), "too few ports for one call", Some("a call with an agent takes four"));
        }
        for (section, key, value) in [
            ("limits", "calls", file.limits.calls),
            ("rtp", "threads", file.rtp.threads),
            ("speech", "threads", file.speech.threads),
            ("http", "connections", file.http.connections),
            ("desk", "queue_places", file.desk.queue_places),
        ] {
            if value == 0 {
                self.wrong(&at(section, key), "must be at least 1", None);
            }
        }
        for (name, address) in &file.services {
            let host = ["http://", "https://"].iter().find_map(|scheme| address.strip_prefix(scheme));
            if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
                self.wrong(&at("services", name), format!("“{address}” is no http address"), Some("write it like `http://127.0.0.1:8099`"));
            }
        }
    }

    /// Reads the flows and gives them the addresses of their services.
    pub(super) fn routes(
        &mut self,
        file: &ConfigFile,
        folder: &FilePath,
        open: &dyn Fn(&FilePath) -> io::Result<String>,
    ) -> Vec<(String, Arc<Flow>)> {
        let mut routes = Vec::new();
        let mut read: BTreeMap<&FilePath, Option<Arc<Flow>>> = BTreeMap::new();
        if file.routes.is_empty() && !self.read.was_cut(&Path::of(&["routes"])) {
            self.wrong(&Path::of(&["routes"]), "no route: every call would be refused", Some("add one with `called: \"*\"` and a `flow`"));
        }
        for (index, route) in file.routes.iter().enumerate() {
            let at = Path::of(&["routes"]).item(index);
            let flow = match read.get(route.flow.as_path()) {
                Some(known) => known.clone(),
                None => {
                    let flow = self.flow(&folder.join(&route.flow), &at.clone().key("flow"), file, open);
                    read.insert(&route.flow, flow.clone());
                    flow
                }
            };
            routes.extend(flow.map(|flow| (route.called.clone(), flow)));
        }
        routes
    }

    fn flow(&mut self, path: &FilePath, at: &Path, file: &ConfigFile, open: &dyn Fn(&FilePath) -> io::Result<String>) -> Option<Arc<Flow>> {
        let name = path.display().to_string();
        let text = open(path).map_err(|error| self.wrong(at, format!("{name}: {error}"), None)).ok()?;
        let flow = Flow::parse(&text, &name).map_err(|mistakes| self.in_flows.extend(mistakes)).ok()?;
        match flow.bind(&file.services) {
            Ok(flow) => Some(Arc::new(flow)),
            Err(missing) => {
                self.wrong(
                    &Path::of(&["services"]),
                    format!("{name} needs the address of: {}", missing.join(", ")),
                    Some("add it under `services:`"),
                );
                None
            }
        }
    }

    /// Agents and the queues that they serve.
    pub(super) fn people(&mut self, file: &ConfigFile, routes: &[(String, Arc<Flow>)]) {
        let queues: BTreeSet<&str> = routes.iter().flat_map(|(_, flow)| flow.queues.keys().map(String::as_str)).collect();
        for (id, agent) in &file.agents {
            let at = Path::of(&["agents", id]);
            if agent.target != "browser"
                && !["sip:", "sips:"].iter().any(|scheme| agent.target.strip_prefix(scheme).is_some_and(|rest| rest.len() > 2))
            {
                self.wrong(
                    &at.clone().key("target"),
                    format!("“{}” is no SIP address", agent.target),
                    Some("write it like `sip:maria@192.0.2.7`, or `browser` for the agent's page"),
                );
            }
            if agent.name.trim().is_empty() {
                self.wrong(&at.clone().key("name"), "the name is empty", Some("callers hear it"));
            }
            for (index, queue) in agent.queues.iter().enumerate() {
                // Without a readable flow nothing is known of queues.
                if !queues.contains(queue.as_str()) && !queues.is_empty() {
                    let hint = yaml::did_you_mean(queue, queues.iter().copied());
                    self.wrong(&at.clone().key("queues").item(index), format!("no flow has a queue `{queue}`"), hint.as_deref());
                }
            }
        }
        let served: BTreeSet<&str> = file.agents.values().flat_map(|agent| agent.queues.iter().map(String::as_str)).collect();
        let nobody: Vec<&str> = queues.difference(&served).copied().collect();
        if !nobody.is_empty() && !self.read.cut.iter().any(|cut| cut.to_string().starts_with("agents")) {
            self.wrong(
                &Path::of(&["agents"]),
                format!("nobody serves: {}", nobody.join(", ")),
                Some("add these queues to somebody's `queues`"),
            );
        }
    }
}

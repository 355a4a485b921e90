//! Telephones register with us (RFC 3261 §10.3, RFC 3327) and call us.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::super::event::Event;
use super::super::lines::RegisteredContact;
use super::bindings::{Binding, KEEP_ALIVE, Wish, is_behind_nat};
use super::gate::{Gate, Verdict};
use super::{ConnectionId, Core, Hop, Output, Timer};
use crate::guard::RefusalKind;
use crate::message::{Method, Request, RequestParts, ResponseParts};
use crate::uri::{NameAddr, Uri};

/// Proxies between a telephone and us.
const MAX_PATH: usize = 8;

/// What a REGISTER asks for.
enum Ask {
    /// What is there.
    List,
    /// Nothing is to be there any more (`Contact: *`).
    Clear,
    Change(Vec<Wish>),
}

/// A status and a header that explains it.
type Refused = (u16, Option<(&'static str, String)>);

/// Who places a call.
pub(super) enum Caller {
    /// A registered user, or somebody.
    Of(Option<String>),
    /// Has to say who it is.
    Challenge { stale: bool },
    /// Said it wrong too often.
    Silence,
}

impl Core {
    pub(super) fn start_registrar(&mut self, now: Instant) {
        let key = std::array::from_fn(|_| rand::Rng::random(&mut self.rng));
        self.gate = self.config.registrar.as_ref().map(|config| Box::new(Gate::new(config, key, now)));
    }

    /// REGISTER. Nothing is kept of one whose credentials are not right.
    pub(super) fn register_received(&mut self, now: Instant, request: Request, source: SocketAddr, hop: Hop) {
        let Some(gate) = &mut self.gate else { return };
        match gate.judge(now, source.ip(), request.method(), request.headers.all("Authorization")) {
            Verdict::Silence => self.outputs.push_back(Output::Count(RefusalKind::Credentials)),
            Verdict::Wrong => {
                self.outputs.push_back(Output::Count(RefusalKind::Credentials));
                self.challenge(now, &request, source, hop, 401, false);
            }
            Verdict::Challenge { stale } => self.challenge(now, &request, source, hop, 401, stale),
            Verdict::User(user) => self.register_user(now, request, source, hop, &user),
        }
    }

    pub(super) fn challenge(&mut self, now: Instant, request: &Request, source: SocketAddr, hop: Hop, status: u16, stale: bool) {
        let name = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        let challenges = self.gate.as_mut().map(|gate| gate.challenges(now, source.ip(), stale)).unwrap_or_default();
        self.stateless(request, hop, status, challenges.into_iter().map(|value| (name, value)).collect());
    }

    fn register_user(&mut self, now: Instant, request: Request, source: SocketAddr, hop: Hop, user: &str) {
        let before = self.bindings.of(user).count();
        let (status, mut extra) = match self.rebind(now, &request, source, hop, user) {
            Ok(()) => (200, self.listed(now, user)),
            Err((status, why)) => (status, why.into_iter().collect()),
        };
        let takes_path = request.headers.values("Supported").any(|option| option.eq_ignore_ascii_case("path"));
        if status == 200 && takes_path {
            extra.extend(request.headers.values("Path").take(MAX_PATH).map(|path| ("Path", path.to_owned())));
        }
        let tag = self.token();
        let tx = self.open_server(request, hop, None, &tag);
        self.respond(now, tx, ResponseParts { status, extra, ..ResponseParts::default() });
        self.tell_bindings(user, before);
    }

    fn rebind(&mut self, now: Instant, request: &Request, source: SocketAddr, hop: Hop, user: &str) -> Result<(), Refused> {
        let essentials = &request.essentials;
        // Everybody registers but themselves (RFC 3261 §10.3, step 4).
        if essentials.to.user() != user {
            return Err((403, None));
        }
        let ask = self.asked(request)?;
        let wishes = match &ask {
            Ask::List => return Ok(()),
            Ask::Clear => &[][..],
            Ask::Change(wishes) => wishes,
        };
        if !self.bindings.in_order(user, wishes, &essentials.call_id, essentials.cseq) {
            return Err((500, None));
        }
        let wishes = match ask {
            Ask::List => return Ok(()),
            Ask::Clear => {
                self.bindings.clear(user);
                return Ok(());
            }
            Ask::Change(wishes) => wishes,
        };
        let flow = Self::flow(source, hop);
        for Wish { uri, instance, expires } in wishes {
            if expires.is_zero() {
                self.bindings.remove_contact(user, &uri);
                continue;
            }
            let keep_alive = (!flow.is_reliable() && is_behind_nat(&uri, source)).then_some(now + KEEP_ALIVE);
            let path = request.headers.values("Path").take(MAX_PATH).map(str::to_owned).collect();
            let (call_id, cseq, expires) = (essentials.call_id.clone(), essentials.cseq, now + expires);
            let binding = Binding { user: user.to_owned(), uri, instance, call_id, cseq, expires, flow, path, keep_alive };
            let (due, limit) = (binding.due(), self.config.registrar.as_ref().map_or(1, |config| config.contacts_per_user));
            let id = self.bindings.put(binding, limit);
            self.arm(due, Timer::Binding(id));
        }
        Ok(())
    }

    /// Reads what a REGISTER asks for; nothing is changed unless all of it can be (RFC 3261 §10.3, step 7).
    fn asked(&self, request: &Request) -> Result<Ask, Refused> {
        let Some(config) = &self.config.registrar else { return Err((405, None)) };
        let contacts: Vec<&str> = request.headers.values("Contact").collect();
        let header = request.headers.get("Expires").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        if contacts.contains(&"*") {
            let alone = contacts.len() == 1 && header.is_some_and(|expires| expires.is_zero());
            return if alone { Ok(Ask::Clear) } else { Err((400, None)) };
        }
        if contacts.is_empty() {
            return Ok(Ask::List);
        }
        if contacts.len() > config.contacts_per_user.max(1) {
            return Err((403, None));
        }
        let mut wishes = Vec::new();
        for contact in contacts {
            let contact: NameAddr = contact.parse().map_err(|_| (400, None))?;
            let uri = contact.uri.parse::<Uri>().ok().filter(|uri| !uri.has_headers).ok_or((400, None))?;
            let own = contact.params.get("expires").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            let expires = own.or(header).unwrap_or(config.max_expires);
            if !expires.is_zero() && expires < config.min_expires {
                return Err((423, Some(("Min-Expires", config.min_expires.as_secs().to_string()))));
            }
            let instance = contact.params.get("+sip.instance").filter(|text| !text.is_empty()).map(|text| text.chars().take(128).collect());
            wishes.push(Wish { uri, instance, expires: expires.min(config.max_expires) });
        }
        Ok(Ask::Change(wishes))
    }

    fn listed(&self, now: Instant, user: &str) -> Vec<(&'static str, String)> {
        let line = |binding: &Binding| {
            let left = binding.expires.saturating_duration_since(now).as_secs_f64().ceil();
            format!("<{}>;expires={left:.0}", binding.uri)
        };
        self.bindings.of(user).map(|(_, binding)| ("Contact", line(binding))).collect()
    }

    /// A binding ends, or its way through a NAT has to be used.
    pub(super) fn binding_due(&mut self, at: Instant, now: Instant, id: u64) {
        let Some(binding) = self.bindings.get_mut(id).filter(|binding| binding.due() == at) else { return };
        if binding.expires <= now {
            let user = binding.user.clone();
            let before = self.bindings.of(&user).count();
            self.bindings.remove(id);
            return self.tell_bindings(&user, before);
        }
        binding.keep_alive = Some(now + KEEP_ALIVE);
        let (due, flow, uri) = (binding.due(), binding.flow, binding.uri.to_string());
        self.arm(due, Timer::Binding(id));
        self.knock(flow, &uri);
    }

    /// Makes a telephone behind a NAT send something: most NATs only count what goes out. What it says does not matter, so no transaction is
    /// kept, and a lost one is made up for by the next.
    fn knock(&mut self, flow: Hop, uri: &str) {
        let ((_, own), tag) = (self.sent_by(flow), self.token());
        let parts = RequestParts {
            method: Method::Options,
            uri: uri.to_owned(),
            via: self.new_via(flow),
            routes: Vec::new(),
            from: format!("<sip:{}@{own}>;tag={tag}", self.config.contact_user),
            to: format!("<{uri}>"),
            call_id: self.token(),
            cseq: 1,
            extra: Vec::new(),
        };
        self.outputs.push_back(Output::Send(flow, parts.write(None)));
    }

    /// The telephones that a closed connection led to cannot be reached any more.
    pub(super) fn bindings_closed(&mut self, connection: ConnectionId) {
        for user in self.bindings.close(connection) {
            self.tell_bindings(&user, usize::MAX);
        }
    }

    fn tell_bindings(&mut self, user: &str, before: usize) {
        let contacts = self.bindings.of(user).count();
        if contacts != before {
            self.outputs.push_back(Output::Event(Event::Bindings { user: user.to_owned(), contacts }));
        }
    }

    /// Where a user can be reached, the newest contact first.
    pub(super) fn registered(&self, now: Instant, user: &str) -> Vec<RegisteredContact> {
        let contact = |binding: &Binding| RegisteredContact {
            uri: binding.uri.to_string(),
            source: binding.flow.address(),
            transport: binding.flow.transport,
            expires_in: binding.expires.saturating_duration_since(now),
        };
        self.bindings.of(user).map(|(_, binding)| contact(binding)).collect()
    }

    /// Who places a call: known by the way that its telephone registered by, or by its credentials.
    pub(super) fn caller(&mut self, now: Instant, request: &Request, source: SocketAddr, hop: Hop) -> Caller {
        let (Some(gate), Some(config)) = (&mut self.gate, &self.config.registrar) else { return Caller::Of(None) };
        if let Some(user) = self.bindings.user_at(Self::flow(source, hop), request.essentials.from.user()) {
            return Caller::Of(Some(user.to_owned()));
        }
        let must = config.challenge_calls.iter().any(|network| network.contains(source.ip()));
        if !must && request.headers.get("Proxy-Authorization").is_none() {
            return Caller::Of(None);
        }
        match gate.judge(now, source.ip(), request.method(), request.headers.all("Proxy-Authorization")) {
            Verdict::User(user) => Caller::Of(Some(user)),
            Verdict::Challenge { stale } if must => Caller::Challenge { stale },
            Verdict::Wrong if must => Caller::Challenge { stale: false },
            Verdict::Silence if must => Caller::Silence,
            Verdict::Challenge { .. } | Verdict::Wrong | Verdict::Silence => Caller::Of(None),
        }
    }
}

//! Pages that others reach have accounts, and nobody on the way reads them.

use super::Checker;
use crate::{accounts::password, config::ConfigFile, yaml::Path};

impl Checker<'_> {
    /// Who may come to the pages, and how.
    pub(super) fn accounts(&mut self, file: &ConfigFile) {
        let at = |key| Path::of(&["http", key]);
        let http = &file.http;
        let local = http.bind.ip().is_loopback();
        let off = Some("write `accounts: on`");
        if !http.accounts && !local {
            self.wrong(&at("bind"), "not a loopback address: without accounts everybody could see and do everything", off);
        }
        if !http.accounts && !http.trusted_proxies.is_empty() {
            self.wrong(&at("trusted_proxies"), "whoever comes through a proxy comes from elsewhere: that takes accounts", off);
        }
        if http.certificate.is_some() != http.private_key.is_some() {
            let key = if http.certificate.is_some() { "certificate" } else { "private_key" };
            self.wrong(&at(key), "`certificate` and `private_key` go together", None);
        }
        if http.accounts && !local && http.trusted_proxies.is_empty() && http.certificate.is_none() {
            let hint = "set `certificate` and `private_key`, or name the proxy that speaks TLS in `trusted_proxies`";
            self.wrong(&at("bind"), "not a loopback address: passwords would travel in the clear", Some(hint));
        }
        if http.accounts && !local && http.hosts.is_empty() {
            self.wrong(&at("hosts"), "nobody could reach the pages", Some("list the names and addresses that browsers ask for"));
        }
        if let Some(address) = &http.address {
            let host = ["http://", "https://"].iter().find_map(|scheme| address.strip_prefix(scheme));
            if host.is_none_or(|host| host.is_empty() || host.contains('/')) {
                let hint = "write it like `https://desk.example.com`";
                self.wrong(&at("address"), format!("“{address}” is no address of pages"), Some(hint));
            }
        }
        self.account_bounds(file);
        self.openid(file);
        self.demo(file);
    }

    fn openid(&mut self, file: &ConfigFile) {
        let Some(openid) = &file.accounts.openid else { return };
        let at = |key| Path::of(&["accounts", "openid", key]);
        let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|local| openid.issuer.starts_with(local));
        if !openid.issuer.starts_with("https://") && !local {
            self.wrong(
                &at("issuer"),
                "whoever signs in there must not be read on the way",
                Some("write it like `https://login.example.com`"),
            );
        }
        if openid.roles.is_empty() {
            self.wrong(&at("roles"), "nobody could sign in", Some("say which words give which role: `{ desk: agent }`"));
        }
    }

    /// Everybody is told the password, so that nobody but this machine may ask.
    fn demo(&mut self, file: &ConfigFile) {
        let (http, at) = (&file.http, Path::of(&["demo", "password"]));
        let Some(given) = &file.demo.password else { return };
        if !http.accounts {
            self.wrong(&at, "there are no accounts", Some("write `accounts: on` in `http`"));
        }
        let others = [
            (!http.bind.ip().is_loopback(), "bind"),
            (!http.trusted_proxies.is_empty(), "trusted_proxies"),
            (!http.hosts.is_empty(), "hosts"),
            (http.address.is_some(), "address"),
        ];
        for (_, key) in others.iter().filter(|(set, _)| *set) {
            let message = format!("pages that say a password are for this machine alone, and `http.{key}` opens them to others");
            self.wrong(&at, message, Some("leave it out: everybody who opens the pages could sign in"));
        }
        if let Err(weak) = password::check(given, "") {
            self.wrong(&at, weak.to_string(), None);
        }
    }

    fn account_bounds(&mut self, file: &ConfigFile) {
        let from = &file.accounts;
        for (key, value, least) in [
            ("idle_min", from.idle_min, 1),
            ("longest_h", from.longest_h, 1),
            ("tries", u64::from(from.tries), 1),
            ("back_off_s", from.back_off_s, 1),
            ("longest_back_off_s", from.longest_back_off_s, from.back_off_s.max(1)),
            ("audit_days", from.audit_days, 30),
        ] {
            // More is never meant, and would not fit into milliseconds.
            if value < least || value > 1_000_000 {
                self.wrong(&Path::of(&["accounts", key]), format!("must be at least {least} and at most 1000000"), None);
            }
        }
    }
}

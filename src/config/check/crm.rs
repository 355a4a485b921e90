//! The look-up of callers: an address with a place for the number, times that can work, and values that flows may name.

use super::{Checker, Outside};
use crate::{
    call::flow::Flow,
    config::{ConfigFile, CrmConfig},
    yaml::{self, Path},
};

const NUMBER: &str = "{{ number }}";
/// A card that comes later than that comes too late.
const LONGEST_MS: u64 = 10_000;
/// Values of one caller.
const MOST_FIELDS: usize = 20;

impl Checker<'_> {
    /// Fills in the key, and looks at everything else.
    pub(in crate::config) fn crm<'f>(&mut self, file: &mut ConfigFile, flows: impl Iterator<Item = &'f Flow>, outside: Outside<'_>) {
        let Some(crm) = &mut file.crm else { return };
        let at = Path::of(&["crm"]);
        self.crm_section(&at, crm);
        let mut keys = crm.key_keys();
        // Whoever is asked on the same machine may want none.
        if !keys.given().is_empty() {
            self.password(&at, &mut keys, outside);
        }
        for flow in flows {
            for name in flow.caller.keys().filter(|name| *name != "name" && !crm.fields.contains_key(*name)) {
                let hint = yaml::did_you_mean(name, crm.fields.keys().map(String::as_str));
                let message = format!("the flow `{}` uses `caller.{name}`, which is not among the fields", flow.name);
                self.wrong(&at.clone().key("fields"), message, hint.as_deref());
            }
        }
    }

    fn crm_section(&mut self, at: &Path, crm: &CrmConfig) {
        let key = |key: &str| at.clone().key(key);
        let rest = ["http://", "https://"].iter().find_map(|scheme| crm.url.strip_prefix(scheme));
        let (host, path) = rest.and_then(|rest| rest.split_once('/')).unwrap_or_default();
        let plain = path.replace(NUMBER, "");
        if host.is_empty() || host.contains(['@', '{', ' ']) || plain.contains(['{', '}', ' ', '#']) {
            self.wrong(
                &key("url"),
                format!("“{}” is no http address", crm.url),
                Some("write it like `https://crm.example.com/customers/{{ number }}`"),
            );
        } else if !path.contains(NUMBER) {
            self.wrong(&key("url"), "the number is nowhere in the address", Some("put `{{ number }}` where it belongs"));
        }
        for (name, value) in &crm.headers {
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            if !is_name || value.chars().any(char::is_control) || !value.is_ascii() {
                self.wrong(&key("headers"), format!("`{name}` is no header with a value of one line"), None);
            }
        }
        if !(100..=LONGEST_MS).contains(&crm.timeout_ms) {
            self.wrong(&key("timeout_ms"), format!("must be 100 to {LONGEST_MS}"), None);
        }
        if crm.failures == 0 {
            self.wrong(&key("failures"), "must be at least 1", None);
        }
        if !(1..=3_600).contains(&crm.pause_s) {
            self.wrong(&key("pause_s"), "must be 1 to 3600", None);
        }
        if crm.fields.is_empty() || crm.fields.len() > MOST_FIELDS {
            self.wrong(&key("fields"), format!("there must be 1 to {MOST_FIELDS} of them"), Some("write them like `name: customer.name`"));
        }
        for name in crm.fields.keys().filter(|name| !is_name(name)) {
            self.wrong(&key("fields"), format!("`{name}` is no name"), Some("use small letters, figures and `_`"));
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

//! Webhooks: addresses, secrets, kinds of events and times that can work.

use super::{Checker, Outside};
use crate::{
    config::{ConfigFile, WebhookConfig},
    feed::Kind,
    webhooks::Key,
    yaml::Path,
};

/// Longer than that nobody means to wait for a word of thanks.
const LONGEST_MS: u64 = 60_000;

impl Checker<'_> {
    /// Fills in the secrets, and looks at everything else.
    pub(in crate::config) fn webhooks(&mut self, file: &mut ConfigFile, outside: Outside<'_>) {
        for (name, hook) in &mut file.webhooks {
            let at = Path::of(&["webhooks", name]);
            self.webhook(&at, hook);
            self.password(&at, &mut hook.secret_keys(), outside);
            if hook.secret.as_ref().is_some_and(|secret| Key::parse(secret.expose()).is_none()) {
                let hint = "make one with `echo whsec_$(openssl rand -base64 32)`";
                self.wrong(&at, "the secret is not `whsec_` and 24 to 64 bytes in Base64", Some(hint));
            }
        }
    }

    fn webhook(&mut self, at: &Path, hook: &WebhookConfig) {
        let key = |key: &str| at.clone().key(key);
        let rest = ["http://", "https://"].iter().find_map(|scheme| hook.url.strip_prefix(scheme));
        if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(['@', '#', ' '])) {
            self.wrong(&key("url"), format!("“{}” is no http address", hook.url), Some("write it like `https://crm.example.com/warmline`"));
        }
        for event in hook.events.iter().filter(|event| Kind::of_word(event).is_none()) {
            let words: Vec<&str> = Kind::ALL.into_iter().map(Kind::word).collect();
            self.wrong(&key("events"), format!("“{event}” is no kind of event"), Some(&format!("kinds are {}", words.join(", "))));
        }
        if !(100..=LONGEST_MS).contains(&hook.timeout_ms) {
            self.wrong(&key("timeout_ms"), format!("must be 100 to {LONGEST_MS}"), None);
        }
        if hook.first_retry_ms == 0 || hook.first_retry_ms > hook.longest_retry_ms {
            self.wrong(&key("first_retry_ms"), "must be at least 1 and at most `longest_retry_ms`", None);
        }
        for (name, value) in [("attempts", hook.attempts), ("queue", hook.queue)] {
            if value == 0 {
                self.wrong(&key(name), "must be at least 1", None);
            }
        }
    }
}

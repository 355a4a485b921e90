//! What the signalling keeps up by itself, in the user agent's words: accounts, registrations, looks at peers, telephones that register.

use std::time::Duration;

use warmline_sip::{
    auth::{Algorithm, Secret},
    user_agent,
};

use super::options::guard_network;
use crate::config::{self, Config, DigestName};

/// Seconds.
fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

fn secret(secret: &config::Secret) -> Secret {
    Secret::password(secret.expose())
}

/// Our accounts at trunks.
pub(super) fn accounts(config: &Config) -> Vec<user_agent::Account> {
    let account = |from: config::Account| user_agent::Account {
        password: secret(&from.password),
        name: from.name,
        realm: from.realm,
        user: from.user,
        peers: from.networks.into_iter().map(guard_network).collect(),
    };
    config.accounts().into_iter().map(account).collect()
}

/// Registrations that are kept up.
pub(super) fn registrations(config: &Config) -> Vec<user_agent::Registration> {
    let registration = |from: config::Registration| {
        let registrar = from.registrar.parse().ok()?;
        Some(user_agent::Registration {
            expires: seconds(from.expires_s),
            account: Some(from.account),
            outbound_proxy: from.outbound_proxy.and_then(|proxy| proxy.parse().ok()),
            ..user_agent::Registration::new(&from.name, registrar, &from.user)
        })
    };
    config.registrations().into_iter().filter_map(registration).collect()
}

/// Peers that are looked at.
pub(super) fn health(config: &Config) -> Vec<user_agent::Health> {
    let health = |from: config::Health| {
        let target = from.target.parse().ok()?;
        Some(user_agent::Health { interval: seconds(from.interval_s), ..user_agent::Health::new(&from.name, target) })
    };
    config.health().into_iter().filter_map(health).collect()
}

/// Who may register with us; none: nobody.
pub(super) fn registrar(config: &Config) -> Option<user_agent::Registrar> {
    let phones = config.phones();
    let from = &config.file.registrar;
    let user = |phone: config::Phone| user_agent::RegistrarUser { secret: secret(&phone.password), user: phone.user };
    (!phones.is_empty()).then(|| user_agent::Registrar {
        min_expires: seconds(from.min_expires_s),
        max_expires: seconds(from.max_expires_s),
        contacts_per_user: from.contacts,
        algorithms: from
            .algorithms
            .iter()
            .map(|name| match name {
                DigestName::Sha256 => Algorithm::Sha256,
                DigestName::Md5 => Algorithm::Md5,
            })
            .collect(),
        ..user_agent::Registrar::new(&from.realm, phones.into_iter().map(user).collect())
    })
}

//! What the signalling keeps up by itself, computed from trunks and agents: accounts, registrations, looks at peers, telephones.

use super::{Config, Peer, Secret, TrunkConfig};
use crate::trunk::Network;

/// A user and password of ours at a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What registrations and calls name it by: the trunk's name, with `/registration` where registering has an account of its own.
    pub name: String,
    /// The realm that may ask; none: whatever realm its peers name.
    pub realm: Option<String>,
    /// Our user.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Where those who may ask are. Nobody else gets a hash of the password to guess at.
    pub networks: Vec<Network>,
}

/// A registration that is kept up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The trunk's name.
    pub name: String,
    /// The SIP address of the registrar.
    pub registrar: String,
    /// Our user there.
    pub user: String,
    /// Seconds that it is to last.
    pub expires_s: u32,
    /// The name of its account.
    pub account: String,
    /// The SIP address of the proxy that it goes through.
    pub outbound_proxy: Option<String>,
}

/// A peer that is looked at from time to time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The trunk's name, a slash, and the peer.
    pub name: String,
    /// The SIP address of the peer.
    pub target: String,
    /// Seconds between two looks.
    pub interval_s: u32,
}

/// A telephone that may register with us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Its user: the agent's id.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// The account that registers, beside one that places calls.
fn registering(name: &str, trunk: &TrunkConfig) -> String {
    if trunk.auth.is_some() { format!("{name}/registration") } else { name.to_owned() }
}

impl TrunkConfig {
    /// Where the trunk is: its networks, and whatever of its other servers is a literal address.
    #[must_use]
    pub fn servers(&self) -> Vec<Network> {
        let registration = self.registration.as_ref();
        let others = [
            self.outbound_proxy.as_ref(),
            registration.map(|registration| &registration.registrar),
            registration.and_then(|registration| registration.outbound_proxy.as_ref()),
        ];
        let peers = self.peers.iter().chain(others.into_iter().flatten());
        let literal = peers.filter_map(|peer| peer.host.address()).map(Network::from);
        let mut all = self.networks();
        for network in literal {
            if !all.iter().any(|known| known.contains(network.address)) {
                all.push(network);
            }
        }
        all
    }
}

impl Config {
    /// Our accounts at trunks. A trunk that only has a registration uses its account for calls, too.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let mut accounts = Vec::new();
        for (name, trunk) in &self.file.trunks {
            let networks = trunk.servers();
            if let Some((auth, password)) = trunk.auth.as_ref().and_then(|auth| Some((auth, auth.password.clone()?))) {
                let (realm, user) = (auth.realm.clone(), auth.user.clone());
                accounts.push(Account { name: name.clone(), realm, user, password, networks: networks.clone() });
            }
            if let Some((own, password)) = trunk.registration.as_ref().and_then(|own| Some((own, own.password.clone()?))) {
                let (name, user) = (registering(name, trunk), own.user.clone());
                accounts.push(Account { name, realm: None, user, password, networks });
            }
        }
        accounts
    }

    /// Registrations to keep up.
    #[must_use]
    pub fn registrations(&self) -> Vec<Registration> {
        let all = self.file.trunks.iter().filter_map(|(name, trunk)| Some((name, trunk, trunk.registration.as_ref()?)));
        let registration = |(name, trunk, from): (&String, &TrunkConfig, &super::RegistrationConfig)| Registration {
            name: name.clone(),
            registrar: from.registrar.uri(None),
            user: from.user.clone(),
            expires_s: from.expires_s,
            account: registering(name, trunk),
            outbound_proxy: from.outbound_proxy.as_ref().map(|proxy| proxy.uri(None)),
        };
        all.map(registration).collect()
    }

    /// Peers to look at.
    #[must_use]
    pub fn health(&self) -> Vec<Health> {
        let trunks = self.file.trunks.iter().filter(|(_, trunk)| trunk.health_s > 0);
        let of_trunk = |(name, trunk): (&String, &TrunkConfig)| {
            let look = |peer: &Peer| Health { name: format!("{name}/{peer}"), target: peer.uri(None), interval_s: trunk.health_s };
            trunk.peers.iter().map(look).collect::<Vec<_>>()
        };
        trunks.flat_map(of_trunk).collect()
    }

    /// Telephones that may register.
    #[must_use]
    pub fn phones(&self) -> Vec<Phone> {
        let agents = self.file.agents.iter().filter(|(_, agent)| agent.registers());
        agents.filter_map(|(id, agent)| Some(Phone { user: id.clone(), password: agent.password.clone()? })).collect()
    }
}

//! Lines to telephone networks.

mod account;
mod numbers;
mod peer;

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

pub use account::{AuthConfig, RegistrationConfig};
pub use numbers::{NumbersConfig, RuleConfig};
pub use peer::{Host, Peer, Transport};

use super::addresses::Addresses;
use crate::trunk::Network;

/// One trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkConfig {
    /// Where calls are placed: addresses or host names, with a port and a transport if they need one, in the order in which they are tried.
    pub peers: Vec<Peer>,
    /// Where calls come from: addresses or networks. Empty: the literal addresses among the peers; `[]`: no calls come from it.
    #[serde(default)]
    pub allowed: Option<Vec<Network>>,
    /// How we register with it; empty: not at all.
    #[serde(default)]
    pub registration: Option<RegistrationConfig>,
    /// What we answer when it asks for a password; empty: nothing.
    #[serde(default)]
    pub auth: Option<AuthConfig>,
    /// Where its requests are sent instead of to the peers themselves; empty: to the peers.
    #[serde(default)]
    pub outbound_proxy: Option<Peer>,
    /// The addresses that its servers are told of us (Contact, Via, SDP); empty: those of `sip`.
    #[serde(default)]
    pub advertised: Addresses<IpAddr>,
    /// The user part of our From when we place calls over it; empty: that of its registration, or of `sip`.
    #[serde(default)]
    pub from_user: Option<String>,
    /// The domain in it; empty: that of its registrar, or our address.
    #[serde(default)]
    pub from_domain: Option<Peer>,
    /// Seconds between two looks (OPTIONS) whether a peer is up; 0: none.
    #[serde(default = "health_s")]
    pub health_s: u32,
    /// Codecs, the preferred one first.
    #[serde(default = "codecs")]
    pub codecs: Vec<CodecName>,
    /// Encrypted sound.
    #[serde(default)]
    pub srtp: Srtp,
    /// Keys beside RFC 4733.
    #[serde(default)]
    pub dtmf: DtmfConfig,
    /// What is believed of callers.
    #[serde(default)]
    pub identity: IdentityConfig,
    /// How numbers are written there.
    #[serde(default)]
    pub numbers: NumbersConfig,
    /// New calls a second, in both directions; empty: no bound of its own.
    #[serde(default)]
    pub calls_per_second: Option<u32>,
    /// Calls at once, in both directions; empty: no bound of its own.
    #[serde(default)]
    pub calls: Option<usize>,
    /// Whether a call follows when a peer says that the callee is elsewhere (300 to 302): only to the peer itself, or to an address that
    /// may call us.
    #[serde(default)]
    pub follow_redirects: bool,
    /// What calls that we place carry beside the protocol's own headers.
    #[serde(default)]
    pub headers: HeadersConfig,
}

const fn health_s() -> u32 {
    30
}

fn codecs() -> Vec<CodecName> {
    vec![CodecName::Pcmu, CodecName::Pcma, CodecName::Opus, CodecName::G722]
}

/// A codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodecName {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722.
    G722,
    /// Opus.
    Opus,
}

/// Encrypted sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Srtp {
    /// Never.
    #[default]
    Never,
    /// If the other side wants it, too.
    Offered,
    /// Calls without it are refused.
    Required,
}

/// How keys may come, beside the telephone events of RFC 4733, which are always understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DtmfConfig {
    /// In INFO requests.
    pub info: bool,
    /// As tones in the sound.
    pub inband: bool,
}

/// What is believed of callers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// P-Asserted-Identity, Remote-Party-ID and Diversion are believed.
    pub trust_asserted: bool,
    /// Signed callers (STIR, RFC 8224).
    pub stir: Stir,
}

/// What is done with signed callers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stir {
    /// Nothing.
    #[default]
    Ignore,
    /// The result of the check is shown.
    Show,
    /// Calls without a good signature are refused.
    Require,
}

/// Headers of calls that we place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadersConfig {
    /// `X-…` headers with their values; `{{ call_id }}`, `{{ reason }}` and `{{ claim_code }}` are filled in.
    pub send: BTreeMap<String, String>,
    /// The call's id in User-to-User, too (RFC 7433).
    pub uui: bool,
    /// They do not arrive: agents who are rung over the trunk hear the claim code in their briefing.
    pub stripped: bool,
}

impl TrunkConfig {
    /// A trunk with these peers, and every default.
    #[must_use]
    pub fn to(peers: Vec<Peer>) -> Self {
        Self {
            peers,
            allowed: None,
            registration: None,
            auth: None,
            outbound_proxy: None,
            advertised: Addresses::NONE,
            from_user: None,
            from_domain: None,
            health_s: health_s(),
            codecs: codecs(),
            srtp: Srtp::default(),
            dtmf: DtmfConfig::default(),
            identity: IdentityConfig::default(),
            numbers: NumbersConfig::default(),
            calls_per_second: None,
            calls: None,
            follow_redirects: false,
            headers: HeadersConfig::default(),
        }
    }

    /// User and host of our From, where the trunk has a word in it.
    #[must_use]
    pub fn from(&self) -> (Option<String>, Option<String>) {
        let registration = self.registration.as_ref();
        let user = self.from_user.clone().or_else(|| registration.map(|own| own.user.clone()));
        let host = self.from_domain.as_ref().or_else(|| registration.map(|own| &own.registrar)).map(|place| place.host.to_string());
        (user, host)
    }

    /// Where its calls come from.
    #[must_use]
    pub fn networks(&self) -> Vec<Network> {
        let literal = || self.peers.iter().filter_map(|peer| peer.host.address()).map(Network::from).collect();
        self.allowed.clone().unwrap_or_else(literal)
    }
}

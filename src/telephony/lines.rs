//! What legs agree to, by the trunk that they are on, and what calls that we place carry.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use warmline_sip::{
    codec::Codec,
    message::UserToUser,
    sdp::{Encryption, OfferedProtection},
};

use super::media::Listening;
use crate::trunk::{HeaderTemplate, Values};

/// What the legs of one trunk agree to.
#[derive(Debug, Clone)]
pub struct Line {
    /// Codecs, the preferred one first.
    pub codecs: Vec<Codec>,
    /// Encrypted sound.
    pub encryption: Encryption,
    /// Keys in INFO requests count.
    pub keys_in_info: bool,
    /// Keys in the sound itself count.
    pub keys_in_band: bool,
}

impl Default for Line {
    /// Calls without a trunk: everything that we can do, encrypted if the other side wants it.
    fn default() -> Self {
        Self {
            codecs: vec![Codec::Pcmu, Codec::Pcma, Codec::Opus, Codec::G722],
            encryption: Encryption::IfOffered,
            keys_in_info: true,
            keys_in_band: false,
        }
    }
}

impl Line {
    /// How our own offers are protected: only where it must be, since a phone that cannot encrypt would refuse the call.
    pub(super) fn offer(&self) -> OfferedProtection {
        match self.encryption {
            Encryption::Required => OfferedProtection::Sdes,
            Encryption::Never | Encryption::IfOffered => OfferedProtection::Plain,
        }
    }

    pub(super) const fn listening(&self, dialled: bool) -> Listening {
        Listening { keys_in_band: self.keys_in_band, keys_in_info: self.keys_in_info, dialled }
    }
}

/// How one address is called.
#[derive(Debug, Clone, Default)]
pub struct Outward {
    /// Over this trunk.
    pub trunk: Option<String>,
    /// With these headers.
    pub headers: Vec<(String, HeaderTemplate)>,
    /// With the call's id in User-to-User (RFC 7433).
    pub uui: bool,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// By the trunk's name.
    pub trunks: BTreeMap<String, Line>,
    /// By the address that is called.
    pub outward: BTreeMap<String, Outward>,
}

impl Lines {
    /// What legs of a trunk agree to.
    pub(super) fn of(&self, trunk: Option<&str>) -> Line {
        trunk.and_then(|name| self.trunks.get(name)).cloned().unwrap_or_default()
    }

    /// The trunk over which an address is called.
    pub(super) fn trunk_to(&self, target: &str) -> Option<&str> {
        self.outward.get(target)?.trunk.as_deref()
    }

    /// What a call to that address tells the far end of itself.
    pub(super) fn headers(&self, target: &str, call_id: &str, reason: &str) -> Vec<(String, String)> {
        let Some(outward) = self.outward.get(target) else { return Vec::new() };
        let claim_code = claim_code(call_id);
        let values = Values { call_id, reason, claim_code: &claim_code };
        let mut headers: Vec<(String, String)> =
            outward.headers.iter().map(|(name, template)| (name.clone(), template.fill(values))).collect();
        if outward.uui
            && let Ok(data) = UserToUser::new(call_id)
        {
            headers.push((UserToUser::HEADER.to_owned(), data.to_string()));
        }
        headers
    }
}

/// Six digits that an agent can type to find the call, where a switch has stripped the headers.
#[must_use]
pub fn claim_code(call_id: &str) -> String {
    // The same in every process: the code is also computed where it is looked up.
    let mut hasher = DefaultHasher::new();
    call_id.hash(&mut hasher);
    format!("{:06}", hasher.finish() % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_over_a_trunk_tells_what_it_is_about() {
        let outward = Outward {
            trunk: Some("pbx".to_owned()),
            headers: vec![("X-Reason".to_owned(), HeaderTemplate::parse("{{ reason }} ({{ claim_code }})").unwrap())],
            uui: true,
        };
        let lines = Lines { outward: BTreeMap::from([("sip:1@192.0.2.1".to_owned(), outward)]), ..Lines::default() };
        let headers = lines.headers("sip:1@192.0.2.1", "abc", "wants\r\nRoute: a person");
        assert_eq!(headers[0].1, format!("wants  Route: a person ({})", claim_code("abc")));
        assert_eq!(headers[1], ("User-to-User".to_owned(), "616263;encoding=hex".to_owned()));
        assert!(lines.headers("sip:2@192.0.2.1", "abc", "").is_empty());
    }
}

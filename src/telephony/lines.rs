//! What legs agree to, by the trunk that they are on, and what calls that we place carry.

use std::{collections::BTreeMap, net::IpAddr};

use warmline_sip::{
    codec::Codec,
    message::UserToUser,
    sdp::{Encryption, OfferedProtection},
    uri::Uri,
};

use super::media::Listening;
use super::switchboard::About;
use crate::{
    call::ids::CallId,
    trunk::{HeaderTemplate, Values},
};

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
    /// The addresses that session descriptions name, one of each family at most; without one, that of every call.
    pub advertised: Vec<IpAddr>,
}

impl Default for Line {
    /// Calls without a trunk: everything that we can do, encrypted if the other side wants it.
    fn default() -> Self {
        Self {
            codecs: vec![Codec::Pcmu, Codec::Pcma, Codec::Opus, Codec::G722],
            encryption: Encryption::IfOffered,
            keys_in_info: true,
            keys_in_band: false,
            advertised: Vec::new(),
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

/// How calls are placed over one trunk.
#[derive(Debug, Clone, Default)]
pub struct Outward {
    /// Its peers, in the order in which they are tried.
    pub peers: Vec<Uri>,
    /// Where requests go instead.
    pub proxy: Option<Uri>,
    /// The account whose password answers its questions.
    pub account: Option<String>,
    /// The user of our From; none: that of every call.
    pub from_user: Option<String>,
    /// The host of our From; none: our address.
    pub from_host: Option<String>,
    /// Whether a peer may send a call elsewhere (300 to 302): to itself, or to an address that may call us.
    pub follow_redirects: bool,
    /// Headers.
    pub headers: Vec<(String, HeaderTemplate)>,
    /// The call's id in User-to-User (RFC 7433).
    pub uui: bool,
}

/// All of it, by the trunk's name.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// What legs agree to.
    pub trunks: BTreeMap<String, Line>,
    /// How calls are placed.
    pub outward: BTreeMap<String, Outward>,
}

impl Lines {
    /// What legs of a trunk agree to.
    pub(super) fn of(&self, trunk: Option<&str>) -> Line {
        trunk.and_then(|name| self.trunks.get(name)).cloned().unwrap_or_default()
    }
}

impl Outward {
    /// A user at each of the peers.
    pub(super) fn at_peers(&self, user: &str) -> impl Iterator<Item = Uri> + use<> {
        let user = user.to_owned();
        self.peers.clone().into_iter().map(move |peer| Uri { user: Some(user.clone()), ..peer })
    }

    /// Headers of a call that is placed.
    pub(super) fn headers(&self, about: &About) -> Vec<(String, String)> {
        let About { call: CallId(call_id), reason, claim_code } = about;
        let values = Values { call_id, reason, claim_code };
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, template)| (name.clone(), template.fill(values))).collect();
        if self.uui
            && let Ok(data) = UserToUser::new(call_id.as_str())
        {
            headers.push((UserToUser::HEADER.to_owned(), data.to_string()));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_over_a_trunk_tells_what_it_is_about() {
        let outward = Outward {
            headers: vec![("X-Reason".to_owned(), HeaderTemplate::parse("{{ reason }} ({{ claim_code }})").unwrap())],
            uui: true,
            ..Outward::default()
        };
        let about = |reason: &str| About { call: CallId("abc".to_owned()), reason: reason.to_owned(), claim_code: "012345".to_owned() };
        let headers = outward.headers(&about("wants\r\nRoute: a person"));
        assert_eq!(headers[0].1, "wants  Route: a person (012345)");
        assert_eq!(headers[1], ("User-to-User".to_owned(), "616263;encoding=hex".to_owned()));
        assert!(Outward::default().headers(&about("")).is_empty());
    }
}

//! Who calls, as far as the trunk may be believed.
//!
//! Whatever a caller writes into a message is a claim. What a network adds (P-Asserted-Identity of RFC 3325, its ancestor Remote-Party-ID, and
//! Diversion of RFC 5806) is believed only where the configuration trusts the trunk; from anybody else it is as if it was not there, and none
//! of it is ever sent on.

use super::{numbers::plain_number, table::Trunk};

/// Users that stand for a number that is withheld; RFC 3323 §4.1.1.3 has the first one, gateways have the others.
const WITHHELD: [&str; 4] = ["anonymous", "restricted", "unavailable", "unknown"];
/// The host of an anonymous address (RFC 3323 §4.1.1.3).
const NO_HOST: &str = "anonymous.invalid";
/// Words in Privacy that ask to hide who calls (RFC 3323 §4.2, RFC 3325 §9.3); `full` is a habit of Remote-Party-ID.
const HIDE: [&str; 3] = ["id", "user", "full"];

/// An address in a header, cut into its parts and not yet believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// The user part, or a tel number.
    pub user: String,
    /// The host; empty for a tel number.
    pub host: String,
    /// The display name.
    pub display: Option<String>,
    /// Header parameters, names in lower case, values without quotes.
    pub params: Vec<(String, String)>,
}

/// What an INVITE says of its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// From.
    pub from: Party,
    /// P-Asserted-Identity, in its order.
    pub asserted: Vec<Party>,
    /// Remote-Party-ID, in its order.
    pub remote_party: Vec<Party>,
    /// Diversion, the last one first.
    pub diversion: Vec<Party>,
    /// The words of Privacy.
    pub privacy: Vec<String>,
}

/// Who calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The number or SIP user; none if it is withheld.
    pub number: Option<String>,
    /// The display name; none if the number is withheld.
    pub display: Option<String>,
    /// The network says so, and is believed.
    pub asserted: bool,
    /// The number that the call was forwarded from, said by a network that is believed.
    pub diverted_from: Option<String>,
}

impl Party {
    fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    fn is_anonymous(&self) -> bool {
        self.host.eq_ignore_ascii_case(NO_HOST) || WITHHELD.iter().any(|word| self.user.eq_ignore_ascii_case(word))
    }

    /// `;privacy=full` of Remote-Party-ID and Diversion.
    fn is_private(&self) -> bool {
        self.is_anonymous() || ["full", "uri", "id"].iter().any(|word| self.param("privacy").eq_ignore_ascii_case(word))
    }

    fn is_number(&self) -> bool {
        let user = plain_number(&self.user);
        let digits = user.strip_prefix('+').unwrap_or(&user);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// Who calls on a trunk.
#[must_use]
pub fn caller_identity(claims: &Claims, trunk: &Trunk) -> Identity {
    let asserted = if trunk.trusted { asserted(claims) } else { None };
    let diverted_from = claims.diversion.first().filter(|party| trunk.trusted && !party.is_private());
    let diverted_from = diverted_from.and_then(|party| number(party, trunk));
    let hidden = claims.privacy.iter().any(|word| HIDE.iter().any(|hide| word.eq_ignore_ascii_case(hide)));
    let party = asserted.unwrap_or(&claims.from);
    if hidden || party.is_private() {
        return Identity { diverted_from, ..Identity::default() };
    }
    let display = party.display.clone().or_else(|| claims.from.display.clone().filter(|_| !claims.from.is_anonymous()));
    Identity { number: number(party, trunk), display, asserted: asserted.is_some(), diverted_from }
}

/// The network's word: a number before a name, P-Asserted-Identity before Remote-Party-ID of the calling side.
fn asserted(claims: &Claims) -> Option<&Party> {
    let calling = |party: &&Party| matches!(party.param("party").to_ascii_lowercase().as_str(), "" | "calling");
    let asserted = claims.asserted.iter().find(|party| party.is_number()).or_else(|| claims.asserted.first());
    asserted.or_else(|| claims.remote_party.iter().find(calling)).filter(|party| !party.user.is_empty())
}

fn number(party: &Party, trunk: &Trunk) -> Option<String> {
    Some(trunk.inbound.rewrite(&plain_number(&party.user))).filter(|number| !number.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trunk::{Rewriter, Rule};

    fn party(user: &str) -> Party {
        Party { user: user.to_owned(), host: "192.0.2.9".to_owned(), ..Party::default() }
    }

    fn with(user: &str, name: &str, value: &str) -> Party {
        Party { params: vec![(name.to_owned(), value.to_owned())], ..party(user) }
    }

    fn trunk(trusted: bool) -> Trunk {
        let inbound = Rewriter::new(vec![Rule::pattern("0*", "+40*").unwrap()]);
        Trunk { trusted, inbound, ..Trunk::any() }
    }

    fn claims() -> Claims {
        Claims {
            from: Party { display: Some("Ana".to_owned()), ..party("0721000111") },
            asserted: vec![party("maria"), party("0213000000")],
            diversion: vec![party("0213111111"), party("0213222222")],
            ..Claims::default()
        }
    }

    #[test]
    fn a_stranger_is_what_it_says_in_from_and_nothing_else_is_read() {
        let stranger = Claims { remote_party: vec![party("0213000009")], ..claims() };
        let expected = Identity { number: Some("+40721000111".into()), display: Some("Ana".into()), ..Identity::default() };
        assert_eq!(caller_identity(&stranger, &trunk(false)), expected);
        assert_eq!(caller_identity(&claims(), &Trunk { inbound: trunk(false).inbound, ..Trunk::any() }), expected);
    }

    #[test]
    fn a_trusted_trunk_is_believed() {
        let identity = caller_identity(&claims(), &trunk(true));
        assert_eq!((identity.number.as_deref(), identity.asserted), (Some("+40213000000"), true));
        assert_eq!(identity.diverted_from.as_deref(), Some("+40213111111"));
        let remote_party = vec![with("0211", "party", "called"), with("0212", "party", "calling")];
        let old = caller_identity(&Claims { asserted: Vec::new(), remote_party, ..claims() }, &trunk(true));
        assert_eq!((old.number.as_deref(), old.asserted), (Some("+40212"), true));
        let silent = caller_identity(&Claims { from: party("0213"), ..Claims::default() }, &trunk(true));
        assert_eq!((silent.number.as_deref(), silent.asserted), (Some("+40213"), false));
    }

    #[test]
    fn a_name_without_a_number_is_a_name() {
        let page = Claims { from: Party { display: Some("Ana".into()), ..Party::default() }, ..Claims::default() };
        assert_eq!(caller_identity(&page, &Trunk::any()), Identity { display: Some("Ana".into()), ..Identity::default() });
    }

    #[test]
    fn who_wants_to_be_withheld_is() {
        let nobody = Identity::default();
        for word in ["id", "ID", "user", "full"] {
            let claims = Claims { privacy: vec!["critical".into(), word.into()], diversion: Vec::new(), ..claims() };
            assert_eq!(caller_identity(&claims, &trunk(true)), nobody, "{word}");
            assert_eq!(caller_identity(&claims, &trunk(false)), nobody, "{word}");
        }
        let anonymous =
            Party { user: "anonymous".into(), host: "anonymous.invalid".into(), display: Some("Anonymous".into()), ..Party::default() };
        let unknown = Claims { from: anonymous.clone(), ..Claims::default() };
        assert_eq!(caller_identity(&unknown, &trunk(true)), nobody);
        // The network knows the number and the caller did not ask to hide it from the called side.
        let known = Claims { from: anonymous, asserted: vec![party("0213")], ..Claims::default() };
        let identity = caller_identity(&known, &trunk(true));
        assert_eq!((identity.number.as_deref(), identity.display), (Some("+40213"), None));
        let private = Claims { remote_party: vec![with("0213", "privacy", "full")], from: party("0214"), ..Claims::default() };
        assert_eq!(caller_identity(&private, &trunk(true)), nobody);
        let forwarded = Claims { diversion: vec![with("0213", "privacy", "full")], ..claims() };
        assert_eq!(caller_identity(&forwarded, &trunk(true)).diverted_from, None);
        let plain = Claims { privacy: vec!["none".into(), "header".into()], ..claims() };
        assert!(caller_identity(&plain, &trunk(true)).number.is_some());
    }
}

//! What an INVITE says of its caller, cut into parts. Whether it is believed is decided by `crate::trunk`.

use warmline_sip::{
    uri::{NameAddr, Params, parse_host_port, split_outside_quotes},
    user_agent::Incoming,
};

use crate::trunk::{Claims, Party};

/// Values of one header that are looked at: a call that was forwarded more often than this goes round in circles.
const VALUES: usize = 8;

/// The claims of a call. What cannot be read is as if it was not there.
pub(super) fn claims(incoming: &Incoming) -> Claims {
    let from = NameAddr { display: incoming.display_name.clone(), uri: incoming.from.clone(), params: Params::default() };
    Claims {
        from: party(&from),
        asserted: parties(incoming, "P-Asserted-Identity"),
        remote_party: parties(incoming, "Remote-Party-ID"),
        diversion: parties(incoming, "Diversion"),
        privacy: values(incoming, "Privacy", &[';', ',']).map(str::to_owned).collect(),
    }
}

fn values<'i>(incoming: &'i Incoming, name: &'static str, separators: &'static [char]) -> impl Iterator<Item = &'i str> {
    let all = incoming.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
    let split = all.flat_map(move |(_, value)| value.split(|letter| separators.contains(&letter)));
    split.map(str::trim).filter(|value| !value.is_empty()).take(VALUES)
}

fn parties(incoming: &Incoming, name: &str) -> Vec<Party> {
    let all = incoming.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let values = all.flat_map(|(_, value)| split_outside_quotes(value, ',')).take(VALUES);
    values.filter_map(|value| value.parse().ok()).map(|value| party(&value)).collect()
}

fn party(value: &NameAddr) -> Party {
    let host = value.uri.rsplit_once('@').map(|(_, host)| host.split([';', '?']).next().unwrap_or_default());
    let host = host.and_then(|host| parse_host_port(host).ok()).map(|(host, _)| host.to_string());
    let param = |name: &str| value.params.get(name).map(|text| (name.to_owned(), text.trim_matches('"').to_owned()));
    Party {
        user: value.user().to_owned(),
        host: host.unwrap_or_default(),
        display: value.display.clone(),
        params: ["party", "privacy"].iter().filter_map(|name| param(name)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use warmline_sip::user_agent::{LegId, Transport};

    use super::*;

    fn incoming(headers: &[(&str, &str)]) -> Incoming {
        Incoming {
            leg: LegId(1),
            from: "sip:+40721000111@198.51.100.9;user=phone".to_owned(),
            display_name: Some("Ana".to_owned()),
            to: "sip:support@192.0.2.1".to_owned(),
            request_uri: "sip:support@192.0.2.1".to_owned(),
            call_id: "1".to_owned(),
            offer: None,
            source: ([198, 51, 100, 9], 5060).into(),
            transport: Transport::Udp,
            replaces: None,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    #[test]
    fn headers_become_parties() {
        let claims = claims(&incoming(&[
            ("p-asserted-identity", "\"Pop, Ana\" <sip:+40213@isp.example>, <tel:+40214>"),
            ("Remote-Party-ID", "<sip:+40215@isp.example>;party=calling;privacy=\"full\";screen=yes"),
            ("Diversion", "<sip:+40216@isp.example>;reason=unconditional"),
            ("Diversion", "<sip:+40217@isp.example>"),
            ("Privacy", "id; critical"),
        ]));
        assert_eq!((claims.from.user.as_str(), claims.from.host.as_str()), ("+40721000111", "198.51.100.9"));
        assert_eq!(claims.asserted[0].display.as_deref(), Some("Pop, Ana"));
        assert_eq!((claims.asserted[1].user.as_str(), claims.asserted[1].host.as_str()), ("+40214", ""));
        let params = [("party", "calling"), ("privacy", "full")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(claims.remote_party[0].params, params);
        assert_eq!(claims.diversion.iter().map(|party| party.user.as_str()).collect::<Vec<_>>(), ["+40216", "+40217"]);
        assert_eq!(claims.privacy, ["id", "critical"]);
    }

    #[test]
    fn nonsense_is_left_out_and_a_long_list_is_cut() {
        let long = vec!["<sip:1@a>"; 1_000].join(",");
        let claims = claims(&incoming(&[("P-Asserted-Identity", "nonsense, <sip:2@a"), ("Diversion", &long), ("Privacy", ";;,")]));
        assert_eq!((claims.asserted.len(), claims.diversion.len(), claims.privacy.len()), (0, VALUES, 0));
    }
}

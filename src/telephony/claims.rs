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
    let (display, uri) = (incoming.display_name.clone(), incoming.from.clone());
    read(&NameAddr { display, uri, params: Params::default() }, &incoming.headers)
}

fn read(from: &NameAddr, headers: &[(String, String)]) -> Claims {
    let privacy = all(headers, "Privacy").flat_map(|value| value.split([';', ','])).map(str::trim).filter(|word| !word.is_empty());
    Claims {
        from: party(from),
        asserted: parties(headers, "P-Asserted-Identity"),
        remote_party: parties(headers, "Remote-Party-ID"),
        diversion: parties(headers, "Diversion"),
        privacy: privacy.take(VALUES).map(str::to_owned).collect(),
    }
}

fn all<'h>(headers: &'h [(String, String)], name: &str) -> impl Iterator<Item = &'h str> {
    headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn parties(headers: &[(String, String)], name: &str) -> Vec<Party> {
    let values = all(headers, name).flat_map(|value| split_outside_quotes(value, ',')).take(VALUES);
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
    use super::*;

    fn claims(headers: &[(&str, &str)]) -> Claims {
        let from = "Ana <sip:+40721000111@198.51.100.9;user=phone>".parse().unwrap();
        let headers: Vec<(String, String)> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&from, &headers)
    }

    #[test]
    fn headers_become_parties() {
        let claims = claims(&[
            ("p-asserted-identity", "\"Pop, Ana\" <sip:+40213@isp.example>, <tel:+40214>"),
            ("Remote-Party-ID", "<sip:+40215@isp.example>;party=calling;privacy=\"full\";screen=yes"),
            ("Diversion", "<sip:+40216@isp.example>;reason=unconditional"),
            ("Diversion", "<sip:+40217@isp.example>"),
            ("Privacy", "id; critical"),
        ]);
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
        let claims = claims(&[("P-Asserted-Identity", "nonsense, <sip:2@a"), ("Diversion", &long), ("Privacy", ";;,")]);
        assert_eq!((claims.asserted.len(), claims.diversion.len(), claims.privacy.len()), (0, VALUES, 0));
    }
}

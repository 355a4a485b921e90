//! Values of single headers: what is read and written again means the same.

use warmline_sip::message::{Headers, Method, UserToUser, Via};
use warmline_sip::uri::{NameAddr, Params, Uri, parse_host_port};

pub(crate) fn headers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines().take(32) {
        value(line);
    }
    let mut headers = Headers::default();
    text.lines().take(32).for_each(|line| headers.push("X-Any", line.to_owned()));
    assert!(headers.values("X-Any").count() <= bytes.len() + 32);
    let pairs: Vec<_> = text.lines().map(|line| (UserToUser::HEADER.to_owned(), line.to_owned())).collect();
    assert!(UserToUser::all(&pairs).len() <= 8);
}

fn value(line: &str) {
    if let Ok(uri) = line.parse::<Uri>() {
        let again = uri.to_string().parse::<Uri>().expect("what is written can be read");
        assert_eq!(Uri { has_headers: uri.has_headers, ..again }, uri, "{line}");
        assert!(uri.is_same_address(&uri));
        let _ = (uri.wanted(), uri.address());
    }
    if let Ok(address) = line.parse::<NameAddr>() {
        assert!(!address.uri.contains(|c: char| c.is_control() || c.is_whitespace()));
        assert!(address.display.is_none_or(|name| name.chars().count() <= 128 && !name.contains(char::is_control)));
    }
    if let Ok(via) = line.parse::<Via>() {
        assert_eq!(via.to_string().parse().as_ref(), Ok(&via), "{line}");
    }
    if let Ok(params) = Params::parse(line) {
        assert_eq!(Params::parse(&params.to_string()).as_ref(), Ok(&params), "{line}");
    }
    if let Ok(data) = line.parse::<UserToUser>() {
        let again = data.to_string().parse::<UserToUser>().expect("what is written can be read");
        assert_eq!(again.data, data.data);
    }
    if let Some(method) = Method::parse(line) {
        assert_eq!(method.as_str(), line);
    }
    let _ = parse_host_port(line);
}

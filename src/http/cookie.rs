//! The cookie of a session: for this site's own pages alone, and not for their scripts.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// Browsers take a name that begins so only with `Secure`, for this host alone.
const SECURE: &str = "__Host-warmline";
const PLAIN: &str = "warmline";

/// The secret that a page shows. More than one is nobody's.
pub(super) fn read(headers: &HeaderMap, secure: bool) -> Option<&str> {
    find(headers, name(secure))
}

/// A cookie's value if it is there exactly once.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    });
    let first = values.next()?;
    if values.next().is_some() { None } else { Some(first) }
}

/// The header that gives a page its session.
pub(super) fn set(secret: &str, secure: bool, longest: Duration) -> HeaderValue {
    line(secret, secure, longest.as_secs())
}

/// The header that takes it away.
pub(super) fn clear(secure: bool) -> HeaderValue {
    line("", secure, 0)
}

fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

fn line(secret: &str, secure: bool, seconds: u64) -> HeaderValue {
    let also = if secure { "; Secure" } else { "" };
    let text = format!("{}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{also}", name(secure));
    let mut value = HeaderValue::from_str(&text).expect("a secret is made of letters and digits");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn a_cookie_is_found_once_under_the_name_that_fits_the_connection() {
        assert_eq!(read(&headers(&["a=b; warmline=x; c=d"]), false), Some("x"));
        assert_eq!(read(&headers(&["a=b", "__Host-warmline=x"]), true), Some("x"));
        for (lines, secure) in [
            (&["warmline=x"][..], true),
            (&["__Host-warmline=x"], false),
            (&["warmline=x; warmline=y"], false),
            (&["warmlines=x"], false),
            (&[], false),
        ] {
            assert_eq!(read(&headers(lines), secure), None, "{lines:?}");
        }
    }

    #[test]
    fn scripts_and_other_sites_have_no_part_in_it() {
        assert_eq!(set("s", false, Duration::from_secs(9)), "warmline=s; Path=/; Max-Age=9; HttpOnly; SameSite=Strict");
        assert_eq!(clear(true), "__Host-warmline=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure");
    }
}

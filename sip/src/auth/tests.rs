//! Known answers from the RFCs, challenges as peers really write them, and what a replay or a guesser meets.

#![expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::*;

const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn one(field: &str) -> Challenge {
    challenges([field].into_iter()).pop().unwrap()
}

fn answer(challenge: Challenge, password: &str, cnonce: &str) -> String {
    let mut session = Session::new(challenge, cnonce.to_owned());
    session.answer("Mufasa", &Secret::password(password), "GET", "/dir/index.html").unwrap()
}

#[test]
fn the_examples_of_rfc_7616_and_rfc_2617() {
    let nonce = "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    for (algorithm, expected) in
        [("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"), ("MD5", "8ca523f5e9506fed4657c9700eebdbec")]
    {
        let field = format!("Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, {nonce}");
        let value = answer(one(&field), "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
        assert!(value.contains(&format!("response=\"{expected}\"")) && value.contains("nc=00000001"), "{value}");
        let read = Credentials::find([value.as_str()].into_iter(), "http-auth@example.org").unwrap();
        let hash = Secret::password("Circle of Life").hash(read.algorithm, "Mufasa", "http-auth@example.org").unwrap();
        assert!(read.prove(&hash, "GET") && !read.prove(&hash, "PUT") && !read.prove("", "GET"), "{algorithm}");
    }
    let field = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                 opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let value = answer(one(field), "Circle Of Life", "0a4f113b");
    assert!(value.contains("response=\"6629fae49393a05397450978507c4ef1\"") && !value.contains("algorithm"), "{value}");
}

/// H(H(user:realm:password):nonce:cnonce), worked out by hand from the two examples above.
#[test]
fn session_variants_bind_the_password_to_the_first_nonce() {
    let field = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5-sess";
    let value = answer(one(field), "p", "c");
    let read = Credentials::find([value.as_str()].into_iter(), "r").unwrap();
    let hash = Secret::password("p").hash(Algorithm::Md5, "Mufasa", "r").unwrap();
    assert!(read.algorithm == Algorithm::Md5Sess && read.prove(&hash, "GET"));
    let plain = Credentials { algorithm: Algorithm::Md5, ..read };
    assert!(!plain.prove(&hash, "GET"));
}

#[test]
fn challenges_are_read_as_peers_write_them() {
    let joined = "Digest realm=\"a, b\",nonce=\"n1\",algorithm=SHA-512-256,qop=\"auth\", digest Realm = \"x\" , NONCE=\"n2\", stale=TRUE, \
                  algorithm=md5, qop=auth,Basic realm=\"y\", Digest realm=\"z\", nonce=n3, qop=\"auth-int\", Digest realm=\"no nonce\"";
    let found = challenges([joined, "Digest realm=\"w\", nonce=\"n4\", algorithm=SHA-256", "", ",,=,Digest", "\"open"].into_iter());
    let seen: Vec<_> = found.iter().map(|c| (c.realm.as_str(), c.nonce.as_str(), c.algorithm, c.stale)).collect();
    assert_eq!(seen, [("x", "n2", Algorithm::Md5, true), ("w", "n4", Algorithm::Sha256, false)]);
    let secret = Secret::password("p");
    assert_eq!(strongest(&found, None, &secret).unwrap().nonce, "n4");
    assert_eq!(strongest(&found, Some("x"), &secret).unwrap().nonce, "n2");
    assert_eq!(strongest(&found, Some("v"), &secret), None);
    let only_md5 = Secret::hashed(Some("00".to_owned()), None);
    assert_eq!(strongest(&found, None, &only_md5).unwrap().nonce, "n2");
}

#[test]
fn of_equals_the_first_is_taken_and_a_flood_of_challenges_is_cut_off() {
    let many: Vec<String> = (0..500).map(|n| format!("Digest realm=\"r\", nonce=\"{n}\"")).collect();
    let found = challenges([many.join(", ").as_str()].into_iter());
    assert_eq!((found.len(), strongest(&found, None, &Secret::password("p")).unwrap().nonce.as_str()), (16, "0"));
}

#[test]
fn a_nonce_is_used_again_with_a_rising_count() {
    let mut session = Session::new(one("Digest realm=\"r\", nonce=\"n\", qop=\"auth\""), "c".to_owned());
    for count in ["nc=00000001", "nc=00000002", "nc=00000003"] {
        assert!(session.answer("u", &Secret::password("p"), "REGISTER", "sip:a").unwrap().ends_with(count));
    }
    let bare = answer(one("Digest realm=\"r\", nonce=\"n\""), "p", "c");
    assert!(!bare.contains("qop") && !bare.contains("cnonce") && !bare.contains("nc="), "{bare}");
}

#[test]
fn secrets_show_nothing_and_stored_hashes_serve() {
    for secret in [Secret::password("hunter2"), Secret::hashed(Some("0A4F".to_owned()), None)] {
        let shown = format!("{secret:?}");
        assert!(!shown.contains("hunter2") && !shown.to_lowercase().contains("0a4f"), "{shown}");
    }
    let hash = Secret::password("p").hash(Algorithm::Sha256, "u", "r").unwrap();
    let stored = Secret::hashed(None, Some(hash.to_uppercase()));
    assert_eq!(stored.hash(Algorithm::Sha256Sess, "u", "r"), Some(hash));
    assert!(!stored.serves(Algorithm::Md5) && stored.hash(Algorithm::Md5, "u", "r").is_none());
}

#[test]
fn what_is_no_complete_answer_is_none() {
    let good = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"s\", response=\"0\", qop=auth, cnonce=\"c\", nc=00000001";
    assert!(Credentials::find([good].into_iter(), "r").is_some());
    assert!(Credentials::find([good].into_iter(), "other").is_none());
    let (cut, whole) = (["username=\"u\", ", "nonce=\"n\", ", "qop=auth, ", "cnonce=\"c\", ", ", nc=00000001"], good.len());
    for part in cut {
        let text = good.replace(part, "");
        assert!(text.len() < whole && Credentials::find([text.as_str()].into_iter(), "r").is_none(), "{text}");
    }
    for (from, to) in [("nc=00000001", "nc=100000000"), ("nc=00000001", "nc=x"), ("qop=auth", "qop=auth-int"), ("Digest", "Basic")] {
        assert!(Credentials::find([good.replace(from, to).as_str()].into_iter(), "r").is_none(), "{to}");
    }
}

#[test]
fn nonces_belong_to_an_address_and_five_minutes() {
    let start = Instant::now();
    let mut nonces = Nonces::new([7; 32], start);
    let nonce = nonces.issue(start, SOURCE);
    let later = |seconds| start + Duration::from_secs(seconds);
    assert!(nonces.is_fresh(&nonce, later(299), SOURCE) && !nonces.is_fresh(&nonce, later(301), SOURCE));
    assert!(!nonces.is_fresh(&nonce, start, IpAddr::from([192, 0, 2, 2])));
    assert!(!Nonces::new([8; 32], start).is_fresh(&nonce, start, SOURCE));
    assert_ne!(nonces.issue(start, SOURCE), nonce);
    let forged = nonce.replacen(&nonce[..8], "00000001", 1);
    for bad in [forged.as_str(), "", "x", &nonce[1..], &format!("{}\u{e4}", &nonce[2..])] {
        assert!(!nonces.is_fresh(bad, start, SOURCE), "{bad}");
    }
}

#[test]
fn each_count_of_a_nonce_is_taken_once_in_nearly_any_order() {
    let start = Instant::now();
    let mut nonces = Nonces::new([7; 32], start);
    let nonce = nonces.issue(start, SOURCE);
    let taken: Vec<bool> = [1, 1, 3, 2, 2, 3, 100, 37, 36, 37, 0].iter().map(|&n| nonces.spend(&nonce, n, start, SOURCE)).collect();
    assert_eq!(taken, [true, false, true, true, false, false, true, true, false, false, false]);
}

#[test]
fn a_forgotten_nonce_is_stale_and_never_new_again() {
    let start = Instant::now();
    let mut nonces = Nonces::new([7; 32], start);
    let first = nonces.issue(start, SOURCE);
    assert!(nonces.spend(&first, 1, start, SOURCE));
    for n in 0..10_000_u64 {
        let now = start + Duration::from_millis(n / 100);
        let nonce = nonces.issue(now, SOURCE);
        assert!(nonces.spend(&nonce, 1, now, SOURCE));
    }
    assert!(!nonces.is_fresh(&first, start, SOURCE) && !nonces.spend(&first, 1, start, SOURCE));
    assert!(format!("{nonces:?}").contains("used: 4096"), "{nonces:?}");
}

#[test]
fn silence_after_ten_failures_grows_to_ten_minutes_and_is_forgiven() {
    let start = Instant::now();
    let (mut failures, mut now, mut silences) = (Failures::default(), start, Vec::new());
    for _ in 0..6 {
        for n in 0..10 {
            assert!(!failures.is_silenced(SOURCE, now), "after {n}");
            failures.note(SOURCE, now);
        }
        let begun = now;
        while failures.is_silenced(SOURCE, now) {
            now += Duration::from_secs(1);
        }
        silences.push((now - begun).as_secs());
    }
    assert_eq!(silences, [60, 120, 240, 480, 600, 600]);
    now += Duration::from_secs(700);
    (0..10).for_each(|_| failures.note(SOURCE, now));
    assert!(failures.is_silenced(SOURCE, now + Duration::from_secs(59)) && !failures.is_silenced(SOURCE, now + Duration::from_secs(60)));
    assert!(!failures.is_silenced(IpAddr::from([192, 0, 2, 2]), now));
    // Somebody who mistypes now and then is never silenced.
    let other = IpAddr::from([192, 0, 2, 3]);
    for n in 0..100 {
        failures.note(other, start + Duration::from_secs(n * 7));
        assert!(!failures.is_silenced(other, start + Duration::from_secs(n * 7)));
    }
}

#[test]
fn a_hundred_thousand_guessers_take_bounded_room() {
    let start = Instant::now();
    let mut failures = Failures::default();
    (0..100_000_u32).for_each(|n| failures.note(IpAddr::from(n.to_be_bytes()), start));
    assert!(failures.len() <= 10_001);
    let v6 = |n: u128| IpAddr::V6((0x2001_0db8_u128 << 96 | n).into());
    let mut failures = Failures::default();
    (0..10).for_each(|n| failures.note(v6(n), start));
    assert!(failures.is_silenced(v6(77), start) && !failures.is_silenced(v6(1 << 64), start));
}

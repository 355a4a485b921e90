//! Challenges and credentials. What we answer is read by a server as what we meant.

use warmline_sip::auth::{Credentials, Secret, Session, challenges, strongest};

/// The lines of a text are header fields, read from both sides.
pub(crate) fn digest(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // The guard lets no control characters through.
    let fields = || text.lines().filter(|line| !line.contains(char::is_control)).take(16);
    let secret = Secret::password("sesame");
    if let Some(found) = Credentials::find(fields(), "phones") {
        assert_eq!(found.realm, "phones");
        assert!(!found.prove("0123456789abcdef0123456789abcdef", "REGISTER"));
    }
    let offered = challenges(fields());
    let Some(challenge) = strongest(&offered, None, &secret) else { return };
    let (realm, nonce) = (challenge.realm.clone(), challenge.nonce.clone());
    let mut session = Session::new(challenge, "cnonce".to_owned());
    let answer = session.answer("ana", &secret, "REGISTER", "sip:a.example").expect("a password serves everything");
    assert!(!answer.contains(['\r', '\n']) && answer.len() <= text.len() + 512, "{answer}");
    // Without `qop` our own server reads none.
    if let Some(read) = Credentials::find([answer.as_str()].into_iter(), &realm) {
        assert_eq!((read.user.as_str(), &read.realm, &read.nonce), ("ana", &realm, &nonce), "{answer}");
    } else {
        assert!(!answer.contains("qop=auth, cnonce=\"cnonce\", nc="), "{answer}");
    }
}

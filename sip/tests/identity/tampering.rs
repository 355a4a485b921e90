//! Every kind of wrong token has its own word.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, IsCa, KeyPair, PKCS_ECDSA_P384_SHA384};
use warmline_sip::identity::{Attestation, Call, Failure, NumberPlan, TrustError, TrustStore, Verification, verify};

use crate::authority::{Party, URL, root, store};
use crate::{NOW, ORIGID, call_at, header_json, payload_json, verified};

fn failed(identity: &str, store: &TrustStore) -> Failure {
    match verified(identity, NOW, store) {
        Verification::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}

fn world() -> (Party, Party, TrustStore) {
    let anchor = root("Authority");
    let provider = anchor.provider();
    let store = store(&anchor, &provider);
    (anchor, provider, store)
}

#[test]
fn a_good_token_is_verified_with_each_attestation() {
    let (_, provider, store) = world();
    for (letter, attestation) in [("A", Attestation::Full), ("B", Attestation::Partial), ("C", Attestation::Gateway)] {
        let payload = payload_json().replace("\"A\"", &format!("\"{letter}\""));
        match verified(&provider.identity(&header_json(), &payload), NOW + 59, &store) {
            Verification::Verified { attestation: found, orig, origid } => {
                assert_eq!((found, orig.as_str(), origid.as_str()), (attestation, "40722123456", ORIGID));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_header_or_only_foreign_ones_is_not_signed() {
    let (_, provider, store) = world();
    let plan = NumberPlan::default();
    assert_eq!(verify([], &call_at(NOW), &plan, &store), Verification::NotSigned);
    let foreign = provider.identity(&header_json(), &payload_json()).replace("shaken", "div");
    assert_eq!(verified(&foreign, NOW, &store), Verification::NotSigned);
    let good = provider.identity(&header_json(), &payload_json());
    assert!(matches!(verify([foreign.as_str(), &good], &call_at(NOW), &plan, &store), Verification::Verified { .. }));
    assert_eq!(Verification::NotSigned.refusal(), Some((428, "Use Identity Header")));
}

#[test]
fn a_certificate_that_is_not_configured_is_unverifiable_and_one_by_key_id_is_found() {
    let (anchor, provider, _) = world();
    let good = provider.identity(&header_json(), &payload_json());
    let nothing = verified(&good, NOW, &TrustStore::default());
    assert_eq!(nothing, Verification::Unverifiable { info: URL.to_owned() });
    assert_eq!(nothing.refusal(), Some((436, "Bad Identity Info")));
    let mut by_key = TrustStore::default();
    by_key.add_anchors(&anchor.pem()).unwrap();
    by_key
        .add_index("# signers\n\nkey-7  provider.pem\n", |file| {
            Ok::<_, TrustError>(if file == "provider.pem" { provider.pem() } else { vec![] })
        })
        .unwrap();
    assert!(matches!(verified(&good, NOW, &by_key), Verification::Unverifiable { .. }));
    let named = header_json().replace("\"typ\"", "\"kid\":\"key-7\",\"typ\"");
    assert!(matches!(verified(&provider.identity(&named, &payload_json()), NOW, &by_key), Verification::Verified { .. }));
}

#[test]
fn every_change_of_the_claims_has_its_word() {
    let (_, provider, store) = world();
    for (from, to, why) in [
        ("\"A\"", "\"D\"", Failure::Attestation),
        ("\"A\"", "\"a\"", Failure::Attestation),
        ("40722123456", "40722123457", Failure::Caller),
        ("40722123456", "anonymous", Failure::Caller),
        ("\"orig\":{\"tn\"", "\"orig\":{\"uri\"", Failure::Caller),
        ("40213000000", "40213000001", Failure::Called),
        ("{\"tn\":[\"40213000000\"]}", "{}", Failure::Called),
        ("\"40213000000\"", "", Failure::Called),
        ("\"iat\":1748736000", "\"iat\":1748735939", Failure::Stale),
        ("\"iat\":1748736000", "\"iat\":1748736061", Failure::Stale),
        ("\"iat\":1748736000", "\"iat\":18446744073709551615", Failure::Stale),
        ("\"iat\":1748736000", "\"iat\":-1", Failure::Malformed),
        ("\"iat\":1748736000", "\"iat\":\"x\"", Failure::Malformed),
        ("\"iat\":1748736000,", "", Failure::Malformed),
        ("\"iat\"", "\"iat\":1748736000,\"iat\"", Failure::Malformed),
        (ORIGID, "", Failure::Malformed),
        (ORIGID, "a b<script>", Failure::Malformed),
        ("{\"attest\"", "[\"attest\"", Failure::Malformed),
    ] {
        let payload = payload_json().replacen(from, to, 1);
        assert_ne!(payload, payload_json(), "{from}");
        assert_eq!(failed(&provider.identity(&header_json(), &payload), &store), why, "{from} -> {to}");
    }
}

#[test]
fn every_change_of_the_header_has_its_word() {
    let (_, provider, store) = world();
    for (from, to, why) in [
        ("ES256", "none", Failure::Algorithm),
        ("ES256", "HS256", Failure::Algorithm),
        ("ES256", "ES384", Failure::Algorithm),
        ("\"ppt\":\"shaken\"", "\"ppt\":\"div\"", Failure::Type),
        ("\"ppt\":\"shaken\",", "", Failure::Type),
        ("\"passport\"", "\"JWT\"", Failure::Type),
        ("\"typ\"", "\"crit\":[\"x\"],\"typ\"", Failure::Type),
        ("provider.pem", "other.pem", Failure::Info),
        (",\"x5u\"", ",\"x\"", Failure::Info),
        ("\"alg\"", "\"alg\":\"ES256\",\"alg\"", Failure::Malformed),
    ] {
        let header = header_json().replacen(from, to, 1);
        assert_eq!(failed(&provider.identity(&header, &payload_json()), &store), why, "{from} -> {to}");
    }
    let good = provider.identity(&header_json(), &payload_json());
    assert_eq!(failed(&good.replace("alg=ES256", "alg=RS256"), &store), Failure::Algorithm);
    assert_eq!(failed(&good.replace("https:", "file:"), &store), Failure::Info);
    let (token, rest) = good.split_once(';').unwrap();
    let compact = format!("..{};{rest}", token.rsplit_once('.').unwrap().1);
    assert_eq!(failed(&compact, &store), Failure::Compact);
    assert_eq!(failed("what is this", &store), Failure::Malformed);
}

#[test]
fn a_changed_or_borrowed_signature_fails() {
    let (anchor, provider, store) = world();
    // Each of these tokens is right in itself, but signed by somebody else, or before the change.
    assert_eq!(failed(&anchor.provider().identity(&header_json(), &payload_json()), &store), Failure::Signature);
    let good = provider.identity(&header_json(), &payload_json());
    let better = payload_json();
    let lesser = better.replace("\"A\"", "\"B\"");
    let lifted = provider.identity(&header_json(), &lesser).replacen(&URL_SAFE_NO_PAD.encode(&lesser), &URL_SAFE_NO_PAD.encode(&better), 1);
    assert_eq!(failed(&lifted, &store), Failure::Signature);
    let (token, rest) = good.split_once(';').unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for bit in 0..512 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(failed(&format!("{signed}.{};{rest}", URL_SAFE_NO_PAD.encode(changed)), &store), Failure::Signature);
    }
    // As DER, too short, too long, nothing: not the form of RFC 7518 §3.4.
    for length in [0, 63, 65, 70, 72] {
        let mut other = bytes.clone();
        other.resize(length, 1);
        assert_eq!(failed(&format!("{signed}.{};{rest}", URL_SAFE_NO_PAD.encode(other)), &store), Failure::Malformed);
    }
    let zero = URL_SAFE_NO_PAD.encode([0; 64]);
    assert_eq!(failed(&format!("{signed}.{zero};{rest}"), &store), Failure::Signature);
}

#[test]
fn the_certificate_must_lead_to_an_anchor_and_be_valid_now() {
    let (anchor, provider, store) = world();
    let outside = |now: u64| {
        let payload = payload_json().replace(&NOW.to_string(), &now.to_string());
        verified(&provider.identity(&header_json(), &payload), now, &store)
    };
    for now in [1_600_000_000, 2_100_000_000] {
        assert_eq!(outside(now), Verification::Failed(Failure::CertificateExpired));
    }
    let good = provider.identity(&header_json(), &payload_json());
    // Another authority of the same name; and none.
    for pem in [Some(root("Authority").pem()), None] {
        let mut other = TrustStore::default();
        if let Some(pem) = pem {
            other.add_anchors(&pem).unwrap();
        }
        other.add_certificate(URL, &provider.pem()).unwrap();
        assert_eq!(failed(&good, &other), Failure::CertificateUntrusted);
    }
    // A provider that plays authority; and an authority that signs itself.
    let below = provider.provider();
    let mut chain = below.pem();
    chain.extend(provider.pem());
    let mut other = TrustStore::default();
    other.add_anchors(&anchor.pem()).unwrap();
    other.add_certificate(URL, &chain).unwrap();
    assert_eq!(failed(&below.identity(&header_json(), &payload_json()), &other), Failure::CertificateUntrusted);
    let mut itself = TrustStore::default();
    itself.add_anchors(&anchor.pem()).unwrap();
    itself.add_certificate(URL, &anchor.pem()).unwrap();
    assert_eq!(failed(&anchor.identity(&header_json(), &payload_json()), &itself), Failure::CertificateUntrusted);
    assert_eq!(Failure::CertificateUntrusted.status(), 437);
}

#[test]
fn an_intermediate_authority_in_the_same_file_is_used() {
    let anchor = root("Authority");
    let middle = anchor.issues("Middle", IsCa::Ca(BasicConstraints::Constrained(0)), KeyPair::generate().unwrap());
    let provider = middle.provider();
    let good = provider.identity(&header_json(), &payload_json());
    assert_eq!(failed(&good, &store(&anchor, &provider)), Failure::CertificateUntrusted);
    let mut chain = provider.pem();
    chain.extend(middle.pem());
    let mut with_middle = TrustStore::default();
    with_middle.add_anchors(&anchor.pem()).unwrap();
    with_middle.add_certificate(URL, &chain).unwrap();
    assert!(matches!(verified(&good, NOW, &with_middle), Verification::Verified { .. }));
}

#[test]
fn what_the_operator_configures_wrong_is_named() {
    let anchor = root("Authority");
    let mut store = TrustStore::default();
    assert_eq!(store.add_anchors(b"nothing"), Err(TrustError::Unreadable));
    assert_eq!(store.add_certificate(URL, b""), Err(TrustError::Unreadable));
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(store.add_anchors(broken), Err(TrustError::Unusable(_))));
    assert!(matches!(store.add_certificate(URL, broken), Err(TrustError::Unusable(_))));
    let other_key = anchor.issues("P-384", IsCa::ExplicitNoCa, KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap());
    assert_eq!(store.add_certificate(URL, &other_key.pem()), Err(TrustError::Key));
    store.add_certificate(URL, &anchor.provider().pem()).unwrap();
    assert_eq!(store.add_certificate(URL, &anchor.provider().pem()), Err(TrustError::Twice(URL.to_owned())));
    let index = store.add_index("a b\nc\n", |_| Ok::<_, TrustError>(anchor.provider().pem()));
    assert_eq!(index, Err(TrustError::Index(2)));
}

#[test]
fn numbers_are_compared_in_canonical_form() {
    let (_, provider, store) = world();
    let good = provider.identity(&header_json(), &payload_json());
    let plan = NumberPlan { country_code: "40".into(), international_prefix: "00".into(), national_prefix: "0".into() };
    for (caller, called) in [("0722 123 456", "0213000000"), ("0040722123456", "tel:+40-21-300-0000"), ("+40722123456", "+40213000000")] {
        let call = Call { caller, called, ..call_at(NOW) };
        assert!(matches!(verify([good.as_str()], &call, &plan, &store), Verification::Verified { .. }), "{caller}");
    }
    for (caller, called, why) in [
        ("anonymous", "0213000000", Failure::Caller),
        ("", "0213000000", Failure::Caller),
        ("0722123456", "support", Failure::Called),
        ("0213000000", "0722123456", Failure::Caller),
    ] {
        let call = Call { caller, called, ..call_at(NOW) };
        assert_eq!(verify([good.as_str()], &call, &plan, &store), Verification::Failed(why), "{caller}");
    }
}

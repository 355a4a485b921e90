//! Callers whose provider vouches for them (STIR/SHAKEN), and what a network that is believed says besides.

use std::{fs, ops::RangeInclusive, path::Path, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use tempfile::TempDir;
use warmline::{
    call, clock,
    telephony::Signatures,
    trunk::{SignedPolicy, Trunk},
};

use super::support::{Caller, Edge, loopback, trunk_at, trunks};

/// Where the provider says that its certificate is. Nobody ever asks there.
const URL: &str = "https://certificates.example/provider.pem";
const CALLER: &str = "+40722123456";
const CALLED: &str = "+40213000000";

/// A telephone provider with a key that an authority vouches for.
struct Provider {
    key: KeyPair,
    folder: TempDir,
}

impl Provider {
    /// With the files that an operator has of it.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority");
        let root = KeyPair::generate().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("anchors.pem", &params.self_signed(&root).unwrap().pem());
        let (key, mut own) = (KeyPair::generate().unwrap(), CertificateParams::new(Vec::new()).unwrap());
        own.is_ca = IsCa::ExplicitNoCa;
        own.distinguished_name.push(DnType::CommonName, "SHAKEN 1234");
        // TNAuthorizationList (RFC 8226 §9) with the provider code "1234".
        let list = vec![0x30, 0x08, 0xa0, 0x06, 0x16, 0x04, b'1', b'2', b'3', b'4'];
        own.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 26], list));
        write("provider.pem", &own.signed_by(&key, &Issuer::from_params(&params, &root)).unwrap().pem());
        write("index", &format!("{URL} provider.pem\n"));
        Self { key, folder }
    }

    fn believed(&self) -> Arc<Signatures> {
        let at = |name: &str| self.folder.path().join(name);
        Arc::new(Signatures::load(&at("anchors.pem"), Path::new(&at("index")), "40").unwrap())
    }

    /// The header that vouches for a call of `caller`, made so many seconds ago.
    fn identity(&self, caller: &str, seconds_ago: u64) -> String {
        let made = clock::utc().as_secs() - seconds_ago;
        let header = format!(r#"{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{URL}"}}"#);
        let (caller, called) = (caller.trim_start_matches('+'), CALLED.trim_start_matches('+'));
        let payload = format!(
            r#"{{"attest":"A","dest":{{"tn":["{called}"]}},"iat":{made},"orig":{{"tn":"{caller}"}},"origid":"123e4567-e89b-12d3-a456-426655440000"}}"#
        );
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key.serialize_der(), &random).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(key.sign(&random, signed.as_bytes()).unwrap().as_ref());
        format!("Identity: {signed}.{signature};info=<{URL}>;alg=ES256;ppt=\"shaken\"\r\n")
    }
}

/// Headers of calls, and what becomes of them where a good signature is required: the status, or who arrives as signed how.
fn calls(provider: &Provider) -> Vec<(&'static str, String, Result<&'static str, u16>)> {
    let good = provider.identity(CALLER, 0);
    let mut tampered = good.clone();
    tampered.replace_range(60..61, if tampered.as_bytes()[60] == b'A' { "B" } else { "A" });
    vec![
        ("none", String::new(), Err(428)),
        ("good", good.clone(), Ok("A")),
        ("tampered", tampered, Err(438)),
        ("another caller", provider.identity("+40722999999", 0), Err(438)),
        ("old", provider.identity(CALLER, 3_600), Err(403)),
        (
            "another certificate",
            good.replace("info=<https://certificates.example/provider.pem>", "info=<https://certificates.example/x>"),
            Err(436),
        ),
        ("a stranger", Provider::new().identity(CALLER, 0), Err(438)),
    ]
}

/// An edge with one trunk, and somebody who calls over it.
async fn edge(provider: &Provider, trunk: Trunk, ports: RangeInclusive<u16>) -> (Edge, Caller) {
    let address = loopback(10);
    let trunk = Trunk { networks: trunk_at("", address).networks, ..trunk };
    let edge = Edge::with(ports, Duration::from_secs(30), |options| {
        options.signatures = Some(provider.believed());
        options.trunks = trunks(vec![trunk]);
    })
    .await;
    let mut caller = Caller::at(address, edge.address()).await;
    (caller.user, caller.called) = (CALLER.to_owned(), CALLED.to_owned());
    (edge, caller)
}

/// Who arrives.
async fn arrives(edge: &mut Edge) -> call::Caller {
    edge.arrives().await.caller
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_wants_signatures_refuses_calls_without_a_good_one() {
    let provider = Provider::new();
    let trunk = Trunk { name: "isp".to_owned(), signed: SignedPolicy::Require, ..Trunk::default() };
    let (mut edge, caller) = edge(&provider, trunk, 18_140..=18_155).await;
    for (index, (what, headers, expected)) in calls(&provider).into_iter().enumerate() {
        let id = format!("require-{index}");
        caller.send("INVITE", &id, 1, "", &headers, &caller.offer()).await;
        match expected {
            Ok(level) => assert_eq!(arrives(&mut edge).await.signed.as_deref(), Some(level), "{what}"),
            Err(status) => {
                let answer = caller.answer_to(&id, "1 INVITE").await;
                assert!(answer.starts_with(&format!("SIP/2.0 {status} ")) && !answer.contains("Request Failure"), "{what}: {answer}");
                assert!(edge.is_quiet(), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_shows_signatures_takes_every_call_and_says_what_it_found() {
    let provider = Provider::new();
    let trunk = Trunk { name: "isp".to_owned(), signed: SignedPolicy::Show, trusted: true, ..Trunk::default() };
    let (mut edge, caller) = edge(&provider, trunk, 18_160..=18_185).await;
    for (index, (what, headers, expected)) in calls(&provider).into_iter().enumerate() {
        caller.send("INVITE", &format!("show-{index}"), 1, "", &headers, &caller.offer()).await;
        let shown = match expected {
            Ok(level) => Some(level),
            Err(428) => None,
            Err(_) => Some("failed"),
        };
        assert_eq!(arrives(&mut edge).await.signed.as_deref(), shown, "{what}");
    }
    let network =
        format!("P-Asserted-Identity: <sip:{CALLER}@isp.example>\r\nDiversion: <sip:+40213111111@isp.example>;reason=unconditional\r\n");
    caller.send("INVITE", "network", 1, "", &network, &caller.offer()).await;
    let who = arrives(&mut edge).await;
    assert_eq!((who.asserted, who.diverted_from.as_deref(), who.trunk.as_deref()), (true, Some("+40213111111"), Some("isp")));
}

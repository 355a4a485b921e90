//! TLS in the binary.

use std::{net::SocketAddr, path::PathBuf};

use reqwest::{Certificate, Client, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};
use warmline::http::{Options, Tls};
use warmline_sip::user_agent;

use super::{
    people::{self, PASSWORD},
    support::{Served, served_by},
};

struct Files {
    folder: TempDir,
}

impl Files {
    fn paths(&self) -> (PathBuf, PathBuf) {
        (self.folder.path().join("certificate.pem"), self.folder.path().join("key.pem"))
    }

    /// A new certificate in the same files, and a client that believes it alone.
    fn renew(&self) -> (Tls, Client) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (certificate, key) = self.paths();
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let root = Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
        let client = Client::builder().no_proxy().tls_built_in_root_certs(false).add_root_certificate(root).build().unwrap();
        (user_agent::server_of(&certificate, &key).unwrap(), client)
    }
}

async fn secured() -> (Served, Client, watch::Sender<Tls>, Files) {
    let files = Files { folder: tempfile::tempdir().unwrap() };
    let (tls, client) = files.renew();
    let sender = watch::Sender::new(tls);
    let options = Options { tls: Some(sender.subscribe()), ..Options::new(([127, 0, 0, 1], 0).into()) };
    let accounts = |store| async move { Some(people::accounts(&store, warmline::accounts::Options::new("https://here")).await) };
    (served_by(options, accounts).await, client, sender, files)
}

fn url(address: SocketAddr, path: &str) -> String {
    format!("https://{address}{path}")
}

#[tokio::test]
async fn pages_over_tls_have_a_cookie_that_never_travels_without_it() {
    let (served, client, _sender, _files) = secured().await;
    let sign_in = |origin: String| {
        let body = json!({"name": "maria", "password": PASSWORD});
        client.post(url(served.address, "/api/v1/session")).header("origin", origin).json(&body).send()
    };
    // A page that came without TLS from the same name was perhaps written by somebody on the way.
    assert_eq!(sign_in(format!("http://{}", served.address)).await.unwrap().status(), 403);
    let answer = sign_in(format!("https://{}", served.address)).await.unwrap();
    let line = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(line.starts_with("__Host-warmline=") && line.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{line}");
    let cookie = line.split(';').next().unwrap();
    let calls = client.get(url(served.address, "/api/v1/calls")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(calls.status(), StatusCode::OK);
}

#[tokio::test]
async fn browsers_are_told_to_come_with_tls_only_where_it_is_spoken() {
    let (served, client, _sender, _files) = secured().await;
    let answer = client.get(url(served.address, "/healthz")).send().await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let plain = super::support::served().await;
    let answer = plain.client.get(plain.url("/healthz")).header("x-forwarded-proto", "https").send().await.unwrap();
    assert!(!answer.headers().contains_key("strict-transport-security"), "nobody may make a browser believe so");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_whoever_comes_next() {
    let (served, old, sender, files) = secured().await;
    let health = async |client: &Client| client.get(url(served.address, "/healthz")).send().await.map(|answer| answer.status());
    assert_eq!(health(&old).await.unwrap(), StatusCode::OK);
    let (tls, new) = files.renew();
    assert!(health(&new).await.is_err(), "it is not in force yet");
    sender.send_replace(tls);
    assert_eq!(health(&new).await.unwrap(), StatusCode::OK);
    assert_eq!(health(&old).await.unwrap(), StatusCode::OK, "a connection that is up keeps its own");
}

#[tokio::test]
async fn whoever_shakes_no_hands_holds_nobody_up_and_hears_nothing() {
    let (served, client, _sender, _files) = secured().await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(served.address).await.unwrap());
    }
    assert_eq!(client.get(url(served.address, "/healthz")).send().await.unwrap().status(), StatusCode::OK);
    let mut plain = TcpStream::connect(served.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _closed_with_a_reset = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "nothing is told without TLS");
    drop(silent);
}

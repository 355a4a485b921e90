//! What no request may do.

use warmline::http::{BindError, Bound, Options};

use super::support::{code, served, served_with};

const HEADERS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", ""),
];

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let served = served().await;
    let _call = served.live("one", 0);
    for path in [
        "/",
        "/calls/one",
        "/agent/maria",
        "/api/v1/calls",
        "/api/v1/nothing",
        "/healthz",
        "/readyz",
        "/nothing.js",
        "/api/v1/calls/one/events",
    ] {
        let response = served.get(path).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        for (name, value) in HEADERS {
            let got = response.headers().get(name).unwrap_or_else(|| panic!("{path} lacks {name}"));
            assert!(value.is_empty() || got == value, "{path} {name}");
        }
        assert!(response.headers().get("access-control-allow-origin").is_none(), "{path}");
        assert!(response.headers().get("server").is_none(), "{path}");
    }
}

#[tokio::test]
async fn foreign_host_names_are_not_answered() {
    let served = served_with(Options { hosts: vec!["desk.example.com".to_owned()], ..Options::new(([127, 0, 0, 1], 0).into()) }).await;
    let answer = async |host: &str| served.client.get(served.url("/api/v1/calls")).header("host", host).send().await.unwrap();
    for host in ["localhost", "localhost:80", "127.0.0.1:9", "[::1]:8080", "desk.example.com"] {
        assert_eq!(answer(host).await.status(), 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "192.168.0.1", "localhost@evil.example", "a b", "localhost:x", "user@localhost"]
    {
        let response = answer(host).await;
        assert!([400, 421].contains(&response.status().as_u16()), "{host} {}", response.status());
    }
    let twice = served.raw("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    assert!(twice.starts_with("HTTP/1.1 421") || twice.starts_with("HTTP/1.1 400"), "{twice}");
    let none = served.raw("GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(none.contains(" 421 "), "{none}");
}

#[tokio::test]
async fn pages_of_other_origins_change_nothing() {
    let served = served().await;
    let put = |origin: Option<&str>, kind: &str, site: Option<&str>| {
        let mut request =
            served.client.put(served.url("/api/v1/agents/maria/state")).header("content-type", kind).body(r#"{"state":"away"}"#);
        for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.send()
    };
    let own = format!("http://{}", served.address);
    let json = "application/json";
    let other_port = "http://127.0.0.1:1".to_owned();
    for origin in ["http://evil.example", "null", "", "https://", &other_port, "file://", "http://localhost"] {
        assert_eq!(code(put(Some(origin), json, None).await.unwrap()).await, (403, "foreign_origin".to_owned()), "{origin}");
    }
    for site in ["cross-site", "same-site"] {
        assert_eq!(code(put(None, json, Some(site)).await.unwrap()).await, (403, "foreign_origin".to_owned()));
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"] {
        assert_eq!(code(put(Some(&own), kind, None).await.unwrap()).await, (415, "not_json".to_owned()), "{kind}");
    }
    assert_eq!(served.json("/api/v1/agents").await["agents"][1]["state"], "available");
    assert_eq!(put(Some(&own), "application/json; charset=utf-8", Some("same-origin")).await.unwrap().status(), 200);
    assert_eq!(served.json("/api/v1/agents").await["agents"][1]["state"], "away");
    assert_eq!(put(None, json, None).await.unwrap().status(), 200);
}

#[tokio::test]
async fn large_bodies_and_wrong_methods_are_refused_in_json() {
    let served = served().await;
    let large = serde_json::json!({"state": "a".repeat(100_000)});
    let response = served.client.put(served.url("/api/v1/agents/maria/state")).json(&large).send().await.unwrap();
    assert_eq!(code(response).await, (413, "too_large".to_owned()));
    let response = served.client.delete(served.url("/api/v1/calls")).header("content-type", "application/json").send().await.unwrap();
    assert_eq!(code(response).await, (405, "method_not_allowed".to_owned()));
    for path in ["/api/v1/nothing", "/api", "/api/v2/calls"] {
        assert_eq!(code(served.get(path).await).await, (404, "no_such_address".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn rubbish_on_the_socket_hurts_nobody() {
    let served = served().await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(1_000_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-Y: z\r\n".repeat(5_000));
    for rubbish in ["\r\n\r\n", "GET\r\n\r\n", "\0\0\0\0\0\0\0\0\r\n\r\n", &long, &many] {
        let mut stream = tokio::net::TcpStream::connect(served.address).await.unwrap();
        // The server may close while it is still being written to.
        let _closed_early = tokio::io::AsyncWriteExt::write_all(&mut stream, rubbish.as_bytes()).await;
        drop(stream);
        assert_eq!(served.get("/healthz").await.status(), 200);
    }
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let served = served().await;
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let bound = Bound::bind(&Options::new(address.parse().unwrap()), served.parts.clone()).await;
        assert!(matches!(bound, Err(BindError::NotLoopback(_))), "{address}");
    }
    let taken = Bound::bind(&Options::new(served.address), served.parts.clone()).await;
    assert!(matches!(taken, Err(BindError::Address(..))));
}

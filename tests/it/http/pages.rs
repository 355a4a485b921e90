//! The pages.

use super::support::served;

#[tokio::test]
async fn every_address_of_the_pages_is_the_page() {
    let served = served().await;
    for path in ["/", "/calls/one", "/agent/maria", "/index.html", "/calls/..%2f..%2fetc"] {
        let response = served.get(path).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(response.text().await.unwrap().contains("<title>Warmline</title>"), "{path}");
    }
}

#[tokio::test]
async fn only_files_of_the_binary_are_served() {
    let served = served().await;
    for path in [
        "/../../etc/passwd.txt",
        "/..%2f..%2fCargo.toml",
        "/assets/../../Cargo.toml",
        "//etc/hosts.conf",
        "/assets/nothing.js",
        "/%2e%2e/Cargo.toml",
        "/web/dist/index.html",
    ] {
        let answer = served.raw(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 404 ") || answer.starts_with("HTTP/1.1 400 "), "{path}: {answer}");
    }
    let post = served.post("/", &serde_json::json!({})).await;
    assert_eq!(post.status(), 405);
}

#[tokio::test]
async fn files_with_a_hash_in_their_name_are_kept_for_ever() {
    let served = served().await;
    let index = served.get("/").await;
    let cache = index.headers()["cache-control"].to_str().unwrap().to_owned();
    assert!(["no-cache", "no-store"].contains(&cache.as_str()), "{cache}");
    let page = index.text().await.unwrap();
    // Without built pages there is nothing to look at.
    for address in page.split('"').filter(|text| text.starts_with("/assets/")) {
        let file = served.get(address).await;
        assert_eq!(
            (file.status().as_u16(), file.headers()["cache-control"].to_str().unwrap()),
            (200, "public, max-age=31536000, immutable"),
            "{address}"
        );
        let kind = file.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/javascript") || kind.starts_with("text/css"), "{address} {kind}");
    }
    assert!(!page.contains("<script>") && !page.contains("<style>") && !page.contains(" onload="), "nothing is inline");
}

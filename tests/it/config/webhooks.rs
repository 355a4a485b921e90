//! Webhooks: addresses, secrets and kinds of events, checked before a port is bound.

use warmline::config::Secret;

use super::{example, parse};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn with(lines: &str) -> String {
    assert!(example().contains("\nwebhooks:\n"));
    example().replacen("\nwebhooks:\n", &format!("\nwebhooks:\n  crm: {lines}\n"), 1)
}

#[test]
fn a_webhook_needs_an_address_and_a_secret() {
    assert!(parse(&example()).unwrap().file.webhooks.is_empty());
    let config = parse(&with(&format!("{{ url: \"https://crm.example/in\", secret: {SECRET} }}"))).unwrap();
    let hook = &config.file.webhooks["crm"];
    assert_eq!((hook.secret.as_ref().map(Secret::expose), hook.attempts, hook.timeout_ms), (Some(SECRET), 10, 5_000));
    assert!(hook.events.is_empty() && !format!("{config:?}").contains(SECRET));
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (lines, key, message) in [
        (format!("{{ url: \"ftp://a\", secret: {SECRET} }}"), ".url", "no http address"),
        (format!("{{ url: \"https://me:pw@a\", secret: {SECRET} }}"), ".url", "no http address"),
        (format!("{{ url: \"https://a\", secret: {SECRET}, events: [call.paused] }}"), ".events", "no kind of event"),
        (format!("{{ url: \"https://a\", secret: {SECRET}, timeout_ms: 5 }}"), ".timeout_ms", "100 to 60000"),
        (format!("{{ url: \"https://a\", secret: {SECRET}, attempts: 0 }}"), ".attempts", "at least 1"),
        (format!("{{ url: \"https://a\", secret: {SECRET}, first_retry_ms: 0 }}"), ".first_retry_ms", "at least 1"),
        (format!("{{ url: \"https://a\", secret: {SECRET}, secret_env: B }}"), ".secret_env", "`secret` gives"),
        ("{ url: \"https://a\", secret: hunter2 }".to_owned(), "", "whsec_"),
        ("{ url: \"https://a\", secret_env: NOT_THERE }".to_owned(), ".secret_env", "`NOT_THERE` is not set"),
        ("{ url: \"https://a\" }".to_owned(), "", "no password"),
        (format!("{{ url: \"https://a\", secret: {SECRET}, method: PUT }}"), ".method", "method"),
    ] {
        let found = parse(&with(&lines)).expect_err("nothing is wrong");
        assert_eq!(found.len(), 1, "{lines}: {found:#?}");
        assert_eq!(found[0].key, format!("webhooks.crm{key}"), "{lines}");
        assert!(found[0].message.contains(message) && !found[0].to_string().contains("hunter2"), "{lines}: {}", found[0]);
    }
}

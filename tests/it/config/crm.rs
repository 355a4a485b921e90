//! The look-up of callers: checked before a port is bound.

use warmline::config::Secret;

use super::{example, parse};

const URL: &str = "http://127.0.0.1:8099/customers/{{ number }}";

fn with(lines: &str) -> String {
    assert!(example().contains("\ncrm:\n"));
    example().replacen("\ncrm:\n", &format!("\ncrm: {lines}\n"), 1)
}

#[test]
fn nobody_is_asked_unless_the_configuration_says_whom() {
    assert!(parse(&example()).unwrap().file.crm.is_none());
    let text = with(&format!("{{ url: \"{URL}\", key: hunter2, fields: {{ name: customer.name }} }}"));
    let config = parse(&text).unwrap();
    let crm = config.file.crm.as_ref().unwrap();
    assert_eq!((crm.key.as_ref().map(Secret::expose), crm.timeout_ms, crm.failures, crm.pause_s), (Some("hunter2"), 2_000, 5, 30));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (url, more, key, message) in [
        ("ftp://a/{{ number }}", "", "url", "no http address"),
        ("https://{{ number }}.example/a", "", "url", "no http address"),
        ("https://me:pw@a/{{ number }}", "", "url", "no http address"),
        ("https://a/{{ caller }}/{{ number }}", "", "url", "no http address"),
        ("https://a/customers", "", "url", "nowhere in the address"),
        (URL, ", timeout_ms: 50", "timeout_ms", "100 to 10000"),
        (URL, ", failures: 0", "failures", "at least 1"),
        (URL, ", pause_s: 0", "pause_s", "1 to 3600"),
        (URL, ", headers: { \"a b\": c }", "headers", "no header"),
        (URL, ", key_env: NOT_THERE", "key_env", "`NOT_THERE` is not set"),
        (URL, ", method: POST", "method", "method"),
    ] {
        let found = parse(&with(&format!("{{ url: \"{url}\", fields: {{ name: a }}{more} }}"))).expect_err("nothing is wrong");
        assert_eq!(found.len(), 1, "{url} {more}: {found:#?}");
        assert_eq!(found[0].key, format!("crm.{key}"), "{url} {more}");
        assert!(found[0].message.contains(message), "{url} {more}: {}", found[0]);
    }
    for (fields, message) in [("{}", "1 to 20"), ("{ \"Full Name\": a }", "is no name")] {
        let found = parse(&with(&format!("{{ url: \"{URL}\", fields: {fields} }}"))).expect_err("nothing is wrong");
        assert!(found.len() == 1 && found[0].key == "crm.fields" && found[0].message.contains(message), "{found:#?}");
    }
}

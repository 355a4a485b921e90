//! The configuration: everything documented, everything checked, everything at once.

mod crm;
mod families;
mod remote;
mod routes;
mod trunks;
mod webhooks;

use std::{collections::BTreeSet, fs, io, path::Path};

use serde_json::Value;
use warmline::{
    config::{AgentConfig, Config, ConfigError, ConfigFile, RouteConfig},
    trunk::{ANY, matches},
    yaml::{self, Mistake},
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/warmline.yaml");

fn example() -> String {
    fs::read_to_string(FILE).unwrap()
}

/// Reads a text as if it stood in the place of the example.
fn parse(text: &str) -> Result<Config, Vec<Mistake>> {
    Config::parse(text, "warmline.yaml", Path::new(FILE).parent().unwrap(), &|path| fs::read_to_string(path))
}

/// The example with one text replaced has these mistakes.
fn broken(from: &str, to: &str) -> Vec<Mistake> {
    let text = example();
    assert!(text.contains(from), "the example does not hold {from:?}");
    parse(&text.replacen(from, to, 1)).expect_err("nothing is wrong")
}

/// … just this one, on the line of `at`.
fn one(from: &str, to: &str, at: &str, message: &str, hint: &str) {
    let found = broken(from, to);
    assert_eq!(found.len(), 1, "{found:#?}");
    let line = example().replacen(from, to, 1).lines().position(|line| line.contains(at)).unwrap() + 1;
    assert_eq!(found[0].place.line, line, "{}", found[0]);
    assert!(found[0].message.contains(message), "{}", found[0]);
    assert!(found[0].hint.clone().unwrap_or_default().contains(hint), "{:?}", found[0]);
}

/// The flow for a number, whoever calls and whenever.
fn flow_for<'c>(config: &'c Config, called: &str) -> Option<&'c str> {
    let route = config.trunk_table().route(ANY, called, "+40", 0)?;
    config.flows().nth(route).map(|flow| flow.name.as_str())
}

/// Every key of a value, with the way to it.
fn keys(value: &Value, way: &str, all: &mut BTreeSet<String>) {
    if let Value::Object(entries) = value {
        for (key, value) in entries {
            let way = if way.is_empty() { key.clone() } else { format!("{way}.{key}") };
            all.insert(way.clone());
            keys(value, &way, all);
        }
    }
}

#[test]
fn the_example_is_right() {
    let config = Config::load(Path::new(FILE)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(flow_for(&config, "+40210000000"), Some("support"));
    assert_eq!(config.flows().count(), 1);
    assert!(config.file.store.folder.starts_with(Path::new(FILE).parent().unwrap()));
}

#[test]
fn files_of_certificates_count_from_the_folder_of_the_file() {
    let text =
        example().replacen("  certificate:", "  certificate: tls/own.pem", 1).replacen("  private_key:", "  private_key: /etc/own.key", 1);
    let sip = parse(&text).unwrap().file.sip;
    assert_eq!(sip.certificate, Some(Path::new(FILE).parent().unwrap().join("tls/own.pem")));
    assert_eq!(sip.private_key.as_deref(), Some(Path::new("/etc/own.key")));
    assert_eq!(sip.client_ca, None);
    // Authorities are looked at at once.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----").unwrap();
    let text = example().replacen("  server_ca:", "  server_ca: ca.pem", 1);
    let open = |path: &Path| {
        if path.ends_with("ca.pem") {
            fs::read_to_string(path)
        } else {
            fs::read_to_string(Path::new(FILE).with_file_name(path.strip_prefix(folder.path()).unwrap()))
        }
    };
    let config = Config::parse(&text, "warmline.yaml", folder.path(), &open).unwrap();
    assert_eq!(config.file.sip.server_ca, Some(folder.path().join("ca.pem")));
}

#[test]
fn every_key_is_in_the_example_with_its_default() {
    let text = example();
    let read = yaml::read::<ConfigFile>(&text, "warmline.yaml").unwrap();
    assert_eq!(read.mistakes, []);
    let file = read.value.unwrap();
    // Sections are at their defaults; what has none is shown by example.
    let bare = ConfigFile { routes: Vec::new(), agents: Default::default(), services: Default::default(), ..file.clone() };
    assert_eq!(bare, ConfigFile::default());
    let mut known = BTreeSet::new();
    keys(&serde_json::to_value(ConfigFile::default()).unwrap(), "", &mut known);
    keys(&serde_json::to_value(AgentConfig::default()).unwrap(), "agents.maria", &mut known);
    let written: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    for key in &known {
        let name = key.rsplit('.').next().unwrap();
        assert!(written.iter().any(|line| line.trim_start().starts_with(&format!("{name}:"))), "`{key}` is not in the example");
    }
    let route = serde_json::to_value(RouteConfig::to("", "x")).unwrap();
    for key in route.as_object().unwrap().keys() {
        assert!(written.iter().any(|line| line.contains(&format!("{key}:"))), "`routes.{key}` is not in the example");
    }
    // Every key has something said about it: a comment above it, or above the one before it.
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.trim_end().ends_with(':') && !line.starts_with([' ', '#'])) {
        assert!(lines[index - 1].starts_with('#'), "nothing is said about `{line}`");
    }
}

#[test]
fn unknown_keys_are_errors_with_line_and_hint() {
    one(
        "  media_timeout_ms:",
        "  media_timout_ms:",
        "media_timout_ms",
        "unknown key `media_timout_ms`",
        "did you mean `media_timeout_ms`?",
    );
    one("demo:\n", "demmo:\n", "demmo:", "unknown key `demmo`", "did you mean `demo`?");
    one("    languages: []", "    langages: []", "langages", "unknown key `langages`", "did you mean `languages`?");
}

#[test]
fn values_are_checked() {
    one("udp: 127.0.0.1:5060", "udp: 127.0.0.1", "udp: 127.0.0.1", "socket address", "");
    one("ports: \"20000-29999\"", "ports: \"29999-20000\"", "ports:", "no range of ports", "");
    one("ports: \"20000-29999\"", "ports: \"5000-29999\"", "udp:", "lies in the range", "move one");
    one("ports: \"20000-29999\"", "ports: \"20000-20001\"", "ports:", "too few ports", "");
    one("    start_ms: 20", "    start_ms: 5", "jitter:", "must be in order", "min_ms: 10");
    one("    max_ms: 240", "    max_ms: 400", "jitter:", "at most 320", "min_ms: 10");
    one("allowed: []", "allowed: [192.0.2.0/40]", "allowed:", "no address or network", "");
    one("udp: 127.0.0.1:5060", "udp: 0.0.0.0:5060", "udp: 0.0.0.0", "none is advertised", "sip.advertised");
    one("  address:\n", "  address: desk.example.com\n", "  address: desk", "no address of pages", "https://");
    one(
        "  certificate:\n  private_key:\n  # Address and",
        "  certificate: here.pem\n  private_key:\n  # Address and",
        "certificate: here.pem",
        "go together",
        "",
    );
    one("audit_days: 365", "audit_days: 7", "audit_days:", "at least 30", "");
    one("  tls:", "  tls: 127.0.0.1:5061", "tls: 127", "TLS without a certificate", "sip.certificate");
    one("  server_ca:", "  server_ca: nowhere.pem", "server_ca: nowhere", "nowhere.pem: No such file", "");
    let further = "further_certificates: [{ certificate: a.pem, private_key: a.key }]";
    one("  further_certificates: []", &format!("  {further}"), further, "further certificates without a first one", "sip.certificate");
    one("  client_ca:", "  client_ca: warmline.yaml", "client_ca: warmline", "warmline.yaml: no certificate in PEM form", "");
    one("bind: 127.0.0.1:8080", "bind: 127.0.0.1:5060", "\n  bind: 127.0.0.1:5060".trim(), "the same address as `sip.tcp`", "");
    one("calls: 50", "calls: 0", "calls: 0", "at least 1", "");
    one("orders: http://127.0.0.1:8099", "orders: 127.0.0.1:8099", "orders: 127", "no http address", "");
    one("target: sip:maria@127.0.0.1:5070", "target: maria", "target: maria", "no SIP address", "sip:maria@");
    one(
        "queues: [orders, general, accounts, complaints]",
        "queues: [orders, general, acounts, accounts, complaints]",
        "acounts",
        "no flow has a queue `acounts`",
        "did you mean `accounts`?",
    );
    one(
        "queues: [orders, general, accounts, complaints]",
        "queues: [orders, general, accounts]",
        "agents:",
        "nobody serves: complaints",
        "",
    );
    one("services:\n  orders: http://127.0.0.1:8099", "services: {}", "services:", "needs the address of: orders", "");
    one("flow: flows/support.en.yaml", "flow: flows/nothing.yaml", "nothing.yaml", "nothing.yaml", "");
}

#[test]
fn all_mistakes_come_at_once() {
    let text =
        example().replace("calls: 50", "calls: 0").replace("threads: 2", "treads: 2").replace("target: sip:maria", "target: tel:maria");
    let found = parse(&text).unwrap_err();
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found.is_sorted_by_key(|mistake| mistake.place.line));
}

#[test]
fn mistakes_of_flows_are_named_by_their_files() {
    let folder = Path::new(FILE).parent().unwrap();
    let broken_flow = |_: &Path| -> io::Result<String> { Ok("name: x\n".to_owned()) };
    let found = Config::parse(&example(), "warmline.yaml", folder, &broken_flow).unwrap_err();
    assert!(found.iter().any(|mistake| mistake.file.ends_with("support.en.yaml") && mistake.message.contains("is missing")), "{found:#?}");
}

#[test]
fn a_file_that_is_not_there() {
    assert!(matches!(Config::load(Path::new("nothing.yaml")), Err(ConfigError::File(..))));
}

#[test]
fn patterns_of_routes() {
    for (pattern, called, fits) in [
        ("*", "", true),
        ("*", "100", true),
        ("100", "100", true),
        ("100", "1001", false),
        ("+40*", "+4021", true),
        ("+40*", "4021", false),
        ("*00", "100", true),
        ("1*0*9", "12039", true),
        ("1*0*9", "1239", false),
    ] {
        assert_eq!(matches(pattern, called), fits, "{pattern} {called}");
    }
    let text = example().replace("  - called: \"*\"\n", "  - called: \"100\"\n");
    let config = parse(&text).unwrap();
    assert!(flow_for(&config, "100").is_some() && flow_for(&config, "101").is_none());
}

#[test]
fn pages_that_others_reach_take_accounts_and_tls() {
    let open = |rest: &str| {
        let text = example().replacen("  bind: 127.0.0.1:8080\n", "  bind: 0.0.0.0:8080\n", 1);
        let text = rest.split('|').filter(|line| !line.is_empty()).fold(text, |text, line| {
            let key = line.split(':').next().unwrap();
            let old = text.lines().find(|old| old.trim_start().starts_with(&format!("{key}:"))).unwrap().to_owned();
            text.replacen(&old, &format!("  {line}"), 1)
        });
        match parse(&text) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>(),
        }
    };
    let wrong = open("");
    assert!(wrong.len() == 2 && wrong[0].contains("in the clear") && wrong[1].contains("nobody could reach"), "{wrong:?}");
    let off = open("accounts: off|trusted_proxies: [10.0.0.1]");
    assert!(off.len() == 2 && off[0].contains("see and do everything") && off[1].contains("that takes accounts"), "{off:?}");
    assert_eq!(open("hosts: [desk.example.com]|trusted_proxies: [10.0.0.1]"), Vec::<String>::new());
}

#[test]
fn the_demonstrations_password_is_for_this_machine_alone() {
    let demo = |from: &str, to: &str| {
        let text = example().replacen("\n  password:\n", "\n  password: demo-1f3a99c0\n", 1);
        assert!(text.contains("demo-1f3a99c0") && text.contains(from), "{from}");
        let messages = |mistakes: Vec<Mistake>| mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>();
        parse(&text.replacen(from, to, 1)).map_or_else(messages, |_| Vec::new())
    };
    assert_eq!(demo("  accounts: on\n", "  accounts: on\n"), Vec::<String>::new());
    for (from, to) in [
        ("  bind: 127.0.0.1:8080\n", "  bind: 0.0.0.0:8080\n"),
        ("  hosts: []\n", "  hosts: [desk.example.com]\n"),
        ("  trusted_proxies: []\n", "  trusted_proxies: [10.0.0.1]\n"),
        ("  address:\n", "  address: https://desk.example.com\n"),
    ] {
        let wrong = demo(from, to);
        assert!(wrong.iter().any(|message| message.contains("for this machine alone")), "{to}: {wrong:?}");
    }
    assert!(demo("  accounts: on\n", "  accounts: off\n")[0].contains("no accounts"));
    assert!(demo("demo-1f3a99c0", "short")[0].contains("10 to 200"));
}

#[test]
fn patterns_of_privacy_that_cannot_work() {
    let text =
        example().replace("  patterns: {}\n", "  patterns: { staff: 'wm(', all: 'x*' }\n").replace("[cards, passwords]", "[cards, iban]");
    let found: Vec<String> = parse(&text).unwrap_err().iter().map(ToString::to_string).collect();
    for message in ["privacy.redact", "privacy.patterns.staff", "no regular expression", "privacy.patterns.all", "it matches an empty text"]
    {
        assert!(found.iter().any(|mistake| mistake.contains(message)), "{message}: {found:#?}");
    }
}

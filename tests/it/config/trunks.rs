//! Trunks, registrations and passwords: everything typed, everything checked, every mistake with its line and key.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use warmline::{
    config::{AuthConfig, CodecName, Config, ConfigFile, Peer, RegistrationConfig, RuleConfig, Secret, Srtp, Stir, TrunkConfig},
    trunk::matches,
    yaml::{self, Mistake},
};

use super::{FILE, example, keys};

/// The example with these trunks.
fn with(trunks: &str) -> String {
    let text = example().replacen("\ntrunks:\n", &format!("\ntrunks:\n{trunks}"), 1);
    assert!(text.contains(trunks));
    text
}

/// Reads a text where the environment has one password, and a file another.
fn parse(text: &str) -> Result<Config, Vec<Mistake>> {
    let open = |path: &Path| if path.ends_with("provider.password") { Ok("from a file\n".to_owned()) } else { fs::read_to_string(path) };
    let variable = |name: &str| (name == "PROVIDER_PASSWORD").then(|| "from the environment".to_owned());
    Config::parse_with(text, "warmline.yaml", Path::new(FILE).parent().unwrap(), &open, &variable)
}

/// The trunk `isp` with one peer and these further lines, indented by four, has this one mistake on the line of `at`.
fn one(lines: &str, at: &str, key: &str, message: &str, hint: &str) {
    mistake(&with(&format!("  isp:\n    peers: [192.0.2.7]\n{lines}")), at, key, message, hint);
}

fn mistake(text: &str, at: &str, key: &str, message: &str, hint: &str) {
    let found = parse(text).expect_err("nothing is wrong");
    assert_eq!(found.len(), 1, "{found:#?}");
    let line = text.lines().position(|line| line.contains(at) && !line.starts_with('#')).unwrap() + 1;
    assert_eq!((found[0].file.as_str(), found[0].place.line, found[0].key.as_str()), ("warmline.yaml", line, key), "{}", found[0]);
    assert!(found[0].message.contains(message), "{}", found[0]);
    assert!(found[0].hint.clone().unwrap_or_default().contains(hint), "{:?}", found[0]);
}

/// The commented-out example, as it would be if somebody wrote it.
fn shown() -> String {
    let text = example();
    let inside = text.split_once("\ntrunks:\n").unwrap().1;
    let lines = inside.lines().take_while(|line| line.starts_with("#  ")).map(|line| format!("{}\n", &line[1..]));
    lines.collect()
}

#[test]
fn every_key_of_a_trunk_is_shown() {
    let rule = RuleConfig { pattern: None, regex: None, replace: String::new() };
    let auth = AuthConfig { user: String::new(), password: None, password_env: None, password_file: None, realm: None };
    let registration = RegistrationConfig {
        registrar: "a".parse().unwrap(),
        user: String::new(),
        password: None,
        password_env: None,
        password_file: None,
        expires_s: 0,
        outbound_proxy: None,
    };
    let trunk = TrunkConfig { registration: Some(registration), auth: Some(auth), ..TrunkConfig::to(Vec::new()) };
    let mut known = BTreeSet::new();
    keys(&serde_json::to_value(trunk).unwrap(), "", &mut known);
    keys(&serde_json::to_value(rule).unwrap(), "", &mut known);
    assert!(known.len() > 35, "{known:?}");
    let shown = shown();
    for key in &known {
        let name = key.rsplit('.').next().unwrap();
        assert!(matches(&format!("* {name}: *"), &shown.replace('\n', " ")), "`{key}` is not in the example");
    }
}

#[test]
fn the_shown_trunk_is_right() {
    let shown: String = shown()
        .lines()
        .filter(|line| !line.contains("password: ") && !line.contains("password_file"))
        .fold(String::new(), |text, line| text + line + "\n");
    let config = parse(&with(&shown)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let trunk = &config.file.trunks["provider"];
    assert_eq!(trunk.peers[1].to_string(), "sip.example.net:5061;transport=tls");
    assert_eq!(
        (trunk.codecs.as_slice(), trunk.srtp, trunk.identity.stir),
        ([CodecName::Pcma, CodecName::Pcmu].as_slice(), Srtp::Never, Stir::Ignore)
    );
    assert_eq!(trunk.auth.as_ref().unwrap().password.as_ref().map(Secret::expose), Some("from the environment"));
    let table = config.trunk_table();
    assert_eq!(table.identify("192.0.2.9".parse().unwrap()).unwrap().name, "provider");
    assert!(table.identify("203.0.113.9".parse().unwrap()).is_none());
    assert_eq!(table.trunk("provider").unwrap().inbound.rewrite("721000111"), "+40721000111");
    // What is said to be the default is the default.
    let bare = parse(&with("  provider:\n    peers: [192.0.2.7]\n")).unwrap();
    let plain = TrunkConfig::to(vec!["192.0.2.7".parse::<Peer>().unwrap()]);
    assert_eq!(bare.file.trunks["provider"], plain);
    for (key, value) in
        [("health_s", Value::from(30)), ("srtp", Value::from("never")), ("codecs", serde_json::json!(["pcmu", "pcma", "opus", "g722"]))]
    {
        assert_eq!(serde_json::to_value(&plain).unwrap()[key], value, "{key}");
    }
}

#[test]
fn the_trunk_in_the_readme_is_right() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let shown = readme.split("```yaml\n").find(|block| block.starts_with("trunks:")).unwrap().split("```").next().unwrap();
    let example = example();
    let others = example.split_once("\n# Who can be called").unwrap().1.split_once('\n').unwrap().1;
    let config = parse(&format!("{shown}{others}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!((config.accounts().len(), config.registrations().len()), (1, 1));
}

#[test]
fn unknown_keys_and_wrong_values() {
    one("    helth_s: 5\n", "helth_s", "trunks.isp.helth_s", "unknown key `helth_s`", "did you mean `health_s`?");
    one("    srtp: maybe\n", "srtp:", "trunks.isp.srtp", "unknown word `maybe`", "offered");
    one("    codecs: [pcma, g729]\n", "g729", "trunks.isp.codecs[1]", "unknown word `g729`", "");
    one("    codecs: [pcma, pcma]\n", "pcma", "trunks.isp.codecs", "none twice", "g722");
    one("    outbound_proxy: sip:a\n", "sip:a", "trunks.isp.outbound_proxy", "“sip:a” is no peer", "");
    one("    dtmf: { info: yess }\n", "yess", "trunks.isp.dtmf.info", "must be a boolean", "");
    one("    identity: { stir: shown }\n", "shown", "trunks.isp.identity.stir", "unknown word `shown`", "did you mean `show`?");
    one("    calls: 0\n", "    calls: 0", "trunks.isp.calls", "at least 1", "");
    one("    calls_per_second: 0\n", "calls_per_second: 0", "trunks.isp.calls_per_second", "at least 1", "");
    one("    headers: { send: { Diversion: x } }\n", "Diversion", "trunks.isp.headers.send.Diversion", "no header of ours", "X-");
    one("    headers: { send: { X-Call: \"{{ id }}\" } }\n", "X-Call", "trunks.isp.headers.send.X-Call", "nothing is called `id`", "");
}

#[test]
fn peers_and_their_networks() {
    mistake(&with("  isp: {}\n"), "isp:", "trunks.isp", "`peers` is missing", "add `peers:`");
    mistake(&with("  isp: { peers: [] }\n"), "isp:", "trunks.isp.peers", "no peer", "sip.example.net");
    mistake(&with("  isp: { peers: [192.0.2.300] }\n"), "isp:", "trunks.isp.peers[0]", "“192.0.2.300” is no peer", "");
    mistake(&with("  any: { peers: [192.0.2.7] }\n"), "any:", "trunks.any", "no trunk can be called `any`", "letters");
    mistake(&with("  isp: { peers: [sip.example.net] }\n"), "isp:", "trunks.isp.peers", "nobody knows where", "`allowed: []`");
    assert!(parse(&with("  isp: { peers: [sip.example.net], allowed: [] }\n")).is_ok());
    let two = "  one: { peers: [192.0.2.7] }\n  two: { peers: [sip.example.net], allowed: [192.0.2.7/32] }\n";
    mistake(&with(two), "two:", "trunks.two.allowed", "are those of trunk `one`", "most specific");
    let no_tcp = with("  isp: { peers: [\"192.0.2.7;transport=tcp\"] }\n").replacen("  tcp: 127.0.0.1:5060", "  tcp:", 1);
    mistake(&no_tcp, "isp:", "trunks.isp.peers[0]", "`sip.tcp` is empty", "");
}

#[test]
fn rules_for_numbers() {
    let rule = |rule: &str| format!("    numbers:\n      inbound:\n        - {rule}\n");
    let at = "trunks.isp.numbers.inbound[0]";
    one(&rule("{ replace: x }"), "- { replace", at, "either `match` or `regex`", "");
    one(&rule("{ match: \"1\", regex: \"1\", replace: x }"), "- { match", at, "either `match` or `regex`", "");
    one(&rule("{ match: \"0*\", replace: \"+**\" }"), "+**", &format!("{at}.replace"), "more `*`", "");
    one(&rule("{ regex: \"(0\", replace: x }"), "(0", &format!("{at}.regex"), "no regular expression: ", "");
    one(&rule("{ regex: \"(0)\", replace: $2 }"), "(0)", &format!("{at}.replace"), "`$2` stands for a group", "");
    one(&rule("{ match: 100, replace: x }"), "100", &format!("{at}.match"), "must be a string", "in quotes");
}

#[test]
fn passwords_come_from_one_place() {
    let auth = |lines: &str| format!("    auth:\n      user: me\n{lines}");
    let at = "trunks.isp.auth";
    one(&auth(""), "auth:", at, "no password", "password_env");
    one(
        &auth("      password: a\n      password_env: B\n"),
        "password_env: B",
        "trunks.isp.auth.password_env",
        "`password` gives",
        "keep one",
    );
    one(&auth("      password_env: NOT_THERE\n"), "NOT_THERE", "trunks.isp.auth.password_env", "`NOT_THERE` is not set", "");
    one(&auth("      password_file: not.there\n"), "not.there", "trunks.isp.auth.password_file", "not.there: ", "");
    one(&auth("      password: \"\"\n"), "password: \"\"", "trunks.isp.auth.password", "not empty", "");
    one(&auth("      password: a\n").replace("me", "me@host"), "me@host", "trunks.isp.auth.user", "no user", "without the host");
    let registration = "    registration: { registrar: a.example, user: me, password: a, expires_s: 5 }\n";
    one(registration, "registration:", "trunks.isp.registration.expires_s", "at least 60", "");
    let config = parse(&with(&format!("  isp:\n    peers: [192.0.2.7]\n{}", auth("      password_file: provider.password\n")))).unwrap();
    assert_eq!(config.file.trunks["isp"].auth.as_ref().unwrap().password.as_ref().map(Secret::expose), Some("from a file"));
}

#[test]
fn a_password_goes_to_servers_that_are_known() {
    let named = |allowed: &str| {
        let auth = "auth: { user: me, password: a }";
        with(&format!("  isp:\n    peers: [sip.example.net]\n    allowed: [{allowed}]\n    {auth}\n"))
    };
    mistake(&named(""), "auth:", "trunks.isp.auth", "nobody would get the password", "networks of its servers");
    assert!(parse(&named("192.0.2.0/28")).is_ok());
}

#[test]
fn lines_that_the_signalling_keeps_up() {
    let text = with(concat!(
        "  both:\n    peers: [192.0.2.7, \"192.0.2.8:5070;transport=tcp\"]\n    health_s: 20\n",
        "    auth: { user: caller, password: a, realm: r }\n",
        "    registration: { registrar: 198.51.100.1, user: me, password: b, outbound_proxy: \"198.51.100.2:5080\" }\n",
        "  plain:\n    peers: [192.0.2.9]\n    health_s: 0\n    registration: { registrar: sip.example.net, user: me, password: c }\n",
    ));
    let text =
        text.replacen("target: sip:maria@127.0.0.1:5070", "target: registered", 1).replacen("\n    password:\n", "\n    password: d\n", 1);
    let config = parse(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let accounts = config.accounts();
    let of = |index: usize| (accounts[index].name.as_str(), accounts[index].user.as_str(), accounts[index].password.expose());
    assert_eq!((of(0), of(1), of(2)), (("both", "caller", "a"), ("both/registration", "me", "b"), ("plain", "me", "c")));
    assert_eq!((accounts[0].realm.as_deref(), accounts[0].networks.len(), accounts[2].networks.len()), (Some("r"), 4, 1));
    let registrations = config.registrations();
    assert_eq!((registrations[0].account.as_str(), registrations[1].account.as_str()), ("both/registration", "plain"));
    assert_eq!((registrations[0].registrar.as_str(), registrations[0].expires_s), ("sip:198.51.100.1", 600));
    assert_eq!(registrations[0].outbound_proxy.as_deref(), Some("sip:198.51.100.2:5080"));
    let looks: Vec<(String, u32)> = config.health().into_iter().map(|look| (look.target, look.interval_s)).collect();
    assert_eq!(looks, [("sip:192.0.2.7".to_owned(), 20), ("sip:192.0.2.8:5070;transport=tcp".to_owned(), 20)]);
    assert_eq!(config.phones().iter().map(|phone| (phone.user.as_str(), phone.password.expose())).collect::<Vec<_>>(), [("maria", "d")]);
}

#[test]
fn a_password_is_never_printed() {
    let number = with("  isp:\n    peers: [192.0.2.7]\n    auth: { user: me, password: 471155 }\n");
    let found = parse(&number).unwrap_err();
    assert!(found[0].message.contains("write it in quotes") && !format!("{found:?}").contains("471155"), "{found:#?}");
    let config = parse(&number.replace("471155", "\"471155\"")).unwrap();
    let file: ConfigFile = config.file.clone();
    assert!(!format!("{config:?}").contains("471155") && !serde_json::to_string(&file).unwrap().contains("471155"));
    assert!(yaml::read::<ConfigFile>(&number, "x").unwrap().mistakes.iter().all(|mistake| !mistake.to_string().contains("471155")));
}

#[test]
fn a_queue_elsewhere_takes_several_calls_at_once_and_a_page_takes_one() {
    let pbx = |target: &str, capacity: &str| {
        let text = example().replacen("target: sip:maria@127.0.0.1:5070", &format!("target: {target}"), 1);
        text.replacen("    capacity: 1\n", &format!("    capacity: {capacity}\n"), 1)
    };
    for target in ["sip:queue@192.0.2.7", "browser"] {
        assert!(parse(&pbx(target, "1")).is_ok(), "{target}");
    }
    assert_eq!(parse(&pbx("sip:queue@192.0.2.7", "5")).unwrap().file.agents["maria"].capacity, 5);
    let at = "agents.maria.capacity";
    mistake(&pbx("browser", "2"), "capacity: 2", at, "an agent's page takes one call at a time", "leave it out");
    mistake(&pbx("sip:queue@192.0.2.7", "0"), "capacity: 0", at, "0 is not between 1 and 500", "");
    mistake(&pbx("sip:queue@192.0.2.7", "501"), "capacity: 501", at, "501 is not between 1 and 500", "");
}

#[test]
fn agents_that_register_or_are_rung_through_a_trunk() {
    let isp = "  isp:\n    peers: [192.0.2.7]\n";
    let maria = |target: &str, via: &str, password: &str| {
        let text = with(isp).replacen("target: sip:maria@127.0.0.1:5070", &format!("target: {target}"), 1);
        text.replacen("\n    via:\n", &format!("\n    via: {via}\n"), 1).replacen(
            "\n    password:\n",
            &format!("\n    password: {password}\n"),
            1,
        )
    };
    assert!(parse(&maria("registered", "", "abc")).is_ok() && parse(&maria("browser", "", "")).is_ok());
    mistake(&maria("browser", "isp", ""), "via: isp", "agents.maria.via", "rung straight", "");
    assert!(parse(&maria("\"+40721000111\"", "isp", "")).is_ok());
    mistake(&maria("registered", "", ""), "maria:", "agents.maria", "no password", "password_file");
    mistake(
        &maria("sip:m@192.0.2.1", "", "abc"),
        "password: abc",
        "agents.maria.password",
        "only a telephone that registers",
        "registered",
    );
    mistake(&maria("registered", "isp", "abc"), "via: isp", "agents.maria.via", "rung straight", "");
    mistake(&maria("\"+40721000111\"", "ips", ""), "via: ips", "agents.maria.via", "no trunk `ips`", "did you mean `isp`?");
    mistake(&maria("\"+40721000111\"", "", ""), "target: \"+", "agents.maria.target", "is no SIP address", "");
    let odd = maria("registered", "", "abc").replacen("\n  maria:\n", "\n  \"ma ria\":\n", 1);
    mistake(&odd, "ma ria", "agents.ma ria", "cannot be the user of a telephone", "letters");
    let text = example();
    mistake(
        &text.replacen("min_expires_s: 60", "min_expires_s: 7200", 1),
        "min_expires_s",
        "registrar.min_expires_s",
        "at most `max_expires_s`",
        "",
    );
    mistake(&text.replacen("contacts: 4", "contacts: 0", 1), "contacts:", "registrar.contacts", "at least 1", "");
    mistake(&text.replacen("realm: warmline", "realm: \"\"", 1), "realm:", "registrar.realm", "a realm has", "");
}

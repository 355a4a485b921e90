//! Routes: what they ask of a call, and those that no call could take.

use warmline::trunk::ANY;

use super::{Mistake, example, parse};

const FLOW: &str = "flow: flows/support.en.yaml";

/// The example with two trunks and these routes.
fn with(routes: &str) -> String {
    let text = example().replacen("\ntrunks:\n", "\ntrunks:\n  isp: { peers: [192.0.2.7] }\n  pbx: { peers: [192.0.2.8] }\n", 1);
    let (before, after) = text.split_once("\nroutes:\n").unwrap();
    let after = after.split_once("\n# Who can be called").unwrap().1;
    format!("{before}\nroutes:\n{routes}\n# Who can be called{after}")
}

fn wrong(routes: &str) -> Vec<Mistake> {
    parse(&with(routes)).expect_err("nothing is wrong")
}

fn one(routes: &str, at: &str, key: &str, message: &str, hint: &str) {
    let found = wrong(routes);
    assert_eq!(found.len(), 1, "{found:#?}");
    let line = with(routes).lines().position(|line| line.contains(at) && !line.starts_with('#')).unwrap() + 1;
    assert_eq!((found[0].place.line, found[0].key.as_str()), (line, key), "{}", found[0]);
    assert!(found[0].message.contains(message), "{}", found[0]);
    assert!(found[0].hint.clone().unwrap_or_default().contains(hint), "{:?}", found[0]);
}

#[test]
fn the_first_route_that_fits_takes_the_call() {
    let hours = "{ days: [mon..fri, sun], from: \"08:00\", to: \"18:00\", time_zone: Europe/Bucharest }";
    let routes = [
        format!("  - {{ called: \"+4021*\", trunk: isp, hours: {hours}, {FLOW} }}\n"),
        format!("  - {{ called: \"*\", trunk: [isp, pbx], caller: anonymous, {FLOW} }}\n"),
        format!("  - {{ called: \"*\", {FLOW} }}\n"),
    ];
    let table = parse(&with(&routes.concat())).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).trunk_table();
    // 2026-07-06, a Monday, 08:00 and 18:00 in Bucharest; the Saturday before; the Sunday.
    let (opens, closes, saturday, sunday) = (1_783_314_000_000, 1_783_350_000_000, 1_783_162_800_000, 1_783_249_200_000);
    assert_eq!(table.route("isp", "+40213", "+407", opens), Some(0));
    assert_eq!(table.route("isp", "+40213", "+407", sunday), Some(0));
    for (trunk, caller, at, taken) in
        [("isp", "", closes, 1), ("isp", "", saturday, 1), ("pbx", "", opens, 1), ("pbx", "+407", opens, 2), (ANY, "", opens, 2)]
    {
        assert_eq!(table.route(trunk, "+40213", caller, at), Some(taken), "{trunk} {caller} {at}");
    }
}

#[test]
fn routes_that_no_call_could_take() {
    let key = "routes[0].trunk";
    one(&format!("  - {{ called: \"*\", trunk: ips, {FLOW} }}"), "- {", key, "no trunk `ips`", "did you mean `isp`?");
    one(&format!("  - {{ called: \"*\", trunk: [isp, any], {FLOW} }}"), "- {", key, "no trunk `any`", "leave `trunk` out");
    one(&format!("  - {{ called: \"*\", trunk: 5, {FLOW} }}"), "- {", key, "must be the name of a trunk", "");
    let shade = "takes no call: routes[0] takes all of them";
    let first = format!("  - {{ called: \"*\", {FLOW} }}\n");
    one(&format!("{first}  - {{ called: \"100\", trunk: isp, {FLOW} }}"), "\"100\"", "routes[1]", shade, "narrower one first");
    let isp = format!("  - {{ called: \"+40*\", trunk: isp, {FLOW} }}\n");
    one(&format!("{isp}  - {{ called: \"+4021*\", trunk: [isp], {FLOW} }}"), "+4021", "routes[1]", shade, "");
    assert!(parse(&with(&format!("{isp}  - {{ called: \"+4021*\", trunk: [isp, pbx], {FLOW} }}"))).is_ok());
}

#[test]
fn hours_are_checked() {
    let hours = |hours: &str| format!("  - called: \"*\"\n    {FLOW}\n    hours: {{ {hours} }}");
    let at = "hours: {";
    one(&hours("from: \"08:00\""), at, "routes[0].hours", "`time_zone` is missing", "");
    one(&hours("time_zone: Europe/Bukarest"), at, "routes[0].hours.time_zone", "`Europe/Bukarest` is no time zone", "Europe/Bucharest");
    one(&hours("time_zone: UTC, from: \"8 am\""), at, "routes[0].hours.from", "not a time of day", "24:00");
    one(&hours("time_zone: UTC, to: \"25:00\""), at, "routes[0].hours.to", "not a time of day", "24:00");
    one(&hours("time_zone: UTC, from: \"08:00\", to: \"08:00\""), at, "routes[0].hours", "never be open", "");
    one(&hours("time_zone: UTC, days: [mon..fri, sonday]"), at, "routes[0].hours.days[1]", "“sonday” is no day", "mon..fri");
    one(&hours("time_zone: UTC, day: [mon]"), at, "routes[0].hours.day", "unknown key `day`", "did you mean `days`?");
    assert!(parse(&with(&hours("time_zone: \"+02:00\", from: \"22:00\", to: \"06:00\", days: [sat..mon]"))).is_ok());
}

#[test]
fn a_flow_file_that_is_not_there_is_named_with_its_route() {
    let routes = format!("  - {{ called: \"100\", {FLOW} }}\n  - {{ called: \"*\", flow: flows/nothing.yaml }}");
    one(&routes, "nothing.yaml", "routes[1].flow", "nothing.yaml", "");
}

#[test]
fn flows_of_other_languages_are_read_and_must_be_told_apart() {
    let good = format!("  - {{ called: \"*\", {FLOW}, other_languages: [flows/support.ro.yaml] }}\n");
    let config = parse(&with(&good)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(config.flows().map(|flow| flow.language.as_str()).collect::<Vec<_>>(), ["en", "ro"]);
    let twice = format!("  - {{ called: \"*\", {FLOW}, other_languages: [flows/support.en.yaml] }}\n");
    one(&twice, "called: \"*\"", "routes[0].other_languages[0]", "has the language `en`, too", "first words");
    let missing = format!("  - {{ called: \"*\", {FLOW}, other_languages: [flows/support.xx.yaml] }}\n");
    one(&missing, "called: \"*\"", "routes[0].other_languages[0]", "support.xx.yaml", "");
}

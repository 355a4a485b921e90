//! Dependencies point one way: `main → app → {call_task, drivers} → call`; the wire and the models know nothing of the gateway.

use std::fs;

use super::source::{Source, code, files, imports, names, root};

/// What the brain of a call never touches, by what it would be for.
const NOT_IN_THE_BRAIN: &[&str] = &[
    // Tasks and threads.
    "tokio",
    "futures",
    "std::thread",
    "std::sync::mpsc",
    // Clocks and chance.
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant",
    "SystemTime",
    "crate::clock",
    "chrono",
    "time",
    "rand",
    "fastrand",
    "getrandom",
    "uuid",
    // The outside world.
    "std::net",
    "std::fs",
    "std::env",
    "std::process",
    "std::io",
    // Libraries of drivers.
    "warmline_sip",
    "warmline_models",
    "serde_json",
    "sqlx",
    "rusqlite",
    "axum",
    "reqwest",
    "hyper",
    "ureq",
    "ort",
    "hound",
    "tracing",
];

/// Everything above the brain.
const ABOVE_THE_BRAIN: &[&str] = &["app", "call_task", "cli", "clock", "config", "http", "phone", "speech", "store", "telephony", "webrtc"];

const DRIVERS: &[&str] = &["http", "speech", "store", "telephony", "webhooks", "webrtc"];

/// Drivers that one other driver may read, and why.
const READERS: &[(&str, &str, &str)] = &[
    ("http", "store", "the pages show the record; only the API reads it, and what people write about calls goes in through it"),
    ("http", "webhooks", "the API shows their queues, and sends again what was given up"),
    ("webhooks", "store", "their queue survives a restart"),
];

/// Libraries that only one place may name, so that they can be replaced there.
const BEHIND_ONE_DOOR: &[(&str, &[&str])] = &[
    ("rsipstack", &["sip/src/user_agent/"]),
    ("ort", &["models/src/"]),
    ("sqlx", &["src/store/", "src/order_service", "tests/it/"]),
    ("rusqlite", &["src/store/", "tests/it/"]),
    ("axum", &["src/http/", "src/app", "src/order_service", "src/cli/", "tests/it/"]),
    (
        "warmline_sip",
        &["src/telephony/", "src/phone/", "src/app", "src/cli/bench/relay.rs", "src/cli/bench/phones.rs", "src/cli/eval/", "tests/it/"],
    ),
    ("warmline_models", &["src/speech/", "src/understand.rs", "src/cli/", "src/app", "src/config/", "tests/it/"]),
];

/// A path that begins with a name, or is it.
fn begins(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Everything that a file refers to: its imports, and full paths in its code.
fn refers(source: &Source, path: &str) -> bool {
    let code = code(&source.text);
    imports(&code).iter().any(|import| begins(import, path))
        || (path.contains("::") && names(&code, path))
        || names(&code, &format!("{path}::"))
}

#[test]
fn the_brain_touches_nothing_of_the_world() {
    let brain = files("src/call", ".rs");
    assert!(brain.len() > 10, "only {} files in src/call", brain.len());
    let mut wrong = Vec::new();
    for source in &brain {
        let above = ABOVE_THE_BRAIN.iter().map(|module| format!("crate::{module}"));
        for name in NOT_IN_THE_BRAIN.iter().map(ToString::to_string).chain(above) {
            // `crate::call::time` is the brain's own type; the crate `time` would be imported by its bare name.
            let bare_word = !name.contains("::") && ["time", "Instant", "SystemTime"].contains(&name.as_str());
            let found =
                if bare_word { imports(&code(&source.text)).iter().any(|import| begins(import, &name)) } else { refers(source, &name) };
            if found {
                wrong.push(format!("{} refers to {name}", source.path));
            }
        }
    }
    for source in brain.iter().filter(|source| code(&source.text).contains("::now(")) {
        wrong.push(format!("{} reads a clock", source.path));
    }
    assert!(wrong.is_empty(), "src/call is pure: events and time in, actions out\n{}", wrong.join("\n"));
}

#[test]
fn trunks_are_pure() {
    // Addresses and points in time are parameters there; everything else of the world stays outside.
    let allowed = ["std::net", "time", "Instant", "std::time::Instant"];
    let mut wrong = Vec::new();
    for source in files("src/trunk", ".rs") {
        let above = ABOVE_THE_BRAIN.iter().map(|module| format!("crate::{module}"));
        let names = NOT_IN_THE_BRAIN.iter().filter(|name| !allowed.contains(name)).map(ToString::to_string).chain(above);
        // Its tests build values from JSON.
        let code = code(&source.text).split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let own = Source { path: source.path.clone(), text: code };
        wrong.extend(names.filter(|name| refers(&own, name)).map(|name| format!("{} refers to {name}", source.path)));
        if own.text.contains("::now(") {
            wrong.push(format!("{} reads a clock", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn drivers_never_import_each_other_nor_what_drives_them() {
    let mut wrong = Vec::new();
    for driver in DRIVERS {
        let may_read = |other: &str| READERS.iter().any(|(reader, read, _)| reader == driver && *read == other);
        let others = DRIVERS.iter().filter(|other| *other != driver && !may_read(other)).chain(&["app", "call_task", "cli", "phone"]);
        let others: Vec<String> = others.map(|other| format!("crate::{other}")).collect();
        for source in files(&format!("src/{driver}"), ".rs") {
            for other in others.iter().filter(|other| refers(&source, other)) {
                wrong.push(format!("{} refers to {other}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_behind_their_door() {
    let everywhere: Vec<Source> = ["src", "sip/src", "models/src", "tests/it"].iter().flat_map(|folder| files(folder, ".rs")).collect();
    let mut wrong = Vec::new();
    for (library, doors) in BEHIND_ONE_DOOR {
        for source in &everywhere {
            if !doors.iter().any(|door| source.path.starts_with(door)) && refers(source, library) {
                wrong.push(format!("{} refers to {library}, which belongs in {}", source.path, doors.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_wire_and_the_models_know_nothing_of_the_gateway() {
    for (package, forbidden) in [("sip", ["warmline ", "warmline-models"]), ("models", ["warmline ", "warmline-sip"])] {
        let manifest = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
        for line in manifest.lines() {
            assert!(!forbidden.iter().any(|name| line.starts_with(name)), "{package}/Cargo.toml depends on the gateway: {line}");
        }
    }
    let asynchronous: Vec<String> =
        files("models/src", ".rs").into_iter().filter(|source| refers(source, "tokio")).map(|source| source.path).collect();
    assert!(asynchronous.is_empty(), "the models' calls block; these files are asynchronous: {asynchronous:?}");
}

//! Sizes and beginnings of files.

use super::source::{Source, files};

/// Lines above which a file needs a reason.
const LONGEST: usize = 600;

/// Files that are longer, and why.
const LONGER: &[(&str, &str)] = &[];

fn rust() -> Vec<Source> {
    ["src", "sip", "models", "xtask", "tests"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

#[test]
fn long_files_have_a_reason() {
    let mut wrong = Vec::new();
    for source in rust() {
        let lines = source.text.lines().count();
        let excused = LONGER.iter().any(|(path, _)| *path == source.path);
        if lines > LONGEST && !excused {
            wrong.push(format!("{}: {lines} lines", source.path));
        } else if lines <= LONGEST && excused {
            wrong.push(format!("{}: is short again, strike it from the list", source.path));
        }
    }
    assert!(wrong.is_empty(), "one thing per file\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = rust().into_iter().filter(|source| !source.text.starts_with("//!")).map(|source| source.path).collect();
    assert!(silent.is_empty(), "these files do not begin with a //! line: {silent:#?}");
}

#[test]
fn no_test_sleeps() {
    let nap = concat!("sleep", "(");
    let in_source = files("src", ".rs").into_iter().filter(|source| source.path.ends_with("tests.rs"));
    let tests = files("tests", ".rs").into_iter().chain(files("tests", ".js")).chain(files("tests", ".mjs")).chain(in_source);
    let sleeping: Vec<String> = tests.filter(|source| source.text.contains(nap)).map(|source| source.path).collect();
    assert!(sleeping.is_empty(), "a test waits for an event with a deadline: {sleeping:?}");
}

#[test]
fn reasons_are_given_where_a_lint_is_switched_off() {
    let mut wrong = Vec::new();
    for source in rust().into_iter().filter(|source| source.path != "tests/it/tidy/files.rs") {
        let flat = source.text.split_whitespace().collect::<Vec<_>>().join(" ");
        for attribute in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
            for (start, _) in flat.match_indices(attribute) {
                let end = flat[start..].find(")]").map_or(flat.len(), |end| start + end);
                if !flat[start..end].contains("reason =") {
                    wrong.push(format!("{}: {}", source.path, &flat[start..end]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

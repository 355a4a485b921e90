//! Documents that have to be there, and lists that have to be complete.

use std::fs;

use warmline::call::flow::Flow;

use super::source::{Source, files, root};

#[test]
fn the_documents_are_there() {
    for document in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "docs/ARCHITECTURE.md", "models/LICENCES.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap_or_default();
        assert!(text.len() > 200, "{document} is missing or empty");
    }
}

#[test]
fn the_changelog_names_the_version() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let version = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(changelog.contains("## [Unreleased]") || changelog.contains(&version), "neither Unreleased nor {version}");
}

#[test]
fn every_model_is_listed_with_its_licence() {
    let manifest: toml::Table = fs::read_to_string(root().join("models/manifest.toml")).unwrap().parse().unwrap();
    let list = fs::read_to_string(root().join("models/LICENCES.md")).unwrap();
    let models = manifest["model"].as_array().unwrap();
    assert!(!models.is_empty());
    for model in models {
        let (name, licence) = (model["name"].as_str().unwrap(), model["licence"].as_str().unwrap());
        // "piper-joe" is listed as "Piper voice en_US-joe-medium".
        let named = |line: &str| name.split('-').all(|part| line.to_lowercase().contains(part)) && line.contains(licence);
        assert!(list.lines().any(named), "models/LICENCES.md has no line with {name} and {licence}");
    }
}

#[test]
fn ci_runs_exactly_the_developers_command() {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    let commands: Vec<&str> = script.lines().filter(|line| line.contains("cargo")).collect();
    assert_eq!(commands, ["exec cargo xtask test"]);
    assert!(script.contains("set -eu"));
}

#[test]
fn the_flow_in_the_readme_is_a_flow() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let flow = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mistakes = Flow::parse(flow, "README.md").err().unwrap_or_default();
    let listed: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert!(listed.is_empty(), "{}", listed.join("\n"));
}

#[test]
fn what_documents_point_at_is_there() {
    let mut links = 0;
    for document in
        ["README.md", "docs/ARCHITECTURE.md", "docs/DEVELOPING.md", "docs/NEGATIVE.md", "models/LICENCES.md", "tests/browser/README.md"]
    {
        let file = root().join(document);
        let text = fs::read_to_string(&file).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
            if !target.is_empty() && !target.contains("://") {
                links += 1;
                assert!(file.with_file_name(target).exists(), "{document} points at {target}, which is not there");
            }
        }
    }
    assert!(links > 5, "only {links} links were found");
}

#[test]
fn every_test_that_the_negative_list_names_is_there() {
    let list = fs::read_to_string(root().join("docs/NEGATIVE.md")).unwrap();
    let sources: Vec<Source> = ["src", "sip", "tests"].iter().flat_map(|folder| files(folder, ".rs")).collect();
    let named: Vec<&str> = list.split('`').skip(1).step_by(2).filter(|word| word.contains("::")).collect();
    assert!(named.len() > 80, "only {} tests are named", named.len());
    for name in named {
        let mut parts = name.rsplit("::");
        let (test, file) = (parts.next().unwrap(), parts.next().unwrap());
        let function = format!("fn {test}()");
        // `agreed.rs`, `agreed/mod.rs`, or one of several tests of a folder.
        let there = |source: &&Source| source.path.split(['/', '.']).any(|part| part == file) && source.text.contains(&function);
        assert!(sources.iter().any(|source| there(&source)), "docs/NEGATIVE.md names {name}, which is not there");
    }
}

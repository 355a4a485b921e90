//! What no published file may name: places of somebody's machine, and hosts that a mirror would have to replace.

use super::source::published;

/// Lock files name the registry by themselves.
const LOCK_FILES: &[&str] = &["Cargo.lock"];

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let forbidden = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/tm", "p/"),
        concat!("../sha", "red"),
        concat!("py", "pi.org"),
        concat!("files.python", "hosted.org"),
        concat!("registry.np", "mjs.org"),
        concat!("index.crates", ".io"),
        concat!("deb.deb", "ian.org"),
    ];
    let mut wrong = Vec::new();
    for source in published().iter().filter(|source| !LOCK_FILES.contains(&source.path.as_str())) {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(word) = forbidden.iter().find(|word| line.contains(*word)) {
                wrong.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

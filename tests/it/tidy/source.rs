//! Reading the repository.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The root of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One file, with its path from the root.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

/// Every file with this ending below a folder of the repository, results of builds excepted.
pub(super) fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), ending, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules", "dist", ".git"].contains(&name.as_str()) {
            collect(&path, ending, found);
        } else if name.ends_with(ending)
            && let Ok(text) = fs::read_to_string(&path)
        {
            found.push(Source { path: relative(&path), text });
        }
    }
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

/// Every text file that git would publish: the tracked ones and the new ones that are not ignored.
pub(super) fn published() -> Vec<Source> {
    let listing = Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).current_dir(root()).output();
    let listing = listing.expect("git is there, since the repository was cloned").stdout;
    let paths =
        listing.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(|path| PathBuf::from(String::from_utf8_lossy(path).as_ref()));
    let read =
        |path: PathBuf| Some(Source { text: fs::read_to_string(root().join(&path)).ok()?, path: path.to_string_lossy().into_owned() });
    let published: Vec<Source> = paths.filter_map(read).collect();
    assert!(published.len() > 20, "git lists only {} files", published.len());
    published
}

/// The code without line comments, so that prose may name what code may not.
pub(super) fn code(text: &str) -> String {
    text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join("\n")
}

/// Every path that the `use` declarations of some code import, their braces unfolded: `std::{fs, io::{Read, Write}}` gives three.
pub(super) fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("use ") {
        let before = code[..start].trim_end_matches([' ', '\t']);
        let begins = before.is_empty() || before.ends_with(['\n', '{', ';', ')']) || before.ends_with("pub");
        if begins && let Some(end) = code[start..].find(';') {
            let tree: String = code[start + 4..start + end].split_whitespace().collect();
            unfold("", &tree, &mut found);
        }
    }
    found
}

fn unfold(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let Some(open) = tree.find('{') else {
        found.push(format!("{prefix}{tree}"));
        return;
    };
    let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let prefix = format!("{prefix}{}", &tree[..open]);
    let (mut depth, mut start) = (0, 0);
    for (place, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if start < place {
                    unfold(&prefix, &inner[start..place], found);
                }
                start = place + 1;
            }
            _ => {}
        }
    }
}

/// True if `code` names `path` as whole words: `rand` is not in `operand`, nor `std::fs` in `std::fsx`.
pub(super) fn names(code: &str, path: &str) -> bool {
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(path).any(|(start, _)| !code[..start].ends_with(word) && !code[start + path.len()..].starts_with(word))
}

#[test]
fn imports_are_unfolded() {
    let text = "use std::{\n    fs,\n    io::{Read, Write},\n};\npub use crate::call;\nlet reuse = 1; // use x;\n";
    assert_eq!(imports(text), ["std::fs", "std::io::Read", "std::io::Write", "crate::call"]);
}

#[test]
fn names_are_whole_words() {
    assert!(names("let x = std::fs::read(p);", "std::fs"));
    assert!(!names("let operand = 1;", "rand"));
}

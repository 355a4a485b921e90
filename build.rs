//! Puts the built pages (`web/dist`) into the binary. Without them the binary still builds, and says what is missing.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let dist = root.join("web").join("dist");
    // A folder that is watched must exist, or cargo builds anew every time.
    fs::create_dir_all(&dist)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());

    // Copied first, so that a build of the pages at the same time cannot take a file away between here and the compiler.
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    files.sort();
    let mut code = String::from("/// Path below `web/dist`, and content.\npub(super) static ASSETS: &[(&str, &[u8])] = &[\n");
    for (index, (name, path)) in files.iter().enumerate() {
        fs::copy(path, out.join(format!("asset-{index}")))?;
        code += &format!("    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/asset-{index}\"))),\n");
    }
    code += "];\n";
    fs::write(out.join("assets.rs"), code)
}

/// Every file below `folder`, with its path from `root` with slashes.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            let names: Vec<String> = relative.iter().map(|name| name.to_string_lossy().into_owned()).collect();
            files.push((names.join("/"), path.clone()));
        }
    }
    Ok(())
}

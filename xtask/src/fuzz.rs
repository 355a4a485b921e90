//! `cargo xtask fuzz`: libFuzzer at the entrances of the telephony edge, on a stable compiler. What it finds lies below `target/fuzz`; what it
//! learns goes into the corpora that the tests replay.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::run;

/// Coverage of edges in counters, and the operands of comparisons: what libFuzzer reads.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Longer inputs are no better, only slower.
const LONGEST_INPUT: usize = 8_192;
/// Longer ones are left out of what is committed.
const LONGEST_COMMITTED: u64 = 4_096;
/// Bytes of one committed corpus.
const MOST_COMMITTED: usize = 48 * 1_024;

/// Fuzzes one entrance, or all of them one after the other, and takes what was learnt into the corpora.
pub(crate) fn fuzz(entrance: Option<&str>, seconds: u32, flags: &[String]) -> Result<()> {
    let fuzzer = build()?;
    let known = corpora()?;
    let chosen: Vec<&String> = known.iter().filter(|name| entrance.is_none_or(|wanted| wanted == *name)).collect();
    if chosen.is_empty() {
        bail!("there is no such entrance; there are: {}", known.join(", "));
    }
    let mut failed = Vec::new();
    for name in chosen {
        println!("\n── {name} for {seconds} s ──");
        match entrance_for(&fuzzer, name, seconds, flags) {
            Ok(()) => merge(&fuzzer, name)?,
            Err(error) => {
                eprintln!("{name}: {error:#}");
                failed.push(name.as_str());
            }
        }
    }
    if !failed.is_empty() {
        bail!(
            "inputs that do harm are in target/fuzz/found: put them into sip/tests/data/regressions/ENTRANCE, mended: {}",
            failed.join(", ")
        );
    }
    Ok(())
}

/// Builds the fuzzer, apart from everything else: its flags would have all dependencies compiled anew.
fn build() -> Result<PathBuf> {
    let (triple, target) = (host()?, folder("")?);
    let mut cargo = run::cargo();
    cargo.args(["build", "--release", "--locked", "--manifest-path", "sip/fuzz/Cargo.toml", "--target", &triple]);
    // With `--target` the flags are not for build scripts and macros.
    cargo.arg("--target-dir").arg(&target).env("RUSTFLAGS", FLAGS);
    run::visible(&mut cargo).context("the fuzzer needs a C++ compiler (Debian: g++)")?;
    Ok(target.join(triple).join("release/warmline-sip-fuzz"))
}

fn host() -> Result<String> {
    let version = run::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what machine this is")?.to_owned())
}

fn entrance_for(fuzzer: &Path, name: &str, seconds: u32, flags: &[String]) -> Result<()> {
    let (corpus, found) = (folder(&format!("corpus/{name}"))?, folder(&format!("found/{name}"))?);
    unpack(&committed(name), &corpus)?;
    let mut command = command(fuzzer, name);
    command.args([format!("-max_total_time={seconds}"), format!("-max_len={LONGEST_INPUT}"), "-timeout=10".to_owned()]);
    command.args(["-rss_limit_mb=1024".to_owned(), "-print_final_stats=1".to_owned(), format!("-artifact_prefix={}/", found.display())]);
    command.arg(format!("-dict={}", run::root().join("sip/fuzz/words.dict").display())).args(flags).arg(corpus);
    run::visible(&mut command)
}

/// Keeps the smallest set of inputs that covers what the corpus covers, and writes the short ones of it into the repository.
fn merge(fuzzer: &Path, name: &str) -> Result<()> {
    let (corpus, smallest) = (folder(&format!("corpus/{name}"))?, run::root().join("target/fuzz/smallest").join(name));
    if smallest.exists() {
        fs::remove_dir_all(&smallest)?;
    }
    let smallest = folder(&format!("smallest/{name}"))?;
    let mut command = command(fuzzer, name);
    command.args(["-merge=1".to_owned(), format!("-max_len={LONGEST_INPUT}")]).arg(&smallest).arg(&corpus);
    command.stderr(std::process::Stdio::null());
    run::visible(&mut command)?;
    let packed = pack(&smallest)?;
    println!("{name}: {} bytes of corpus", packed.len());
    Ok(fs::write(committed(name), packed)?)
}

fn command(fuzzer: &Path, name: &str) -> Command {
    let mut command = Command::new(fuzzer);
    command.env("WARMLINE_FUZZ_ENTRANCE", name).current_dir(run::root());
    command
}

/// A folder below `target/fuzz`, made if it is not there.
fn folder(name: &str) -> Result<PathBuf> {
    let path = run::root().join("target/fuzz").join(name);
    fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(path)
}

/// The entrances are those that have a corpus.
fn corpora() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(run::root().join("sip/tests/data/corpus"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn committed(name: &str) -> PathBuf {
    run::root().join("sip/tests/data/corpus").join(name)
}

/// Writes each input of a committed corpus into a file of its own.
fn unpack(packed: &Path, folder: &Path) -> Result<()> {
    let bytes = fs::read(packed)?;
    let mut rest = bytes.as_slice();
    let mut number = 0;
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let (input, after) = after.split_at_checked(length).with_context(|| format!("{} is broken", packed.display()))?;
        fs::write(folder.join(format!("committed-{number}")), input)?;
        number += 1;
        rest = after;
    }
    Ok(())
}

/// One file of many inputs, the shortest first: four bytes of length before each.
fn pack(folder: &Path) -> Result<Vec<u8>> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.metadata()?.len() <= LONGEST_COMMITTED {
            inputs.push(fs::read(entry.path())?);
        }
    }
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let total: usize = inputs.iter().map(|input| input.len() + 4).sum();
    let mut packed = Vec::new();
    // Short and long ones go deep in different ways: what has to go, goes evenly.
    for input in inputs.iter().step_by(total.div_ceil(MOST_COMMITTED).max(1)) {
        packed.extend_from_slice(&u32::try_from(input.len())?.to_be_bytes());
        packed.extend_from_slice(input);
    }
    Ok(packed)
}

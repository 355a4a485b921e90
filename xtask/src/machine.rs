//! Looks at the machine: which programs are there, which Debian packages are missing, and why each is needed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run;

/// What the machine is to be made ready for; each one includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum For {
    /// Fetching models.
    Models,
    /// The demo call.
    Demo,
    /// All tests and benchmarks.
    Test,
}

/// A program that Debian brings.
struct Program {
    name: &'static str,
    package: &'static str,
    why: &'static str,
    from: For,
}

const PROGRAMS: &[Program] = &[
    Program { name: "cc", package: "build-essential", why: "links the binary and compiles SQLite", from: For::Models },
    Program { name: "cmake", package: "cmake", why: "compiles the Opus codec", from: For::Models },
    Program { name: "espeak-ng", package: "espeak-ng", why: "turns words into sounds for the bot's voice", from: For::Demo },
    Program { name: "flite", package: "flite", why: "is the caller's voice in the demo call", from: For::Demo },
    Program { name: "baresip", package: "baresip-core", why: "is a caller and an agent's phone in the tests", from: For::Test },
    Program { name: "linphonec", package: "linphone-cli", why: "is an agent's phone that hands callers on in the tests", from: For::Test },
    Program { name: "sipp", package: "sip-tester", why: "sends many calls at once, and plays scenarios, in the tests", from: For::Test },
    Program { name: "chromium", package: "chromium", why: "shows the pages in the tests", from: For::Test },
    Program { name: "kamailio", package: "kamailio", why: "is the trunk in front of the gateway in the tests", from: For::Test },
    Program { name: "rtpengine", package: "rtpengine-daemon", why: "relays the sound of calls in the tests", from: For::Test },
    Program { name: "turnserver", package: "coturn", why: "lets a browser's call through in the tests", from: For::Test },
    Program { name: "tshark", package: "tshark", why: "dissects what the gateway sends in the tests", from: For::Test },
    Program { name: "sipsak", package: "sipsak", why: "asks the gateway what it is in the tests", from: For::Test },
    Program { name: "svmap", package: "sipvicious", why: "looks for users and passwords in the tests", from: For::Test },
];

/// Packages, and services of the same name, that Debian starts as soon as they are installed. The tests start their own.
const SERVICES: &[&str] = &["kamailio", "rtpengine-daemon", "coturn"];

/// Makes the machine ready, or says what has to be done by hand.
pub(crate) fn prepare(what_for: For) -> Result<()> {
    check_python()?;
    if what_for >= For::Demo {
        check_node()?;
    }
    let missing: Vec<_> = PROGRAMS.iter().filter(|program| program.from <= what_for && find(program.name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing on this machine:");
    for program in &missing {
        println!("  {:<16} {} ({})", program.package, program.why, program.name);
    }
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    install(&packages)?;
    leave_stopped(&packages)?;
    match missing.iter().find(|program| find(program.name).is_none()) {
        Some(program) => bail!("the package {} was installed, but `{}` is still not in the PATH", program.package, program.name),
        None => Ok(()),
    }
}

/// Installs Debian packages as root; otherwise prints the command and stops.
fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("sudo apt-get update && sudo apt-get install --no-install-recommends {}", packages.join(" "));
    if find("apt-get").is_none() {
        bail!("this is no Debian machine: install the programs above with its own package manager, then start again");
    }
    if !is_root() {
        bail!("not started as root, so nothing was installed. Run this, then start again:\n  {by_hand}");
    }
    println!("Installing them with apt-get.");
    run::visible(run::command("apt-get", ".").args(["-q", "update"])).context("the package lists cannot be fetched")?;
    run::visible(
        run::command("apt-get", ".")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-q", "install", "-y", "--no-install-recommends"])
            .args(packages),
    )
    .with_context(|| format!("apt-get could not install them; by hand: {by_hand}"))
}

/// Servers that came for the tests alone do not stay up, where systemd has started them.
fn leave_stopped(packages: &[&str]) -> Result<()> {
    let ours: Vec<_> = SERVICES.iter().filter(|service| packages.contains(service)).collect();
    if ours.is_empty() || !Path::new("/run/systemd/system").is_dir() {
        return Ok(());
    }
    run::visible(run::command("systemctl", ".").args(["disable", "--now"]).args(ours)).context("servers that only the tests need")
}

/// Python prepares the models; the wheels in the manifest are for 3.11 to 3.14.
fn check_python() -> Result<()> {
    let version = run::output(run::command("python3", ".").args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]))
        .context("python3 is needed to prepare the models (Debian: python3 python3-pip)")?;
    let version = version.trim();
    let minor = version.strip_prefix("3.").and_then(|minor| minor.parse::<u32>().ok());
    if !minor.is_some_and(|minor| (11..=14).contains(&minor)) {
        bail!("python3 is version {version}, but the models are prepared with 3.11, 3.12, 3.13 or 3.14");
    }
    if !run::succeeds(run::command("python3", ".").args(["-m", "pip", "--version"])) {
        bail!("pip is missing: its settings say where Python packages come from (Debian: python3-pip)");
    }
    Ok(())
}

/// Node builds the pages; the bundler needs this version.
const NODE: (u32, u32) = (20, 19);

fn check_node() -> Result<()> {
    let needed = format!("{}.{} or later", NODE.0, NODE.1);
    let version = run::output(run::command("node", ".").arg("--version"))
        .with_context(|| format!("node {needed} is needed to build the web pages"))?;
    let mut parts = version.trim().trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    if parts.next().zip(parts.next()).is_none_or(|version| version < NODE) {
        bail!("node is version {}, but {needed} is needed to build the web pages", version.trim());
    }
    if find("npm").is_none() {
        bail!("npm is needed to build the web pages; it comes with node, or as the Debian package npm");
    }
    Ok(())
}

fn is_root() -> bool {
    run::output(run::command("id", ".").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Looks a program up in the PATH.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// PJSIP with its Python package: a telephone of the wire tests. Debian's own packages have no such program.
const PJSIP: &str = "pjsua2-python==2.15.1.post1";

/// Asks the API for everything that its document allows, and for what it does not.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Installs what the tests need of Python packages, into a folder of their own below `target/`.
pub(crate) fn peers() -> Result<()> {
    let folder = run::root().join("target/peers");
    let mut pip = std::process::Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"])
        .arg(folder)
        .args([PJSIP, SCHEMATHESIS]);
    run::visible(&mut pip).context("PJSIP and schemathesis")
}

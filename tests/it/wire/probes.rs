//! What scanners learn: sipsak and SIPVicious (svmap, svwar, svcrack) find no version, no user and no password, are silenced, and callers do not notice.

use std::{fs, net::SocketAddr, path::Path, process::Stdio};

use tokio::process::Command;
use warmline::{
    clock,
    phone::{PASSWORD, Phone},
};

use super::{Folder, LIMIT, gateway, hear_greeting};

/// Guesses of svcrack; the right password comes after them.
const GUESSES: usize = 300;

/// Runs a scanner and gives what it printed.
async fn scan(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    // SIPVicious keeps its sessions at home.
    command.args(arguments).current_dir(folder).env("HOME", folder).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await.unwrap_or_else(|_| panic!("{program} did not end"));
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask test` installs it"));
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The gateway's answer to OPTIONS for a user, without what differs between any two requests.
async fn options(folder: &Path, user: &str, gateway: SocketAddr) -> String {
    let seen = scan(folder, "sipsak", &["-vvv", "-s", &format!("sip:{user}@{gateway}")]).await;
    let answer = seen.lines().skip_while(|line| !line.starts_with("SIP/2.0 ")).take_while(|line| !line.trim().is_empty());
    let own = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    answer.filter(|line| !own.iter().any(|name| line.starts_with(name))).collect::<Vec<_>>().join("\n")
}

/// Nothing of it tells which release this is.
fn assert_no_version(seen: &str) {
    assert!(!seen.contains(env!("CARGO_PKG_VERSION")), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scanners_learn_nothing_and_a_caller_does_not_notice_them() {
    let folder = Folder::new("probes");
    let gateway = gateway("probes-gateway", "registered").await;
    let (sip, port) = (gateway.rig.sip(), gateway.rig.sip().port().to_string());
    let scan = |program, arguments: Vec<String>| {
        let folder = &folder.0;
        async move { self::scan(folder, program, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();

    // Maria's telephone may register, `support` is a flow's entrance, and the third one is nobody.
    let known = options(&folder.0, "maria", sip).await;
    assert!(known.starts_with("SIP/2.0 200"), "{known}");
    for user in ["support", "nobody4711"] {
        assert_eq!(options(&folder.0, user, sip).await, known, "{user}");
    }
    assert_no_version(&known);
    let map = scan("svmap", words(&format!("-p {port} 127.0.0.1"))).await;
    assert!(map.contains(&sip.to_string()), "svmap found no gateway: {map}");
    assert_no_version(&map);

    fs::write(folder.0.join("users"), "maria\nsupport\nwarmline\nadmin\n100\n101\n102\nnobody4711\n").unwrap();
    for method in ["REGISTER", "OPTIONS"] {
        let seen = scan("svwar", words(&format!("-p {port} -d users -m {method} 127.0.0.1"))).await;
        for user in ["maria", "support", "warmline", "admin", "100"] {
            assert!(!seen.lines().any(|line| line.starts_with('|') && line.contains(user)), "{method}: {seen}");
        }
    }

    // From another address than the scanners', as everything is counted by address.
    let phone = Phone::bind("caller", "127.0.0.2:0".parse().unwrap(), clock::now()).await.unwrap();
    let guesses: String = (0..GUESSES).map(|number| format!("guess{number}\n")).collect();
    fs::write(folder.0.join("passwords"), format!("{guesses}{PASSWORD}\n")).unwrap();
    let crack = scan("svcrack", words(&format!("-p {port} -u maria -d passwords --maximumtime=5 127.0.0.1")));
    let caller = async {
        let line = phone.call("support", sip).await.unwrap();
        hear_greeting(&line).await;
        line.hang_up().await.unwrap();
    };
    let (crack, ()) = tokio::join!(crack, caller);
    assert!(!crack.contains(PASSWORD), "{crack}");
    let log = fs::read_to_string(gateway.rig.folder().join("gateway.log")).unwrap();
    assert!(log.contains("a telephone fails to authenticate"), "{log}");
    assert!(!log.contains("guess1"), "passwords do not belong into logs");
}

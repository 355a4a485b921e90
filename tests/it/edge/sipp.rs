//! Scenarios of SIPp (`tests/peers/sipp`), as a caller and as the one who is called.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, Command};
use warmline::{
    call::{
        event::{DialFailure, Event},
        ids::{AgentId, LegId},
    },
    telephony::{Lines, Outward, over},
};
use warmline_sip::{
    auth::{Algorithm, Secret},
    user_agent::{Account, Registrar, RegistrarUser},
};

use super::{
    leaks::open_ports,
    support::{Edge, HERE, PATIENCE},
};

const AGENT: LegId = LegId(1);

/// A scenario that runs, in a folder of its own for what it complains of.
struct Sipp {
    child: Child,
    folder: tempfile::TempDir,
}

impl Sipp {
    fn start(scenario: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/sipp").join(scenario).with_extension("xml");
        let mut sipp = Command::new("sipp");
        sipp.arg("-sf").arg(file).args(["-i", "127.0.0.1", "-m", "1", "-nostdin", "-timeout", "30", "-timeout_error"]);
        sipp.args(["-trace_err", "-error_file", "errors.log"]).args(arguments).current_dir(folder.path());
        sipp.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        Self { child: sipp.spawn().expect("sipp is installed"), folder }
    }

    /// Waits for its end, which must be a good one.
    async fn passes(mut self, scenario: &str) {
        let status = self.child.wait().await.unwrap();
        let errors = std::fs::read_to_string(self.folder.path().join("errors.log")).unwrap_or_default();
        assert!(status.success(), "{scenario} ended with {status}\n{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_answered_as_the_standards_have_it() {
    let mut edge = Edge::start(17_940..=17_959, Duration::from_secs(30)).await;
    let to = edge.address().to_string();
    for scenario in ["offerless", "holds", "session_timer", "merged", "cancel", "unknown", "reliable"] {
        let sipp = Sipp::start(scenario, &[&to, "-s", scenario]);
        let mut calls = Vec::new();
        let serve = async {
            loop {
                let call = edge.take().await;
                if scenario != "cancel" {
                    call.legs.answer(LegId::CALLER).await;
                }
                calls.push(call);
            }
        };
        tokio::select! {
            () = sipp.passes(scenario) => {}
            () = serve => {}
        }
        let wanted = usize::from(scenario != "unknown");
        assert_eq!(calls.len(), wanted, "{scenario}");
        for mut call in calls {
            call.ended().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_asked_for_a_password_says_it() {
    let mut edge = Edge::with(18_510..=18_517, Duration::from_secs(30), |options| {
        let ana = RegistrarUser { user: "ana".to_owned(), secret: Secret::password("sesame") };
        let challenge_calls = vec![HERE.into()];
        options.sip.registrar =
            Some(Registrar { algorithms: vec![Algorithm::Md5], challenge_calls, ..Registrar::new("phones", vec![ana]) });
    })
    .await;
    let sipp = Sipp::start("password", &[&edge.address().to_string()]);
    let mut call = edge.answer().await;
    call.ended().await;
    sipp.passes("password").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_called_may_answer_in_any_way() {
    let lent = std::net::UdpSocket::bind((HERE, 0)).unwrap().local_addr().unwrap();
    let outward = Outward { peers: vec![format!("sip:{lent}").parse().unwrap()], ..Outward::default() };
    let outward = Outward { account: Some("isp".to_owned()), ..outward };
    let mut edge = Edge::with(17_960..=17_979, Duration::from_secs(30), |options| {
        options.lines = Lines { outward: BTreeMap::from([("isp".to_owned(), outward)]), ..Lines::default() };
        let (user, password) = ("bot".to_owned(), Secret::password("sesame"));
        options.sip.accounts = vec![Account { name: "isp".to_owned(), realm: None, user, password, peers: vec![HERE.into()] }];
    })
    .await;
    let caller = super::support::Caller::new(edge.address()).await;
    caller.send("INVITE", "sipp", 1, "", "", &caller.offer()).await;
    let mut taken = edge.answer().await;
    let answer = caller.hears().await;
    caller.confirm("sipp", &answer).await;
    let port = lent.port().to_string();
    for (n, (scenario, outcome)) in [
        ("answers_early", None),
        ("changes_early", None),
        ("asks_password", None),
        ("busy", Some(DialFailure::Busy)),
        ("moved", Some(DialFailure::Rejected)),
        ("overloaded", Some(DialFailure::Unreachable)),
        ("declines", Some(DialFailure::Declined)),
    ]
    .into_iter()
    .enumerate()
    {
        let sipp = Sipp::start(scenario, &["-p", &port]);
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let open = async {
            while open_ports(&(lent.port()..=lent.port())) == 0 {
                look.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, open).await.expect("SIPp listens in time");
        let leg = LegId(AGENT.0 + n as u32);
        taken.legs.dial(leg, (AgentId("desk".to_owned()), over("isp", "4021")), 20_000, String::new(), None).await;
        let got = loop {
            match taken.next().await {
                Event::LegAnswered { leg: answered } if answered == leg => break None,
                Event::LegFailed { leg: failed, why } if failed == leg => break Some(why),
                _ => {}
            }
        };
        assert_eq!(got, outcome, "{scenario}");
        taken.legs.hang_up(leg).await;
        sipp.passes(scenario).await;
    }
}

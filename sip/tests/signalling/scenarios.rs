//! Callers of SIPp (`tests/peers/sipp`): what they ask for that the gateway's own calls never need.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};
use warmline_sip::auth::{Algorithm, Secret};
use warmline_sip::user_agent::{Config, EndedBy, Event, Registrar, RegistrarUser};

use crate::support::{ANSWER, Agent, quick};

/// One call by a scenario, in a folder of its own for what it complains of.
struct Sipp {
    child: Child,
    errors: PathBuf,
}

impl Sipp {
    fn calls(agent: &Agent, scenario: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/sipp").join(scenario).with_extension("xml");
        let errors = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sipp-{scenario}-{}.log", std::process::id()));
        let mut sipp = Command::new("sipp");
        sipp.arg("-sf").arg(file).arg(agent.udp().to_string()).args(["-i", "127.0.0.1", "-m", "1", "-nostdin", "-timeout", "30"]);
        sipp.args(["-timeout_error", "-trace_err", "-error_file"]).arg(&errors).current_dir(env!("CARGO_TARGET_TMPDIR"));
        sipp.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        Self { child: sipp.spawn().expect("sipp is installed (Debian: sip-tester)"), errors }
    }

    /// Waits for its end, which must be a good one.
    async fn passes(mut self) {
        let status = self.child.wait().await.unwrap();
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let _ = std::fs::remove_file(&self.errors);
        assert!(status.success(), "{status}\n{errors}");
    }
}

#[tokio::test]
async fn an_early_description_is_acknowledged_and_changed_before_the_answer() {
    let mut agent = Agent::start(quick()).await;
    let sipp = Sipp::calls(&agent, "early");
    let leg = agent.incoming().await.leg;
    let answer = ANSWER.to_owned() + "a=sendrecv\r\n";
    agent.handle.ring(leg, 183, Some(answer.clone().into_bytes())).await;
    let Event::Reoffer { transaction, offer: Some(offer), .. } = agent.event().await else { panic!("expected the UPDATE") };
    assert!(String::from_utf8_lossy(&offer).contains("a=sendonly"));
    let held = answer.replace("sendrecv", "recvonly").into_bytes();
    agent.handle.answer_reinvite(leg, transaction, Ok(held)).await;
    agent.handle.answer(leg, answer.into_bytes()).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    sipp.passes().await;
    agent.settled().await;
}

#[tokio::test]
async fn a_caller_who_is_asked_for_a_password_says_it() {
    let user = RegistrarUser { user: "ana".to_owned(), secret: Secret::password("sesame") };
    let challenged = vec!["127.0.0.0/8".parse().unwrap()];
    let phones = Registrar { algorithms: vec![Algorithm::Md5], challenge_calls: challenged, ..Registrar::new("phones", vec![user]) };
    let mut agent = Agent::start(Config { registrar: Some(phones), ..quick() }).await;
    let sipp = Sipp::calls(&agent, "password");
    let call = agent.incoming().await;
    assert_eq!(call.authenticated.as_deref(), Some("ana"));
    agent.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    sipp.passes().await;
    agent.settled().await;
}

//! Supervisors follow conversations: who may, what the call is told, what the audit log and the agent's page say of it.

use reqwest::Method;
use serde_json::{Value, json};
use warmline::{
    accounts::{self, Role},
    call::{
        event::{Event, Supervision, Supervisor},
        ids::AgentId,
        record::{HandoffStep, Owner, Supervised, What},
    },
    http::Options,
};

use super::{
    people::{self, Browser},
    support::{Live, Served, code, guarded, options, served, served_by},
};
use crate::store::samples::{maria, step};

const SUPERVISION: &str = "/api/v1/calls/one/supervision";

/// Maria has the caller.
fn bridged(call: &mut Live) {
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    call.write(20, What::Owner { owner: Owner::Agent { agent: maria(), name: "Maria".to_owned() } });
}

async fn ask(served: &Served, who: &Browser, body: Value) -> reqwest::Response {
    served.ask(who, Method::POST, SUPERVISION, Some(body)).await
}

#[tokio::test]
async fn the_call_is_told_who_wants_what_and_the_audit_log_too() {
    let served = guarded().await;
    let mut call = served.live("one", 0);
    let sanda = served.sign_in("sanda").await;
    let listen = json!({"mode": "listen"});
    assert_eq!(code(ask(&served, &sanda, listen.clone()).await).await, (409, "no_conversation".to_owned()));
    bridged(&mut call);
    let (who, name, target) = (AgentId("~id-sanda".to_owned()), "sanda".to_owned(), "browser:~id-sanda".to_owned());
    let by = Supervisor { who, name, target, agent: None };
    for (mode, wish) in
        [("listen", Supervision::Listen), ("whisper", Supervision::Whisper), ("join", Supervision::Join), ("end", Supervision::End)]
    {
        assert_eq!(ask(&served, &sanda, json!({"mode": mode})).await.status(), 202, "{mode}");
        assert_eq!(call.events.recv().await, Some(Event::Supervise { by: by.clone(), wish }), "{mode}");
    }
    // Her account works as no agent, so nothing says where her telephone is.
    let desk = json!({"mode": "listen", "phone": "desk_phone"});
    assert_eq!(code(ask(&served, &sanda, desk).await).await, (409, "no_phone".to_owned()));
    // She may work at Maria's desk, but not have Maria's telephone ring.
    let marias = json!({"mode": "listen", "phone": "desk_phone", "agent": "maria"});
    assert_eq!(code(ask(&served, &sanda, marias).await).await, (403, "not_allowed".to_owned()));
    for wrong in
        [json!({}), json!({"mode": "spy"}), json!({"mode": "listen", "phone": "+1900"}), json!({"mode": "listen", "agent": "maria"})]
    {
        assert_eq!(ask(&served, &sanda, wrong.clone()).await.status(), 400, "{wrong}");
    }
    let agents_page = served.sign_in("maria").await;
    assert_eq!(ask(&served, &agents_page, listen).await.status(), 403);
    assert!(call.events.try_recv().is_err());

    served.parts.store.flush().await;
    let ada = served.sign_in("ada").await;
    let log: Value = served.ask(&ada, Method::GET, "/api/v1/audit?target=one", None).await.json().await.unwrap();
    let text = log.to_string();
    for (deed, times) in [("listened_to_call", 1), ("whispered_in_call", 1), ("joined_call", 1), ("left_call", 1)] {
        assert_eq!(text.matches(&format!("\"{deed}\"")).count(), times, "{deed} in {text}");
    }
}

#[tokio::test]
async fn a_supervisor_who_takes_calls_has_their_own_telephone_ring_and_the_call_knows_who_that_is() {
    let served = guarded().await;
    let mut call = served.live("one", 0);
    bridged(&mut call);
    let link = served.invited("vera", Role::Supervisor, Some("ion")).await;
    let welcome = json!({"link": link.expose(), "password": people::PASSWORD});
    let answer = served.ask(&Browser::default(), Method::PUT, "/api/v1/session/link", Some(welcome)).await;
    let vera = Browser { cookie: people::cookie(&answer) };
    for own in [json!({"mode": "listen", "phone": "desk_phone"}), json!({"mode": "listen", "phone": "desk_phone", "agent": "ion"})] {
        assert_eq!(ask(&served, &vera, own).await.status(), 202);
        let told = call.events.recv().await;
        let ion = AgentId("ion".to_owned());
        assert!(
            matches!(&told, Some(Event::Supervise { by, .. }) if by.target == "sip:ion@127.0.0.1" && by.agent.as_ref() == Some(&ion)),
            "{told:?}"
        );
    }
    let marias = json!({"mode": "listen", "phone": "desk_phone", "agent": "maria"});
    assert_eq!(code(ask(&served, &vera, marias).await).await, (403, "not_allowed".to_owned()));
}

#[tokio::test]
async fn without_accounts_the_page_of_whoever_asks_is_rung() {
    let served = served().await;
    let mut call = served.live("one", 0);
    bridged(&mut call);
    assert_eq!(served.post(SUPERVISION, &json!({"mode": "join"})).await.status(), 202);
    let told = call.events.recv().await;
    assert!(matches!(&told, Some(Event::Supervise { by, wish: Supervision::Join }) if by.target == "browser:~"), "{told:?}");
}

/// What this browser reads of a call that somebody listens to.
async fn reads(served: &Served, name: &str) -> bool {
    let page = served.sign_in(name).await;
    let whole: Value = served.ask(&page, Method::GET, "/api/v1/calls/one", None).await.json().await.unwrap();
    whole.to_string().contains("\"supervised\"")
}

#[tokio::test]
async fn agents_see_that_they_are_listened_to_unless_the_configuration_says_otherwise() {
    for (shown, desk) in [(true, options().desk), (false, warmline::http::DeskSettings::default())] {
        let options = Options { desk, ..Options::new(([127, 0, 0, 1], 0).into()) };
        let accounts = |store| async move { Some(people::accounts(&store, accounts::Options::new("http://here")).await) };
        let served = served_by(options, accounts).await;
        let mut call = served.live("one", 0);
        bridged(&mut call);
        call.write(30, What::Supervised { who: AgentId("~id-sanda".to_owned()), name: "sanda".to_owned(), did: Supervised::Listens });
        assert_eq!(reads(&served, "maria").await, shown);
        assert!(reads(&served, "sanda").await && reads(&served, "oana").await, "whoever sees every call sees this");
    }
}

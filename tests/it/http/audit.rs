//! The audit log.

use reqwest::Method;
use serde_json::{Value, json};
use warmline::{
    accounts::Role,
    call::{ids::CallId, outcome::Outcome, record::HandoffStep},
    store::AuditRow,
};

use super::{
    people::Browser,
    support::{Served, guarded},
};
use crate::store::samples::{ended, maria, step};

/// Deeds, names and targets, newest first, without the sign-ins.
async fn deeds(served: &Served, ada: &Browser, query: &str) -> Vec<String> {
    served.parts.store.flush().await;
    let answer = served.ask(ada, Method::GET, &format!("/api/v1/audit{query}"), None).await;
    assert_eq!(answer.status(), 200, "{query}");
    let page: Value = answer.json().await.unwrap();
    let line = |line: &Value| {
        let word = |key: &str| line[key].as_str().unwrap_or("-").to_owned();
        assert_eq!(word("source"), "127.0.0.1");
        format!("{} {} {}", word("name"), word("did"), word("target"))
    };
    page["lines"].as_array().unwrap().iter().map(line).filter(|line| !line.ends_with("signed_in -")).collect()
}

#[tokio::test]
async fn it_says_who_saw_heard_took_and_changed_what() {
    let served = guarded().await;
    let (ada, maria_page, oana) = (served.sign_in("ada").await, served.sign_in("maria").await, served.sign_in("oana").await);
    let mut call = served.live("one", 0);
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    for _ in 0..2 {
        // Looking twice is one look.
        served.status(&maria_page, "/api/v1/calls/one").await;
    }
    served.ask(&maria_page, Method::PUT, "/api/v1/agents/maria/state", Some(json!({"state": "away"}))).await;
    served.ask(&maria_page, Method::POST, "/api/v1/calls/one/choice", Some(json!({"agent": "maria", "choice": "accept"}))).await;
    call.write(20, ended(Outcome::Contained));
    drop(call);
    served.parts.store.flush().await;
    std::fs::write(served.parts.store.recording_path(&CallId("one".to_owned())), b"sound").unwrap();
    served.status(&oana, "/api/v1/calls/one/recording").await;
    served.status(&oana, "/api/v1/calls/one/log").await;
    // What was refused was not seen.
    served.status(&maria_page, "/api/v1/calls/one/log").await;
    served.invited("eva", Role::Operator, None).await;
    served.try_sign_in(&Browser::default(), "<b>nobody</b>", "a wrong password").await;
    let all = deeds(&served, &ada, "").await;
    assert_eq!(
        all[all.len() - 7..],
        [
            "<b>nobody</b> sign_in_failed -",
            "- made_account eva",
            "oana exported_log one",
            "oana heard_recording one",
            "maria chose_for_call one",
            "maria changed_agent maria",
            "maria saw_call one",
        ]
    );
    assert_eq!(deeds(&served, &ada, "?name=oana&did=exported_log").await, ["oana exported_log one"]);
    assert_eq!(deeds(&served, &ada, "?target=one&limit=1").await, ["oana exported_log one"]);
    assert_eq!(deeds(&served, &ada, "?did=read_audit").await, ["ada read_audit -"], "reading is written down");
    for wrong in ["?limit=0", "?limit=501", "?did=danced", "?before=x", "?order=1"] {
        assert_eq!(served.status(&ada, &format!("/api/v1/audit{wrong}")).await, 400, "{wrong}");
    }
    assert_eq!(deeds(&served, &ada, "?name=%27%20OR%201=1").await, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_in_it_is_changed_and_what_is_old_goes() {
    let served = guarded().await;
    let store = &served.parts.store;
    let day = 86_400_000;
    let now = u64::try_from(warmline::clock::utc().as_millis()).unwrap();
    for age in [400, 200, 20, 1] {
        let text = Some(format!("{age} days"));
        let row = AuditRow {
            seq: 0,
            at_ms: now - age * day,
            did: "saw_call".to_owned(),
            account: None,
            name: text,
            role: None,
            target: None,
            source: String::new(),
        };
        store.audit(row);
    }
    store.flush().await;
    assert_eq!(store.forget_audit(now - 365 * day).await.unwrap(), 1);
    assert!(store.forget_audit(now).await.is_err(), "30 days stay whatever is asked");
    let rows = store
        .audit_lines(&warmline::store::AuditFilter { did: Some("saw_call".to_owned()), limit: 9, ..Default::default() })
        .await
        .unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.name.clone().unwrap()).collect();
    assert_eq!(names, ["1 days", "20 days", "200 days"]);
    let database = store.recording_path(&CallId("x".to_owned())).parent().unwrap().with_file_name("warmline.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let error = sqlx::query("UPDATE audit SET name = 'somebody else'").execute(&pool).await.unwrap_err().to_string();
    assert!(error.contains("never changed"), "{error}");
}

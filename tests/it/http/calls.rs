//! Lists of calls, and one call.

use serde_json::Value;
use warmline::call::outcome::Outcome;

use super::support::{Served, code, served};
use crate::store::samples::{ended, harmful_words, new_call, said, whole_call};

async fn ids(served: &Served, query: &str) -> (Vec<String>, bool) {
    let page = served.json(&format!("/api/v1/calls{query}")).await;
    let id = |call: &Value| call["id"].as_str().unwrap().to_owned();
    (page["calls"].as_array().unwrap().iter().map(id).collect(), page["more"].as_bool().unwrap())
}

#[tokio::test]
async fn the_list_shows_live_calls_before_the_store_has_them() {
    let served = served().await;
    let _live = served.live("one", 0);
    assert_eq!(ids(&served, "").await, (vec!["one".to_owned()], false));
}

#[tokio::test]
async fn pages_of_the_list_join_without_gap_or_repetition() {
    let served = served().await;
    let mut open = Vec::new();
    for minute in 0..25 {
        let mut call = served.live(&format!("call-{minute:02}"), minute);
        if minute % 5 == 0 {
            open.push(call);
        } else {
            call.write(1_000, ended(Outcome::Contained));
        }
    }
    for flushed in [false, true] {
        if flushed {
            served.parts.store.flush().await;
            // Out of the hub.
            for index in 0..300 {
                drop(served.live(&format!("older-{index}"), 0));
            }
            served.parts.store.flush().await;
        }
        let (mut all, mut before) = (Vec::new(), String::new());
        loop {
            let (page, more) = ids(&served, &format!("?limit=4{before}")).await;
            assert!(page.len() == 4 || !more);
            before = format!("&before={}", page.last().unwrap());
            all.extend(page.into_iter().filter(|id| id.starts_with("call-")));
            if !more || all.len() >= 25 {
                break;
            }
        }
        let wanted: Vec<_> = (0..25).rev().map(|minute| format!("call-{minute:02}")).collect();
        assert_eq!(all, wanted);
    }
    let (live, more) = ids(&served, "?state=live").await;
    assert_eq!((live, more), (vec!["call-20".into(), "call-15".into(), "call-10".into(), "call-05".into(), "call-00".into()], false));
}

#[tokio::test]
async fn earlier_calls_of_a_caller_are_known_by_their_number() {
    let served = served().await;
    let mut open = Vec::new();
    for minute in 0..14 {
        let mut call = served.live(&format!("call-{minute:02}"), minute);
        call.write(1_000, ended(Outcome::Contained));
    }
    for (id, number) in [("other", "+40722000222"), ("hidden-1", "Anonymous"), ("hidden-2", "Anonymous"), ("hidden-3", "")] {
        let mut call = new_call(id, 60);
        call.caller.number = number.to_owned();
        open.push(served.parts.store.begin(call));
    }
    let _now = served.live("now", 61);
    served.parts.store.flush().await;
    let earlier = async |id: &str| {
        let page = served.json(&format!("/api/v1/calls/{id}/earlier")).await;
        let ids: Vec<String> = page["calls"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect();
        (ids, page["more"].as_bool().unwrap())
    };
    let newest: Vec<String> = (4..14).rev().map(|minute| format!("call-{minute:02}")).collect();
    assert_eq!(earlier("now").await, (newest, true));
    assert_eq!(earlier("call-02").await, (vec!["call-01".to_owned(), "call-00".to_owned()], false));
    for alone in ["call-00", "other", "hidden-2", "hidden-3"] {
        assert_eq!(earlier(alone).await, (Vec::new(), false), "{alone}");
    }
    assert_eq!(code(served.get("/api/v1/calls/nobody/earlier").await).await, (404, "no_such_call".to_owned()));
}

#[tokio::test]
async fn wrong_questions_are_told_so() {
    let served = served().await;
    for query in ["?limit=0", "?limit=201", "?limit=x", "?state=dead", "?order=1", "?limit=-1"] {
        assert_eq!(code(served.get(&format!("/api/v1/calls{query}")).await).await, (400, "bad_request".to_owned()), "{query}");
    }
    for id in ["nobody", "..%2f..%2fetc%2fpasswd", "%27%20OR%201=1", "a%00", &"x".repeat(65)] {
        for what in ["", "/events", "/recording", "/log"] {
            assert_eq!(code(served.get(&format!("/api/v1/calls/{id}{what}")).await).await, (404, "no_such_call".to_owned()), "{id}{what}");
        }
    }
    assert_eq!(code(served.get("/api/v1/calls?before=%27;DROP").await).await, (404, "no_such_call".to_owned()));
}

#[tokio::test]
async fn a_live_call_is_shown_with_all_its_entries_so_far() {
    let served = served().await;
    let mut call = served.live("one", 0);
    for what in whole_call() {
        call.write(1_000, what);
    }
    let whole = served.json("/api/v1/calls/one").await;
    assert_eq!(whole["head"]["started"], "2026-11-22T10:46:00.000Z");
    assert_eq!(whole["head"]["owner"], serde_json::json!({"who": "agent", "agent": "maria", "name": "Maria"}));
    assert_eq!((&whole["head"]["state"], &whole["head"]["recording"]), (&"live".into(), &false.into()));
    let entries = whole["entries"].as_array().unwrap();
    // The partial words were overtaken by the turn.
    assert_eq!(entries.len(), whole_call().len() - 1);
    assert_eq!((&entries[0]["seq"], &entries[0]["what"], &entries[0]["flow"]), (&1.into(), &"arrived".into(), &"support.en".into()));
}

#[tokio::test]
async fn words_of_callers_come_as_json_text_and_nothing_else() {
    let served = served().await;
    let mut call = served.live("one", 0);
    for words in harmful_words() {
        call.write(10, said(&words));
    }
    let response = served.get("/api/v1/calls/one").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let whole: Value = response.json().await.unwrap();
    let texts: Vec<&str> = whole["entries"].as_array().unwrap().iter().map(|entry| entry["text"].as_str().unwrap()).collect();
    assert_eq!(texts, harmful_words());
}

#[tokio::test]
async fn coarse_words_are_masked_on_pages_and_kept_in_the_record() {
    let mask = warmline::http::Mask::new(&[], [warmline::call::language::english()]);
    let options = warmline::http::Options { mask, ..warmline::http::Options::new(([127, 0, 0, 1], 0).into()) };
    let served = super::support::served_with(options).await;
    let mut call = served.live("one", 0);
    call.write(10, said("Where is my fucking order? It is behind the curve."));
    let whole = served.json("/api/v1/calls/one").await;
    let texts = whole["entries"].to_string();
    assert!(texts.contains("Where is my f****** order? It is behind the curve.") && !texts.contains("fucking"), "{texts}");
    let shown = served.stream("/api/v1/calls/one/events", None).await.take(1).await;
    assert!(shown[0].data.to_string().contains("f****** order"), "{shown:?}");
    served.parts.store.flush().await;
    let log = served.get("/api/v1/calls/one/log").await.text().await.unwrap();
    assert!(log.contains("fucking"), "{log}");
}

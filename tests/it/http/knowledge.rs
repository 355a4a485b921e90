//! What the flows know, for agents.

use std::sync::Arc;

use serde_json::json;
use warmline::{
    call::understanding::Scored,
    knowledge::{KnownEntry, Shelf},
};

use super::support::{code, served};

fn entry(key: &str) -> KnownEntry {
    KnownEntry { key: key.to_owned(), question: format!("{key}?"), answer: format!("{key}."), score: None }
}

/// Finds what stands in the question, the last word first.
fn shelf(flow: &str) -> Shelf {
    let find = |question: &str| Some(question.split(' ').rev().map(|word| Scored { name: word.to_owned(), score: 0.9 }).collect());
    Shelf { flow: flow.to_owned(), entries: vec![entry("returns"), entry("delivery"), entry("payment")], find: Arc::new(find) }
}

#[tokio::test]
async fn entries_are_found_by_what_is_asked() {
    let served = served().await;
    assert_eq!(code(served.get("/api/v1/knowledge?q=returns").await).await, (503, "not_now".to_owned()));
    served.parts.library.fill(vec![shelf("support.en"), shelf("support.ro")]);
    let keys = async |query: &str| {
        let found = served.json(&format!("/api/v1/knowledge?{query}")).await;
        found["entries"].as_array().unwrap().iter().map(|entry| entry["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys("q=returns+and+payment").await, ["payment", "returns"]);
    assert_eq!(keys("q=returns+and+payment&limit=1&flow=support.ro").await, ["payment"]);
    assert_eq!(keys("").await, ["returns", "delivery", "payment"]);
    let first = served.json("/api/v1/knowledge?q=delivery").await["entries"][0].clone();
    assert_eq!((&first["answer"], first["score"].as_f64().unwrap() > 0.8), (&json!("delivery."), true));
    assert_eq!(code(served.get("/api/v1/knowledge?flow=sales").await).await, (404, "no_such_flow".to_owned()));
    for wrong in ["limit=0", "limit=51", "x=1"] {
        assert_eq!(code(served.get(&format!("/api/v1/knowledge?{wrong}")).await).await, (400, "bad_request".to_owned()));
    }
}

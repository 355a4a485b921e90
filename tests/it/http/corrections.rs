//! What agents say that the bot should have done.

use serde_json::{Value, json};
use warmline::call::{outcome::Outcome, record::What};

use super::support::{Served, code, served};
use crate::store::samples::{ended, harmful_words, said, whole_call};

const OF_CALL: &str = "/api/v1/calls/one/corrections";

/// A server with one ended call; the numbers of its turns of caller and bot.
async fn ended_call() -> (Served, u64, u64) {
    let served = served().await;
    let mut call = served.live("one", 0);
    let mut turns = (0, 0);
    for (seq, what) in (1..).zip(whole_call()) {
        match what {
            What::CallerTurn { .. } => turns.0 = seq,
            What::BotTurn { .. } => turns.1 = seq,
            _ => {}
        }
        call.write(5_000, what);
    }
    call.write(6_000, ended(Outcome::HandedOver));
    drop(call);
    served.parts.store.flush().await;
    (served, turns.0, turns.1)
}

#[tokio::test]
async fn a_correction_is_kept_with_its_words_and_its_sound() {
    let (served, _, bot) = ended_call().await;
    let mut stream = served.stream("/api/v1/stream?types=call.correction", None).await;
    let wrong =
        json!({"agent": "maria", "seq": bot, "should_say": " It is six digits long. ", "should_mean": "", "note": "He had it at hand."});
    let answer = served.post(OF_CALL, &wrong).await;
    assert_eq!(answer.status(), 201);
    let made: Value = answer.json().await.unwrap();
    assert_eq!((&made["heard"], &made["said"]), (&json!("Where is my order?"), &json!("What is the order number?")));
    assert_eq!((&made["intent"], &made["span"]), (&json!("order_status"), &json!([2_000, 5_000])));
    assert_eq!((&made["should_say"], &made["should_mean"]), (&json!("It is six digits long."), &json!(null)));
    assert_eq!((&made["state"], &made["agent"], &made["call"]), (&json!("proposed"), &json!("maria"), &json!("one")));
    assert_eq!(served.json(OF_CALL).await, json!({"corrections": [made], "more": false}));
    let told = stream.next().await.unwrap();
    assert_eq!((&told.data["type"], &told.data["data"]["correction"]), (&json!("call.correction"), &made));
    assert_eq!(told.data["data"]["call"]["id"], "one");
}

#[tokio::test]
async fn corrections_of_all_calls_come_in_pages() {
    let (served, caller, _) = ended_call().await;
    let mut made = Vec::new();
    for intent in ["complaint", "cancellation", "opening_hours"] {
        let answer = served.post(OF_CALL, &json!({"agent": "ion", "seq": caller, "should_mean": intent})).await;
        made.push(answer.json::<Value>().await.unwrap()["id"].clone());
    }
    made.sort_by(|a, b| b.as_str().cmp(&a.as_str()));
    let ids = |page: &Value| page["corrections"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    let first = served.json("/api/v1/corrections?limit=2").await;
    assert_eq!((ids(&first), &first["more"]), (made[..2].to_vec(), &json!(true)));
    let second = served.json(&format!("/api/v1/corrections?limit=2&before={}", made[1].as_str().unwrap())).await;
    assert_eq!((ids(&second), &second["more"]), (made[2..].to_vec(), &json!(false)));
    for wrong in ["limit=0", "limit=201", "limit=x", "state=new"] {
        assert_eq!(code(served.get(&format!("/api/v1/corrections?{wrong}")).await).await, (400, "bad_request".to_owned()));
    }
}

#[tokio::test]
async fn what_is_no_correction_is_refused() {
    let (served, caller, bot) = ended_call().await;
    for wrong in [
        json!({"agent": "maria", "seq": bot}),
        json!({"agent": "maria", "seq": bot, "should_say": "  ", "should_mean": ""}),
        json!({"agent": "maria", "seq": 1, "should_say": "x"}),
        json!({"agent": "maria", "seq": 900, "should_say": "x"}),
        json!({"agent": "maria", "seq": -1, "should_say": "x"}),
        json!({"agent": "maria", "seq": caller, "should_say": "x".repeat(2_001)}),
        json!({"agent": "maria", "seq": caller, "should_say": "x", "state": "accepted"}),
        json!({"seq": caller, "should_say": "x"}),
    ] {
        assert_eq!(code(served.post(OF_CALL, &wrong).await).await, (400, "bad_request".to_owned()), "{wrong}");
    }
    let nobody = json!({"agent": "nobody", "seq": bot, "should_say": "x"});
    assert_eq!(code(served.post(OF_CALL, &nobody).await).await, (404, "no_such_agent".to_owned()));
    let good = json!({"agent": "maria", "seq": bot, "should_say": "x"});
    assert_eq!(code(served.post("/api/v1/calls/two/corrections", &good).await).await, (404, "no_such_call".to_owned()));
    // A hundred of one call, and no more.
    for _ in 0..100 {
        assert_eq!(served.post(OF_CALL, &good).await.status(), 201);
    }
    assert_eq!(code(served.post(OF_CALL, &good).await).await, (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn words_in_corrections_are_only_words() {
    let served = served().await;
    let mut call = served.live("one", 0);
    for words in harmful_words() {
        call.write(10, said(&words));
    }
    served.parts.store.flush().await;
    for (seq, words) in (1..).zip(harmful_words()).filter(|(_, words)| words.len() < 2_000) {
        let made = served.post(OF_CALL, &json!({"agent": "maria", "seq": seq, "should_say": words})).await;
        assert_eq!(made.json::<Value>().await.unwrap()["should_say"], words.trim());
    }
}

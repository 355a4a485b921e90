//! Agents' notes on calls.

use serde_json::{Value, json};
use warmline::call::record::What;

use super::support::{code, served};

#[tokio::test]
async fn notes_are_written_again_and_again_and_the_last_word_stands() {
    let served = served().await;
    let mut call = served.live("one", 0);
    call.write(10, What::Answered);
    served.parts.store.flush().await;
    let put = async |path: &str, body: &Value| served.client.put(served.url(path)).json(body).send().await.unwrap();
    let maria = "/api/v1/calls/one/notes/maria";
    assert_eq!(served.json("/api/v1/calls/one/notes").await, json!({"notes": []}));
    assert_eq!(put(maria, &json!({"text": "Wants"})).await.status(), 200);
    let last = put(maria, &json!({"text": "Wants it on Friday <b>", "disposition": "solved"})).await.json::<Value>().await.unwrap();
    assert_eq!(
        (&last["text"], &last["disposition"], &last["agent"]),
        (&json!("Wants it on Friday <b>"), &json!("solved"), &json!("maria"))
    );
    put("/api/v1/calls/one/notes/ion", &json!({"text": "I had him before."})).await;
    let all = served.json("/api/v1/calls/one/notes").await;
    let texts: Vec<&str> = all["notes"].as_array().unwrap().iter().map(|notes| notes["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["I had him before.", "Wants it on Friday <b>"]);
    for wrong in [json!({}), json!({"text": 1}), json!({"text": "x", "disposition": "sold"}), json!({"text": "x".repeat(5_001)})] {
        assert_eq!(code(put(maria, &wrong).await).await, (400, "bad_request".to_owned()));
    }
    assert_eq!(code(put("/api/v1/calls/two/notes/maria", &json!({"text": "x"})).await).await, (404, "no_such_call".to_owned()));
    assert_eq!(code(put("/api/v1/calls/one/notes/nobody", &json!({"text": "x"})).await).await, (404, "no_such_agent".to_owned()));
    assert_eq!(served.json("/api/v1/desk").await["dispositions"], json!(["solved", "follow_up"]));
}

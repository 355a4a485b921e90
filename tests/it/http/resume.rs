//! Streams of what goes on, broken off and read again: nothing is missed, nothing comes twice, and whoever was away too long is told so.

use serde_json::json;
use warmline::call::{
    ids::CallId,
    outcome::{OfferOutcome, Outcome},
    record::{HandoffStep, Owner, What},
};

use super::support::{Got, Live, Served, code, served};
use crate::store::samples::{ended, maria, said, step, summary};

const LIST: &str = "/api/v1/events";
const DESK: &str = "/api/v1/agents/maria/events";

fn calls(got: &[Got]) -> Vec<&str> {
    got.iter().filter_map(|one| one.data["id"].as_str()).collect()
}

/// Rings at Maria's.
fn offered(served: &Served, id: &str) -> Live {
    let mut call = served.live(id, 0);
    call.write(10, step(HandoffStep::Started { queue: "orders".to_owned(), summary: summary() }));
    call.write(20, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    call
}

/// Maria did not take it.
fn missed(served: &Served, id: &str) {
    let mut call = offered(served, id);
    call.write(30, step(HandoffStep::OfferEnded { agent: maria(), outcome: OfferOutcome::NoAnswer }));
    call.write(40, ended(Outcome::Abandoned));
}

#[tokio::test]
async fn the_list_goes_on_behind_the_last_change_that_was_read() {
    let served = served().await;
    let (mut one, _two) = (served.live("one", 0), served.live("two", 1));
    let mut stream = served.stream(LIST, None).await;
    let first = stream.take(2).await;
    assert_eq!(calls(&first), ["one", "two"], "the oldest change first");
    assert!(first[0].id < first[1].id);
    drop(stream);
    // A change, a call that comes and goes, one that comes. What has not changed is not said again.
    one.write(10, said("Where is my order?"));
    let mut three = served.live("three", 2);
    three.write(20, ended(Outcome::Contained));
    drop(three);
    let mut four = served.live("four", 3);
    let mut stream = served.stream(LIST, first[1].id).await;
    let meanwhile = stream.take(3).await;
    assert_eq!(calls(&meanwhile), ["one", "three", "four"]);
    assert_eq!((&meanwhile[0].data["intent"], &meanwhile[1].data["state"]), (&json!("order_status"), &json!("ended")));
    four.write(30, What::Owner { owner: Owner::Bot });
    four.write(40, ended(Outcome::Contained));
    let live = loop {
        let got = stream.next().await.unwrap();
        if got.data["state"] == "ended" {
            break got;
        }
    };
    // A page that cannot say it in a header says it in its address.
    let behind = served.stream(&format!("{LIST}?after={}", meanwhile[2].id.unwrap()), None).await.take(1).await;
    assert_eq!((calls(&behind), behind[0].id), (vec!["four"], live.id));
}

#[tokio::test]
async fn a_reader_of_the_list_who_was_away_too_long_is_told_to_begin_anew() {
    let served = served().await;
    let stays = served.live("stays", 0);
    let seen = served.stream(LIST, None).await.next().await.unwrap().id;
    // So many others that the hub has forgotten some whose ends this reader does not know.
    for index in 0..300 {
        drop(served.live(&format!("other-{index}"), 1));
    }
    let mut stream = served.stream(LIST, seen).await;
    assert_eq!(stream.next().await.unwrap().name, "reload");
    assert_eq!(calls(&stream.take(1).await), ["stays"], "and gets all that there is");
    drop(stays);
    // So is somebody with a number of an earlier run, and with one that never was.
    for never in [5, u64::MAX >> 1] {
        assert_eq!(served.stream(LIST, Some(never)).await.next().await.unwrap().name, "reload");
    }
    assert_eq!(code(served.get(&format!("{LIST}?after=yesterday")).await).await, (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn calls_that_were_erased_are_forgotten_by_pages_that_come_back() {
    let served = served().await;
    missed(&served, "erased");
    let _stays = served.live("stays", 1);
    let (list, desk) = (served.stream(LIST, None).await.take(2).await, served.stream(DESK, None).await.take(2).await);
    served.parts.hub.forget(&[CallId("erased".to_owned())]);
    let mut stream = served.stream(LIST, list[1].id).await;
    assert_eq!((stream.next().await.unwrap().name.as_str(), calls(&stream.take(1).await)), ("reload", vec!["stays"]));
    let again = served.stream(DESK, desk[1].id).await.take(2).await;
    assert_eq!(again.iter().map(|got| got.name.as_str()).collect::<Vec<_>>(), ["agent", "reload"]);
}

#[tokio::test]
async fn a_desk_that_comes_back_learns_of_every_call_that_was_offered_meanwhile() {
    let served = served().await;
    let mut stream = served.stream(DESK, None).await;
    let agent = stream.next().await.unwrap();
    assert_eq!(agent.name, "agent");
    drop(stream);
    // Before it has seen any card: the number of its state is enough.
    missed(&served, "one");
    missed(&served, "two");
    let mut three = offered(&served, "three");
    let mut stream = served.stream(DESK, agent.id).await;
    let got = stream.take(4).await;
    let cards: Vec<_> = got[1..].iter().map(|card| (&card.data["call"]["id"], &card.data["step"])).collect();
    assert_eq!(cards, [(&json!("one"), &json!("ended")), (&json!("two"), &json!("ended")), (&json!("three"), &json!("ringing"))]);
    assert!(got.windows(2).all(|pair| pair[0].id < pair[1].id));
    three.write(50, step(HandoffStep::Briefing { agent: maria() }));
    assert_eq!(stream.next().await.unwrap().data["step"], "briefing");
    drop(stream);
    // Only what has changed since; a page that is opened anew gets the last one alone.
    three.write(60, step(HandoffStep::OfferEnded { agent: maria(), outcome: OfferOutcome::Declined }));
    for after in [got[3].id, None] {
        let again = served.stream(DESK, after).await.take(2).await;
        assert_eq!((&again[1].data["call"]["id"], &again[1].data["outcome"]), (&json!("three"), &json!("declined")));
    }
}

#[tokio::test]
async fn a_desk_that_was_away_too_long_is_told_to_begin_anew() {
    let served = served().await;
    let seen = served.stream(DESK, None).await.next().await.unwrap().id;
    for number in 0..17 {
        missed(&served, &format!("call-{number}"));
    }
    let got = served.stream(DESK, seen).await.take(18).await;
    assert_eq!((got[0].name.as_str(), got[1].name.as_str()), ("agent", "reload"));
    assert_eq!((&got[2].data["call"]["id"], &got[17].data["call"]["id"]), (&json!("call-1"), &json!("call-16")));
    // What it has now is enough to come back with.
    missed(&served, "call-17");
    let again = served.stream(DESK, got[17].id).await.take(2).await;
    assert_eq!(again[1].data["call"]["id"], "call-17");
}

//! Callbacks that were promised, from the promise to its end.

use warmline::{
    call::{
        ids::CallId,
        outcome::{HandoffOutcome, Outcome},
        record::HandoffStep,
    },
    store::{CallbackState, Options, Store},
};

use super::samples::{STARTED_MS, ended, fact, handoff_ended, new_call, step, summary, write};

fn id(call: &str) -> CallId {
    CallId(call.to_owned())
}

fn started() -> HandoffStep {
    HandoffStep::Started { queue: "orders".to_owned(), summary: summary() }
}

/// A call in which a callback was promised after 30 s, and which ended.
async fn promised(store: &Store, call: &str, minute: u64) {
    let mut log = store.begin(new_call(call, minute));
    write(&mut log, 20_000, step(started()));
    let mut order = fact();
    order.value = "457130".to_owned();
    write(&mut log, 25_000, warmline::call::record::What::Fact { fact: order });
    write(&mut log, 30_000, step(HandoffStep::CallbackPromised { number: "0721".to_owned() }));
    write(&mut log, 30_000, step(handoff_ended(HandoffOutcome::Callback)));
    write(&mut log, 40_000, ended(Outcome::CallbackPromised));
    drop(log);
    store.flush().await;
}

#[tokio::test]
async fn a_promise_is_on_the_list_until_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    promised(&store, "later", 5).await;
    promised(&store, "first", 0).await;
    let open = store.callbacks(false, 10).await.unwrap();
    assert_eq!(open.iter().map(|one| one.call.id.0.as_str()).collect::<Vec<_>>(), ["first", "later"], "whoever waits longest comes first");
    let first = &open[0];
    assert_eq!((first.since_ms, first.promised_ms), (STARTED_MS + 20_000, STARTED_MS + 30_000));
    assert_eq!((first.number.as_str(), first.tries, first.state), ("0721", 0, CallbackState::Waiting));
    let (queue, told) = store.told_in(&first.call.id).await.unwrap().unwrap();
    assert_eq!((queue.as_str(), told.facts[0].value.as_str()), ("orders", "457130"), "with what became known later");

    assert!(store.place_callback(first.id, &id("one")).await.unwrap());
    assert!(!store.place_callback(first.id, &id("two")).await.unwrap(), "one call at a time keeps it");
    assert!(!store.close_callback(first.id, CallbackState::Done).await.unwrap());
    store.settle_callback(first.id, CallbackState::Waiting, STARTED_MS + 900_000, true).await.unwrap();
    let again = store.callback(first.id).await.unwrap().unwrap();
    assert_eq!((again.tries, again.due_ms, again.state), (1, STARTED_MS + 900_000, CallbackState::Waiting));
    assert!(store.place_callback(first.id, &id("two")).await.unwrap());
    store.settle_callback(first.id, CallbackState::Reached, 0, true).await.unwrap();
    assert!(store.close_callback(open[1].id, CallbackState::Cancelled).await.unwrap());
    assert_eq!(store.callbacks(false, 10).await.unwrap(), []);
    let all: Vec<CallbackState> = store.callbacks(true, 10).await.unwrap().iter().map(|one| one.state).collect();
    assert_eq!(all, [CallbackState::Reached, CallbackState::Cancelled]);
}

#[tokio::test]
async fn a_promise_ends_with_its_time_or_when_the_caller_rings_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    promised(&store, "old", 0).await;
    store.clear_callbacks(STARTED_MS + 30_000).await.unwrap();
    assert_eq!(store.callbacks(true, 1).await.unwrap()[0].state, CallbackState::Waiting);
    store.clear_callbacks(STARTED_MS + 30_001).await.unwrap();
    assert_eq!(store.callbacks(true, 1).await.unwrap()[0].state, CallbackState::Expired);

    promised(&store, "new", 10).await;
    let mut again = store.begin(new_call("again", 20));
    write(&mut again, 1_000, step(started()));
    write(&mut again, 9_000, step(handoff_ended(HandoffOutcome::Bridged)));
    write(&mut again, 90_000, ended(Outcome::HandedOver));
    drop(again);
    store.flush().await;
    store.clear_callbacks(0).await.unwrap();
    assert_eq!(store.callbacks(true, 1).await.unwrap()[0].state, CallbackState::RangAgain);
}

#[tokio::test]
async fn whoever_waited_when_the_gateway_died_gets_one_and_what_was_being_kept_waits_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    promised(&store, "kept", 0).await;
    promised(&store, "being-kept", 1).await;
    for (callback, call) in [(1, "reaches"), (2, "breaks-off")] {
        assert!(store.place_callback(callback, &id(call)).await.unwrap());
    }
    let mut reaches = store.begin(new_call("reaches", 2));
    write(&mut reaches, 9_000, step(started()));
    write(&mut reaches, 9_000, step(handoff_ended(HandoffOutcome::Bridged)));
    write(&mut reaches, 9_000, ended(Outcome::HandedOver));
    drop(reaches);
    // One waits in the queue, one speaks with the bot, one withholds their number: the gateway dies.
    for (call, waits, number) in [("waits", true, "+40721"), ("talks", false, "+40722"), ("hides", true, "anonymous")] {
        let mut new = new_call(call, 3);
        new.caller.number = number.to_owned();
        let mut log = store.begin(new);
        if waits {
            write(&mut log, 5_000, step(started()));
        }
        write(&mut log, 8_000, ended(Outcome::Interrupted));
    }
    store.flush().await;
    assert_eq!(store.recover_callbacks(STARTED_MS).await.unwrap(), 1);
    assert_eq!(store.recover_callbacks(STARTED_MS).await.unwrap(), 0, "once");
    let mut all: Vec<(String, CallbackState)> =
        store.callbacks(true, 10).await.unwrap().into_iter().map(|one| (one.call.id.0, one.state)).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    let all: Vec<(&str, CallbackState)> = all.iter().map(|(call, state)| (call.as_str(), *state)).collect();
    assert_eq!(all, [("being-kept", CallbackState::Waiting), ("kept", CallbackState::Reached), ("waits", CallbackState::Waiting)]);
}

#[tokio::test]
async fn whoever_is_promised_another_one_keeps_their_place_and_is_called_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    promised(&store, "first", 0).await;
    promised(&store, "again", 7).await;
    // Somebody else, with a wish of their own.
    let mut new = new_call("other", 8);
    new.caller.number = "+40722".to_owned();
    let mut other = store.begin(new);
    write(&mut other, 20_000, step(started()));
    write(&mut other, 30_000, step(HandoffStep::CallbackPromised { number: "+40722".to_owned() }));
    write(&mut other, 40_000, ended(Outcome::CallbackPromised));
    drop(other);
    store.flush().await;
    store.clear_callbacks(0).await.unwrap();
    let open = store.callbacks(false, 10).await.unwrap();
    let open: Vec<(&str, u64)> = open.iter().map(|one| (one.call.id.0.as_str(), one.since_ms - STARTED_MS)).collect();
    assert_eq!(open, [("again", 20_000), ("other", 8 * 60_000 + 20_000)]);
    assert_eq!(store.callbacks(true, 10).await.unwrap().last().unwrap().state, CallbackState::RangAgain);
}

#[tokio::test]
async fn whoever_was_cut_off_twice_keeps_the_first_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path())).await.unwrap();
    for (call, minute) in [("first", 0), ("again", 3)] {
        let mut log = store.begin(new_call(call, minute));
        write(&mut log, 5_000, step(started()));
        write(&mut log, 8_000, ended(Outcome::Interrupted));
        drop(log);
        store.flush().await;
        assert_eq!(store.recover_callbacks(0).await.unwrap(), 1);
        store.clear_callbacks(0).await.unwrap();
    }
    let open = store.callbacks(false, 10).await.unwrap();
    assert_eq!(open.iter().map(|one| (one.call.id.0.as_str(), one.since_ms)).collect::<Vec<_>>(), [("again", STARTED_MS + 5_000)]);
}

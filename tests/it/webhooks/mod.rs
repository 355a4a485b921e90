//! Webhooks, against a real server that takes messages, and fails in every way that servers fail in.

mod server;

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use warmline::{
    call::{
        ids::{AgentId, CallId},
        outcome::Outcome,
    },
    feed::{Feed, Kind},
    live::{Hub, LiveCall},
    store::{CallLog, Options, Store, StoreError},
    webhooks::{Hook, Key, Webhooks},
};

use self::server::{Behaviour, Receiver};
use crate::store::samples::{ended, new_call, said, whole_call, write};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A record in a folder of its own, and calls that are shown.
struct World {
    folder: tempfile::TempDir,
    store: Store,
    hub: Hub,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path())).await.unwrap();
        Self { folder, store, hub: Hub::default() }
    }

    fn hook(receiver: &Receiver, change: impl FnOnce(&mut Hook)) -> Hook {
        let mut hook = Hook {
            name: "crm".to_owned(),
            url: receiver.url(),
            key: Key::parse(SECRET).unwrap(),
            kinds: Kind::ALL.into(),
            timeout: Duration::from_millis(300),
            attempts: 4,
            first_retry_ms: 1,
            longest_retry_ms: 20,
            queue: 1_000,
        };
        change(&mut hook);
        hook
    }

    fn start(&self, hook: Hook) -> Webhooks {
        Webhooks::start(vec![hook], self.hub.feed(), &self.store).unwrap()
    }

    fn call(&self, id: &str) -> (CallLog, LiveCall) {
        let log = self.store.begin(new_call(id, 0));
        let (events, _) = tokio::sync::mpsc::channel(4);
        let live = self.hub.begin(log.head(), events);
        (log, live)
    }

    /// A call with one turn of the caller, and one event.
    fn turn(&self, id: &str, words: &str) {
        let (mut log, live) = self.call(id);
        live.show(&write(&mut log, 10, said(words)));
        // Its end is another event, which these hooks do not want.
    }

    async fn counts(&self) -> (u64, u64) {
        self.store.count_deliveries("crm").await.unwrap()
    }

    /// Waits until the queue is as it should be.
    async fn settled(&self, waiting: u64, dead: u64) {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        let until = async {
            while self.counts().await != (waiting, dead) {
                look.tick().await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(30), until).await;
        assert!(done.is_ok(), "the queue stays at {:?}", self.counts().await);
    }
}

fn turns(hook: &mut Hook) {
    hook.kinds = BTreeSet::from([Kind::Turn]);
}

#[tokio::test]
async fn a_call_is_told_in_signed_messages() {
    let world = World::new().await;
    let receiver = Receiver::start(vec![]).await;
    let _hooks = world.start(World::hook(&receiver, |_| {}));
    let (mut log, live) = world.call("one");
    for what in whole_call() {
        live.show(&write(&mut log, 5_000, what));
    }
    live.show(&write(&mut log, 6_000, ended(Outcome::HandedOver)));
    let mut messages = Vec::new();
    for _ in 0..8 {
        messages.push(receiver.next().await);
    }
    // They may overtake each other: their numbers are their order.
    messages.sort_by_key(|message| message.body["id"].as_str().unwrap().to_owned());
    let kinds: Vec<&str> = messages.iter().map(|message| message.body["type"].as_str().unwrap()).collect();
    let wanted = ["started", "turn", "turn", "escalated", "offered", "accepted", "bridged", "ended"].map(|word| format!("call.{word}"));
    assert_eq!(kinds, wanted);
    for message in &messages {
        assert_eq!(message.id, format!("evt_{}", message.body["id"].as_str().unwrap()));
        assert_eq!(message.signature, Key::parse(SECRET).unwrap().sign(&message.id, message.timestamp, &message.text));
        assert_eq!(message.kind, "application/json");
        assert_eq!(message.body["data"]["call"]["id"], "one");
    }
    world.settled(0, 0).await;
}

#[tokio::test]
async fn only_wanted_events_are_told() {
    let world = World::new().await;
    let receiver = Receiver::start(vec![]).await;
    let _hooks = world.start(World::hook(&receiver, |hook| hook.kinds = BTreeSet::from([Kind::Ended])));
    let (mut log, live) = world.call("one");
    for what in whole_call() {
        live.show(&write(&mut log, 5_000, what));
    }
    live.show(&write(&mut log, 6_000, ended(Outcome::HandedOver)));
    assert_eq!(receiver.next().await.body["type"], "call.ended");
    world.settled(0, 0).await;
    assert_eq!(receiver.taken(), 1);
}

#[tokio::test]
async fn a_message_is_sent_again_until_it_is_taken_whatever_goes_wrong() {
    for trouble in [
        Behaviour::Status(500),
        Behaviour::Status(404),
        Behaviour::Status(429),
        Behaviour::Redirect,
        Behaviour::Hang,
        Behaviour::Close,
        Behaviour::Garbage,
        Behaviour::RetryAfter(0),
    ] {
        let world = World::new().await;
        let receiver = Receiver::start(vec![trouble, trouble, Behaviour::Take]).await;
        let _hooks = world.start(World::hook(&receiver, turns));
        world.turn("one", "Hello?");
        let taken = receiver.next().await;
        assert_eq!(taken.body["data"]["entry"]["text"], "Hello?", "{trouble:?}");
        world.settled(0, 0).await;
        assert_eq!(receiver.asked(), 3, "{trouble:?}: nobody else was asked, and no more often");
    }
}

#[tokio::test]
async fn what_is_never_taken_is_given_up_and_can_be_sent_again() {
    let world = World::new().await;
    let receiver = Receiver::start(vec![Behaviour::Status(503); 8]).await;
    let hooks = world.start(World::hook(&receiver, turns));
    world.turn("one", "first");
    world.settled(0, 1).await;
    world.turn("two", "second");
    world.settled(0, 2).await;
    assert_eq!(receiver.asked(), 8, "four attempts each");
    let dead = world.store.dead_deliveries("crm", 10).await.unwrap();
    let words: Vec<(Option<&str>, u32)> = dead.iter().map(|one| (one.why.as_deref(), one.attempts)).collect();
    assert_eq!(words, [(Some("answered with 503"), 4); 2]);
    // One of them, and then the other.
    for (seq, words) in [(Some(dead[1].seq), "second"), (None, "first")] {
        assert_eq!(world.store.revive_deliveries("crm", seq, 0).await.unwrap(), 1);
        hooks.wake();
        assert_eq!(receiver.next().await.body["data"]["entry"]["text"], words);
    }
    world.settled(0, 0).await;
    assert_eq!(world.store.revive_deliveries("crm", Some(dead[0].seq), 0).await.unwrap(), 0, "there is nothing more");
}

#[tokio::test]
async fn an_address_that_is_gone_is_not_asked_again() {
    let world = World::new().await;
    let receiver = Receiver::start(vec![Behaviour::Status(410)]).await;
    let _hooks = world.start(World::hook(&receiver, turns));
    world.turn("one", "Hello?");
    world.settled(0, 1).await;
    assert_eq!(receiver.asked(), 1);
}

#[tokio::test]
async fn nobody_at_the_address_is_one_more_way_to_fail() {
    let world = World::new().await;
    let receiver = Receiver::start(vec![]).await;
    let hook = World::hook(&receiver, |hook| {
        turns(hook);
        hook.attempts = 2;
    });
    receiver.close().await;
    let _hooks = world.start(hook);
    world.turn("one", "Hello?");
    world.settled(0, 1).await;
    assert_eq!(world.store.dead_deliveries("crm", 1).await.unwrap()[0].why.as_deref(), Some("cannot be reached"));
}

#[tokio::test]
async fn what_waits_survives_a_restart() {
    let world = World::new().await;
    let down = Receiver::start(vec![Behaviour::Status(500); 1_000]).await;
    let hooks = world.start(World::hook(&down, |hook| {
        turns(hook);
        (hook.attempts, hook.first_retry_ms) = (1_000, 20);
    }));
    world.turn("one", "before");
    world.settled(1, 0).await;
    let mut look = tokio::time::interval(Duration::from_millis(5));
    while down.asked() == 0 {
        look.tick().await;
    }
    // The first run ends, and with it all that has a hand on the record.
    drop(hooks);
    let World { folder, store, hub } = world;
    store.flush().await;
    drop((store, hub));
    let up = Receiver::start(vec![]).await;
    let store = loop {
        match Store::open(&Options::new(folder.path())).await {
            Ok(store) => break store,
            Err(StoreError::InUse(_)) => _ = look.tick().await,
            Err(error) => panic!("{error}"),
        }
    };
    let world = World { folder, store, hub: Hub::default() };
    let _hooks = world.start(World::hook(&up, turns));
    assert_eq!(up.next().await.body["data"]["entry"]["text"], "before");
    world.settled(0, 0).await;
}

#[tokio::test]
async fn a_full_queue_gives_up_its_oldest() {
    let world = World::new().await;
    let receiver = Receiver::start(vec![Behaviour::Status(500); 20]).await;
    let _hooks = world.start(World::hook(&receiver, |hook| {
        turns(hook);
        hook.queue = 3;
        (hook.first_retry_ms, hook.longest_retry_ms) = (3_600_000, 3_600_000);
    }));
    for index in 0..5 {
        world.turn(&format!("call-{index}"), &format!("word {index}"));
    }
    world.settled(3, 2).await;
    let dead = world.store.dead_deliveries("crm", 10).await.unwrap();
    assert!(dead.iter().all(|one| one.why.as_deref() == Some("the queue was full")));
    let said = |body: &str| serde_json::from_str::<Value>(body).unwrap()["data"]["entry"]["text"].as_str().unwrap().to_owned();
    let mut words: Vec<String> = dead.iter().map(|one| said(&one.body)).collect();
    words.sort();
    assert_eq!(words, ["word 0", "word 1"]);
}

#[tokio::test]
async fn a_slow_address_holds_nobody_else_up() {
    let world = World::new().await;
    let (slow, quick) = (Receiver::start(vec![Behaviour::Hang; 50]).await, Receiver::start(vec![]).await);
    let slow = World::hook(&slow, |hook| {
        hook.name = "slow".to_owned();
        hook.timeout = Duration::from_secs(60);
    });
    let _hooks = Webhooks::start(vec![slow, World::hook(&quick, turns)], world.hub.feed(), &world.store).unwrap();
    for index in 0..20 {
        world.turn(&format!("call-{index}"), "Hello?");
        quick.next().await;
    }
}

#[tokio::test]
async fn events_that_were_given_up_go_with_their_call() {
    let world = World::new().await;
    let receiver = Receiver::start(vec![Behaviour::Status(410)]).await;
    let _hooks = world.start(World::hook(&receiver, turns));
    world.turn("one", "Hello?");
    world.settled(0, 1).await;
    world.store.flush().await;
    let database = format!("sqlite://{}", world.folder.path().join("warmline.db").display());
    let pool = sqlx::SqlitePool::connect(&database).await.unwrap();
    sqlx::query("DELETE FROM calls WHERE id = 'one'").execute(&pool).await.unwrap();
    assert_eq!(world.counts().await, (0, 0));
}

#[tokio::test]
async fn a_feed_numbers_its_events_over_restarts() {
    let numbers = |feed: &Feed| {
        let mut reading = feed.read(None);
        let correction = warmline::view::Correction {
            id: "c".to_owned(),
            call: CallId("one".to_owned()),
            seq: 1,
            agent: AgentId("maria".to_owned()),
            created: warmline::view::Stamp(0),
            heard: None,
            intent: None,
            said: None,
            span: (0, 1),
            should_say: None,
            should_mean: None,
            note: None,
            state: warmline::view::CorrectionState::Proposed,
        };
        let call = new_call("one", 0);
        let head = warmline::view::CallHead::new(call.id, call.started, &call.caller, "flow".to_owned(), "en".to_owned());
        feed.corrected(head, correction);
        reading.live.try_recv().unwrap().id
    };
    let (first, second) = (Feed::default(), Feed::default());
    let (one, two) = (numbers(&first), numbers(&first));
    assert_eq!(two, one + 1);
    assert!(numbers(&second) >= one, "a later run begins higher, unless it began in the same millisecond");
}

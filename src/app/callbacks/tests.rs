//! Callbacks on the real desk and the real record, beside calls that wait there.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
    time::timeout,
};

use super::{Keeper, Options, Owed, Placing, now_ms};
use crate::{
    app::options::tests::config,
    call::{
        Caller,
        action::{Action, AgentAfter},
        event::{Event, TransferBy},
        ids::{AgentId, CallId, RequestId},
        outcome::Outcome,
        record::{Entry, HandoffStep, Summary, What},
        redact::Rules,
        time::{Time, WallTime},
    },
    desk::{DeskHandle, Limits, Profile, Request},
    live::Hub,
    store::{self, FlowFile, NewCall, Store},
    view::{CallHead, Stamp},
};

const LIMIT: Duration = Duration::from_secs(30);

/// A gateway without telephones: one agent, Maria, whom somebody has.
struct Rig {
    store: Store,
    desk: DeskHandle,
    hub: Hub,
    placings: mpsc::Receiver<Placing>,
    keeper: Option<Keeper>,
    keeps: Option<AbortHandle>,
    owed: watch::Receiver<Owed>,
    _folder: TempDir,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.keeps.iter().for_each(AbortHandle::abort);
    }
}

fn maria() -> AgentId {
    AgentId("maria".to_owned())
}

fn id(call: &str) -> CallId {
    CallId(call.to_owned())
}

impl Rig {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&store::Options::new(folder.path())).await.unwrap();
        let agent = Profile {
            id: maria(),
            name: "Maria".to_owned(),
            target: "sip:maria@127.0.0.1".to_owned(),
            transfer: TransferBy::Bridge,
            spoken_claim: false,
            queues: vec!["orders".to_owned()],
            levels: BTreeMap::new(),
            languages: Vec::new(),
            signed_in: true,
            capacity: 1,
        };
        let desk = DeskHandle::open(Limits::default(), vec![agent]);
        let (hub, (sender, placings), (owes, owed)) = (Hub::default(), mpsc::channel(8), watch::channel(Owed::new()));
        let options = Options { trunk: None, trunks: vec!["isp".to_owned()], tries: 3, again_ms: 300_000, expire_ms: 3_600_000 };
        let trunks = Arc::new(config(&[]).trunk_table());
        let keeper =
            Some(Keeper { options, store: store.clone(), desk: desk.clone(), hub: hub.clone(), trunks, placings: sender, owed: owes });
        let rig = Self { store, desk, hub, placings, keeper, keeps: None, owed, _folder: folder };
        assert_eq!(hears(&mut rig.asks("busy", 0)).await, "gets maria");
        rig
    }

    /// From now on callbacks are kept.
    fn keep(&mut self) {
        self.keeps = self.keeper.take().map(|keeper| tokio::spawn(keeper.run()).abort_handle());
    }

    /// Whoever has this number has wanted a human for so many seconds, and was promised a callback.
    async fn promised(&self, call: &str, number: &str, seconds: u64) {
        let started = Stamp(now_ms() - 1_000 * seconds);
        let mut log = self.store.begin(NewCall {
            id: id(call),
            started,
            utc_offset_s: 0,
            wall: WallTime { day: 20_779, ms_of_day: 0 },
            caller: caller(number),
            flow: FlowFile::new("support.en", "flows/support.en.yaml".as_ref(), "name: support", BTreeMap::new()),
            others: Vec::new(),
            promise: None,
            language: "en".to_owned(),
            redact: Rules::default(),
            words: Vec::new(),
        });
        let started = HandoffStep::Started { queue: "orders".to_owned(), summary: Summary::default() };
        let promised = HandoffStep::CallbackPromised { number: number.to_owned() };
        let ended = What::Ended { outcome: Outcome::CallbackPromised };
        for (at, what) in [(0, What::Handoff { step: started }), (500, What::Handoff { step: promised }), (900, ended)] {
            let _written = log.action(Time(at), &Action::Record(Entry { at: Time(at), what }));
        }
        drop(log);
        self.store.flush().await;
    }

    /// A call wants somebody, as if it had asked so many seconds ago.
    fn asks(&self, call: &str, seconds: u64) -> mpsc::Receiver<Event> {
        let (events, inbox) = mpsc::channel(16);
        let request = Request {
            call: id(call),
            id: RequestId(1),
            queue: "orders".to_owned(),
            language: None,
            not: Vec::new(),
            who: None,
            ahead_ms: 1_000 * seconds,
            caller: None,
            prefer: None,
            reads: false,
        };
        self.desk.find(request, &events);
        inbox
    }

    async fn placing(&mut self) -> Placing {
        timeout(LIMIT, self.placings.recv()).await.expect("a callback is kept").unwrap()
    }
}

fn caller(number: &str) -> Caller {
    Caller { number: number.to_owned(), called: "support".to_owned(), trunk: Some("isp".to_owned()), ..Caller::default() }
}

/// What a call hears of the desk next.
async fn hears(inbox: &mut mpsc::Receiver<Event>) -> String {
    match timeout(LIMIT, inbox.recv()).await.expect("the desk says something").unwrap() {
        Event::AgentReserved { agent, .. } => format!("gets {}", agent.id.0),
        Event::Queued { position, .. } => format!("is {position}"),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_callback_is_served_at_the_place_that_its_caller_had() {
    let mut rig = Rig::new().await;
    rig.promised("promised", "+40721", 60).await;
    let (mut earlier, mut later) = (rig.asks("earlier", 120), rig.asks("later", 30));
    assert_eq!((hears(&mut earlier).await, hears(&mut later).await), ("is 1".to_owned(), "is 2".to_owned()));
    rig.keep();
    assert_eq!(hears(&mut later).await, "is 3", "the callback comes in before them");
    rig.desk.ended(&id("busy"));
    assert_eq!((hears(&mut earlier).await, hears(&mut later).await), ("gets maria".to_owned(), "is 2".to_owned()));
    rig.desk.ended(&id("earlier"));
    let placing = rig.placing().await;
    assert_eq!((placing.promise.of.0.as_str(), &placing.promise.agent.id), ("promised", &maria()));
    assert!((60_000..60_000 + 30_000).contains(&placing.promise.waited_ms), "{}", placing.promise.waited_ms);
    assert_eq!(hears(&mut later).await, "is 1");
    drop(placing);
    assert_eq!(hears(&mut later).await, "gets maria");
}

#[tokio::test]
async fn whoever_is_on_the_line_is_not_called_back() {
    let mut rig = Rig::new().await;
    rig.promised("first", "+40721", 60).await;
    rig.promised("second", "+40722", 30).await;
    let (events, _inbox) = mpsc::channel(1);
    let live =
        rig.hub.begin(Arc::new(CallHead::new(id("again"), Stamp(now_ms()), &caller("+40721"), String::new(), String::new())), events);
    rig.keep();
    rig.desk.ended(&id("busy"));
    let placing = rig.placing().await;
    assert_eq!(placing.promise.of.0, "second", "though the first has waited longer");
    drop((placing, live));
    assert_eq!(rig.placing().await.promise.of.0, "first");
}

#[tokio::test]
async fn the_callback_of_whoever_rings_again_waits_and_their_call_has_the_place() {
    let mut rig = Rig::new().await;
    rig.promised("first", "+40721", 60).await;
    let mut other = rig.asks("other", 30);
    assert_eq!(hears(&mut other).await, "is 1");
    rig.keep();
    assert_eq!(hears(&mut other).await, "is 2");
    let since_ms = rig.owed.borrow()["+40721"];
    assert!(now_ms() - since_ms >= 60_000, "what a call of theirs begins with");
    let (events, _inbox) = mpsc::channel(1);
    let _live =
        rig.hub.begin(Arc::new(CallHead::new(id("again"), Stamp(now_ms()), &caller("+40721"), String::new(), String::new())), events);
    let mut again = rig.asks("again", (now_ms() - since_ms) / 1_000);
    assert_eq!(hears(&mut other).await, "is 3");
    assert_eq!(hears(&mut other).await, "is 2", "the callback gives its place up");
    rig.desk.ended(&id("busy"));
    assert!(["is 1", "is 2"].contains(&hears(&mut again).await.as_str()));
    while rig.desk.watch().borrow()[0].calls != [id("again")] {
        hears(&mut again).await;
    }
    rig.desk.release(&id("again"), &maria(), AgentAfter::Free);
    assert_eq!(hears(&mut other).await, "is 1");
    assert_eq!(hears(&mut other).await, "gets maria");
    assert!(rig.placings.try_recv().is_err());
}

#[tokio::test]
async fn an_agent_who_comes_free_as_they_ring_goes_to_the_next() {
    let mut rig = Rig::new().await;
    rig.promised("first", "+40721", 60).await;
    let mut other = rig.asks("other", 30);
    rig.keep();
    assert_eq!((hears(&mut other).await, hears(&mut other).await), ("is 1".to_owned(), "is 2".to_owned()));
    let (events, _inbox) = mpsc::channel(1);
    let _live =
        rig.hub.begin(Arc::new(CallHead::new(id("again"), Stamp(now_ms()), &caller("+40721"), String::new(), String::new())), events);
    rig.desk.ended(&id("busy"));
    assert_eq!(hears(&mut other).await, "is 1", "the callback had the agent");
    assert_eq!(hears(&mut other).await, "gets maria");
    assert!(rig.placings.try_recv().is_err());
}

//! How often callers may ask, from the flow that says so to the request that is not made.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use warmline::{
    call::{
        action::LookUp,
        caller::Caller,
        event::{Event, Failure, Found},
        flow::{
            Flow,
            dialogue::Dialogue,
            step::{Input, Step},
        },
        ids::RequestId,
        time::{Time, WallTime},
        understanding::{Scored, Understanding},
    },
    lookup::LookUps,
};

use super::{answer, service};

/// The flow of the stories, which lets a caller ask twice in an hour.
fn flow(service: &str) -> Arc<Flow> {
    let text = include_str!("../../data/flows/stories.en.yaml")
        .replace("lookups_per_call: 5\n", "lookups_per_call: 5\nlookups_per_caller: { most: 2, minutes: 60 }\n");
    let flow = Flow::parse(&text, "stories.en.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    Arc::new(flow.bind(&BTreeMap::from([("orders".to_owned(), service.to_owned())])).expect("it needs one service"))
}

fn said(dialogue: &mut Dialogue, text: &str, intent: &str) -> Vec<Step> {
    let understanding = Understanding { intents: vec![Scored { name: intent.to_owned(), score: 0.95 }], ..Understanding::default() };
    let input = Input::Said { text: text.to_owned(), confidence: 0.95, understanding, span: (Time(0), Time(1_500)) };
    dialogue.handle(Time(2_000), &input)
}

/// A call of this number that asks for an order: what the flow wants to ask the service.
fn calls(flow: &Arc<Flow>, number: &str) -> (Dialogue, LookUp) {
    let caller = Caller { number: number.to_owned(), ..Caller::default() };
    let mut dialogue = Dialogue::new(Arc::clone(flow), WallTime { day: 20_782, ms_of_day: 36_000_000 }, &caller);
    dialogue.start();
    said(&mut dialogue, "Where is my order?", "order_status");
    let steps = said(&mut dialogue, "four five seven one two nine", "none");
    let request = steps.into_iter().find_map(|step| if let Step::LookUp { request, .. } = step { Some(request) } else { None });
    (dialogue, request.expect("the service is to be asked"))
}

#[tokio::test]
async fn what_a_flow_says_of_one_caller_holds_for_all_their_calls_and_for_the_withheld_together() {
    let (url, seen) = service(answer("404 Not Found", "no")).await;
    let (flow, lookups) = (flow(&url), LookUps::new().unwrap());
    // Nobody knows which of the withheld are the same: they share one bound, and take nothing from those with a number.
    for (number, asked) in
        [("", 1), ("", 2), ("", 2), ("", 2), ("+40721000111", 3), ("+40721000111", 4), ("+40721000111", 4), ("+40721000112", 5)]
    {
        let before = seen.load(Ordering::SeqCst);
        let (mut dialogue, request) = calls(&flow, number);
        let result = match lookups.ask(RequestId(1), &request).await {
            Event::LookedUp { found, .. } => Ok(found),
            Event::Failed { why, .. } => Err(why),
            other => panic!("{other:?}"),
        };
        assert_eq!(seen.load(Ordering::SeqCst), asked, "the service was asked by {number:?}");
        assert_eq!(result, if asked > before { Ok(Found::Nothing) } else { Err(Failure::Overloaded) }, "{number:?}");
        // Whoever may not ask any more gets a human, and hears nothing of the order.
        let steps = dialogue.handle(Time(3_000), &Input::LookedUp { name: request.name, result: result.clone() });
        let human = steps.iter().any(|step| matches!(step, Step::Human { queue, .. } if queue == "orders"));
        assert_eq!(human, result.is_err(), "{number:?}: {steps:?}");
    }
}

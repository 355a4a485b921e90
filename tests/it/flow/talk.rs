//! A conversation through a flow, told sentence by sentence.

use std::{collections::BTreeMap, sync::Arc};

use warmline::call::{
    caller::Caller,
    event::{Failure, Found},
    flow::{
        Flow,
        dialogue::Dialogue,
        step::{Consulted, Input, Step},
    },
    time::{Time, WallTime},
    understanding::{Scored, Understanding},
};

/// A call in virtual time.
#[derive(Clone)]
pub(crate) struct Talk {
    pub(crate) dialogue: Dialogue,
    pub(crate) steps: Vec<Step>,
    now: Time,
    pub(crate) confidence: f32,
}

impl Talk {
    /// A call on Monday, 2026-11-23, at ten.
    pub(crate) fn new(flow: &str) -> Self {
        Self::at(flow, WallTime { day: 20_780, ms_of_day: 10 * 3_600_000 })
    }

    pub(crate) fn at(flow: &str, wall: WallTime) -> Self {
        let flow = Flow::parse(flow, "flow.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let flow = flow.bind(&BTreeMap::from([("orders".to_owned(), "http://127.0.0.1:8099/".to_owned())])).unwrap();
        let mut dialogue = Dialogue::new(Arc::new(flow), wall, &Caller::default());
        let steps = dialogue.start();
        Self { dialogue, steps, now: Time::ZERO, confidence: 0.95 }
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
    }

    fn give(&mut self, input: &Input) -> &mut Self {
        self.wait(2_000);
        self.steps = self.dialogue.handle(self.now, input);
        self
    }

    /// The caller says something that has no intent.
    pub(crate) fn says(&mut self, text: &str) -> &mut Self {
        self.understood(text, Understanding::default())
    }

    /// The caller says something that means an intent or a knowledge entry of the flow.
    pub(crate) fn means(&mut self, name: &str, text: &str) -> &mut Self {
        let scored = vec![Scored { name: name.to_owned(), score: 0.95 }];
        let knowledge = name == "cost";
        self.understood(
            text,
            if knowledge {
                Understanding { knowledge: scored, ..Understanding::default() }
            } else {
                Understanding { intents: scored, ..Understanding::default() }
            },
        )
    }

    pub(crate) fn understood(&mut self, text: &str, understanding: Understanding) -> &mut Self {
        let span = (self.now, self.now.plus(1_500));
        self.give(&Input::Said { text: text.to_owned(), confidence: self.confidence, understanding, span })
    }

    pub(crate) fn keys(&mut self, digits: &str) -> &mut Self {
        self.give(&Input::Keyed { digits: digits.to_owned() })
    }

    pub(crate) fn silent(&mut self) -> &mut Self {
        self.give(&Input::Silence)
    }

    pub(crate) fn found(&mut self, name: &str, fields: &[(&str, &str)]) -> &mut Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.give(&Input::LookedUp { name: name.to_owned(), result: Ok(Found::Fields { fields }) })
    }

    pub(crate) fn service(&mut self, name: &str, result: Result<Found, Failure>) -> &mut Self {
        self.give(&Input::LookedUp { name: name.to_owned(), result })
    }

    pub(crate) fn consulted(&mut self, node: &str, result: Consulted) -> &mut Self {
        self.give(&Input::Consulted { node: node.to_owned(), result })
    }

    /// Everything that the bot said last.
    pub(crate) fn bot(&self) -> String {
        let said = self.steps.iter().filter_map(|step| if let Step::Say { text, .. } = step { Some(text.as_str()) } else { None });
        said.collect::<Vec<_>>().join(" ")
    }

    /// The address of the look-up that was asked for last.
    pub(crate) fn url(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| if let Step::LookUp { request, .. } = step { Some(request.url.as_str()) } else { None })
    }

    /// The queue of the human that is wanted.
    pub(crate) fn human(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| if let Step::Human { queue, .. } = step { Some(queue.as_str()) } else { None })
    }

    pub(crate) fn did(&self, step: &Step) -> bool {
        self.steps.contains(step)
    }
}

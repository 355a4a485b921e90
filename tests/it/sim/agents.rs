//! Humans at their phones.

use warmline::call::{
    event::{AgentChoice, DialFailure, Event, LegCause, Supervision, TransferBy, TransferTo},
    ids::{AgentId, LegId},
};

/// What an agent's phone does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phone {
    /// It rings, and is picked up after this many milliseconds.
    Answers(u64),
    /// It rings until it fails like this, after this many milliseconds.
    Fails(DialFailure, u64),
    /// It rings, and nobody ever says what became of it: the driver has died.
    Forgotten,
}

/// What is reported of a phone that is not reached: what the network says first, where it says anything.
pub(crate) fn failing(leg: LegId, why: DialFailure) -> impl Iterator<Item = Event> {
    let cause = |sip, q850, retry_after_s| Some(Event::LegCause { leg, cause: LegCause { sip: Some(sip), q850, retry_after_s } });
    let cause = match why {
        DialFailure::Busy => cause(486, Some(17), None),
        DialFailure::Declined => cause(603, Some(21), None),
        DialFailure::Unreachable => cause(503, Some(42), Some(18)),
        DialFailure::Rejected => cause(404, None, None),
        DialFailure::NoAnswer | DialFailure::NoLine => None,
    };
    cause.into_iter().chain([Event::LegFailed { leg, why }])
}

/// When an agent does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// After they have picked up.
    Answered,
    /// After they have heard the whole briefing.
    Briefed,
    /// After they were bridged.
    Bridged,
    /// After their phone began to ring.
    Rung,
    /// After the call was offered to them: the card is on their page.
    Offered,
    /// After they have heard what the bot will tell the caller.
    SaidBack,
}

/// What an agent does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Does {
    Press(char),
    Say(&'static str),
    HangUp,
    /// The network drops them.
    IsLost,
    /// It is a machine that has said its greeting.
    Beeps,
    /// It sounds like one.
    SoundsLikeAMachine,
    Page(AgentChoice),
    /// Their page, and what is on it, is gone.
    ClosesPage,
    /// Their telephone sends the caller on.
    HandsOn(TransferTo),
    /// Not them: their supervisor wants that.
    Supervised(Supervision),
    /// A telephone of this agent takes the call over.
    TakenOver(&'static str),
}

impl Does {
    /// What the call hears of what an agent does on their page.
    pub(crate) fn on_page(&self, agent: &AgentId) -> Option<Event> {
        match self {
            Self::Page(choice) => Some(Event::AgentChose { agent: agent.clone(), choice: choice.clone() }),
            Self::ClosesPage => Some(Event::PageClosed { agent: agent.clone() }),
            _ => None,
        }
    }
}

/// One agent.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) phone: Phone,
    /// Milliseconds from the start of the call in which somebody else has them.
    pub(crate) busy_until: u64,
    pub(crate) steps: Vec<(Moment, u64, Does)>,
    pub(crate) transfer: TransferBy,
    pub(crate) spoken_claim: bool,
}

impl Agent {
    /// Picks up after two seconds, hears the briefing, presses 1, and hangs up after 20 s with the caller.
    pub(crate) fn accepting(id: &'static str, name: &'static str) -> Self {
        Self::with(id, name, Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1')).does(Moment::Bridged, 20_000, Does::HangUp)
    }

    pub(crate) fn with(id: &'static str, name: &'static str, phone: Phone) -> Self {
        Self { id, name, phone, busy_until: 0, steps: Vec::new(), transfer: TransferBy::Bridge, spoken_claim: false }
    }

    pub(crate) fn by(mut self, transfer: TransferBy) -> Self {
        self.transfer = transfer;
        self
    }

    pub(crate) fn spoken_claim(mut self) -> Self {
        self.spoken_claim = true;
        self
    }

    pub(crate) fn does(mut self, moment: Moment, after_ms: u64, does: Does) -> Self {
        self.steps.push((moment, after_ms, does));
        self
    }

    pub(crate) fn busy_until(mut self, ms: u64) -> Self {
        self.busy_until = ms;
        self
    }
}

//! Every deadline of a call has a name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::time::Time;

/// Why the call wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// The caller's ACK must have come.
    CallerAck,
    /// The call has lasted too long, whoever has it.
    CallLimit,
    /// The caller has said nothing for as long as the flow allows.
    Silence,
    /// The caller has heard nothing for too long while we owe something: play the calm sound.
    Comfort,
    /// The caller's voice has lasted long enough to interrupt the bot.
    BargeIn,
    /// The pause after the caller's words is long enough: the turn is over.
    EndOfTurn,
    /// The recogniser (or the understanding) of the caller's words must have answered.
    Recogniser,
    /// The caller has talked for as long as a turn may last.
    LongestTurn,
    /// The caller has stopped pressing keys.
    KeyPause,
    /// What is said to the caller must have begun, have ended, or have stopped.
    CallerSpeech,
    /// The look-up must have answered.
    LookUp,
    /// The look-up takes long: say the filler.
    Filler,

    /// The queue must have answered `FindAgent` at all.
    FindAgent,
    /// The agent's phone has rung long enough.
    AgentAnswer,
    /// What is said to the agent must have begun, have ended, or have stopped.
    AgentSpeech,
    /// The pause after the agent's words is long enough.
    AgentEndOfTurn,
    /// The recogniser of the agent's words must have answered.
    AgentRecogniser,
    /// The agent has talked for as long as a turn may last.
    AgentLongestTurn,
    /// The agent must have chosen.
    AgentChoose,
    /// The announcement before the bridge has taken too long: bridge.
    Connect,
    /// The caller who is called back must have answered.
    CallerAnswer,
    /// The third person must have been found, have answered, or have been listened to for long enough.
    Third,
    /// The supervisor's phone has rung long enough.
    Supervisor,
    /// The caller's side must have said what came of the transfer.
    Transfer,
    /// The caller is to be told how it stands.
    Update,
    /// The caller has heard nothing but music for a while: an open question may be asked.
    Question,
    /// The caller's message must have come to its end.
    Voicemail,
    /// The caller has waited for a human for as long as the flow allows.
    QueueWait,
    /// The agent has been told that the caller left: hang up.
    Farewell,
    /// A turn between caller and agent is over, and is written down; or its words have been waited for long enough.
    Scribe,
}

/// The deadlines that are set now.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeMap<Timer, Time>);

impl Timers {
    /// Sets a deadline, or moves it.
    pub(crate) fn set(&mut self, timer: Timer, at: Time) {
        self.0.insert(timer, at);
    }

    /// Takes a deadline away.
    pub(crate) fn stop(&mut self, timer: Timer) {
        self.0.remove(&timer);
    }

    /// Is it set?
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.0.contains_key(&timer)
    }

    /// Takes all of them away.
    pub(crate) fn stop_all(&mut self) {
        self.0.clear();
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<(Time, Timer)> {
        self.0.iter().map(|(timer, at)| (*at, *timer)).min()
    }

    /// Takes the next deadline that has passed.
    pub(crate) fn pop(&mut self, now: Time) -> Option<Timer> {
        let (at, timer) = self.next()?;
        (at <= now).then(|| {
            self.0.remove(&timer);
            timer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_the_order_of_time() {
        let mut timers = Timers::default();
        timers.set(Timer::Silence, Time(50));
        timers.set(Timer::LookUp, Time(20));
        timers.set(Timer::Update, Time(70));
        timers.stop(Timer::Update);
        assert_eq!(timers.next(), Some((Time(20), Timer::LookUp)));
        assert_eq!(timers.pop(Time(19)), None);
        assert_eq!(timers.pop(Time(60)), Some(Timer::LookUp));
        assert_eq!(timers.pop(Time(60)), Some(Timer::Silence));
        assert_eq!(timers.pop(Time(60)), None);
    }
}

//! What is written down of people besides the caller and their agent: somebody who was called in, and whoever watches over them.

use serde::{Deserialize, Serialize};

use crate::call::ids::AgentId;

/// What a supervisor does, from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supervised {
    /// Their phone is rung.
    Rung,
    /// They hear the conversation.
    Listens,
    /// They hear it, and the agent alone hears them.
    Whispers,
    /// They talk with everybody.
    Joined,
    /// They hear nothing more of it.
    Left,
    /// Their phone was not answered.
    NotReached,
}

/// What happens with a third person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum ThirdStep {
    /// The agent wants them: a queue, an agent or a number. `adds`: they join as soon as they answer; else the caller is on hold meanwhile.
    Asked { to: String, adds: bool },
    /// They are rung, for this agent.
    Offered { who: AgentId, name: String, by: String },
    /// They have answered, and the agent alone hears them.
    Answered { who: AgentId },
    /// A machine seems to have answered: the agent is told.
    MachineSuspected { who: AgentId },
    /// All three hear each other.
    Joined { who: AgentId },
    /// The agent has left the caller to them.
    HasCaller { who: AgentId, name: String },
    /// They are out of it again; nobody, if none was found.
    Ended { who: Option<AgentId>, why: ThirdEnd },
}

/// Why a third person is out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThirdEnd {
    /// The agent wanted it so.
    Parted,
    /// They hung up.
    HungUp,
    /// Their line was lost.
    Lost,
    /// They declined.
    Declined,
    /// Their phone was busy.
    Busy,
    /// Their phone rang out.
    NoAnswer,
    /// Their phone could not be reached.
    Unreachable,
    /// The trunk to them carried as many calls as it may.
    NoLine,
    /// Nobody who could be asked is free.
    NobodyFree,
    /// An answering machine or a fax answered.
    Machine,
    /// The call is over.
    CallEnded,
}

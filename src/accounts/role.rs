//! Who may do what. This table is all there is: every address of the API asks it, and pages show what it allows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use Role::{Administrator, Agent, Operator, Supervisor};

/// What somebody is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls that are handed over.
    Agent,
    /// Watches over agents and calls.
    Supervisor,
    /// Looks after flows and what the bot says.
    Operator,
    /// Looks after accounts, and may do everything.
    Administrator,
}

/// What can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See which agents there are, and whether they are free.
    Roster,
    /// Work as the agent of one's own account: state, card, telephone, buttons.
    OwnDesk,
    /// See, hear and end the calls that are or were offered to that agent.
    OwnCalls,
    /// See every call and what was said in it.
    AllCalls,
    /// Hear every recording.
    Recordings,
    /// Take the event logs of all calls away.
    EventLogs,
    /// See and change the desks of all agents.
    AnyDesk,
    /// End any call.
    HangUp,
    /// Listen to conversations of agents while they go on, whisper to the agent, join.
    Supervise,
    /// Make API tokens for oneself.
    Tokens,
    /// Make, change and lock accounts.
    Accounts,
    /// Read who did what.
    Audit,
    /// Search what is kept of a caller, give it out, erase it; hold calls.
    Privacy,
    /// See how long things are kept, what was erased, and what is held.
    PrivacyReports,
}

const TABLE: [(Permission, &[Role]); 14] = [
    (Permission::Roster, &[Agent, Supervisor, Operator, Administrator]),
    (Permission::OwnDesk, &[Agent, Supervisor, Operator, Administrator]),
    (Permission::OwnCalls, &[Agent, Supervisor, Operator, Administrator]),
    (Permission::AllCalls, &[Supervisor, Operator, Administrator]),
    (Permission::Recordings, &[Supervisor, Operator, Administrator]),
    (Permission::EventLogs, &[Operator, Administrator]),
    (Permission::AnyDesk, &[Supervisor, Administrator]),
    (Permission::HangUp, &[Supervisor, Administrator]),
    (Permission::Supervise, &[Supervisor, Administrator]),
    (Permission::Tokens, &[Supervisor, Operator, Administrator]),
    (Permission::Accounts, &[Administrator]),
    (Permission::Audit, &[Administrator]),
    (Permission::Privacy, &[Administrator]),
    (Permission::PrivacyReports, &[Operator, Administrator]),
];

impl Role {
    /// Does the table allow it?
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        TABLE.iter().any(|(allowed, roles)| *allowed == permission && roles.contains(&self))
    }

    /// All that the table allows.
    #[must_use]
    pub fn permissions(self) -> Vec<Permission> {
        TABLE.iter().filter(|(_, roles)| roles.contains(&self)).map(|(permission, _)| *permission).collect()
    }

    /// Its word, as the record and the API have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Agent => "agent",
            Supervisor => "supervisor",
            Operator => "operator",
            Administrator => "administrator",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Agent, Supervisor, Operator, Administrator].into_iter().find(|role| role.word() == word)
    }
}

impl Permission {
    /// All of them, in the table's order.
    #[must_use]
    pub fn all() -> Vec<Self> {
        TABLE.iter().map(|(permission, _)| *permission).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_administrator_may_everything_and_an_agent_nothing_of_others() {
        for permission in Permission::all() {
            assert!(Administrator.may(permission), "{permission:?}");
        }
        assert_eq!(Agent.permissions(), [Permission::Roster, Permission::OwnDesk, Permission::OwnCalls]);
        for role in [Agent, Supervisor, Operator, Administrator] {
            assert_eq!(Role::of_word(role.word()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.word());
        }
    }
}

//! Queues and the work of agents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How agents are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskConfig {
    /// Calls that may wait in one queue; further ones hear that nobody can be had.
    pub queue_places: usize,
    /// Milliseconds of wrap-up after a conversation.
    pub wrap_up_ms: u64,
    /// Milliseconds without offers after one that an agent did not take.
    pub resting_ms: u64,
    /// Which of several free agents is asked.
    pub strategy: Strategy,
    /// For so many hours a caller who rings again is offered to the agent with whom they spoke, if that one is free; 0: never.
    pub same_agent_hours: u64,
    /// By queue: where its calls go, too, when they have waited.
    pub overflow: BTreeMap<String, OverflowConfig>,
    /// What agents may give as the reason when they are away; empty: none is asked.
    pub away_reasons: Vec<String>,
    /// What agents may say that came of a conversation; empty: nothing is asked.
    pub dispositions: Vec<String>,
    /// Seconds within which callers who want a human are to have one: what the wall counts.
    pub service_level_s: u32,
    /// How callbacks that were promised are kept.
    pub callbacks: CallbackConfig,
    /// Agents see on their page when somebody listens to their conversation, whispers or joins.
    pub agents_see_supervision: bool,
    /// By queue: what it promises, if that is something else.
    pub service_levels: BTreeMap<String, ServiceLevelConfig>,
    /// Pages of other systems that desks open with cards, by queue: addresses with holes like `{{ caller }}`.
    pub screen_pops: BTreeMap<String, String>,
}

/// Which of several free agents is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has been idle longest.
    LongestIdle,
    /// Who is best at the queue (`levels`).
    BestSkill,
}

/// How callbacks are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallbackConfig {
    /// They are placed: an agent who is free is told, then the caller is rung. Otherwise people see to the list.
    pub place: bool,
    /// The trunk over which callers are rung; empty: the one on which they called.
    pub trunk: Option<String>,
    /// How often a caller is rung.
    pub tries: u32,
    /// Seconds until one who was not reached is rung again.
    pub again_s: u64,
    /// Hours after which a callback is worth nothing any more.
    pub expire_hours: u64,
}

impl Default for CallbackConfig {
    fn default() -> Self {
        Self { place: true, trunk: None, tries: 3, again_s: 900, expire_hours: 24 }
    }
}

/// Where calls that have waited go, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverflowConfig {
    /// The queue whose agents may take them then.
    pub to: String,
    /// Seconds from the first asking on.
    pub after_s: u64,
}

/// What a queue promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevelConfig {
    /// So many callers of a hundred.
    #[serde(default = "eighty")]
    pub percent: u32,
    /// Have a human within so many seconds.
    pub within_s: u32,
}

fn eighty() -> u32 {
    80
}

impl Default for DeskConfig {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            queue_places: 50,
            wrap_up_ms: 10_000,
            resting_ms: 30_000,
            strategy: Strategy::LongestIdle,
            same_agent_hours: 24,
            overflow: BTreeMap::new(),
            away_reasons: words(&["break", "lunch", "meeting", "training"]),
            dispositions: words(&["solved", "follow_up", "callback", "wrong_department", "no_result"]),
            service_level_s: 20,
            callbacks: CallbackConfig::default(),
            agents_see_supervision: true,
            service_levels: BTreeMap::new(),
            screen_pops: BTreeMap::new(),
        }
    }
}

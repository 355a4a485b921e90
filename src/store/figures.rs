//! How the calls of a stretch of time went, for the supervisors' wall.

use serde::Serialize;
use sqlx::{Row, sqlite::SqliteRow};
use utoipa::ToSchema;

use crate::{
    store::{Store, StoreError},
    view::Stamp,
};

/// Agents that are shown.
const MOST_AGENTS: usize = 20;
/// Reasons that are shown.
const REASONS: i64 = 8;

/// Figures of ended calls that arrived; a callback is no call of its own here: whoever it reaches has waited otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Figures {
    /// Calls that arrived.
    pub calls: u64,
    /// Answered by the bot alone.
    pub contained: u64,
    /// Calls in which a human was wanted.
    pub escalated: u64,
    /// Of these, calls that got one.
    pub handed_over: u64,
    /// Within the time that was asked for.
    pub in_time: u64,
    /// Callbacks that were promised.
    pub callbacks: u64,
    /// Callers who hung up while they waited for a human.
    pub gave_up: u64,
    /// Milliseconds from the decision to the human, for half of the callers or fewer.
    pub median_to_agent_ms: Option<u64>,
    /// The longest of these times.
    pub longest_to_agent_ms: Option<u64>,
    /// Why humans were wanted, the most frequent first.
    pub reasons: Vec<ReasonCount>,
    /// Questions of agents whose answer was on their card.
    pub asked_again: u64,
    /// Who asked them, and in which flow; the most first.
    pub asked_again_by: Vec<AskedAgainCount>,
}

/// How often an agent has asked callers of a flow for what was on the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AskedAgainCount {
    /// The agent.
    pub agent: String,
    /// The flow's name.
    pub flow: String,
    /// Questions.
    pub questions: u64,
    /// Calls in which they were asked.
    pub calls: u64,
}

/// A reason and how often it stood first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReasonCount {
    /// In the word list of the signals.
    pub reason: String,
    /// Calls.
    pub calls: u64,
}

impl Store {
    /// How the calls went that arrived since then.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn figures(&self, since: Stamp, in_time_ms: u64) -> Result<Figures, StoreError> {
        let (since, in_time) = (integer(since.0), integer(in_time_ms));
        let row = sqlx::query(
            "SELECT count(*), count(*) FILTER (WHERE outcome = 'contained'), count(*) FILTER (WHERE escalated), \
             count(*) FILTER (WHERE time_to_agent_ms IS NOT NULL), count(*) FILTER (WHERE time_to_agent_ms <= ?2), \
             count(*) FILTER (WHERE handoff_outcome = 'callback'), count(*) FILTER (WHERE handoff_outcome = 'caller_left'), \
             max(time_to_agent_ms) FROM calls WHERE started_ms >= ?1 AND json_extract(head, '$.calls_back') IS NULL",
        )
        .bind(since)
        .bind(in_time)
        .fetch_one(&self.pool)
        .await?;
        let handed_over = number(&row, 3);
        let median = "SELECT time_to_agent_ms FROM calls WHERE started_ms >= ? AND time_to_agent_ms IS NOT NULL AND json_extract(head, '$.calls_back') IS NULL \
                      ORDER BY time_to_agent_ms LIMIT 1 OFFSET ?";
        let middle = integer(handed_over.saturating_sub(1) / 2);
        let median: Option<i64> = sqlx::query_scalar(median).bind(since).bind(middle).fetch_optional(&self.pool).await?;
        let reasons = "SELECT json_extract(head, '$.reasons[0]') AS reason, count(*) AS calls FROM calls WHERE started_ms >= ? AND escalated \
                       AND json_extract(head, '$.calls_back') IS NULL AND reason IS NOT NULL GROUP BY reason ORDER BY calls DESC, reason LIMIT ?";
        let reasons = sqlx::query(reasons).bind(since).bind(REASONS).fetch_all(&self.pool).await?;
        let again = "SELECT json_extract(entries.entry, '$.agent') AS agent, calls.flow AS flow, count(*) AS questions, count(DISTINCT calls.id) FROM calls \
                     JOIN entries ON entries.call = calls.id AND entries.what = 'asked_again' \
                     WHERE calls.started_ms >= ? AND json_extract(calls.head, '$.asked_again') > 0 GROUP BY agent, flow ORDER BY questions DESC, agent, flow";
        let again = sqlx::query(again).bind(since).fetch_all(&self.pool).await?;
        Ok(Figures {
            asked_again: again.iter().map(|row| number(row, 2)).sum(),
            asked_again_by: again
                .iter()
                .take(MOST_AGENTS)
                .map(|row| AskedAgainCount { agent: row.get(0), flow: row.get(1), questions: number(row, 2), calls: number(row, 3) })
                .collect(),
            calls: number(&row, 0),
            contained: number(&row, 1),
            escalated: number(&row, 2),
            handed_over,
            in_time: number(&row, 4),
            callbacks: number(&row, 5),
            gave_up: number(&row, 6),
            median_to_agent_ms: median.map(positive),
            longest_to_agent_ms: row.get::<Option<i64>, _>(7).map(positive),
            reasons: reasons.iter().map(|row| ReasonCount { reason: row.get(0), calls: number(row, 1) }).collect(),
        })
    }
}

fn number(row: &SqliteRow, index: usize) -> u64 {
    positive(row.get::<i64, _>(index))
}

fn positive(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

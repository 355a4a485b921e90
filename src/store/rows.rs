//! One function per row that is written.

use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    call::{
        ids::{AgentId, CallId},
        outcome::{HandoffOutcome, OfferOutcome},
        record::{Decision, Evidence, Fact, HandoffStep, InquiryStep, Meaning, Signal, ThirdStep, What},
    },
    store::{StoreError, callbacks, writer::AgentRow},
    view::{CallHead, Numbered},
};

/// Inserts or updates a call; the offset is needed for the first time only.
pub(super) async fn call(
    connection: &mut SqliteConnection,
    head: &CallHead,
    utc_offset_s: Option<i32>,
    missing: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO calls (id, started_ms, utc_offset_s, state, caller, caller_name, called, flow, language, outcome, duration_ms, intent, escalated, \
         handoff_outcome, agent, time_to_agent_ms, longest_silence_ms, entries_missing, head) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) \
         ON CONFLICT (id) DO UPDATE SET state=excluded.state, caller=excluded.caller, caller_name=excluded.caller_name, called=excluded.called, \
         flow=excluded.flow, language=excluded.language, outcome=excluded.outcome, duration_ms=excluded.duration_ms, intent=excluded.intent, \
         escalated=excluded.escalated, handoff_outcome=excluded.handoff_outcome, agent=excluded.agent, time_to_agent_ms=excluded.time_to_agent_ms, \
         longest_silence_ms=excluded.longest_silence_ms, head=excluded.head",
    )
    .bind(&head.id.0)
    .bind(integer(head.started.0))
    .bind(utc_offset_s.unwrap_or_default())
    .bind(word(&head.state)?)
    .bind(&head.caller)
    .bind(&head.caller_name)
    .bind(&head.called)
    .bind(&head.flow)
    .bind(&head.language)
    .bind(head.outcome.as_ref().map(word).transpose()?)
    .bind(head.duration_ms.map(integer))
    .bind(&head.intent)
    .bind(head.escalated)
    .bind(head.handoff_outcome.as_ref().map(word).transpose()?)
    .bind(head.agent.as_ref().map(|agent| &agent.0))
    .bind(head.time_to_agent_ms.map(integer))
    .bind(head.longest_silence_ms.map(integer))
    .bind(integer(missing))
    .bind(serde_json::to_string(head)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// States how many entries of a call are in no database row.
pub(super) async fn missing(connection: &mut SqliteConnection, call: &CallId, missing: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE calls SET entries_missing = ? WHERE id = ?").bind(integer(missing)).bind(&call.0).execute(connection).await?;
    Ok(())
}

/// Inserts an entry, and the row of its kind. An entry that is there already is left as it is.
pub(super) async fn entry(connection: &mut SqliteConnection, call: &CallId, item: &Numbered) -> Result<(), StoreError> {
    let json = serde_json::to_value(&item.entry)?;
    let what = json.get("what").and_then(|what| what.as_str()).unwrap_or_default().to_owned();
    let inserted = sqlx::query("INSERT OR IGNORE INTO entries (call, seq, at_ms, what, entry) VALUES (?,?,?,?,?)")
        .bind(&call.0)
        .bind(integer(item.seq))
        .bind(integer(item.entry.at.0))
        .bind(what)
        .bind(json.to_string())
        .execute(&mut *connection)
        .await?;
    if inserted.rows_affected() == 0 {
        return Ok(());
    }
    match &item.entry.what {
        What::CallerTurn { turn, text, confidence, from, to, understood } => {
            let said = Turn { turn: *turn, speaker: "caller", from: from.0, to: to.0, text, ..Turn::default() };
            let said = Turn { confidence: Some(*confidence), meaning: understood.as_ref(), ..said };
            turn_row(connection, call, item.seq, said).await
        }
        What::BotTurn { turn, node, text, heard, interrupted, from, to, reply_ms } => {
            let said = Turn { turn: *turn, speaker: "bot", from: from.0, to: to.0, text, ..Turn::default() };
            let said = Turn { heard: Some(heard), node: Some(node), interrupted: Some(*interrupted), reply_ms: *reply_ms, ..said };
            turn_row(connection, call, item.seq, said).await
        }
        What::AgentTurn { agent: _, text, confidence, from, to } => {
            let said = Turn { speaker: "agent", from: from.0, to: to.0, text, confidence: Some(*confidence), ..Turn::default() };
            turn_row(connection, call, item.seq, said).await
        }
        What::Fact { fact } => fact_row(connection, call, item.seq, fact).await,
        What::Evidence { evidence } => evidence_row(connection, call, item.seq, evidence).await,
        What::Decision { decision } => decision_row(connection, call, item, decision).await,
        What::Handoff { step } => step_row(connection, call, item, step).await,
        What::Arrived { .. }
        | What::CallsBack { .. }
        | What::Answered
        | What::Owner { .. }
        | What::Notice { .. }
        | What::Hearing { .. }
        | What::AskedAgain { .. }
        | What::Language { .. }
        | What::Private { .. }
        | What::Redacted { .. }
        | What::Consent { .. }
        | What::Key { .. }
        | What::Tried { .. }
        | What::LookUp { .. }
        | What::Supervised { .. }
        | What::FarEnd { .. }
        | What::Cause { .. }
        | What::Quality { .. }
        | What::Trouble { .. }
        | What::Ended { .. } => Ok(()),
    }
}

/// Inserts or updates an agent.
pub(super) async fn agent(connection: &mut SqliteConnection, agent: &AgentRow) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO agents (id, name, queues, languages) VALUES (?,?,?,?)")
        .bind(&agent.id)
        .bind(&agent.name)
        .bind(serde_json::to_string(&agent.queues)?)
        .bind(serde_json::to_string(&agent.languages)?)
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(Debug, Clone, Copy, Default)]
struct Turn<'a> {
    turn: u32,
    speaker: &'a str,
    from: u64,
    to: u64,
    text: &'a str,
    heard: Option<&'a str>,
    node: Option<&'a str>,
    interrupted: Option<bool>,
    reply_ms: Option<u64>,
    confidence: Option<f32>,
    meaning: Option<&'a Meaning>,
}

async fn turn_row(connection: &mut SqliteConnection, call: &CallId, seq: u64, turn: Turn<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR REPLACE INTO turns (call, seq, turn, speaker, from_ms, to_ms, text, heard, node, interrupted, reply_ms, confidence, intent, \
         intent_confidence) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    )
    .bind(&call.0)
    .bind(integer(seq))
    .bind(turn.turn)
    .bind(turn.speaker)
    .bind(integer(turn.from))
    .bind(integer(turn.to))
    .bind(turn.text)
    .bind(turn.heard)
    .bind(turn.node)
    .bind(turn.interrupted)
    .bind(turn.reply_ms.map(integer))
    .bind(turn.confidence)
    .bind(turn.meaning.and_then(|meaning| meaning.intent.as_deref()))
    .bind(turn.meaning.map(|meaning| meaning.confidence))
    .execute(connection)
    .await?;
    Ok(())
}

async fn fact_row(connection: &mut SqliteConnection, call: &CallId, seq: u64, fact: &Fact) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO facts (call, name, label, value, confidence, confirmed, source, seq) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (call, name) DO UPDATE SET \
         label=excluded.label, value=excluded.value, confidence=excluded.confidence, confirmed=excluded.confirmed, source=excluded.source, \
         seq=excluded.seq WHERE excluded.seq > facts.seq",
    )
    .bind(&call.0)
    .bind(&fact.name)
    .bind(&fact.label)
    .bind(&fact.value)
    .bind(fact.confidence)
    .bind(fact.confirmed)
    .bind(word(&fact.source)?)
    .bind(integer(seq))
    .execute(connection)
    .await?;
    Ok(())
}

async fn evidence_row(connection: &mut SqliteConnection, call: &CallId, seq: u64, evidence: &Evidence) -> Result<(), StoreError> {
    let kind = serde_json::to_value(&evidence.signal)?;
    let matter = if let Signal::Critical { matter } = &evidence.signal { Some(matter) } else { None };
    sqlx::query("INSERT OR REPLACE INTO evidence (call, seq, number, kind, matter, quote, from_ms, to_ms, weight, certainty) VALUES (?,?,?,?,?,?,?,?,?,?)")
        .bind(&call.0)
        .bind(integer(seq))
        .bind(evidence.number)
        .bind(kind["kind"].as_str().unwrap_or_default().to_owned())
        .bind(matter)
        .bind(&evidence.quote)
        .bind(integer(evidence.span.0.0))
        .bind(integer(evidence.span.1.0))
        .bind(evidence.weight)
        .bind(evidence.certainty)
        .execute(connection)
        .await?;
    Ok(())
}

async fn decision_row(connection: &mut SqliteConnection, call: &CallId, item: &Numbered, decision: &Decision) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR REPLACE INTO decisions (call, seq, at_ms, escalate, score, threshold, reasons, evidence, why, would_change) VALUES (?,?,?,?,?,?,?,?,?,?)",
    )
    .bind(&call.0)
    .bind(integer(item.seq))
    .bind(integer(item.entry.at.0))
    .bind(decision.escalate)
    .bind(decision.score)
    .bind(decision.threshold)
    .bind(serde_json::to_string(&decision.reasons)?)
    .bind(serde_json::to_string(&decision.evidence)?)
    .bind(&decision.why)
    .bind(&decision.would_change)
    .execute(connection)
    .await?;
    Ok(())
}

async fn step_row(connection: &mut SqliteConnection, call: &CallId, item: &Numbered, step: &HandoffStep) -> Result<(), StoreError> {
    let detail = serde_json::to_value(step)?;
    let (agent, outcome) = step_columns(step)?;
    sqlx::query("INSERT OR REPLACE INTO handoff_steps (call, seq, at_ms, step, agent, outcome, detail) VALUES (?,?,?,?,?,?,?)")
        .bind(&call.0)
        .bind(integer(item.seq))
        .bind(integer(item.entry.at.0))
        .bind(detail["step"].as_str().unwrap_or_default().to_owned())
        .bind(agent.map(|agent| &agent.0))
        .bind(outcome)
        .bind(detail.to_string())
        .execute(&mut *connection)
        .await?;
    if let HandoffStep::CallbackPromised { number } = step {
        callbacks::promised(connection, call, item.entry.at.0, number).await?;
    }
    Ok(())
}

fn step_columns(step: &HandoffStep) -> Result<(Option<&AgentId>, Option<String>), StoreError> {
    let offer = |outcome: &OfferOutcome| word(outcome).map(Some);
    let handoff = |outcome: &HandoffOutcome| word(outcome).map(Some);
    Ok(match step {
        HandoffStep::Offered { agent, .. }
        | HandoffStep::Ringing { agent }
        | HandoffStep::Briefing { agent }
        | HandoffStep::Transferring { agent }
        | HandoffStep::TransferAsked { agent, .. }
        | HandoffStep::BackToAgent { agent }
        | HandoffStep::TakenOver { agent, .. }
        | HandoffStep::Bridged { agent, .. } => (Some(agent), None),
        HandoffStep::Third { third: ThirdStep::Offered { who, .. }, .. } => (Some(who), Some("offered".to_owned())),
        HandoffStep::Third { agent, .. } => (Some(agent), None),
        HandoffStep::OfferEnded { agent, outcome } => (Some(agent), offer(outcome)?),
        HandoffStep::TransferEnded { agent, outcome } => (Some(agent), word(outcome).map(Some)?),
        HandoffStep::Ended { outcome, .. } => (None, handoff(outcome)?),
        HandoffStep::Inquiry { inquiry } => match inquiry {
            InquiryStep::SaidBack { agent } | InquiryStep::NotUnderstood { agent } | InquiryStep::Answered { agent, .. } => {
                (Some(agent), None)
            }
            InquiryStep::Ended { outcome, .. } => (None, word(outcome).map(Some)?),
            InquiryStep::Asked { .. } => (None, None),
        },
        HandoffStep::Started { .. }
        | HandoffStep::Waiting { .. }
        | HandoffStep::CallerTold { .. }
        | HandoffStep::CallbackPromised { .. }
        | HandoffStep::CallerRung
        | HandoffStep::Closed { .. }
        | HandoffStep::CallerNotReached { .. }
        | HandoffStep::Voicemail { .. } => (None, None),
        HandoffStep::Briefed { agent, .. }
        | HandoffStep::BriefingFailed { agent, .. }
        | HandoffStep::Held { agent, .. }
        | HandoffStep::Muted { agent, .. }
        | HandoffStep::Introduced { agent, .. }
        | HandoffStep::SentToBot { agent, .. } => (Some(agent), None),
    })
}

/// A word of a closed vocabulary as it is in JSON.
fn word(value: &impl Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}

/// SQLite's integers are signed; nothing here is near their end.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

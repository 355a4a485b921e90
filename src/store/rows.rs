//! One function per row that is written.

use serde::Serialize;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::{
    call::{
        ids::{AgentId, CallId},
        outcome::{HandoffOutcome, OfferOutcome},
        record::{Decision, Evidence, Fact, HandoffStep, InquiryStep, Meaning, Signal, ThirdStep, What},
    },
    store::{StoreError, callbacks, writer::AgentRow},
    view::{CallHead, Numbered},
};

/// Rows that are written by one statement: a statement costs more than its row.
const TOGETHER: usize = 50;

/// Inserts or updates calls; the offset is needed for the first time only.
pub(super) async fn calls(connection: &mut SqliteConnection, calls: &[(&CallHead, Option<i32>)]) -> Result<(), StoreError> {
    for calls in calls.chunks(TOGETHER) {
        let rows = calls.iter().map(|(head, utc_offset_s)| Ok((*head, utc_offset_s.unwrap_or_default(), words(head)?)));
        let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO calls (id, started_ms, utc_offset_s, state, caller, caller_name, called, flow, language, outcome, duration_ms, intent, \
             escalated, handoff_outcome, agent, time_to_agent_ms, longest_silence_ms, head) ",
        );
        query.push_values(rows, |mut row, (head, utc_offset_s, (state, outcome, handoff_outcome, json))| {
            row.push_bind(&head.id.0).push_bind(integer(head.started.0)).push_bind(utc_offset_s).push_bind(state);
            row.push_bind(&head.caller)
                .push_bind(&head.caller_name)
                .push_bind(&head.called)
                .push_bind(&head.flow)
                .push_bind(&head.language);
            row.push_bind(outcome).push_bind(head.duration_ms.map(integer)).push_bind(&head.intent).push_bind(head.escalated);
            row.push_bind(handoff_outcome).push_bind(head.agent.as_ref().map(|agent| &agent.0));
            row.push_bind(head.time_to_agent_ms.map(integer)).push_bind(head.longest_silence_ms.map(integer)).push_bind(json);
        });
        query.push(
            " ON CONFLICT (id) DO UPDATE SET state=excluded.state, caller=excluded.caller, caller_name=excluded.caller_name, \
             called=excluded.called, flow=excluded.flow, language=excluded.language, outcome=excluded.outcome, duration_ms=excluded.duration_ms, \
             intent=excluded.intent, escalated=excluded.escalated, handoff_outcome=excluded.handoff_outcome, agent=excluded.agent, \
             time_to_agent_ms=excluded.time_to_agent_ms, longest_silence_ms=excluded.longest_silence_ms, head=excluded.head",
        );
        query.build().persistent(false).execute(&mut *connection).await?;
    }
    Ok(())
}

/// What a call's row says in words of closed vocabularies, and the whole head as JSON.
fn words(head: &CallHead) -> Result<(String, Option<String>, Option<String>, String), StoreError> {
    let (outcome, handoff) = (head.outcome.as_ref().map(word).transpose()?, head.handoff_outcome.as_ref().map(word).transpose()?);
    Ok((word(&head.state)?, outcome, handoff, serde_json::to_string(head)?))
}

/// States how many entries of a call are in no database row.
pub(super) async fn missing(connection: &mut SqliteConnection, call: &CallId, missing: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE calls SET entries_missing = ? WHERE id = ?").bind(integer(missing)).bind(&call.0).execute(connection).await?;
    Ok(())
}

/// Inserts entries, and the rows of their kinds. One that is there already is left as it is; among others it is none of our business, and then the
/// answer is false: take back what was written, and write them one by one.
pub(super) async fn entries(connection: &mut SqliteConnection, entries: &[(&CallId, &Numbered)]) -> Result<bool, StoreError> {
    for chunk in entries.chunks(TOGETHER) {
        let rows = chunk.iter().map(|(call, item)| Ok((*call, *item, serde_json::to_value(&item.entry)?)));
        let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
        let mut query = QueryBuilder::<Sqlite>::new("INSERT OR IGNORE INTO entries (call, seq, at_ms, what, entry) ");
        query.push_values(rows, |mut row, (call, item, json)| {
            let what = json.get("what").and_then(|what| what.as_str()).unwrap_or_default().to_owned();
            row.push_bind(&call.0)
                .push_bind(integer(item.seq))
                .push_bind(integer(item.entry.at.0))
                .push_bind(what)
                .push_bind(json.to_string());
        });
        let inserted = query.build().persistent(false).execute(&mut *connection).await?.rows_affected();
        match (inserted, entries.len()) {
            (0, 1) => return Ok(true),
            (inserted, _) if inserted < chunk.len() as u64 => return Ok(false),
            _ => {}
        }
        for (call, item) in chunk {
            kind(connection, call, item).await?;
        }
    }
    Ok(true)
}

/// The row of an entry's kind.
async fn kind(connection: &mut SqliteConnection, call: &CallId, item: &Numbered) -> Result<(), StoreError> {
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
        | HandoffStep::Chose { agent, .. }
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

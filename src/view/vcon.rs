//! A call as a vCon, the container for conversations of the IETF: draft-ietf-vcon-vcon-core-03 (July 2026), which continues
//! draft-ietf-vcon-vcon-container, unsigned form, syntax 0.4.0.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    call::{
        outcome::Outcome,
        record::{HandoffStep, What},
        time::Time,
    },
    view::{CallHead, Numbered, Stamp},
};

/// The version of the syntax. The draft calls the parameter deprecated; readers of earlier drafts want it.
const SYNTAX: &str = "0.4.0";

/// Who is in every call: the caller first, then the bot. Agents follow in the order in which they came.
const CALLER: usize = 0;
const BOT: usize = 1;

/// The media of a vCon, if it is to carry any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// The recording in Base64url.
    pub body: String,
    /// Its name.
    pub filename: String,
}

/// Builds the vCon of a call. Without sound it has the place of the recording and no content, as the draft allows.
#[must_use]
pub fn vcon<'e>(head: &CallHead, entries: impl IntoIterator<Item = &'e Numbered> + Clone, sound: Option<Sound>, now: Stamp) -> Value {
    let agents = agents(entries.clone());
    let mut vcon = json!({
        "vcon": SYNTAX,
        "uuid": uuid(head),
        "created_at": now.to_string(),
        "parties": parties(head, &agents),
        "dialog": [dialog(head, agents.len(), sound)],
        "analysis": analysis(head, entries, &agents),
        "attachments": [],
    });
    if let (Some(intent), Some(object)) = (&head.intent, vcon.as_object_mut()) {
        object.insert("subject".to_owned(), json!(intent.replace('_', " ")));
    }
    vcon
}

/// A UUID of version 8 that is the call's own: the same call gives the same one.
fn uuid(head: &CallHead) -> String {
    let digest = Sha256::digest(head.id.0.as_bytes());
    let mut bytes: [u8; 16] = digest[..16].try_into().expect("a digest has 32 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Id and name of those who heard the caller.
fn agents<'e>(entries: impl IntoIterator<Item = &'e Numbered>) -> Vec<(String, String)> {
    let mut names = Map::new();
    let mut agents: Vec<(String, String)> = Vec::new();
    for item in entries {
        let agent = match &item.entry.what {
            What::Handoff { step: HandoffStep::Offered { agent, name } } => {
                names.insert(agent.0.clone(), json!(name));
                continue;
            }
            What::Handoff { step: HandoffStep::Bridged { agent, .. } | HandoffStep::TakenOver { agent, .. } } => &agent.0,
            _ => continue,
        };
        if agents.iter().all(|(known, _)| known != agent) {
            let name = names.get(agent).and_then(Value::as_str).unwrap_or(agent);
            agents.push((agent.clone(), name.to_owned()));
        }
    }
    agents
}

fn parties(head: &CallHead, agents: &[(String, String)]) -> Vec<Value> {
    let mut caller = json!({"type": "person"});
    if let Some(object) = caller.as_object_mut() {
        let number = head.caller.as_str();
        if is_number(number) {
            object.insert("tel".to_owned(), json!(number));
        } else if !number.is_empty() {
            let address = if number.starts_with("sip") { number.to_owned() } else { format!("sip:{number}") };
            object.insert("sip".to_owned(), json!(address));
        }
        object.extend(head.caller_name.as_ref().map(|name| ("name".to_owned(), json!(name))));
    }
    let mut parties = vec![caller, json!({"type": "bot", "name": head.flow})];
    parties.extend(agents.iter().map(|(id, name)| json!({"type": "person", "uuid": id, "name": name})));
    parties
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The one conversation. The recording has two channels: the caller, and everybody whom the caller heard.
fn dialog(head: &CallHead, agents: usize, sound: Option<Sound>) -> Value {
    let duration = head.duration_ms.unwrap_or_default() as f64 / 1_000.0;
    let heard: Vec<usize> = (BOT..BOT + 1 + agents).collect();
    let mut dialog = json!({"type": "recording", "start": head.started.to_string(), "duration": duration, "parties": [CALLER, heard]});
    let Some(object) = dialog.as_object_mut() else { return dialog };
    if head.outcome == Some(Outcome::Refused) {
        // Nobody was there to talk.
        object.insert("type".to_owned(), json!("incomplete"));
        object.insert("disposition".to_owned(), json!("failed"));
        return dialog;
    }
    object.insert("originator".to_owned(), json!(CALLER));
    if let Some(Sound { body, filename }) = sound {
        object.insert("mediatype".to_owned(), json!("audio/x-wav"));
        object.insert("filename".to_owned(), json!(filename));
        object.insert("encoding".to_owned(), json!("base64url"));
        object.insert("body".to_owned(), json!(body));
    }
    dialog
}

fn analysis<'e>(head: &CallHead, entries: impl IntoIterator<Item = &'e Numbered> + Clone, agents: &[(String, String)]) -> Vec<Value> {
    let mut all = vec![finding("transcript", "warmline.transcript.1", &transcript(head, entries.clone(), agents))];
    let summary = entries.clone().into_iter().filter_map(|item| match &item.entry.what {
        What::Handoff { step: HandoffStep::Started { summary, .. } } => serde_json::to_value(summary).ok(),
        _ => None,
    });
    all.extend(summary.last().map(|summary| finding("summary", "warmline.summary.1", &summary)));
    let decisions: Vec<Value> = entries
        .into_iter()
        .filter_map(|item| if let What::Decision { decision } = &item.entry.what { serde_json::to_value(decision).ok() } else { None })
        .collect();
    let report = json!({
        "outcome": head.outcome,
        "escalated": head.escalated,
        "reasons": head.reasons,
        "handoff": head.handoff_outcome,
        "agents": agents.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "time_to_agent_ms": head.time_to_agent_ms,
        "longest_silence_ms": head.longest_silence_ms,
        "decisions": decisions,
    });
    all.push(finding("report", "warmline.report.1", &report));
    all
}

fn finding(kind: &str, schema: &str, body: &Value) -> Value {
    json!({"type": kind, "dialog": 0, "vendor": "Warmline", "product": "warmline", "schema": schema, "mediatype": "application/json", "encoding": "json", "body": body})
}

/// Who said what, and when.
fn transcript<'e>(head: &CallHead, entries: impl IntoIterator<Item = &'e Numbered>, agents: &[(String, String)]) -> Value {
    let at = |time: Time| Stamp(head.started.0 + time.0).to_string();
    let turn = |item: &Numbered| match &item.entry.what {
        What::CallerTurn { text, confidence, from, to, .. } => {
            Some(json!({"party": CALLER, "start": at(*from), "end": at(*to), "text": text, "confidence": confidence}))
        }
        What::BotTurn { heard, from, to, .. } => Some(json!({"party": BOT, "start": at(*from), "end": at(*to), "text": heard})),
        What::AgentTurn { agent, text, confidence, from, to } => {
            let party = BOT + 1 + agents.iter().position(|(id, _)| *id == agent.0)?;
            Some(json!({"party": party, "start": at(*from), "end": at(*to), "text": text, "confidence": confidence}))
        }
        _ => None,
    };
    json!({"language": head.language, "turns": entries.into_iter().filter_map(turn).collect::<Vec<_>>()})
}

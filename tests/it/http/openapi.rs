//! The OpenAPI document says what is served.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use warmline::call::{
    ids::AgentId,
    outcome::{HandoffOutcome, OfferOutcome, Outcome},
    record::{HandoffStep, Signal},
};

use super::support::{Served, served};
use crate::store::samples::{ended, evidence, handoff_ended, maria, step, whole_call};

/// Checks a value against a schema of the document: what is required is there, and nothing is there that is not named.
struct Checker<'a> {
    document: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.follow(schema);
        if let Some(choices) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
            let errors: Vec<String> = choices.iter().filter_map(|choice| self.check(choice, value, at).err()).collect();
            return if errors.len() < choices.len() { Ok(()) } else { Err(format!("{at}: no choice fits {value}: {errors:?}")) };
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return if words.contains(value) { Ok(()) } else { Err(format!("{at}: {value} is not one of {words:?}")) };
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_u64() && !kinds.contains(&"number") => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !kinds.is_empty() && !kinds.contains(&kind) {
            return Err(format!("{at}: {value} is not {kinds:?}"));
        }
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.check(&schema["items"], item, &format!("{at}[]"))),
            Value::Object(object) => {
                let (properties, required) = self.shape(schema);
                let missing: Vec<&String> = required.iter().filter(|name| !object.contains_key(*name)).collect();
                if !missing.is_empty() {
                    return Err(format!("{at}: {missing:?} missing in {value}"));
                }
                object.iter().try_for_each(|(name, value)| {
                    let schema = properties.iter().find(|(known, _)| known == name).map(|(_, schema)| schema);
                    self.check(schema.ok_or_else(|| format!("{at}: {name} is not in the schema"))?, value, &format!("{at}.{name}"))
                })
            }
            _ => Ok(()),
        }
    }

    fn follow<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(path) => self.document.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path} leads nowhere")),
            None => schema,
        }
    }

    /// Properties and required names, through `allOf`.
    fn shape(&self, schema: &Value) -> (Vec<(String, Value)>, BTreeSet<String>) {
        let (mut properties, mut required) = (Vec::new(), BTreeSet::new());
        for part in schema["allOf"].as_array().unwrap_or(&vec![schema.clone()]) {
            let part = self.follow(part);
            properties.extend(part["properties"].as_object().into_iter().flatten().map(|(name, schema)| (name.clone(), schema.clone())));
            required.extend(part["required"].as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)));
        }
        (properties, required)
    }

    /// An entry is a number, a time and one of the kinds of `What`.
    fn check_entry(&self, entry: &Value) {
        let mut rest = entry.as_object().unwrap().clone();
        assert!(rest.remove("seq").unwrap().is_u64() && rest.remove("at").unwrap().is_u64());
        self.check(&json!({"$ref": "#/components/schemas/What"}), &Value::Object(rest), "entry").unwrap();
    }
}

async fn document(served: &Served) -> Value {
    served.json("/api/v1/openapi.json").await
}

#[tokio::test]
async fn every_address_is_in_the_document() {
    let served = served().await;
    let document = document(&served).await;
    let paths: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = [
        "/api/v1/accounts",
        "/api/v1/accounts/{id}",
        "/api/v1/accounts/{id}/link",
        "/api/v1/accounts/{id}/sign-out",
        "/api/v1/agents",
        "/api/v1/agents/{id}/events",
        "/api/v1/agents/{id}/phone",
        "/api/v1/agents/{id}/state",
        "/api/v1/audit",
        "/api/v1/callbacks",
        "/api/v1/callbacks/{id}",
        "/api/v1/calls",
        "/api/v1/calls/{id}",
        "/api/v1/calls/{id}/answer",
        "/api/v1/calls/{id}/choice",
        "/api/v1/calls/{id}/compliance",
        "/api/v1/calls/{id}/supervision",
        "/api/v1/supervision/phone",
        "/api/v1/calls/{id}/corrections",
        "/api/v1/calls/{id}/earlier",
        "/api/v1/calls/{id}/events",
        "/api/v1/calls/{id}/hangup",
        "/api/v1/calls/{id}/log",
        "/api/v1/calls/{id}/notes",
        "/api/v1/calls/{id}/notes/{agent}",
        "/api/v1/calls/{id}/recording",
        "/api/v1/calls/{id}/vcon",
        "/api/v1/claims",
        "/api/v1/corrections",
        "/api/v1/desk",
        "/api/v1/events",
        "/api/v1/figures",
        "/api/v1/knowledge",
        "/api/v1/privacy",
        "/api/v1/privacy/erase",
        "/api/v1/privacy/export",
        "/api/v1/privacy/find",
        "/api/v1/privacy/holds",
        "/api/v1/privacy/receipts",
        "/api/v1/privacy/receipts/{id}",
        "/api/v1/calls/{id}/hold",
        "/api/v1/session",
        "/api/v1/session/all",
        "/api/v1/session/link",
        "/api/v1/session/openid",
        "/api/v1/session/openid/back",
        "/api/v1/session/password",
        "/api/v1/stream",
        "/api/v1/tokens",
        "/api/v1/tokens/{id}",
        "/api/v1/voicemails",
        "/api/v1/voicemails/{call}/{seq}",
        "/api/v1/web-calls",
        "/api/v1/web-calls/token",
        "/api/v1/web-calls/{id}",
        "/api/v1/web-calls/{id}/events",
        "/api/v1/webhooks",
        "/api/v1/webhooks/{name}/dead",
        "/api/v1/webhooks/{name}/dead/{seq}/replay",
        "/api/v1/webhooks/{name}/replay",
        "/healthz",
        "/metrics",
        "/readyz",
    ];
    assert_eq!(paths, wanted.into());
}

#[tokio::test]
async fn what_is_served_has_the_shape_that_the_document_says() {
    let served = served().await;
    let document = document(&served).await;
    let checker = Checker { document: &document };
    let mut call = served.live("one", 0);
    for what in whole_call() {
        call.write(10, what);
    }
    for outcome in [
        OfferOutcome::Accepted,
        OfferOutcome::Declined,
        OfferOutcome::DeclinedBusy,
        OfferOutcome::DeclinedSkill,
        OfferOutcome::Busy,
        OfferOutcome::NoAnswer,
        OfferOutcome::Unreachable,
        OfferOutcome::LeftInBriefing,
        OfferOutcome::Voicemail,
        OfferOutcome::NoLine,
        OfferOutcome::NeverChose,
        OfferOutcome::CallerLeft,
        OfferOutcome::Withdrawn,
    ] {
        call.write(20, step(HandoffStep::OfferEnded { agent: AgentId("ion".to_owned()), outcome }));
    }
    for outcome in [
        HandoffOutcome::Bridged,
        HandoffOutcome::Transferred,
        HandoffOutcome::CallerLeft,
        HandoffOutcome::Callback,
        HandoffOutcome::Voicemail,
        HandoffOutcome::BackToBot,
        HandoffOutcome::NobodyCame,
    ] {
        call.write(20, step(handoff_ended(outcome)));
    }
    for signal in [
        Signal::LowConfidence,
        Signal::NotUnderstood,
        Signal::Repeated,
        Signal::Anger,
        Signal::Frustration,
        Signal::Sarcasm,
        Signal::RaisedVoice,
        Signal::ServiceFailed,
        Signal::Silence,
        Signal::FlowAsked,
        Signal::Calmed,
        Signal::Vip,
    ] {
        call.write(30, evidence(3, signal));
    }
    for outcome in [
        Outcome::Contained,
        Outcome::HandedOver,
        Outcome::CallbackPromised,
        Outcome::CallerNotReached,
        Outcome::CallbackPutOff,
        Outcome::VoicemailLeft,
        Outcome::NobodyCame,
        Outcome::Abandoned,
        Outcome::CallerSilent,
        Outcome::Lost,
        Outcome::Fax,
        Outcome::Failed,
        Outcome::Refused,
        Outcome::Drained,
        Outcome::Interrupted,
    ] {
        call.write(40, ended(outcome));
        let head = served.json("/api/v1/calls/one").await["head"].clone();
        checker.check(&json!({"$ref": "#/components/schemas/CallHead"}), &head, "head").unwrap();
    }
    for entry in served.json("/api/v1/calls/one").await["entries"].as_array().unwrap() {
        checker.check_entry(entry);
    }
    call.write(50, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    let mut stream = served.stream("/api/v1/agents/maria/events", None).await;
    let got = stream.take(2).await;
    checker.check(&json!({"$ref": "#/components/schemas/AgentView"}), &got[0].data, "agent").unwrap();
    checker.check(&json!({"$ref": "#/components/schemas/Card"}), &got[1].data, "card").unwrap();
    for (path, name) in [("/healthz", "Healthy"), ("/api/v1/calls", "Calls"), ("/api/v1/agents", "Agents")] {
        checker.check(&json!({"$ref": format!("#/components/schemas/{name}")}), &served.json(path).await, path).unwrap();
    }
    let error: Value = served.get("/api/v1/calls/nobody").await.json().await.unwrap();
    checker.check(&json!({"$ref": "#/components/schemas/ErrorBody"}), &error, "error").unwrap();
    let wrong = json!({"error": {"code": "x", "message": "y", "more": 1}});
    assert!(checker.check(&json!({"$ref": "#/components/schemas/ErrorBody"}), &wrong, "error").is_err(), "the checker checks");
}

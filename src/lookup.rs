//! Asks services for the flow: one HTTP request, one answer with the fields that the flow wants, or one word for why not. A caller waits for it, so it
//! never takes longer than the flow allows, and never reads more than a small answer.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{StatusCode, redirect};
use serde_json::Value;

use crate::call::{
    action::{LookUp, Method},
    event::{Event, Failure, Found},
    ids::RequestId,
};

/// The largest answer that is read, in bytes.
const BODY_LIMIT: usize = 64 * 1024;
/// The longest field, in bytes: it is going to be spoken or shown on a card.
const FIELD_LIMIT: usize = 1_000;
/// Redirects that are followed, all on the same host.
const REDIRECTS: usize = 3;

/// The client of all look-ups. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LookUps {
    client: reqwest::Client,
}

impl LookUps {
    /// Makes the client.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let same_host = redirect::Policy::custom(|attempt| {
            let first = attempt.previous().first();
            let stays = first.is_some_and(|first| first.scheme() == attempt.url().scheme() && first.host() == attempt.url().host());
            if !stays || attempt.previous().len() > REDIRECTS { attempt.stop() } else { attempt.follow() }
        });
        // A proxy from the environment would see the callers' data.
        let client = reqwest::Client::builder().redirect(same_host).no_proxy().user_agent("warmline").pool_max_idle_per_host(8).build()?;
        Ok(Self { client })
    }

    /// Does what `Action::LookUp` asks; the answer is `LookedUp` or `Failed`.
    pub async fn ask(&self, id: RequestId, request: &LookUp) -> Event {
        let limit = Duration::from_millis(request.timeout_ms);
        let result = tokio::time::timeout(limit, self.once_or_twice(request)).await.unwrap_or(Err(Failure::TimedOut));
        match result {
            Ok(found) => Event::LookedUp { id, found },
            Err(why) => {
                tracing::info!(look_up = request.name, ?why, "look-up failed");
                Event::Failed { id, why }
            }
        }
    }

    /// A GET that never reached the service is tried once more; nothing else is, for it may have had an effect.
    async fn once_or_twice(&self, request: &LookUp) -> Result<Found, Failure> {
        let sent = match self.send(request).await {
            Err(error) if request.method == Method::Get && !error.is_timeout() && (error.is_connect() || error.is_request()) => {
                self.send(request).await
            }
            sent => sent,
        };
        let response = sent.map_err(|error| if error.is_timeout() { Failure::TimedOut } else { Failure::Broken })?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(Found::Nothing),
            status if status.is_success() => take(&read(response).await?, &request.take).map(|fields| Found::Fields { fields }),
            _ => Err(Failure::Broken),
        }
    }

    async fn send(&self, request: &LookUp) -> Result<reqwest::Response, reqwest::Error> {
        let builder = match request.method {
            Method::Get => self.client.get(&request.url),
            Method::Post => self.client.post(&request.url).json(&request.body),
        };
        builder.header("accept", "application/json").send().await
    }
}

async fn read(mut response: reqwest::Response) -> Result<Value, Failure> {
    if response.content_length().is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(Failure::BadAnswer);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::Broken)? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(Failure::BadAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| Failure::BadAnswer)
}

/// The wanted fields as text. A field that is null is left out; one that is not there at all means that the service is not what the flow thinks.
fn take(answer: &Value, wanted: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Failure> {
    let mut fields = BTreeMap::new();
    for (name, path) in wanted {
        if let Some(text) = text(find(answer, path).ok_or(Failure::BadAnswer)?)? {
            fields.insert(name.clone(), text);
        }
    }
    Ok(fields)
}

/// Follows a path of keys and list positions ("order.parcels.0.carrier").
fn find<'a>(answer: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(answer, |value, key| match value {
        Value::Object(object) => object.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn text(value: &Value) -> Result<Option<String>, Failure> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => return Err(Failure::BadAnswer),
    };
    if text.len() > FIELD_LIMIT { Err(Failure::BadAnswer) } else { Ok(Some(text)) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::take;
    use crate::call::event::Failure;

    fn wanted(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect()
    }

    #[test]
    fn fields_are_found_by_their_paths_and_become_text() {
        let answer = json!({"order": {"status": "shipped", "parcels": [{"carrier": "Fan"}], "count": 2, "paid": true, "note": null}});
        let paths = wanted(&[
            ("status", "order.status"),
            ("carrier", "order.parcels.0.carrier"),
            ("n", "order.count"),
            ("p", "order.paid"),
            ("x", "order.note"),
        ]);
        let fields = take(&answer, &paths).unwrap();
        assert_eq!(fields, wanted(&[("status", "shipped"), ("carrier", "Fan"), ("n", "2"), ("p", "true")]));
    }

    #[test]
    fn an_answer_without_the_wanted_field_is_a_bad_answer() {
        let answer = json!({"order": {"parcels": []}});
        for path in ["order.status", "order.parcels.0", "order.parcels", "order.parcels.x", "", "order..status"] {
            assert_eq!(take(&answer, &wanted(&[("field", path)])), Err(Failure::BadAnswer), "{path}");
        }
        assert_eq!(take(&json!({"a": "x".repeat(1_001)}), &wanted(&[("field", "a")])), Err(Failure::BadAnswer));
    }
}

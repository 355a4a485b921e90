//! Asks services for the flow: one HTTP request, one answer with the fields that the flow wants, or one word for why not. A caller waits for it, so it
//! never takes longer than the flow allows, and never reads more than a small answer.

mod answer;
mod callers;
mod crm;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{StatusCode, redirect};
use serde_json::Value;

use crate::{
    call::{
        action::{LookUp, Method},
        event::{Event, Failure, Found},
        ids::RequestId,
    },
    clock,
};

use callers::Callers;
pub use crm::{Crm, CrmError, CrmOptions};

/// The largest answer that is read, in bytes.
const BODY_LIMIT: usize = 64 * 1024;
/// Between two tries; a service that is being restarted needs a moment.
const PAUSE: Duration = Duration::from_millis(100);
/// Redirects that are followed, all on the same host.
const REDIRECTS: usize = 3;

/// A service says by these that it will be well again.
const UNWELL: [StatusCode; 3] = [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];

/// The client of all look-ups. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LookUps {
    client: reqwest::Client,
    callers: Arc<Mutex<Callers>>,
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
        Ok(Self { client, callers: Arc::default() })
    }

    /// Does what `Action::LookUp` asks; the answer is `LookedUp` or `Failed`.
    pub async fn ask(&self, id: RequestId, request: &LookUp) -> Event {
        if !self.may_ask(request) {
            tracing::warn!(look_up = request.name, "a caller has asked more often than the flow allows");
            return Event::Failed { id, why: Failure::Overloaded };
        }
        let limit = Duration::from_millis(request.timeout_ms);
        let result = tokio::time::timeout(limit, self.with_retries(request)).await.unwrap_or(Err(Failure::TimedOut));
        match result {
            Ok(found) => Event::LookedUp { id, found },
            Err(why) => {
                tracing::info!(look_up = request.name, ?why, "look-up failed");
                Event::Failed { id, why }
            }
        }
    }

    fn may_ask(&self, request: &LookUp) -> bool {
        let Some(cap) = request.rules.per_caller else { return true };
        // Whoever withholds their number is one of all those who do: withholding is no way around.
        let caller = request.rules.caller.as_deref().unwrap_or_default();
        self.callers.lock().unwrap_or_else(PoisonError::into_inner).may_ask(caller, cap, clock::now())
    }

    /// A GET that did not reach the service, or found it unwell for the moment, is tried again while the time lasts; nothing else is, for it may have had
    /// an effect.
    async fn with_retries(&self, request: &LookUp) -> Result<Found, Failure> {
        let mut left = if request.method == Method::Get { request.rules.retries } else { 0 };
        loop {
            let sent = self.send(request).await;
            let passing = match &sent {
                Ok(response) => UNWELL.contains(&response.status()),
                Err(error) => !error.is_timeout() && (error.is_connect() || error.is_request()),
            };
            if passing && left > 0 {
                left -= 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let response = sent.map_err(|error| if error.is_timeout() { Failure::TimedOut } else { Failure::Broken })?;
            return match response.status() {
                StatusCode::NOT_FOUND => Ok(Found::Nothing),
                status if status.is_success() => answer::take(&read(response).await?, request).map(|fields| Found::Fields { fields }),
                _ => Err(Failure::Broken),
            };
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

//! One address: takes what is due from the store's queue, posts it, and writes down what came of it.

use std::{sync::Arc, time::Duration};

use futures_util::future;
use reqwest::{Client, StatusCode, header};
use tokio::sync::Notify;

use crate::{
    clock,
    store::{Delivery, Sent, Store},
    webhooks::Hook,
};

/// Messages to one address at the same time.
const AT_ONCE: u32 = 4;
/// An address that has nothing to do looks again after this, should it have missed a word.
const IDLE: Duration = Duration::from_secs(30);
/// Between two attempts to read a database that cannot be read.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What an address made of a message.
enum Answer {
    Taken,
    /// Not now; perhaps it said when.
    Refused {
        why: String,
        after_ms: Option<u64>,
    },
    /// Never again.
    Gone,
}

/// Runs for ever.
pub(super) async fn run(hook: Hook, store: Store, client: Client, wake: Arc<Notify>) {
    loop {
        let told = wake.notified();
        let now = now_ms();
        let due = match store.due_deliveries(&hook.name, AT_ONCE).await {
            Ok(due) => due,
            Err(error) => {
                tracing::debug!(%error, hook = hook.name, "the queue cannot be read");
                tokio::time::sleep(STORE_PAUSE).await;
                continue;
            }
        };
        let ready: Vec<Delivery> = due.iter().filter(|delivery| delivery.due_ms <= now).cloned().collect();
        if ready.is_empty() {
            let next = due.first().map_or(IDLE, |delivery| Duration::from_millis(delivery.due_ms.saturating_sub(now)).min(IDLE));
            tokio::select! {
                () = told => {}
                () = tokio::time::sleep(next) => {}
            }
            continue;
        }
        future::join_all(ready.into_iter().map(|delivery| one(&hook, &store, &client, delivery))).await;
    }
}

async fn one(hook: &Hook, store: &Store, client: &Client, delivery: Delivery) {
    let answer = post(hook, client, &delivery).await;
    let attempts = delivery.attempts + 1;
    let (sent, word) = match answer {
        Answer::Taken => (Sent::Taken, "taken"),
        Answer::Gone => (Sent::Dead { why: "410: the address is gone".to_owned() }, "given_up"),
        Answer::Refused { why, .. } if attempts >= hook.attempts => (Sent::Dead { why }, "given_up"),
        Answer::Refused { why, after_ms } => {
            let wait = after_ms.unwrap_or_default().max(pause(hook, attempts)).min(hook.longest_retry_ms);
            (Sent::Later { due_ms: now_ms() + wait, why }, "refused")
        }
    };
    metrics::counter!("warmline_webhook_messages_total", "hook" => hook.name.clone(), "answer" => word).increment(1);
    if let Sent::Dead { why } = &sent {
        tracing::warn!(hook = hook.name, why, "a webhook message was given up");
    }
    // What cannot be written down is sent once more: whoever takes it knows it by its id.
    while let Err(error) = store.delivered(&delivery, attempts, &sent).await {
        tracing::debug!(%error, hook = hook.name, "what came of a message cannot be written");
        tokio::time::sleep(STORE_PAUSE).await;
    }
}

async fn post(hook: &Hook, client: &Client, delivery: &Delivery) -> Answer {
    let timestamp = now_ms() / 1_000;
    let id = format!("evt_{}", delivery.event);
    let request = client
        .post(&hook.url)
        .timeout(hook.timeout)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", hook.key.sign(&id, timestamp, &delivery.body))
        .body(delivery.body.clone());
    match request.send().await {
        Ok(answer) if answer.status().is_success() => Answer::Taken,
        Ok(answer) if answer.status() == StatusCode::GONE => Answer::Gone,
        Ok(answer) => {
            Answer::Refused { why: format!("answered with {}", answer.status().as_u16()), after_ms: retry_after(answer.headers()) }
        }
        Err(error) if error.is_timeout() => Answer::Refused { why: "did not answer in time".to_owned(), after_ms: None },
        Err(error) if error.is_connect() => Answer::Refused { why: "cannot be reached".to_owned(), after_ms: None },
        Err(_) => Answer::Refused { why: "broke off".to_owned(), after_ms: None },
    }
}

/// Only seconds are understood; nobody sends dates.
fn retry_after(headers: &header::HeaderMap) -> Option<u64> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1_000))
}

/// Twice as long each time, with up to a tenth more, so that a thousand messages do not come back at the same moment.
fn pause(hook: &Hook, attempts: u32) -> u64 {
    let doubled = hook.first_retry_ms.saturating_mul(1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX));
    let wait = doubled.min(hook.longest_retry_ms);
    let spread = u64::from(clock::utc().subsec_nanos());
    wait + spread % (wait / 10 + 1)
}

fn now_ms() -> u64 {
    u64::try_from(clock::utc().as_millis()).unwrap_or_default()
}

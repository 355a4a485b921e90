//! What the company knows of the number that calls: one request when the call arrives. It is asked of a system that others run: whatever that does, the
//! call goes on, and a system that fails again and again is left in peace for a while.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect,
};

use super::{answer, read};
use crate::{
    call::{
        event::{Event, Failure, Found},
        ids::RequestId,
    },
    clock,
};

/// What stands for the number in the address.
const NUMBER: &str = "{{ number }}";
/// Letters of a value; a longer one is none that a human reads while a telephone rings.
const VALUE_LIMIT: usize = 200;

/// Whom to ask, and for what.
#[derive(Debug, Clone)]
pub struct CrmOptions {
    /// The address, with `{{ number }}`.
    pub url: String,
    /// What is sent along.
    pub headers: Vec<(String, String)>,
    /// Sent as a bearer token.
    pub key: Option<String>,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// Failures in a row after which nobody is asked for a while.
    pub failures: u32,
    /// That while.
    pub pause: Duration,
    /// What is taken of the answer: names, and paths into it.
    pub fields: BTreeMap<String, String>,
}

/// Why it cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum CrmError {
    /// A header's name or value is none.
    #[error("the header `{0}` is none")]
    Header(String),
    /// The client of HTTP.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// Asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Crm {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    options: CrmOptions,
    health: Mutex<Health>,
}

/// How it went lately.
#[derive(Debug, Default)]
struct Health {
    failures: u32,
    not_before: Option<Instant>,
}

impl Crm {
    /// Makes the client.
    ///
    /// # Errors
    /// A header that is none, or a TLS library that cannot be set up.
    pub fn new(options: CrmOptions) -> Result<Self, CrmError> {
        let mut headers = HeaderMap::new();
        let bearer = options.key.as_ref().map(|key| ("authorization".to_owned(), format!("Bearer {key}")));
        for (name, value) in options.headers.iter().cloned().chain(bearer) {
            let parsed = HeaderName::try_from(&name).ok().zip(HeaderValue::try_from(&value).ok());
            let (key, mut value) = parsed.ok_or(CrmError::Header(name))?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        // The number and the key are for the one that the configuration names, and for nobody to whom it sends us on.
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent("warmline")
            .default_headers(headers)
            .pool_max_idle_per_host(8)
            .build()?;
        Ok(Self { inner: Arc::new(Inner { client, options, health: Mutex::default() }) })
    }

    /// Does what `Action::LookUpCaller` asks; the answer is `LookedUp` or `Failed`.
    pub async fn ask(&self, id: RequestId, number: &str) -> Event {
        if self.rests() {
            return Event::Failed { id, why: Failure::Overloaded };
        }
        let asked = tokio::time::timeout(self.inner.options.timeout, self.inner.fetch(number)).await.unwrap_or(Err(Failure::TimedOut));
        self.note(asked.is_ok());
        match asked {
            Ok(found) => Event::LookedUp { id, found },
            Err(why) => {
                tracing::warn!(?why, "nothing is known of a caller: the look-up failed");
                Event::Failed { id, why }
            }
        }
    }

    fn rests(&self) -> bool {
        let health = self.inner.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.not_before.is_some_and(|until| clock::now() < until)
    }

    fn note(&self, good: bool) {
        let mut health = self.inner.health.lock().unwrap_or_else(PoisonError::into_inner);
        if good {
            *health = Health::default();
            return;
        }
        health.failures = health.failures.saturating_add(1);
        if health.failures >= self.inner.options.failures {
            health.not_before = Some(clock::now() + self.inner.options.pause);
        }
    }
}

impl Inner {
    async fn fetch(&self, number: &str) -> Result<Found, Failure> {
        let url = self.options.url.replace(NUMBER, &escaped(number));
        let sent = self.client.get(url).header("accept", "application/json").send().await;
        let response = sent.map_err(|error| if error.is_timeout() { Failure::TimedOut } else { Failure::Broken })?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(Found::Nothing),
            status if status.is_success() => {
                let answer = read(response).await?;
                if !answer.is_object() {
                    return Err(Failure::BadAnswer);
                }
                let field = |(name, path): (&String, &String)| Some((name.clone(), plain(&answer::single(&answer, path)?)?));
                Ok(Found::Fields { fields: self.options.fields.iter().filter_map(field).collect() })
            }
            _ => Err(Failure::Broken),
        }
    }
}

/// A value that may be shown and said; none if it is nothing of that kind.
fn plain(value: &str) -> Option<String> {
    let value = value.trim();
    let fits = !value.is_empty() && value.chars().count() <= VALUE_LIMIT && !value.chars().any(char::is_control);
    fits.then(|| value.to_owned())
}

/// As a part of an address (RFC 3986, 2.1): a plus must stay one.
fn escaped(number: &str) -> String {
    number.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_one_part_of_the_address() {
        assert_eq!(escaped("+40721000111"), "%2B40721000111");
        assert_eq!(escaped("a/../b?c"), "a%2F%2E%2E%2Fb%3Fc");
    }

    #[test]
    fn values_are_short_lines_or_nothing() {
        assert_eq!(plain(" Ana <b> ").as_deref(), Some("Ana <b>"));
        for bad in ["", "  ", "a\nb", "a\u{7}b", &"x".repeat(201)] {
            assert_eq!(plain(bad), None, "{bad:?}");
        }
    }
}

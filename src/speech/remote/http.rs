//! HTTP to an engine elsewhere: credentials that are never printed, a time-out, bounded answers, and one word for what went wrong.

use std::{fmt, time::Duration};

use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderValue, RETRY_AFTER},
    redirect,
};

use super::Trouble;

/// What proves to an engine who we are. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Hides a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where an engine is.
#[derive(Debug, Clone)]
pub struct Endpoint {
    client: Client,
    url: String,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

impl Endpoint {
    /// An engine at an address; `scheme` is the word before the key ("Bearer").
    ///
    /// # Errors
    /// When the TLS library cannot be set up, or the key cannot stand in a header.
    pub fn new(url: &str, key: Option<&Key>, scheme: &str, timeout: Duration) -> anyhow::Result<Self> {
        let authorization = key.map(|key| HeaderValue::try_from(format!("{scheme} {}", key.0)).map(sensitive)).transpose();
        let authorization = authorization.map_err(|_| anyhow::anyhow!("{url}: the key has letters that no header may have"))?;
        // A proxy from the environment would hear the callers; a redirect would be told the key.
        let builder = Client::builder().redirect(redirect::Policy::none()).no_proxy().user_agent("warmline");
        let client = builder.connect_timeout(timeout).pool_max_idle_per_host(8).http1_only().build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), authorization, timeout })
    }

    /// How long an answer is waited for.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A POST to a path below the address.
    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.authorized(self.client.post(format!("{}{path}", self.url)))
    }

    /// A GET of the address itself, with this query.
    pub(super) fn get(&self, query: &[(&str, String)]) -> RequestBuilder {
        // WebSocket addresses are HTTP addresses with another name (RFC 6455 §3).
        let url = self.url.replacen("ws", "http", usize::from(self.url.starts_with("ws")));
        self.authorized(self.client.get(url).query(query))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        }
    }

    /// Sends a request and reads its whole answer, within the time-out and the bound.
    pub(super) async fn answer(&self, request: RequestBuilder, bound: usize) -> Result<Vec<u8>, Trouble> {
        let asked = async { read(check(request.send().await.map_err(|error| trouble(&error))?)?, bound).await };
        tokio::time::timeout(self.timeout, asked).await.unwrap_or(Err(Trouble::TimedOut))
    }
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

pub(super) fn trouble(error: &reqwest::Error) -> Trouble {
    if error.is_timeout() { Trouble::TimedOut } else { Trouble::Unreachable }
}

/// The answer, if its status says success.
pub(super) fn check(response: Response) -> Result<Response, Trouble> {
    let status = response.status();
    if status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response);
    }
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Trouble::Denied { status: status.as_u16() },
        StatusCode::TOO_MANY_REQUESTS => {
            let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Trouble::Crowded { retry_after: seconds.map(Duration::from_secs) }
        }
        _ => Trouble::Failing { status: status.as_u16() },
    })
}

async fn read(mut response: Response, bound: usize) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| trouble(&error))? {
        if body.len() + chunk.len() > bound {
            return Err(Trouble::BadAnswer("too much"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

//! A browser without a screen: asks the API with a session's cookie, as the gateway's own pages do.

use anyhow::{Context, Result, bail};
use reqwest::{Method, Response, header};
use serde_json::Value;

/// Somebody at the pages.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    base: String,
    client: reqwest::Client,
    cookie: Option<String>,
}

impl Visitor {
    /// Somebody who is not signed in.
    pub(super) fn new(base: String) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build().context("no HTTP client")?;
        Ok(Self { base, client, cookie: None })
    }

    /// The same connections, for somebody else.
    pub(super) fn other(&self) -> Self {
        Self { cookie: None, ..self.clone() }
    }

    /// Signs in with a one-time link and this password.
    pub(super) async fn come_in(mut self, link: &str, password: &str) -> Result<Self> {
        let secret = link.split_once('#').map_or(link, |(_, secret)| secret);
        let chosen = serde_json::json!({ "link": secret, "password": password });
        let answer = self.send(Method::PUT, "/api/v1/session/link", Some(&chosen)).await?;
        let cookie = answer.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).context("no session")?;
        self.cookie = cookie.split(';').next().map(str::to_owned);
        Ok(self)
    }

    /// Opens something to be read.
    pub(super) async fn get(&self, path: &str) -> Result<Response> {
        self.send(Method::GET, path, None).await
    }

    /// Sends JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Response> {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response> {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base)).header(header::ORIGIN, &self.base);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
        if !answer.status().is_success() {
            let status = answer.status();
            bail!("{method} {path}: {status} {}", answer.text().await.unwrap_or_default());
        }
        Ok(answer)
    }
}

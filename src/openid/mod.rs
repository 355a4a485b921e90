//! Signing in at an OpenID Connect provider: the authorisation code flow with PKCE (RFC 7636), state and nonce. Whom the provider names is believed only
//! when its signature, issuer, audience, time and nonce are right.

mod claims;
mod token;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{accounts::Role, clock, web_call::random_hex};

pub use claims::Person;

/// Somebody who goes to the provider has to come back within this time.
const COMES_BACK: Duration = Duration::from_secs(600);
/// People who are on their way at once; the one who left first is forgotten.
const ON_THE_WAY: usize = 1_000;
/// An answer of the provider has to come within this time, and is at most so long.
const ANSWERS: Duration = Duration::from_secs(10);
const LONGEST: usize = 256 * 1024;

/// The provider, and what its claims mean.
#[derive(Clone)]
pub struct Options {
    /// Its address, as it names itself.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// What proves that it is us; none: the provider does not ask for it.
    pub secret: Option<String>,
    /// What people call it.
    pub label: String,
    /// Where it sends people back to.
    pub redirect: String,
    /// The claim with the name of the account.
    pub name_claim: String,
    /// The claim whose words say the role.
    pub role_claim: String,
    /// The role of each word; of several the one that may most.
    pub roles: BTreeMap<String, Role>,
    /// The claim with the agent that somebody works as.
    pub agent_claim: Option<String>,
}

/// Why somebody was not let in. It is told to nobody: they see that they were refused.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// The provider does not answer, or not what it should.
    #[error("the provider does not answer: {0}")]
    Provider(String),
    /// Nobody of this browser is on the way.
    #[error("nobody of this browser is on the way")]
    NotOnTheWay,
    /// What the provider says of somebody cannot be believed.
    #[error("the token is not right: {0}")]
    Token(String),
    /// No word of their claims gives them a role here.
    #[error("no role for them")]
    NoRole,
}

/// Somebody on the way to the provider.
#[derive(Debug, Clone)]
struct OnTheWay {
    nonce: String,
    verifier: String,
    since: Instant,
}

/// What the provider says of itself.
#[derive(Debug, Clone, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// A way in at a provider.
pub struct OpenId {
    options: Options,
    client: reqwest::Client,
    on_the_way: Mutex<HashMap<String, OnTheWay>>,
}

impl std::fmt::Debug for OpenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenId").field("issuer", &self.options.issuer).finish_non_exhaustive()
    }
}

impl OpenId {
    /// Makes it ready; nothing is asked yet.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn new(options: Options) -> Result<Self, reqwest::Error> {
        // A provider that sends us elsewhere is not the one that was configured.
        let client = reqwest::Client::builder().timeout(ANSWERS).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { options, client, on_the_way: Mutex::default() })
    }

    /// What people call the provider.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.options.label
    }

    /// Where to send somebody, and the state that their browser has to bring back.
    ///
    /// # Errors
    /// The provider does not answer.
    pub async fn start(&self) -> Result<(String, String), OpenIdError> {
        let provider = self.discover().await?;
        let (state, nonce, verifier) = (random_hex(24), random_hex(24), random_hex(32));
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut address =
            reqwest::Url::parse(&provider.authorization_endpoint).map_err(|error| OpenIdError::Provider(error.to_string()))?;
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.options.client_id)
            .append_pair("redirect_uri", &self.options.redirect)
            .append_pair("scope", "openid profile")
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        self.remember(&state, OnTheWay { nonce, verifier, since: clock::now() });
        Ok((address.into(), state))
    }

    /// Somebody comes back with a code: who they are. `state` is what their browser kept, and `shown` what stands in the address.
    ///
    /// # Errors
    /// They are not on the way, or what the provider says is not right.
    pub async fn finish(&self, code: &str, shown: &str, state: &str) -> Result<Person, OpenIdError> {
        if shown != state {
            return Err(OpenIdError::NotOnTheWay);
        }
        let on_the_way = self.take(state).ok_or(OpenIdError::NotOnTheWay)?;
        let provider = self.discover().await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.options.redirect),
            ("code_verifier", &on_the_way.verifier),
            ("client_id", &self.options.client_id),
        ];
        let mut request = self.client.post(&provider.token_endpoint).form(&form);
        if let Some(secret) = &self.options.secret {
            // RFC 6749 section 2.3.1: both are written as in a form.
            let encoded = |text: &str| form_urlencoded(text);
            request = request.basic_auth(encoded(&self.options.client_id), Some(encoded(secret)));
        }
        let Tokens { id_token } = read(request).await?;
        let keys = read(self.client.get(&provider.jwks_uri)).await?;
        let claims = token::verified(&id_token, &keys, &self.options.issuer, &self.options.client_id, &on_the_way.nonce)?;
        Person::of(&claims, &self.options)
    }

    async fn discover(&self) -> Result<Discovered, OpenIdError> {
        let address = format!("{}/.well-known/openid-configuration", self.options.issuer.trim_end_matches('/'));
        let found: Discovered = read(self.client.get(address)).await?;
        if found.issuer == self.options.issuer {
            Ok(found)
        } else {
            Err(OpenIdError::Provider(format!("it calls itself {}", found.issuer)))
        }
    }

    fn remember(&self, state: &str, one: OnTheWay) {
        let mut all = self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, other| one.since.saturating_duration_since(other.since) < COMES_BACK);
        if all.len() >= ON_THE_WAY
            && let Some(first) = all.iter().min_by_key(|(_, other)| other.since).map(|(state, _)| state.clone())
        {
            all.remove(&first);
        }
        all.insert(state.to_owned(), one);
    }

    fn take(&self, state: &str) -> Option<OnTheWay> {
        let found = self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner).remove(state);
        found.filter(|one| clock::now().saturating_duration_since(one.since) < COMES_BACK)
    }
}

fn form_urlencoded(text: &str) -> String {
    let mut address = reqwest::Url::parse("http://x/").expect("a fixed address");
    address.query_pairs_mut().append_key_only(text);
    address.query().unwrap_or_default().to_owned()
}

/// JSON of the provider, of bounded length.
async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, OpenIdError> {
    let failed = |error: reqwest::Error| OpenIdError::Provider(error.without_url().to_string());
    let mut answer = request.send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(failed)? {
        if text.len() + part.len() > LONGEST {
            return Err(OpenIdError::Provider("its answer is too long".to_owned()));
        }
        text.extend_from_slice(&part);
    }
    serde_json::from_slice(&text).map_err(|error| OpenIdError::Provider(error.to_string()))
}

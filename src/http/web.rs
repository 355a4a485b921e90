//! What the server keeps of browsers' calls: who may begin one, which page belongs to which, and when a page is gone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ring::hmac;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    call::event::LegEnd,
    clock,
    desk::DeskHandle,
    http::{
        at_desk::Desks,
        error::ApiError,
        shares::{Share, Shares},
    },
    web_call::{WebCall, WebCallId, WebCalls, random_hex},
};

/// How long a token may be used to begin a call.
const TOKEN_LIFE: Duration = Duration::from_secs(120);

/// When whoever has too many calls may try again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// A page whose stream has broken off has this long to come back before its call ends. It is told to try after half a second (`sse`), and whoever hears
/// nothing meanwhile is told why within a second.
pub(super) const COMES_BACK: Duration = Duration::from_millis(850);

/// A STUN or TURN server for the pages: the gateway itself is reached directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IceServer {
    /// Addresses like `turn:turn.example.com:3478?transport=udp`.
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// How pages may call.
#[derive(Debug, Clone)]
pub struct WebOptions {
    /// Origins beside our own whose pages may call (the widget on a company's site).
    pub origins: Vec<String>,
    /// What pages need to get out of their networks.
    pub ice_servers: Vec<IceServer>,
    /// Callers' calls at once from one address (or network of IPv6), those that are being answered included.
    pub calls_per_address: usize,
}

impl Default for WebOptions {
    fn default() -> Self {
        Self { origins: Vec::new(), ice_servers: Vec::new(), calls_per_address: 20 }
    }
}

/// Browsers' calls as the server sees them.
#[derive(Debug)]
pub(super) struct Web {
    pub(super) calls: WebCalls,
    pub(super) desk: DeskHandle,
    pub(super) options: WebOptions,
    pub(super) desks: Desks,
    key: hmac::Key,
    pages: Mutex<HashMap<WebCallId, Page>>,
    /// Callers' calls by where they come from.
    shares: Shares,
}

#[derive(Debug)]
struct Page {
    /// Who began the call may change it and end it.
    token: String,
    ended: watch::Receiver<bool>,
    /// Whose page it is, if somebody is signed in there.
    account: Option<String>,
    streams: usize,
    _place: Option<Share>,
}

impl Web {
    pub(super) fn new(calls: WebCalls, desk: DeskHandle, options: WebOptions) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, random_hex(32).as_bytes());
        let shares = Shares::new(options.calls_per_address);
        Self { calls, desk, options, desks: Desks::default(), key, pages: Mutex::default(), shares }
    }

    /// A token that begins one page's calls, and the seconds that it lives.
    pub(super) fn token(&self) -> (String, u64) {
        (self.sign(now_s() + TOKEN_LIFE.as_secs()), TOKEN_LIFE.as_secs())
    }

    /// A token that lives until then, in seconds since 1970-01-01 UTC.
    fn sign(&self, until_s: u64) -> String {
        let payload = format!("{until_s}.{}", random_hex(8));
        let tag = hmac::sign(&self.key, payload.as_bytes());
        let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{payload}.{tag}")
    }

    /// Is this a token of ours that still lives?
    pub(super) fn check(&self, token: &str) -> Result<(), ApiError> {
        self.check_at(token, now_s())
    }

    fn check_at(&self, token: &str, now_s: u64) -> Result<(), ApiError> {
        let (payload, tag) = token.rsplit_once('.').ok_or(ApiError::NoToken)?;
        let tag = hex(tag).ok_or(ApiError::NoToken)?;
        hmac::verify(&self.key, payload.as_bytes(), &tag).map_err(|_| ApiError::NoToken)?;
        let until: u64 = payload.split('.').next().and_then(|until| until.parse().ok()).ok_or(ApiError::NoToken)?;
        if now_s <= until { Ok(()) } else { Err(ApiError::NoToken) }
    }

    /// A place for one more caller from `source`: nobody takes all the lines that there are.
    ///
    /// # Errors
    /// They have as many calls as they may have.
    pub(super) fn place(&self, source: String) -> Result<Share, ApiError> {
        self.forget_ended();
        self.shares.take(source).ok_or_else(|| {
            metrics::counter!("warmline_web_calls_refused_total").increment(1);
            ApiError::TryLater(TRY_AGAIN)
        })
    }

    /// Calls that are over leave their places here.
    fn forget_ended(&self) {
        self.pages().retain(|_, page| !*page.ended.borrow());
    }

    /// Keeps a call that has begun; a caller's with its place.
    pub(super) fn add(&self, call: &WebCall, token: String, account: Option<String>, place: Option<Share>) {
        self.forget_ended();
        self.pages().insert(call.id.clone(), Page { token, ended: call.ended.clone(), account, streams: 0, _place: place });
    }

    /// Somebody is let in no more: what they hear on their page ends at once. Their callers are not hung up on: for them the line to a colleague was lost.
    pub(super) async fn end_calls_of(&self, account: &str) {
        let theirs = |page: &Page| page.account.as_deref() == Some(account) && !*page.ended.borrow();
        let calls: Vec<WebCallId> = self.pages().iter().filter(|(_, page)| theirs(page)).map(|(id, _)| id.clone()).collect();
        for id in calls {
            self.calls.end(id, LegEnd::SignallingLost).await;
        }
    }

    /// The call that this token began.
    pub(super) fn find(&self, id: &str, token: &str) -> Result<WebCallId, ApiError> {
        let id = WebCallId(id.to_owned());
        let pages = self.pages();
        // The id cannot be guessed, so its being wrong or the token's says the same.
        match pages.get(&id) {
            Some(page) if page.token == token => Ok(id),
            Some(_) | None => Err(ApiError::NoSuchCall),
        }
    }

    /// A page begins to watch its call.
    pub(super) fn watch(self: &Arc<Self>, id: &str) -> Result<Watching, ApiError> {
        let id = WebCallId(id.to_owned());
        let mut pages = self.pages();
        let page = pages.get_mut(&id).ok_or(ApiError::NoSuchCall)?;
        page.streams += 1;
        Ok(Watching { ended: page.ended.clone(), web: Arc::clone(self), id })
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, HashMap<WebCallId, Page>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream has broken off: the call is lost, unless the page comes back.
    async fn left(self: Arc<Self>, id: WebCallId) {
        tokio::time::sleep(COMES_BACK).await;
        let gone = self.pages().get(&id).is_some_and(|page| page.streams == 0 && !*page.ended.borrow());
        if gone {
            self.calls.end(id, LegEnd::SignallingLost).await;
        }
    }
}

/// One stream of a page. Dropped when the page is closed: then its call ends soon.
#[derive(Debug)]
pub(super) struct Watching {
    pub(super) ended: watch::Receiver<bool>,
    web: Arc<Web>,
    id: WebCallId,
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(page) = self.web.pages().get_mut(&self.id) {
            page.streams -= 1;
        }
        tokio::spawn(Arc::clone(&self.web).left(self.id.clone()));
    }
}

fn now_s() -> u64 {
    clock::utc().as_secs()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() != 64 {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Limits;

    fn web() -> Web {
        Web::new(WebCalls::open().0, DeskHandle::open(Limits::default(), Vec::new()), WebOptions::default())
    }

    #[tokio::test]
    async fn only_our_own_fresh_tokens_count() {
        let ours = web();
        let (token, _) = ours.token();
        assert!(ours.check(&token).is_ok());
        assert!(web().check(&token).is_err());
        let (payload, tag) = token.rsplit_once('.').unwrap();
        let later = format!("9{payload}.{tag}");
        for wrong in ["", ".", "1.2.3", later.as_str(), &format!("{token}0"), &token[1..]] {
            assert!(ours.check(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_token_begins_calls_for_its_time_and_no_longer() {
        let web = web();
        let token = web.sign(1_000);
        assert!(web.check_at(&token, 1_000).is_ok());
        assert!(matches!(web.check_at(&token, 1_001), Err(ApiError::NoToken)));
        assert!(matches!(web.check(&token), Err(ApiError::NoToken)), "that was in 1970");
        let (token, life_s) = web.token();
        assert!(web.check_at(&token, now_s() + life_s - 10).is_ok());
        assert!(web.check_at(&token, now_s() + life_s + 1).is_err());
    }

    #[tokio::test]
    async fn an_address_has_so_many_calls_and_gets_places_back() {
        let options = WebOptions { calls_per_address: 2, ..WebOptions::default() };
        let web = Web::new(WebCalls::open().0, DeskHandle::open(Limits::default(), Vec::new()), options);
        let one = web.place("192.0.2.1".to_owned()).unwrap();
        let (end, ended) = watch::channel(false);
        let call = WebCall { id: WebCallId("1".to_owned()), answer: String::new(), ended };
        web.add(&call, String::new(), None, Some(web.place("192.0.2.1".to_owned()).unwrap()));
        assert!(matches!(web.place("192.0.2.1".to_owned()), Err(ApiError::TryLater(_))));
        drop(web.place("192.0.2.2".to_owned()).unwrap());
        // One was refused by the gateway, the other is over.
        drop(one);
        drop(web.place("192.0.2.1".to_owned()).unwrap());
        end.send_replace(true);
        let two = [(); 2].map(|()| web.place("192.0.2.1".to_owned()).unwrap());
        assert!(web.place("192.0.2.1".to_owned()).is_err());
        drop(two);
        assert!(web.shares.are_free());
    }
}

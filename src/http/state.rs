//! What the handlers have.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    accounts::{Accounts, Permission},
    call::{
        ids::{AgentId, CallId},
        record::What,
    },
    claims::Claims,
    desk::{DeskHandle, ServiceLevels},
    http::{DeskSettings, Mask, Numbers, Options, PrivacySettings, asker::Asker, error::ApiError, ready::Readiness, web::Web},
    knowledge::Library,
    live::Hub,
    openid::OpenId,
    privacy::Privacy,
    screen_pop::ScreenPops,
    store::{Store, is_call_id},
    trunk::Network,
    view::{CallHead, CallState},
    web_call::WebCalls,
    webhooks::Webhooks,
};

/// The parts of the gateway that the pages show.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The record.
    pub store: Store,
    /// What happens now.
    pub hub: Hub,
    /// The agents.
    pub desk: DeskHandle,
    /// What `/readyz` says.
    pub readiness: Arc<Readiness>,
    /// Calls of browsers.
    pub web: WebCalls,
    /// What the flows know.
    pub library: Library,
    /// People who sign in; none: everybody on this machine may do everything.
    pub accounts: Option<Accounts>,
    /// Who is told of what happens.
    pub webhooks: Webhooks,
    /// What data protection asks of the record.
    pub privacy: Privacy,
    /// Codes with which calls are found.
    pub claims: Claims,
}

/// The state of the server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Server {
    pub(super) parts: Arc<Parts>,
    pub(super) hosts: Arc<[String]>,
    pub(super) proxies: Arc<[Network]>,
    pub(super) openid: Option<Arc<OpenId>>,
    pub(super) web: Arc<Web>,
    pub(super) mask: Arc<Mask>,
    pub(super) desk: Arc<DeskSettings>,
    pub(super) pops: Arc<ScreenPops>,
    pub(super) numbers: Numbers,
    pub(super) privacy: Arc<PrivacySettings>,
    pub(super) levels: Arc<ServiceLevels>,
    streams: Arc<Semaphore>,
}

impl Server {
    pub(super) fn new(parts: Parts, options: &Options) -> Self {
        Self {
            web: Arc::new(Web::new(parts.web.clone(), parts.desk.clone(), options.web.clone())),
            parts: Arc::new(parts),
            openid: options.openid.clone(),
            hosts: options.hosts.clone().into(),
            proxies: options.proxies.clone().into(),
            mask: Arc::new(options.mask.clone()),
            desk: Arc::new(options.desk.clone()),
            pops: Arc::new(options.pops.clone()),
            numbers: options.numbers.clone(),
            privacy: Arc::new(options.privacy.clone()),
            levels: Arc::new(options.levels.clone()),
            streams: Arc::new(Semaphore::new(options.streams)),
        }
    }

    /// The accounts, where there are any.
    pub(super) fn accounts(&self) -> Result<&Accounts, ApiError> {
        self.parts.accounts.as_ref().ok_or(ApiError::NoAccounts)
    }

    /// Is or was a call offered to this agent?
    pub(super) async fn was_offered(&self, id: &CallId, agent: &AgentId) -> Result<bool, ApiError> {
        Ok(self.parts.hub.was_offered(id, agent) || self.parts.store.was_offered(id, agent).await?)
    }

    /// May this be shown to whoever asks? Agents see who follows their conversations only where the configuration says so.
    pub(super) fn shows(&self, asker: &Asker, what: &What) -> bool {
        !matches!(what, What::Supervised { .. }) || self.desk.agents_see_supervision || asker.may(Permission::AllCalls)
    }

    /// A place for one more live stream.
    pub(super) fn stream(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| ApiError::TooManyStreams)
    }

    /// The head of a call, as fresh as it can be had.
    pub(super) async fn head(&self, id: &CallId) -> Result<CallHead, ApiError> {
        match self.parts.hub.head(id) {
            Some(head) => Ok(self.finish(&head)),
            None => self.parts.store.head(id).await?.ok_or(ApiError::NoSuchCall),
        }
    }

    /// The heads that the hub has, of those calls that were offered to an agent if one is given.
    pub(super) fn heads_for(&self, agent: Option<&AgentId>) -> Vec<CallHead> {
        let seen = |head: &Arc<CallHead>| agent.is_none_or(|agent| self.parts.hub.was_offered(&head.id, agent));
        self.parts.hub.heads().iter().filter(|head| seen(head)).map(|head| self.finish(head)).collect()
    }

    /// A head of the hub, with what only the store knows.
    pub(super) fn finish(&self, head: &CallHead) -> CallHead {
        CallHead { recording: self.is_whole(head) && self.parts.store.has_recording(head), ..head.clone() }
    }

    /// The call is over, and everything of it is written down.
    pub(super) fn is_whole(&self, head: &CallHead) -> bool {
        head.state == CallState::Ended && !self.parts.hub.is_live(&head.id)
    }
}

/// An id from an address. What cannot be an id is a call that does not exist.
pub(super) fn call_id(text: String) -> Result<CallId, ApiError> {
    if is_call_id(&text) { Ok(CallId(text)) } else { Err(ApiError::NoSuchCall) }
}

//! The API, the live events and the pages. Files mirror the addresses.
//!
//! It answers only requests that name this machine, and changes nothing for a page of another origin. `access` says who may ask for what; without
//! accounts it listens on loopback only, and everybody may.

mod access;
mod api;
mod asker;
mod assets;
mod at_desk;
mod cookie;
mod error;
mod guard;
mod listener;
mod mask;
mod metrics;
mod numbers;
mod openapi;
mod pages;
mod peer;
mod ready;
mod shares;
mod sse;
mod state;
mod tls;
mod web;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use tokio::{net::TcpListener, sync::watch};

use crate::{desk::ServiceLevels, openid::OpenId, screen_pop::ScreenPops, trunk::Network};

pub use api::desk::DeskSettings;
pub use api::privacy::PrivacySettings;
pub use error::ErrorBody;
pub use mask::Mask;
pub use metrics::install as install_metrics;
pub use numbers::Numbers;
pub use openapi::openapi_document;
pub use ready::Readiness;
pub use state::{Parts, Server};
pub use tls::Tls;
pub use web::{IceServer, WebOptions};

/// The largest body of a request, in bytes.
const BODY_LIMIT: usize = 16 * 1024;

/// Connections at once that read the figures at their own address.
const FIGURE_READERS: usize = 32;

/// Time between two tidyings of the metrics.
const UPKEEP: Duration = Duration::from_secs(5);

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; without accounts loopback only.
    pub bind: SocketAddr,
    /// What TLS shows; none: it is not spoken. A new value is for new connections.
    pub tls: Option<watch::Receiver<Tls>>,
    /// Where else people sign in.
    pub openid: Option<Arc<OpenId>>,
    /// Where the figures are, by themselves; none: at `bind` without accounts, and nowhere with them.
    pub metrics: Option<SocketAddr>,
    /// Proxies that are believed what they say of who asks.
    pub proxies: Vec<Network>,
    /// Names beside the loopback ones that requests may be made to (a proxy's).
    pub hosts: Vec<String>,
    /// Connections at the same time; further ones are refused.
    pub connections: usize,
    /// Of these from one address (or network of IPv6) that is no proxy's.
    pub connections_per_address: usize,
    /// Live event streams at the same time; further ones are refused.
    pub streams: usize,
    /// Calls from pages.
    pub web: WebOptions,
    /// Words that pages do not show.
    pub mask: Mask,
    /// What agents may choose from.
    pub desk: DeskSettings,
    /// Where other systems' pages open.
    pub pops: ScreenPops,
    /// What agents may hand callers on to.
    pub numbers: Numbers,
    /// What is struck out and recorded.
    pub privacy: PrivacySettings,
    /// What each queue promises.
    pub levels: ServiceLevels,
}

impl Options {
    /// The defaults, at this address.
    #[must_use]
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            tls: None,
            openid: None,
            metrics: None,
            proxies: Vec::new(),
            hosts: Vec::new(),
            connections: 1_024,
            connections_per_address: 512,
            streams: 512,
            web: WebOptions::default(),
            mask: Mask::default(),
            desk: DeskSettings::default(),
            pops: ScreenPops::default(),
            numbers: Numbers::default(),
            privacy: PrivacySettings::default(),
            levels: ServiceLevels::default(),
        }
    }
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Not on this machine alone.
    #[error("{0} is not a loopback address: that takes accounts, and TLS here or at a proxy that is named")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {0}: {1}")]
    Address(SocketAddr, io::Error),
}

/// A server that has its address and does not answer yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    bounds: listener::Bounds,
    tls: Option<watch::Receiver<Tls>>,
    metrics: Option<TcpListener>,
}

impl Bound {
    /// Takes the address.
    ///
    /// # Errors
    /// The address is not loopback, or cannot be had.
    pub async fn bind(options: &Options, parts: Parts) -> Result<Self, BindError> {
        let closed = parts.accounts.is_some() && (options.tls.is_some() || !options.proxies.is_empty());
        if !closed && !options.bind.ip().is_loopback() {
            return Err(BindError::NotLoopback(options.bind));
        }
        let failed = |error| BindError::Address(options.bind, error);
        let metrics = match options.metrics {
            Some(address) => Some(TcpListener::bind(address).await.map_err(|error| BindError::Address(address, error))?),
            None => None,
        };
        let listener = TcpListener::bind(options.bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            router: router(Server::new(parts, options)),
            bounds: listener::Bounds {
                all: options.connections,
                per_address: options.connections_per_address,
                proxies: options.proxies.clone(),
            },
            tls: options.tls.clone(),
            metrics,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the figures are, if they are by themselves.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Answers until the future is done. Streams that are still open then end with it.
    ///
    /// # Errors
    /// Never in practice: failing connections are closed one by one.
    pub async fn run(self, until: impl Future<Output = ()> + Send) -> io::Result<()> {
        let listener = listener::Guarded::new(self.listener, self.bounds, listener::Patience::default(), self.tls);
        let mut upkeep = tokio::time::interval(UPKEEP);
        let serving = async { axum::serve(listener, self.router.into_make_service_with_connect_info::<peer::Peer>()).await };
        let figures = figures(self.metrics);
        tokio::pin!(serving, until, figures);
        loop {
            tokio::select! {
                result = &mut serving => return result,
                result = &mut figures => return result,
                () = &mut until => return Ok(()),
                _ = upkeep.tick() => metrics::upkeep(),
            }
        }
    }
}

/// Serves the figures and nothing else, if they have an address of their own.
async fn figures(listener: Option<TcpListener>) -> io::Result<()> {
    let Some(listener) = listener else { return std::future::pending().await };
    let listener = listener::Guarded::new(listener, listener::Bounds::of(FIGURE_READERS), listener::Patience::default(), None);
    axum::serve(listener, Router::new().route("/metrics", get(metrics::metrics))).await
}

fn router(server: Server) -> Router {
    let mut router = Router::new();
    if server.parts.accounts.is_none() {
        // Where strangers may come, the figures have an address of their own.
        router = router.route("/metrics", get(metrics::metrics));
    }
    router
        .nest("/api/v1", api::router())
        .route("/healthz", get(ready::healthz))
        .route("/readyz", get(ready::readyz))
        .fallback(pages::page)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(server.clone(), access::admit))
        .layer(middleware::from_fn_with_state(server.clone(), guard::guard))
        .with_state(server)
}

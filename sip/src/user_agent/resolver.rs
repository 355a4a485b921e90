//! The look-ups of [`super::locate`], over the network. Answers are kept as long as they say, between a second and an hour.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{Instant, timeout_at};

use super::locate::{self, Able, Naptr, Place, Plan, Service, Srv, Target};
use crate::uri::Uri;

/// Answers that are kept.
const CACHED: u64 = 1_024;

/// The shortest and the longest time that an answer is kept, whatever it says.
const KEPT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3_600));

/// Looks names up; clones share one cache.
#[derive(Clone)]
pub(super) struct Locator {
    /// `None` where the system names no server: then only the system itself can be asked.
    resolver: Option<TokioResolver>,
    able: Able,
    /// For one look-up, everything together.
    patience: Duration,
}

impl Locator {
    pub(super) fn new(nameserver: Option<SocketAddr>, able: Able, patience: Duration) -> Self {
        let resolver = resolver(nameserver, patience);
        if resolver.is_none() {
            tracing::info!("no name server is configured: SRV and NAPTR records are not looked up");
        }
        Self { resolver, able, patience }
    }

    /// Every way in which a URI may be reached, best first; empty if there is none, or none was found in time.
    pub(super) async fn locate(self, uri: Uri) -> Vec<Target> {
        let end = Instant::now() + self.patience;
        let places = match locate::plan(&uri) {
            Plan::Known(target) => return vec![target],
            Plan::Nowhere => return Vec::new(),
            Plan::Addresses(place) => vec![place],
            Plan::Service { host, service } => {
                let transport = service.transport;
                self.places(&host, vec![service], end).await.unwrap_or_else(|| vec![locate::bare(&host, transport)])
            }
            Plan::Any { host, secure } => {
                let services = locate::services(&host, secure, self.naptr(&host, end).await, self.able);
                let plain = if secure { crate::transport::Transport::Tls } else { crate::transport::Transport::Udp };
                self.places(&host, services, end).await.unwrap_or_else(|| vec![locate::bare(&host, plain)])
            }
        };
        let addresses = places.iter().map(|place| self.addresses(&place.host, end));
        let found = join_all(addresses).await;
        places.iter().zip(found).flat_map(|(place, addresses)| locate::targets(place, &addresses, self.able)).collect()
    }

    /// Half of the time is for service records: a name server that swallows questions for them must not cost the call.
    fn service_deadline(&self, end: Instant) -> Instant {
        end - self.patience / 2
    }

    async fn naptr(&self, host: &str, end: Instant) -> Vec<Naptr> {
        let until = end - self.patience * 3 / 4;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let read = |data: &RData| match data {
            RData::NAPTR(record) => Some(Naptr {
                order: record.order,
                preference: record.preference,
                flags: text(&record.flags),
                service: text(&record.services),
                replacement: record.replacement.to_string(),
            }),
            _ => None,
        };
        self.records(host, RecordType::NAPTR, until, read).await
    }

    /// Where the services are; `None` if no SRV record says so.
    async fn places(&self, host: &str, services: Vec<Service>, end: Instant) -> Option<Vec<Place>> {
        let until = self.service_deadline(end);
        let read = |data: &RData| match data {
            RData::SRV(record) => {
                Some(Srv { priority: record.priority, weight: record.weight, port: record.port, host: record.target.to_string() })
            }
            _ => None,
        };
        let answers = join_all(services.iter().map(|service| self.records(&service.name, RecordType::SRV, until, read))).await;
        if answers.iter().all(Vec::is_empty) {
            tracing::debug!(host, "no SRV records");
            return None;
        }
        let mut rng = StdRng::from_os_rng();
        let ordered = services.iter().zip(answers).flat_map(|(service, records)| {
            let records = locate::in_order(records, |most| rng.random_range(0..=most));
            locate::places(service, records).collect::<Vec<_>>()
        });
        Some(ordered.collect())
    }

    async fn records<T>(&self, name: &str, kind: RecordType, until: Instant, read: impl Fn(&RData) -> Option<T>) -> Vec<T> {
        let Some(resolver) = &self.resolver else { return Vec::new() };
        match timeout_at(until, resolver.lookup(name, kind)).await {
            Ok(Ok(found)) => found.answers().iter().filter_map(|record| read(&record.data)).collect(),
            // No such name, no such record, no answer: the next rule of RFC 3263 applies.
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }

    async fn addresses(&self, host: &str, end: Instant) -> Vec<IpAddr> {
        match &self.resolver {
            Some(resolver) => match timeout_at(end, resolver.lookup_ip(host)).await {
                Ok(Ok(found)) => found.iter().collect(),
                Ok(Err(_)) | Err(_) => Vec::new(),
            },
            None => match timeout_at(end, tokio::net::lookup_host((host, 0))).await {
                Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
                Ok(Err(_)) | Err(_) => Vec::new(),
            },
        }
    }
}

fn resolver(nameserver: Option<SocketAddr>, patience: Duration) -> Option<TokioResolver> {
    let mut builder = match nameserver {
        Some(address) => {
            let mut server = NameServerConfig::udp_and_tcp(address.ip());
            server.connections.iter_mut().for_each(|connection| connection.port = address.port());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
        None => TokioResolver::builder_tokio().ok()?,
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.cache_size = CACHED;
    options.timeout = patience / 4;
    options.attempts = 2;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    (options.positive_min_ttl, options.positive_max_ttl) = (Some(KEPT.0), Some(KEPT.1));
    (options.negative_min_ttl, options.negative_max_ttl) = (Some(KEPT.0), Some(KEPT.1));
    builder.build().ok()
}

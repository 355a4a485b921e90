//! The configuration's sections in the words of the drivers, which know nothing of files.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use warmline_models::{ModelError, ModelsDir};
use warmline_sip::{guard, user_agent};

use crate::{
    call::ids::AgentId,
    config::{self, Config},
    desk::{Limits, Profile},
    http, speech, telephony,
    telephony::media::MediaConfig,
};

pub(super) fn telephony(config: &Config) -> telephony::Options {
    let (sip, rtp, limits) = (&config.file.sip, &config.file.rtp, &config.file.limits);
    let listen = listeners(sip);
    let bound = listen.first().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |listener| listener.address.ip());
    let rate = guard::Rate { per_second: limits.requests_per_second, burst: limits.requests_per_second.saturating_mul(2) };
    telephony::Options {
        sip: user_agent::Config {
            listen,
            tls: user_agent::TlsConfig {
                certificate: sip.certificate.clone(),
                private_key: sip.private_key.clone(),
                client_ca: sip.client_ca.clone(),
                ..user_agent::TlsConfig::default()
            },
            origins: sip.origins.clone(),
            advertised: sip.advertised,
            contact_user: sip.user.clone(),
            allowed: sip.allowed.iter().map(|network| guard_network(*network)).collect(),
            // A call has the caller's leg and, in a handoff, one agent's at a time.
            limits: user_agent::Limits { calls: limits.calls * 2, new_requests: rate, ..user_agent::Limits::default() },
            ..user_agent::Config::default()
        },
        calls: limits.calls,
        media_address: sip.advertised.unwrap_or(if rtp.bind.is_unspecified() { bound } else { rtp.bind }),
        from_user: sip.user.clone(),
        display_name: sip.display_name.clone(),
        media: MediaConfig {
            ports: rtp.ports.first..=rtp.ports.last,
            threads: rtp.threads,
            port_drain: Duration::from_millis(rtp.port_rest_ms),
            media_timeout: Duration::from_millis(rtp.media_timeout_ms),
            ..MediaConfig::new(rtp.bind)
        },
    }
}

fn listeners(sip: &config::SipConfig) -> Vec<user_agent::Listener> {
    use user_agent::Transport;
    let all = [
        (Transport::Udp, sip.udp),
        (Transport::Tcp, sip.tcp),
        (Transport::Tls, sip.tls),
        (Transport::Ws, sip.ws),
        (Transport::Wss, sip.wss),
    ];
    all.into_iter().filter_map(|(transport, address)| Some(user_agent::Listener::new(transport, address?))).collect()
}

fn guard_network(network: config::Network) -> guard::Network {
    format!("{}/{}", network.address, network.bits).parse().expect("the configuration checked the bits")
}

pub(super) fn http(config: &Config) -> http::Options {
    let from = &config.file.http;
    let server = |server: &config::IceServerConfig| http::IceServer {
        urls: server.urls.clone(),
        username: server.username.clone(),
        credential: server.credential.clone(),
    };
    http::Options {
        bind: from.bind,
        hosts: from.hosts.clone(),
        connections: from.connections,
        streams: from.streams,
        web: http::WebOptions { origins: from.widget_origins.clone(), ice_servers: from.ice_servers.iter().map(server).collect() },
    }
}

pub(super) fn desk(config: &Config) -> Limits {
    let from = &config.file.desk;
    Limits { queue_places: from.queue_places, wrap_up_ms: from.wrap_up_ms, resting_ms: from.resting_ms }
}

pub(super) fn profiles(config: &Config) -> Vec<Profile> {
    let profile = |(id, from): (&String, &config::AgentConfig)| Profile {
        id: AgentId(id.clone()),
        name: from.name.clone(),
        // A page is told by its agent's id.
        target: if from.target == "browser" { format!("browser:{id}") } else { from.target.clone() },
        queues: from.queues.clone(),
        languages: from.languages.clone(),
        signed_in: from.signed_in,
    };
    config.file.agents.iter().map(profile).collect()
}

pub(super) fn speech(config: &Config) -> Result<speech::Options, ModelError> {
    let from = &config.file.speech;
    let models = from.models.clone().map_or_else(ModelsDir::of_user, |folder| Ok(ModelsDir::at(folder)))?;
    Ok(speech::Options { models, cache: Some(from.cache.clone()), cache_bytes: from.cache_mb * 1_000_000, workers: from.threads })
}

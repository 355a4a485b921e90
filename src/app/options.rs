//! The configuration's sections in the words of the drivers, which know nothing of files.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::{runtime::Handle, sync::watch};
use warmline_models::ModelsDir;
use warmline_sip::{codec::Codec, guard, jitter::JitterConfig, sdp::Encryption, uri::Uri, user_agent};

use super::{callbacks, peers, remote};
use crate::{
    accounts,
    call::{event::TransferBy, ids::AgentId},
    config::{
        self, AgentConfig, BROWSER, CodecName, Config, IceServerConfig, JitterLimits, RtpConfig, SipConfig, Srtp, Transfer, TrunkConfig,
        WebhookConfig,
    },
    desk::{self, Limits, Profile, ServiceLevel, ServiceLevels},
    feed::Kind,
    http,
    lookup::CrmOptions,
    openid::{self, OpenId},
    privacy::Spellings,
    screen_pop::{PopFor, ScreenPops},
    speech, telephony,
    telephony::media::MediaConfig,
    trunk::{Network, TrunkTable},
    webhooks::{Hook, Key},
};

pub(super) fn telephony(config: &Config, trunks: Arc<TrunkTable>) -> anyhow::Result<telephony::Options> {
    let (sip, rtp, limits) = (&config.file.sip, &config.file.rtp, &config.file.limits);
    let listen = listeners(sip);
    let mut media = media_addresses(sip, rtp).into_iter();
    let (bind, media_address) = media.next().context("the configuration was not checked: no address for sound")?;
    let (other, other_address) = media.next().unzip();
    let rate = guard::Rate { per_second: limits.requests_per_second, burst: limits.requests_per_second.saturating_mul(2) };
    Ok(telephony::Options {
        sip: user_agent::Config {
            listen,
            tls: user_agent::TlsConfig {
                certificate: sip.certificate.clone(),
                private_key: sip.private_key.clone(),
                further: sip.further_certificates.iter().map(|one| (one.certificate.clone(), one.private_key.clone())).collect(),
                client_ca: sip.client_ca.clone(),
                server_ca: sip.server_ca.clone(),
                insecure: false,
            },
            origins: sip.origins.clone(),
            advertised: sip.advertised.iter().collect(),
            advertised_to: advertised_to(config),
            contact_user: sip.user.clone(),
            allowed: allowed(config),
            accounts: peers::accounts(config),
            registrations: peers::registrations(config),
            registrar: peers::registrar(config),
            health: peers::health(config),
            // A call has the caller's leg and, in a handoff, one agent's at a time.
            limits: user_agent::Limits { calls: limits.calls * 2, new_requests: rate, ..user_agent::Limits::default() },
            ..user_agent::Config::default()
        },
        calls: limits.calls,
        media_address,
        other_address,
        from_user: sip.user.clone(),
        display_name: sip.display_name.clone(),
        signatures: signatures(config)?,
        lines: lines(config),
        people: people(config),
        trunks,
        media: MediaConfig {
            ports: rtp.ports.first..=rtp.ports.last,
            threads: rtp.threads,
            port_drain: Duration::from_millis(rtp.port_rest_ms),
            media_timeout: Duration::from_millis(rtp.media_timeout_ms),
            jitter: jitter(rtp.jitter),
            other,
            ..MediaConfig::new(bind)
        },
    })
}

/// Where sound is bound to, and what session descriptions say of it, in each family.
fn media_addresses(sip: &SipConfig, rtp: &RtpConfig) -> Vec<(IpAddr, IpAddr)> {
    let told = |bind: IpAddr| {
        let bound = || sip.listeners().map(|(_, address)| address.ip()).find(|ip| ip.is_ipv6() == bind.is_ipv6());
        let own = if bind.is_unspecified() { bound() } else { Some(bind) };
        (bind, sip.advertised.of(bind.is_ipv6()).or(own).unwrap_or(bind))
    };
    rtp.bind.iter().map(told).collect()
}

fn jitter(limits: JitterLimits) -> JitterConfig {
    let [min, start, max] = [limits.min_ms, limits.start_ms, limits.max_ms].map(Duration::from_millis);
    JitterConfig { min, start, max }
}

/// Whose signatures of callers are believed.
fn signatures(config: &Config) -> anyhow::Result<Option<Arc<telephony::Signatures>>> {
    let sip = &config.file.sip;
    let (Some(anchors), Some(index)) = (&sip.stir_anchors, &sip.stir_certificates) else { return Ok(None) };
    Ok(Some(Arc::new(telephony::Signatures::load(anchors, index, &sip.country_code)?)))
}

/// What legs agree to, by trunk, and how agents are called.
fn lines(config: &Config) -> telephony::Lines {
    let line = |(name, trunk): (&String, &TrunkConfig)| {
        let codecs = trunk.codecs.iter().map(|codec| match codec {
            CodecName::Pcmu => Codec::Pcmu,
            CodecName::Pcma => Codec::Pcma,
            CodecName::G722 => Codec::G722,
            CodecName::Opus => Codec::Opus,
        });
        let encryption = match trunk.srtp {
            Srtp::Never => Encryption::Never,
            Srtp::Offered => Encryption::IfOffered,
            Srtp::Required => Encryption::Required,
        };
        let line = telephony::Line {
            codecs: codecs.collect(),
            encryption,
            keys_in_info: trunk.dtmf.info,
            keys_in_band: trunk.dtmf.inband,
            advertised: trunk.advertised.iter().collect(),
        };
        (name.clone(), line)
    };
    let accounts = config.accounts();
    let outward = |(name, trunk): (&String, &TrunkConfig)| {
        let (from_user, from_host) = trunk.from();
        let outward = telephony::Outward {
            peers: trunk.peers.iter().filter_map(|peer| peer.uri(None).parse().ok()).collect(),
            proxy: trunk.outbound_proxy.as_ref().and_then(|proxy| proxy.uri(None).parse().ok()),
            account: accounts.iter().any(|account| account.name == *name).then(|| name.clone()),
            from_user,
            from_host,
            follow_redirects: trunk.follow_redirects,
            headers: config.trunk(name).map(|trunk| trunk.headers.clone()).unwrap_or_default(),
            uui: trunk.headers.uui,
        };
        (name.clone(), outward)
    };
    let trunks = &config.file.trunks;
    telephony::Lines { trunks: trunks.iter().map(line).collect(), outward: trunks.iter().map(outward).collect() }
}

/// To whom agents may hand callers on.
fn people(config: &Config) -> telephony::People {
    let person = |(id, agent): (&String, &AgentConfig)| {
        let user = agent.target.parse::<Uri>().ok().and_then(|uri| uri.user);
        let numbers = agent.may_call.as_ref().map(|may_call| (may_call.numbers.clone(), may_call.via.clone()));
        (id.clone(), telephony::Person { name: agent.name.clone(), user, numbers })
    };
    let queues = config.flows().flat_map(|flow| flow.queues.keys().cloned()).collect();
    telephony::People { queues, agents: config.file.agents.iter().map(person).collect() }
}

/// Addresses that the servers of single trunks are told of us.
fn advertised_to(config: &Config) -> Vec<(guard::Network, IpAddr)> {
    let told = config.file.trunks.values().flat_map(|trunk| trunk.advertised.iter().map(|address| (trunk.servers(), address)));
    told.flat_map(|(servers, address)| servers.into_iter().map(move |network| (guard_network(network), address))).collect()
}

fn listeners(sip: &SipConfig) -> Vec<user_agent::Listener> {
    use user_agent::Transport;
    let all = [
        (Transport::Udp, &sip.udp),
        (Transport::Tcp, &sip.tcp),
        (Transport::Tls, &sip.tls),
        (Transport::Ws, &sip.ws),
        (Transport::Wss, &sip.wss),
    ];
    let of = |(transport, addresses): (_, &config::Addresses<_>)| {
        addresses.iter().map(move |address| user_agent::Listener::new(transport, address)).collect::<Vec<_>>()
    };
    all.into_iter().flat_map(of).collect()
}

/// Who may talk to us at all: whoever may call without a trunk, and the trunks. Whose call it is, and whether it may come, is decided by the
/// trunk table.
fn allowed(config: &Config) -> Vec<guard::Network> {
    let trunks = config.file.trunks.values().flat_map(TrunkConfig::networks);
    config.file.sip.allowed.iter().copied().chain(trunks).map(guard_network).collect()
}

pub(super) fn guard_network(network: Network) -> guard::Network {
    format!("{}/{}", network.address, network.bits).parse().expect("the configuration checked the bits")
}

/// The certificate of the pages, to be read again on SIGHUP; none: they speak no TLS.
pub(super) fn pages_tls(config: &Config) -> anyhow::Result<Option<watch::Sender<http::Tls>>> {
    let (Some(certificate), Some(key)) = (&config.file.http.certificate, &config.file.http.private_key) else { return Ok(None) };
    Ok(Some(watch::Sender::new(user_agent::server_of(certificate, key)?)))
}

/// Where else people sign in.
fn openid(config: &Config) -> anyhow::Result<Option<Arc<OpenId>>> {
    let Some(from) = config.file.accounts.openid.clone().filter(|_| config.file.http.accounts) else { return Ok(None) };
    let options = openid::Options {
        issuer: from.issuer,
        client_id: from.client_id,
        secret: from.key.map(|key| key.expose().to_owned()),
        label: from.label,
        redirect: format!("{}/api/v1/session/openid/back", config.file.http.public_address()),
        name_claim: from.name_claim,
        role_claim: from.role_claim,
        roles: from.roles,
        agent_claim: from.agent_claim,
    };
    Ok(Some(Arc::new(OpenId::new(options)?)))
}

pub(super) fn http(config: &Config, tls: Option<&watch::Sender<http::Tls>>) -> anyhow::Result<http::Options> {
    let from = &config.file.http;
    let server = |server: &IceServerConfig| http::IceServer {
        urls: server.urls.clone(),
        username: server.username.clone(),
        credential: server.credential.clone(),
    };
    Ok(http::Options {
        openid: openid(config)?,
        metrics: from.metrics,
        bind: from.bind,
        proxies: from.trusted_proxies.clone(),
        tls: tls.map(watch::Sender::subscribe),
        hosts: from.hosts.clone(),
        connections: from.connections,
        connections_per_address: from.connections_per_address,
        streams: from.streams,
        web: http::WebOptions {
            origins: from.widget_origins.clone(),
            ice_servers: from.ice_servers.iter().map(server).collect(),
            calls_per_address: config.file.limits.web_calls_per_address,
        },
        desk: http::DeskSettings {
            away_reasons: config.file.desk.away_reasons.clone(),
            dispositions: config.file.desk.dispositions.clone(),
            service_level_s: config.file.desk.service_level_s,
            agents_see_supervision: config.file.desk.agents_see_supervision,
        },
        mask: if from.mask_coarse_words {
            http::Mask::new(&from.masked_words, config.flows().map(|flow| flow.words()))
        } else {
            http::Mask::default()
        },
        numbers: numbers(config),
        levels: service_levels(config),
        pops: screen_pops(config),
        privacy: http::PrivacySettings { redact: config.file.privacy.rules().words(), recordings: config.file.store.recordings },
    })
}

/// How callbacks are kept.
pub(super) fn callbacks(config: &Config) -> callbacks::Options {
    let from = &config.file.desk.callbacks;
    let can = config.file.trunks.iter().filter(|(_, trunk)| from.place && !trunk.peers.is_empty());
    callbacks::Options {
        trunk: from.trunk.clone(),
        trunks: can.map(|(name, _)| name.clone()).collect(),
        tries: from.tries,
        again_ms: from.again_s * 1_000,
        expire_ms: from.expire_hours * 3_600_000,
    }
}

/// The configuration has checked them.
fn screen_pops(config: &Config) -> ScreenPops {
    let mut pops = ScreenPops::default();
    let agents = config.file.agents.iter().filter_map(|(id, agent)| Some((PopFor::Agent(id.clone()), agent.screen_pop.as_ref()?)));
    let queues = config.file.desk.screen_pops.iter().map(|(queue, address)| (PopFor::Queue(queue.clone()), address));
    agents.chain(queues).for_each(|(whose, address)| _ = pops.add(whose, address));
    pops
}

/// How accounts are kept; none: there are none.
pub(super) fn accounts(config: &Config) -> Option<accounts::Options> {
    let from = &config.file.accounts;
    let (s, hours) = (Duration::from_secs, |hours: u64| Duration::from_secs(hours * 3_600));
    let patience = accounts::Patience { tries: from.tries, first: s(from.back_off_s), longest: s(from.longest_back_off_s) };
    config.file.http.accounts.then(|| accounts::Options {
        idle: s(from.idle_min * 60),
        longest: hours(from.longest_h),
        patience,
        audit: hours(from.audit_days * 24),
        address: config.file.http.public_address(),
        demo: config.file.demo.password.clone().map(|password| {
            let agent = config.file.agents.keys().next().map(|id| AgentId(id.clone()));
            accounts::DemoAccounts { password, agent }
        }),
    })
}

/// How callers' numbers may stand in the record.
pub(crate) fn spellings(config: &Config) -> Spellings {
    Spellings::new(config.file.trunks.keys().filter_map(|name| config.trunk(name)).map(|trunk| trunk.inbound.clone()).collect())
}

/// The same rules as for agents' telephones.
fn numbers(config: &Config) -> http::Numbers {
    let (people, trunks) = (people(config), config.trunk_table());
    http::Numbers::new(move |agent, number| people.meant(agent, number, None, &trunks))
}

/// Who is told what happens to calls.
pub(super) fn webhooks(config: &Config) -> Vec<Hook> {
    let hook = |(name, from): (&String, &WebhookConfig)| {
        let kinds: BTreeSet<Kind> = from.events.iter().filter_map(|word| Kind::of_word(word)).collect();
        Some(Hook {
            name: name.clone(),
            url: from.url.clone(),
            // The configuration has checked it.
            key: Key::parse(from.secret.as_ref()?.expose())?,
            kinds: if kinds.is_empty() { Kind::ALL.into() } else { kinds },
            timeout: Duration::from_millis(from.timeout_ms),
            attempts: from.attempts,
            first_retry_ms: from.first_retry_ms,
            longest_retry_ms: from.longest_retry_ms,
            queue: from.queue,
        })
    };
    config.file.webhooks.iter().filter_map(hook).collect()
}

/// Who knows more of the number that calls.
pub(super) fn crm(config: &Config) -> Option<CrmOptions> {
    let from = config.file.crm.as_ref()?;
    Some(CrmOptions {
        url: from.url.clone(),
        headers: from.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        key: from.key.as_ref().map(|key| key.expose().to_owned()),
        timeout: Duration::from_millis(from.timeout_ms),
        failures: from.failures,
        pause: Duration::from_secs(from.pause_s),
        fields: from.fields.clone(),
    })
}

pub(super) fn desk(config: &Config) -> Limits {
    let from = &config.file.desk;
    let overflow = |(queue, over): (&String, &config::OverflowConfig)| {
        (queue.clone(), desk::Overflow { to: over.to.clone(), after_ms: over.after_s * 1_000 })
    };
    Limits {
        queue_places: from.queue_places,
        wrap_up_ms: from.wrap_up_ms,
        resting_ms: from.resting_ms,
        strategy: match from.strategy {
            config::Strategy::LongestIdle => desk::Strategy::LongestIdle,
            config::Strategy::BestSkill => desk::Strategy::BestSkill,
        },
        known_ms: from.same_agent_hours * 3_600_000,
        overflow: from.overflow.iter().map(overflow).collect(),
    }
}

/// What each queue promises.
pub(super) fn service_levels(config: &Config) -> ServiceLevels {
    let from = &config.file.desk;
    let level = |level: &config::ServiceLevelConfig| ServiceLevel { percent: level.percent, within_s: level.within_s };
    ServiceLevels {
        usual: ServiceLevel { within_s: from.service_level_s, ..ServiceLevel::default() },
        queues: from.service_levels.iter().map(|(queue, promised)| (queue.clone(), level(promised))).collect(),
    }
}

pub(super) fn profiles(config: &Config) -> Vec<Profile> {
    let profile = |(id, from): (&String, &AgentConfig)| Profile {
        id: AgentId(id.clone()),
        name: from.name.clone(),
        target: ring_at(config, id, from),
        transfer: match from.transfer {
            Transfer::Bridge => TransferBy::Bridge,
            Transfer::Attended => TransferBy::Attended,
            Transfer::Blind => TransferBy::Blind,
            Transfer::Invite => TransferBy::Invite,
        },
        spoken_claim: from.via.as_ref().and_then(|via| config.file.trunks.get(via)).is_some_and(|trunk| trunk.headers.stripped),
        queues: from.queues.clone(),
        levels: from.levels.clone(),
        languages: from.languages.clone(),
        signed_in: from.signed_in,
        capacity: from.capacity,
    };
    config.file.agents.iter().map(profile).collect()
}

/// Where an agent is rung: at their SIP address, over a trunk with their number as the trunk writes it, wherever their telephone has registered,
/// or on their page.
fn ring_at(config: &Config, id: &str, agent: &AgentConfig) -> String {
    if agent.target == BROWSER {
        // A page is told by its agent's id.
        return telephony::page(id);
    }
    if agent.registers() {
        // All telephones that registered under that id ring.
        return telephony::registered(id);
    }
    let Some(trunk) = agent.via.as_ref().and_then(|via| config.trunk(via)) else { return agent.target.clone() };
    let user = ["sips:", "sip:"].iter().find_map(|scheme| agent.target.strip_prefix(scheme)).unwrap_or(&agent.target);
    let user = user.split('@').next().unwrap_or_default();
    telephony::over(&trunk.name, &trunk.outbound.rewrite(user))
}

pub(super) fn speech(config: &Config, runtime: Handle) -> anyhow::Result<speech::Options> {
    let from = &config.file.speech;
    let models = from.models.clone().map_or_else(ModelsDir::of_user, |folder| Ok(ModelsDir::at(folder)))?;
    let (cache, cache_bytes) = (Some(from.cache.clone()), from.cache_mb * 1_000_000);
    Ok(speech::Options { models, cache, cache_bytes, workers: from.threads, remote: remote::engines(&from.remote, runtime)? })
}

#[cfg(test)]
pub(super) mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// The example configuration with some of its text replaced.
    pub(in crate::app) fn config(replace: &[(&str, &str)]) -> Config {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let mut text = fs::read_to_string(folder.join("warmline.yaml")).unwrap();
        for (from, to) in [(
            "\ntrunks:\n",
            "\ntrunks:\n  isp: { peers: [192.0.2.7:5070], numbers: { outbound: [{ match: \"+40*\", replace: \"0*\" }] } }\n",
        )]
        .iter()
        .chain(replace)
        {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        Config::parse(&text, "warmline.yaml", &folder, &|path| fs::read_to_string(path)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
    }

    #[test]
    fn agents_are_rung_straight_through_a_trunk_on_their_page_or_where_they_registered() {
        let rung = |replace: &[(&str, &str)]| profiles(&config(replace))[0].target.clone();
        let target = "target: sip:maria@127.0.0.1:5070";
        assert_eq!(rung(&[]), "sip:maria@127.0.0.1:5070");
        let via = ("\n    via:\n", "\n    via: isp\n");
        assert_eq!(rung(&[(target, "target: \"+40721000111\""), via]), "via:isp/0721000111");
        assert_eq!(rung(&[(target, "target: browser")]), "browser:maria");
        assert_eq!(rung(&[via]), "via:isp/maria");
        assert_eq!(rung(&[(target, "target: registered"), ("\n    password:\n", "\n    password: a\n")]), "registered:maria");
    }

    #[test]
    fn the_limits_of_jitter_buffers_are_their_own_by_default() {
        assert_eq!(jitter(JitterLimits::default()), JitterConfig::default());
    }

    #[test]
    fn trunks_may_talk_to_us_beside_those_who_are_allowed() {
        let allows = |config: &Config, address: &str| allowed(config).iter().any(|network| network.contains(address.parse().unwrap()));
        let config = config(&[("allowed: []", "allowed: [203.0.113.0/24]")]);
        assert!(allows(&config, "192.0.2.7") && allows(&config, "203.0.113.9") && !allows(&config, "192.0.2.8"));
    }
}

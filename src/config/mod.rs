//! The configuration: one typed struct per section; load → validate → freeze. Checked as a whole before a port is bound.

mod accounts;
mod addresses;
mod agents;
mod check;
mod claims;
mod crm;
mod demo;
mod desk;
mod http;
mod limits;
mod lines;
mod privacy;
mod registrar;
mod remote;
mod routes;
mod rtp;
mod secret;
mod sip;
mod speech;
mod store;
mod trunks;
mod webhooks;

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

pub use accounts::{AccountsConfig, OpenIdConfig};
pub use addresses::{Addresses, Family};
pub use agents::{AgentConfig, BROWSER, MayCallConfig, REGISTERED, Transfer};
pub use claims::ClaimsConfig;
pub use crm::CrmConfig;
pub use demo::DemoConfig;
pub use desk::{DeskConfig, OverflowConfig, ServiceLevelConfig, Strategy};
pub use http::{HttpConfig, IceServerConfig};
pub use limits::LimitsConfig;
pub use lines::{Account, Health, Phone, Registration};
pub use privacy::{PrivacyConfig, RetentionConfig};
pub use registrar::{DigestName, RegistrarConfig};
pub use remote::{ChatConfig, ChatMay, RemoteConfig, SoundFormat, StreamingConfig, TranscriptionConfig, VoiceConfig};
pub use routes::{HoursConfig, RouteConfig, TrunkNames};
pub use rtp::{JitterLimits, PortRange, RtpConfig};
pub use secret::Secret;
pub use sip::{CertificateFiles, SipConfig};
pub use speech::SpeechConfig;
pub use store::StoreConfig;
pub use trunks::{
    AuthConfig, CodecName, DtmfConfig, HeadersConfig, Host, IdentityConfig, NumbersConfig, Peer, RegistrationConfig, RuleConfig, Srtp,
    Stir, Transport, TrunkConfig,
};
pub use webhooks::WebhookConfig;

use check::Outside;

use crate::{
    call::flow::Flow,
    trunk::{Route, Trunk, TrunkTable},
    yaml::{self, Mistake},
};

/// The configuration file, key by key. Every section may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// Signalling.
    pub sip: SipConfig,
    /// Lines to telephone networks, by name.
    pub trunks: BTreeMap<String, TrunkConfig>,
    /// Telephones that register with us.
    pub registrar: RegistrarConfig,
    /// Sound.
    pub rtp: RtpConfig,
    /// Bounds.
    pub limits: LimitsConfig,
    /// Hearing, understanding and speaking.
    pub speech: SpeechConfig,
    /// What is kept.
    pub store: StoreConfig,
    /// What nobody may read or hear later.
    pub privacy: PrivacyConfig,
    /// Pages and API.
    pub http: HttpConfig,
    /// People who sign in.
    pub accounts: AccountsConfig,
    /// Codes with which calls are found.
    pub claims: ClaimsConfig,
    /// Queues and the work of agents.
    pub desk: DeskConfig,
    /// Which flow takes which call; the first that fits.
    pub routes: Vec<RouteConfig>,
    /// Who can be called to help, by id.
    pub agents: BTreeMap<String, AgentConfig>,
    /// Base addresses of services that flows ask.
    pub services: BTreeMap<String, String>,
    /// Who knows more of the number that calls.
    pub crm: Option<CrmConfig>,
    /// Who is told what happens to calls, by name.
    pub webhooks: BTreeMap<String, WebhookConfig>,
    /// The demonstration.
    pub demo: DemoConfig,
}

/// The configuration of a gateway: checked, with its flows, frozen.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the file says, with paths that count from the working directory.
    pub file: ConfigFile,
    trunks: Vec<Trunk>,
    routes: Vec<(Route, Vec<Arc<Flow>>)>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// The file, or a flow that it names, is wrong.
    #[error("{}", listed(.0))]
    Mistakes(Vec<Mistake>),
}

fn listed(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .map(|mistake| mistake.hint.as_ref().map_or_else(|| mistake.to_string(), |hint| format!("{mistake}; {hint}")))
        .collect::<Vec<_>>()
        .join("\n")
}

impl Config {
    /// Reads and checks a file and the flows that it names. Relative paths in it count from its folder.
    ///
    /// # Errors
    /// What cannot be read, or everything that is wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| ConfigError::File(path.to_owned(), error))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::parse(&text, &path.display().to_string(), folder, &|flow| fs::read_to_string(flow)).map_err(ConfigError::Mistakes)
    }

    /// Checks a text. `open` reads a flow file, and a password's.
    ///
    /// # Errors
    /// Everything that is wrong with it and with its flows.
    pub fn parse(text: &str, name: &str, folder: &Path, open: &dyn Fn(&Path) -> io::Result<String>) -> Result<Self, Vec<Mistake>> {
        Self::parse_with(text, name, folder, open, &|variable| env::var(variable).ok())
    }

    /// Checks a text in an environment of one's own. `variable` reads an environment variable.
    ///
    /// # Errors
    /// Everything that is wrong with it and with its flows.
    pub fn parse_with(
        text: &str,
        name: &str,
        folder: &Path,
        open: &dyn Fn(&Path) -> io::Result<String>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Mistake>> {
        let read = yaml::read::<ConfigFile>(text, name).map_err(|mistake| vec![*mistake])?;
        let mut checker = check::Checker::new(&read);
        let Some(mut file) = read.value.clone() else { return Err(read.mistakes) };
        checker.sections(&file);
        checker.authorities_of_tls(&file.sip, Outside { folder, open, variable });
        let trunks = checker.trunks(&file);
        let languages = checker.languages(&file.speech, folder);
        let routes = checker.routes(&file, folder, open, &languages);
        checker.people(&file, &routes);
        checker.crm(&mut file, routes.iter().flat_map(|(_, flows)| flows).map(Arc::as_ref), Outside { folder, open, variable });
        checker.webhooks(&mut file, Outside { folder, open, variable });
        checker.passwords(&mut file, Outside { folder, open, variable });
        checker.finish()?;
        file.sip.under(folder);
        file.speech.under(folder);
        file.store.under(folder);
        file.http.under(folder);
        Ok(Self { file, trunks, routes })
    }

    /// The trunks and routes, with no call on them.
    #[must_use]
    pub fn trunk_table(&self) -> TrunkTable {
        let routes = self.routes.iter().map(|(route, _)| route.clone()).collect();
        TrunkTable::new(self.trunks.clone(), self.file.sip.allowed.clone(), routes)
    }

    /// A trunk as it was checked.
    #[must_use]
    pub fn trunk(&self, name: &str) -> Option<&Trunk> {
        self.trunks.iter().find(|trunk| trunk.name == name)
    }

    /// All flows, in the order of the routes; those of other languages follow the route's own.
    pub fn flows(&self) -> impl Iterator<Item = &Arc<Flow>> {
        self.routes.iter().flat_map(|(_, flows)| flows)
    }
}

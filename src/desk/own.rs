//! What agents say of themselves: whether they are there, why not, and where they are rung.

use crate::{
    call::event::{Agent, TransferBy},
    desk::Profile,
};

/// How targets begin that are an agent's own page.
pub(super) const PAGE: &str = "browser:";

/// An agent's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// They are there.
    pub available: bool,
    /// Why they are not.
    pub reason: Option<String>,
    /// Where they are rung from now on; none: as before.
    pub phone: Option<RingAt>,
}

/// Where an agent is rung.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RingAt {
    /// Where the configuration says.
    #[default]
    Configured,
    /// On their page.
    Page,
}

impl RingAt {
    /// What the brain is told of an agent who is rung there. A page takes calls through us only, and its card needs no claim code.
    pub(super) fn agent(self, profile: &Profile) -> Agent {
        let agent = profile.agent();
        match self {
            Self::Page if !profile.target.starts_with(PAGE) => {
                Agent { target: format!("{PAGE}{}", agent.id.0), transfer: TransferBy::Bridge, spoken_claim: false, ..agent }
            }
            Self::Page | Self::Configured => agent,
        }
    }
}

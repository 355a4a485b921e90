//! What became of a caller's signature (STIR, RFC 8224), and what a trunk makes of it.

/// The result of the check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signed {
    /// Nothing was checked: no signature, or no certificates are configured.
    #[default]
    No,
    /// It is good; how much the caller's provider vouches for: `A`, `B` or `C`.
    Good(char),
    /// It is wrong, or cannot be checked: the status that refuses the call (RFC 8224 §6.2.2).
    Bad(u16),
}

/// What a trunk wants of signatures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SignedPolicy {
    /// Nothing.
    #[default]
    Ignore,
    /// The result is shown.
    Show,
    /// Calls without a good one are refused.
    Require,
}

impl SignedPolicy {
    /// What is shown of it: `A`, `B`, `C`, `failed`; nothing where nobody asks or nothing was signed.
    pub(super) fn shown(self, signed: Signed) -> Option<String> {
        match (self, signed) {
            (Self::Ignore, _) | (_, Signed::No) => None,
            (Self::Show | Self::Require, Signed::Good(level)) => Some(level.to_string()),
            (Self::Show | Self::Require, Signed::Bad(_)) => Some("failed".to_owned()),
        }
    }

    /// The status that refuses the call, if it is to be refused: 428 asks for a signature.
    pub(super) const fn refusal(self, signed: Signed) -> Option<u16> {
        match (self, signed) {
            (Self::Ignore | Self::Show, _) | (Self::Require, Signed::Good(_)) => None,
            (Self::Require, Signed::No) => Some(428),
            (Self::Require, Signed::Bad(status)) => Some(status),
        }
    }
}

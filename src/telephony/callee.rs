//! Whom a call is placed to, as agents' targets say it.

/// How an agent's phone is called that is a page.
const PAGE: &str = "browser:";
/// How an agent's telephone is called that has registered with us.
const REGISTERED: &str = "registered:";
/// How somebody is called over a trunk.
const OVER: &str = "via:";

/// Whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callee<'t> {
    /// An agent's page.
    Page(&'t str),
    /// All telephones of a user that have registered with us.
    Registered(&'t str),
    /// A number or user over a trunk.
    Over {
        /// The trunk.
        trunk: &'t str,
        /// As the trunk writes it.
        user: &'t str,
    },
    /// A SIP address.
    At(&'t str),
}

impl<'t> Callee<'t> {
    pub(super) fn of(target: &'t str) -> Self {
        if let Some(agent) = target.strip_prefix(PAGE) {
            return Self::Page(agent);
        }
        if let Some(user) = target.strip_prefix(REGISTERED) {
            return Self::Registered(user);
        }
        match target.strip_prefix(OVER).and_then(|rest| rest.split_once('/')) {
            Some((trunk, user)) => Self::Over { trunk, user },
            None => Self::At(target),
        }
    }
}

/// The target of an agent's page.
#[must_use]
pub fn page(agent: &str) -> String {
    format!("{PAGE}{agent}")
}

/// The target of all telephones that registered as a user.
#[must_use]
pub fn registered(user: &str) -> String {
    format!("{REGISTERED}{user}")
}

/// The target of a number or user, as the trunk writes it, over that trunk.
#[must_use]
pub fn over(trunk: &str, user: &str) -> String {
    format!("{OVER}{trunk}/{user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_they_are_written() {
        assert_eq!(Callee::of(&page("maria")), Callee::Page("maria"));
        assert_eq!(Callee::of(&registered("maria")), Callee::Registered("maria"));
        assert_eq!(Callee::of(&over("isp", "+40/1")), Callee::Over { trunk: "isp", user: "+40/1" });
        assert_eq!(Callee::of("sip:a@b"), Callee::At("sip:a@b"));
    }
}

//! Which route a call takes: the first that fits.

use super::{
    ANY,
    hours::Window,
    pattern::{covers, matches},
};

/// What `caller` of a route calls a withheld number.
const WITHHELD: &str = "anonymous";

/// The conditions of one route.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Names of trunks; empty: every one.
    pub trunks: Vec<String>,
    /// A pattern for the number or SIP user that is called.
    pub called: String,
    /// A pattern for the caller's; none: everybody.
    pub caller: Option<String>,
    /// When it is open; none: always.
    pub hours: Option<Window>,
}

impl Route {
    /// Does it take a call at a moment (milliseconds since 1970-01-01 UTC)? An empty caller is withheld.
    #[must_use]
    pub fn takes(&self, trunk: &str, called: &str, caller: &str, unix_ms: i64) -> bool {
        let caller = if caller.is_empty() { WITHHELD } else { caller };
        (self.trunks.is_empty() || self.trunks.iter().any(|name| name == trunk))
            && matches(&self.called, called)
            && self.caller.as_ref().is_none_or(|pattern| matches(pattern, caller))
            && self.hours.as_ref().is_none_or(|hours| hours.contains(unix_ms))
    }

    /// Does it take every call that `later` could take? Then nothing is left for that one.
    #[must_use]
    pub fn leaves_nothing_for(&self, later: &Self) -> bool {
        let trunks = self.trunks.is_empty() || !later.trunks.is_empty() && later.trunks.iter().all(|name| self.trunks.contains(name));
        let callers = match (&self.caller, &later.caller) {
            (None, _) => true,
            (Some(wide), Some(narrow)) => covers(wide, narrow),
            (Some(wide), None) => wide == "*",
        };
        self.hours.is_none() && trunks && covers(&self.called, &later.called) && callers
    }

    /// May a trunk have this name?
    #[must_use]
    pub fn is_trunk_name(name: &str) -> bool {
        let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        word && (1..=64).contains(&name.len()) && name != ANY
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn route(trunks: &[&str], called: &str, caller: Option<&str>) -> Route {
        let trunks = trunks.iter().map(|name| (*name).to_owned()).collect();
        Route { trunks, called: called.to_owned(), caller: caller.map(str::to_owned), hours: None }
    }

    #[test]
    fn every_condition_counts() {
        let route = route(&["one", "two"], "+4021*", Some("+40*"));
        assert!(route.takes("two", "+40213", "+407", 0));
        assert!(
            !route.takes("three", "+40213", "+407", 0) && !route.takes("one", "+40", "+407", 0) && !route.takes("one", "+4021", "1", 0)
        );
        let night = Route { hours: Some(Window::new([true; 7], 60, 120, TimeZone::UTC).unwrap()), called: "*".into(), ..Route::default() };
        assert!(!night.takes(ANY, "1", "", 0) && night.takes(ANY, "1", "", 3_600_000));
    }

    #[test]
    fn withheld_callers_have_a_name() {
        let withheld = route(&[], "*", Some("anonymous"));
        assert!(withheld.takes(ANY, "1", "", 0) && !withheld.takes(ANY, "1", "+40", 0));
    }

    #[test]
    fn a_route_behind_a_wider_one_takes_nothing() {
        let all = route(&[], "*", None);
        assert!(all.leaves_nothing_for(&route(&["one"], "1*", Some("2"))));
        assert!(!route(&["one"], "*", None).leaves_nothing_for(&all));
        assert!(route(&["one", "two"], "*", None).leaves_nothing_for(&route(&["two"], "1", None)));
        assert!(!route(&[], "*", Some("+40*")).leaves_nothing_for(&all));
        let sometimes = Route { hours: Some(Window::new([true; 7], 60, 120, TimeZone::UTC).unwrap()), ..all.clone() };
        assert!(!sometimes.leaves_nothing_for(&all) && all.leaves_nothing_for(&sometimes));
    }
}

//! All trunks and routes of a gateway.

use std::{net::IpAddr, time::Instant};

use super::{
    ANY,
    admission::{Busy, Meter, Permit},
    header::HeaderTemplate,
    network::Network,
    numbers::Rewriter,
    routes::Route,
    signed::SignedPolicy,
};

/// A line to a telephone network.
#[derive(Debug, Clone, Default)]
pub struct Trunk {
    /// Its name in the configuration.
    pub name: String,
    /// Where its calls come from.
    pub networks: Vec<Network>,
    /// What it says of callers (P-Asserted-Identity, Remote-Party-ID, Diversion) is believed.
    pub trusted: bool,
    /// What it wants of signed callers.
    pub signed: SignedPolicy,
    /// Rules for the numbers of calls that come in.
    pub inbound: Rewriter,
    /// Rules for the numbers of calls that we place.
    pub outbound: Rewriter,
    /// New calls a second; none: no bound of its own.
    pub calls_per_second: Option<u32>,
    /// Calls at once; none: no bound of its own.
    pub calls: Option<usize>,
    /// Headers that we add to calls which we place.
    pub headers: Vec<(String, HeaderTemplate)>,
}

impl Trunk {
    /// The trunk of calls that come in on none: nobody is believed, nothing is rewritten.
    #[must_use]
    pub fn any() -> Self {
        Self { name: ANY.to_owned(), ..Self::default() }
    }

    /// How many bits of an address its most specific network shares.
    fn nearest(&self, source: IpAddr) -> Option<u8> {
        self.networks.iter().filter(|network| network.contains(source)).map(|network| network.bits).max()
    }
}

/// All trunks and routes, with what is up on them.
#[derive(Debug)]
pub struct TrunkTable {
    trunks: Vec<(Trunk, Meter)>,
    any: (Trunk, Meter),
    /// Who may call without a trunk, once there are trunks.
    welcome: Vec<Network>,
    routes: Vec<Route>,
}

impl TrunkTable {
    /// A table of trunks and routes. `welcome` may call without a trunk; without any trunk, everybody may.
    #[must_use]
    pub fn new(trunks: Vec<Trunk>, welcome: Vec<Network>, routes: Vec<Route>) -> Self {
        let meter = |trunk: Trunk| {
            let meter = Meter::new(trunk.calls_per_second, trunk.calls);
            (trunk, meter)
        };
        Self { trunks: trunks.into_iter().map(meter).collect(), any: meter(Trunk::any()), welcome, routes }
    }

    /// The trunk of an address: the one with the most specific network. None: a stranger.
    #[must_use]
    pub fn identify(&self, source: IpAddr) -> Option<&Trunk> {
        self.find(source).map(|(trunk, _)| trunk)
    }

    /// Takes a place for a call on a trunk, or says why it is one too many. A trunk that is not in the table has no bound.
    ///
    /// # Errors
    /// One call too many.
    pub fn admit(&self, trunk: &str, now: Instant) -> Result<Permit, Busy> {
        self.named(trunk).1.admit(now)
    }

    /// The index of the first route that takes a call at a moment (milliseconds since 1970-01-01 UTC).
    #[must_use]
    pub fn route(&self, trunk: &str, called: &str, caller: &str, unix_ms: i64) -> Option<usize> {
        self.routes.iter().position(|route| route.takes(trunk, called, caller, unix_ms))
    }

    /// A trunk by its name.
    #[must_use]
    pub fn trunk(&self, name: &str) -> Option<&Trunk> {
        self.trunks.iter().map(|(trunk, _)| trunk).find(|trunk| trunk.name == name)
    }

    /// Trunks with the calls that are up on them; those on no trunk come last.
    pub fn in_use(&self) -> impl Iterator<Item = (&str, usize)> {
        self.trunks.iter().chain([&self.any]).map(|(trunk, meter)| (trunk.name.as_str(), meter.calls()))
    }

    /// The trunk of calls that come in on none.
    pub(super) const fn without(&self) -> &Trunk {
        &self.any.0
    }

    fn find(&self, source: IpAddr) -> Option<&(Trunk, Meter)> {
        let near = self.trunks.iter().filter_map(|entry| Some((entry.0.nearest(source)?, entry)));
        let nearest = near.max_by_key(|(bits, _)| *bits).map(|(_, entry)| entry);
        let welcome = self.trunks.is_empty() || self.welcome.iter().any(|network| network.contains(source));
        nearest.or_else(|| welcome.then_some(&self.any))
    }

    fn named(&self, name: &str) -> &(Trunk, Meter) {
        self.trunks.iter().find(|(trunk, _)| trunk.name == name).unwrap_or(&self.any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        serde_json::from_value(text.into()).unwrap()
    }

    fn trunk(name: &str, networks: &[&str]) -> Trunk {
        Trunk { name: name.to_owned(), networks: networks.iter().map(|text| network(text)).collect(), ..Trunk::default() }
    }

    fn name<'t>(table: &'t TrunkTable, source: &str) -> Option<&'t str> {
        table.identify(source.parse().unwrap()).map(|trunk| trunk.name.as_str())
    }

    #[test]
    fn the_most_specific_network_says_whose_call_it_is() {
        let trunks = vec![trunk("wide", &["192.0.2.0/24"]), trunk("narrow", &["192.0.2.8/30", "2001:db8::/32"]), trunk("out", &[])];
        let table = TrunkTable::new(trunks, vec![network("127.0.0.1")], Vec::new());
        assert_eq!(name(&table, "192.0.2.1"), Some("wide"));
        assert_eq!(name(&table, "192.0.2.9"), Some("narrow"));
        assert_eq!(name(&table, "::ffff:192.0.2.9"), Some("narrow"));
        assert_eq!(name(&table, "2001:db8::5"), Some("narrow"));
        assert_eq!(name(&table, "127.0.0.1"), Some(ANY));
        assert_eq!(name(&table, "203.0.113.1"), None);
    }

    #[test]
    fn without_trunks_everybody_may_call() {
        let table = TrunkTable::new(Vec::new(), Vec::new(), Vec::new());
        assert_eq!(name(&table, "203.0.113.1"), Some(ANY));
    }

    #[test]
    fn calls_are_counted_by_trunk() {
        let table = TrunkTable::new(vec![Trunk { calls: Some(1), ..trunk("one", &[]) }], Vec::new(), Vec::new());
        #[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
        let now = Instant::now();
        let (one, any) = (table.admit("one", now).unwrap(), table.admit(ANY, now).unwrap());
        assert_eq!(table.admit("one", now).unwrap_err(), Busy::TooMany);
        assert_eq!(table.in_use().collect::<Vec<_>>(), [("one", 1), (ANY, 1)]);
        drop((one, any));
        assert_eq!(table.in_use().collect::<Vec<_>>(), [("one", 0), (ANY, 0)]);
    }
}

//! What becomes of a call that arrives: whose it is, whether it may come, who calls, and which route it takes.

use std::{net::IpAddr, time::Instant};

use super::{
    ANY,
    admission::{Busy, Permit},
    identity::{Claims, caller_identity},
    numbers::plain_number,
    signed::Signed,
    table::TrunkTable,
};
use crate::call::caller::Caller;

/// A call that arrives.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The address that its packets come from; none: one of our own pages, which is on no trunk.
    pub source: Option<IpAddr>,
    /// The user part of the Request-URI.
    pub called: &'a str,
    /// What it says of its caller.
    pub claims: &'a Claims,
    /// What became of its signature.
    pub signed: Signed,
}

/// A call that may come.
#[derive(Debug)]
pub struct Arrived {
    /// Who calls whom, in our own numbers.
    pub caller: Caller,
    /// The index of its route.
    pub route: usize,
    /// Its place on the trunk, for as long as it lasts.
    pub permit: Permit,
}

/// Why a call is refused. Strangers learn nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It comes from no trunk, and from nobody who may call without one.
    #[error("it comes from no trunk")]
    Stranger,
    /// The trunk brings more than it may.
    #[error("its trunk brings {0}")]
    Busy(#[from] Busy),
    /// Its trunk wants a good signature.
    #[error("its caller is not well signed")]
    Unsigned(u16),
    /// No route takes it.
    #[error("no route takes it")]
    NoRoute,
}

impl Refusal {
    /// The SIP status: 403, 503 (with Retry-After, which the user agent adds) or 404.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Stranger => 403,
            Self::Busy(_) => 503,
            Self::Unsigned(status) => status,
            Self::NoRoute => 404,
        }
    }

    /// The word for metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Busy(Busy::TooFast) => "too_fast",
            Self::Busy(Busy::TooMany) => "too_many",
            Self::Unsigned(_) => "unsigned",
            Self::NoRoute => "no_route",
        }
    }
}

impl TrunkTable {
    /// Decides on a call. `unix_ms` is the civil time, milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn arrive(&self, call: Call<'_>, now: Instant, unix_ms: i64) -> Result<Arrived, Refusal> {
        let trunk = call.source.map_or(Some(self.without()), |source| self.identify(source)).ok_or(Refusal::Stranger)?;
        if let Some(status) = trunk.signed.refusal(call.signed) {
            return Err(Refusal::Unsigned(status));
        }
        let permit = self.admit(&trunk.name, now)?;
        let identity = caller_identity(call.claims, trunk);
        let caller = Caller {
            number: identity.number.unwrap_or_default(),
            name: identity.display,
            called: trunk.inbound.rewrite(&plain_number(call.called)),
            asserted: identity.asserted,
            diverted_from: identity.diverted_from,
            signed: trunk.signed.shown(call.signed),
            trunk: Some(trunk.name.clone()).filter(|name| name != ANY),
            ..Caller::default()
        };
        let route = self.route(&trunk.name, &caller.called, &caller.number, unix_ms).ok_or(Refusal::NoRoute)?;
        Ok(Arrived { caller, route, permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trunk::{Network, Party, Rewriter, Route, Rule, SignedPolicy, Trunk};

    fn table() -> TrunkTable {
        let inbound = || Rewriter::new(vec![Rule::pattern("0*", "+40*").unwrap()]);
        let at = |address: &str| vec![Network::from(address.parse::<IpAddr>().unwrap())];
        let trunks = vec![
            Trunk { name: "isp".into(), networks: at("192.0.2.1"), trusted: true, inbound: inbound(), calls: Some(1), ..Trunk::default() },
            Trunk { name: "pbx".into(), networks: at("192.0.2.2"), inbound: inbound(), ..Trunk::default() },
        ];
        let route = |trunk: &str, called: &str| Route { trunks: vec![trunk.into()], called: called.into(), ..Route::default() };
        TrunkTable::new(trunks, at("127.0.0.1"), vec![route("isp", "+4021*"), route("pbx", "*")])
    }

    fn arrive(table: &TrunkTable, source: &str, called: &str) -> Result<Arrived, Refusal> {
        let party = |user: &str| Party { user: user.into(), ..Party::default() };
        let claims = Claims { from: party("0721"), asserted: vec![party("0722")], ..Claims::default() };
        #[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
        let now = Instant::now();
        table.arrive(Call { source: source.parse().ok(), called, claims: &claims, signed: Signed::No }, now, 0)
    }

    #[test]
    fn a_call_gets_its_trunk_its_numbers_and_its_route() {
        let table = table();
        let isp = arrive(&table, "192.0.2.1", "0213").unwrap();
        let Caller { number, called, asserted, trunk, .. } = &isp.caller;
        assert_eq!((number.as_str(), called.as_str(), *asserted, trunk.as_deref()), ("+40722", "+40213", true, Some("isp")));
        let pbx = arrive(&table, "192.0.2.2", "support").unwrap();
        assert_eq!((pbx.caller.number.as_str(), pbx.caller.asserted, pbx.route), ("+40721", false, 1));
    }

    #[test]
    fn a_trunk_that_wants_signatures_gets_them() {
        let isp = |signed| Trunk {
            signed,
            networks: vec![Network::from("192.0.2.1".parse::<IpAddr>().unwrap())],
            name: "isp".into(),
            ..Trunk::default()
        };
        let route = || vec![Route { called: "*".into(), ..Route::default() }];
        let arrive = |policy, signed| {
            let table = TrunkTable::new(vec![isp(policy)], Vec::new(), route());
            #[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
            let now = Instant::now();
            let call = Call { source: "192.0.2.1".parse().ok(), called: "1", claims: &Claims::default(), signed };
            table.arrive(call, now, 0).map(|arrived| arrived.caller.signed).map_err(Refusal::status)
        };
        assert_eq!(arrive(SignedPolicy::Require, Signed::No), Err(428));
        assert_eq!(arrive(SignedPolicy::Require, Signed::Bad(438)), Err(438));
        assert_eq!(arrive(SignedPolicy::Require, Signed::Good('A')), Ok(Some("A".to_owned())));
        assert_eq!(arrive(SignedPolicy::Show, Signed::Bad(438)), Ok(Some("failed".to_owned())));
        assert_eq!(arrive(SignedPolicy::Ignore, Signed::Good('A')), Ok(None));
    }

    #[test]
    fn a_call_that_may_not_come() {
        let table = table();
        let refused = |source: &str, called: &str| arrive(&table, source, called).unwrap_err().status();
        assert_eq!(refused("203.0.113.1", "0213"), 403);
        assert_eq!(refused("127.0.0.1", "0213"), 404);
        assert_eq!(refused("a page", "0213"), 404, "a page is on no trunk, and no route is for it");
        assert_eq!(refused("192.0.2.1", "0300"), 404);
        let up = arrive(&table, "192.0.2.1", "0213").unwrap();
        assert_eq!(arrive(&table, "192.0.2.1", "0213").unwrap_err(), Refusal::Busy(Busy::TooMany));
        drop(up);
        assert!(arrive(&table, "192.0.2.1", "0213").is_ok(), "a call that is over, or had no route, has given its place back");
    }
}

//! To whom agents may hand callers on: queues, other agents, and the numbers that each may call.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    call::{event::TransferTo, ids::AgentId},
    trunk::{TrunkTable, matches, plain_number},
};

use super::callee;

/// Everybody whom the configuration knows.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// Queues of the flows.
    pub queues: BTreeSet<String>,
    /// Agents, by id.
    pub agents: BTreeMap<String, Person>,
}

/// What is known of an agent here.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The name that callers hear.
    pub name: String,
    /// The user of their own telephone, if they are rung at an address.
    pub user: Option<String>,
    /// Numbers that they may hand callers on to, with `*` for anything, and the trunk that leads there.
    pub numbers: Option<(Vec<String>, String)>,
}

impl People {
    /// Whom an agent means by the user of an address; none: nobody whom they may call.
    #[must_use]
    pub fn meant(&self, by: &str, user: &str, replaces: Option<String>, trunks: &TrunkTable) -> Option<TransferTo> {
        let user = plain_number(user);
        if self.queues.contains(&user) && replaces.is_none() {
            return Some(TransferTo::Queue { queue: user });
        }
        let agent = self.agents.get_key_value(&user).or_else(|| self.agents.iter().find(|(_, person)| person.user.as_ref() == Some(&user)));
        if let Some((agent, _)) = agent {
            return (agent != by).then(|| TransferTo::Agent { agent: AgentId(agent.clone()), replaces });
        }
        let (numbers, trunk) = self.agents.get(by)?.numbers.as_ref()?;
        let target = callee::over(trunk, &trunks.trunk(trunk)?.outbound.rewrite(&user));
        numbers.iter().any(|pattern| matches(pattern, &user)).then_some(TransferTo::Number { number: user, target, replaces })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trunk::Trunk;

    #[test]
    fn agents_reach_whom_the_configuration_knows_and_nobody_else() {
        let person = |user: &str| Person { user: Some(user.to_owned()), ..Person::default() };
        let may_call = Person { numbers: Some((vec!["+4021*".to_owned()], "isp".to_owned())), ..person("m") };
        let agents = BTreeMap::from([("maria".to_owned(), may_call), ("dan".to_owned(), person("d"))]);
        let people = People { queues: BTreeSet::from(["orders".to_owned()]), agents };
        let trunks = TrunkTable::new(vec![Trunk { name: "isp".to_owned(), ..Trunk::default() }], Vec::new(), Vec::new());
        let meant = |by: &str, user: &str| people.meant(by, user, None, &trunks).map(|to| to.name().to_owned());
        assert_eq!(meant("maria", "orders").as_deref(), Some("orders"));
        assert_eq!((meant("maria", "dan").as_deref(), meant("maria", "d").as_deref()), (Some("dan"), Some("dan")));
        assert_eq!(meant("maria", "%2B40213000000").as_deref(), Some("+40213000000"));
        let replaces = Some("x".to_owned());
        assert!(matches!(people.meant("maria", "d", replaces, &trunks), Some(TransferTo::Agent { replaces: Some(_), .. })));
        for (by, user) in [("maria", "maria"), ("maria", "+1900555"), ("dan", "+40213000000"), ("dan", "nobody"), ("a stranger", "+4021")] {
            assert_eq!(meant(by, user), None, "{by} {user}");
        }
    }
}

//! What the claims of a token mean here.

use serde_json::{Map, Value};

use super::{OpenIdError, Options};
use crate::{accounts::Role, call::ids::AgentId};

/// Somebody whom the provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Issuer and subject: the same person for ever, whatever they are called.
    pub openid: String,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The agent that they work as.
    pub agent: Option<AgentId>,
}

impl Person {
    pub(super) fn of(claims: &Map<String, Value>, options: &Options) -> Result<Self, OpenIdError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let subject = text("sub").ok_or_else(|| OpenIdError::Token("nobody in it".to_owned()))?;
        let words: Vec<&str> = match claims.get(&options.role_claim) {
            Some(Value::String(word)) => vec![word],
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let role = words.iter().filter_map(|word| options.roles.get(*word)).max().copied().ok_or(OpenIdError::NoRole)?;
        Ok(Self {
            openid: format!("{} {subject}", options.issuer),
            name: text(&options.name_claim).unwrap_or(subject).chars().take(64).collect(),
            role,
            agent: options.agent_claim.as_deref().and_then(text).map(|agent| AgentId(agent.to_owned())),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_several_words_the_one_that_may_most_counts_and_without_any_nobody_comes_in() {
        let options = Options {
            issuer: "https://login".to_owned(),
            client_id: String::new(),
            secret: None,
            label: String::new(),
            redirect: String::new(),
            name_claim: "preferred_username".to_owned(),
            role_claim: "groups".to_owned(),
            roles: [("desk".to_owned(), Role::Agent), ("leads".to_owned(), Role::Supervisor)].into(),
            agent_claim: Some("desk".to_owned()),
        };
        let person = |claims: Value| Person::of(claims.as_object().unwrap(), &options);
        let eva = person(json!({"sub": "7", "preferred_username": "eva", "groups": ["staff", "desk", "leads"], "desk": "maria"})).unwrap();
        assert_eq!((eva.openid.as_str(), eva.name.as_str(), eva.role), ("https://login 7", "eva", Role::Supervisor));
        assert_eq!(eva.agent, Some(AgentId("maria".to_owned())));
        assert_eq!(person(json!({"sub": "7", "groups": "desk"})).unwrap().name, "7");
        for claims in [json!({"sub": "7"}), json!({"sub": "7", "groups": ["staff"]}), json!({"sub": "7", "groups": {"desk": true}})] {
            assert!(matches!(person(claims), Err(OpenIdError::NoRole)));
        }
        assert!(person(json!({"groups": "desk"})).is_err());
    }
}

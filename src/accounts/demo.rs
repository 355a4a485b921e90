//! The accounts of the demonstration, which its sign-in page names with their password. They are in the record as all others are, made anew at each start; a
//! gateway that is no demonstration removes them, with all that opens them, before anybody can sign in.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Account, AccountError, Accounts, NewAccount, Role};
use crate::call::ids::AgentId;

/// Their ids begin so; all others are hexadecimal.
const MARK: &str = "demo-";

/// What a demonstration has.
#[derive(Debug, Clone)]
pub struct DemoAccounts {
    /// The password of all of them.
    pub password: String,
    /// Whom the agent's account works as, and is called.
    pub agent: Option<AgentId>,
}

/// What whoever opens its pages is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Demonstration {
    password: String,
    accounts: Vec<DemoAccount>,
}

/// One account that everybody may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DemoAccount {
    name: String,
    role: Role,
}

impl Accounts {
    /// The accounts that everybody may use, where this is a demonstration. One whose password was changed, or that is locked, is not among them.
    #[must_use]
    pub fn demonstration(&self) -> Option<Demonstration> {
        let demo = self.inner.options.demo.as_ref()?;
        let hash = self.inner.demo_hash.get();
        let book = self.book();
        let open = |account: &&Account| is_demo(&account.id) && !account.locked && account.password.as_ref() == hash;
        let mut accounts: Vec<DemoAccount> =
            book.accounts().filter(open).map(|account| DemoAccount { name: account.name.clone(), role: account.role }).collect();
        accounts.sort_by_key(|account| account.role);
        Some(Demonstration { password: demo.password.clone(), accounts })
    }

    /// Takes those of an earlier demonstration out of the record.
    pub(super) async fn remove_demo(&self) -> Result<(), AccountError> {
        let (accounts, _) = self.inner.store.accounts().await?;
        for account in accounts.iter().filter(|account| is_demo(&account.id)) {
            self.inner.store.remove_account(&account.id).await?;
        }
        Ok(())
    }

    /// Makes them, where this is a demonstration. Whoever has a name already keeps it.
    pub(super) async fn make_demo(&self) -> Result<(), AccountError> {
        let Some(demo) = &self.inner.options.demo else { return Ok(()) };
        let hash = self.inner.demo_hash.get_or_init(|| self.hash(&demo.password)).await;
        let agent = demo.agent.as_ref().map(|agent| (agent.0.as_str(), Role::Agent, Some(agent.clone())));
        let others = [Role::Supervisor, Role::Operator, Role::Administrator].map(|role| (role.word(), role, None));
        for (name, role, agent) in agent.into_iter().chain(others) {
            if self.book().named(name).is_some() {
                continue;
            }
            let new = NewAccount { name: name.to_owned(), role, agent };
            let account = Account { id: format!("{MARK}{name}"), password: Some(hash.clone()), ..self.fresh(new, None)? };
            self.write(&account).await?;
        }
        Ok(())
    }
}

fn is_demo(id: &str) -> bool {
    id.starts_with(MARK)
}

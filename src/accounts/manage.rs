//! What administrators do with accounts, and what everybody does with their tokens.

use std::time::Duration;

use super::{Account, AccountError, Accounts, Did, Identity, Key, KeyHash, KeyKind, KeySecret, Permission, Role, millis, now_ms};
use crate::{call::ids::AgentId, web_call::random_hex};

/// Accounts at most.
const ACCOUNTS: usize = 5_000;
/// API tokens of one account at most.
const TOKENS: usize = 20;
/// How long a one-time link may lie about.
const LINK_LIFE: Duration = Duration::from_secs(24 * 3_600);

/// A new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The name to sign in with.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The agent that it works as.
    pub agent: Option<AgentId>,
}

/// What is to change of an account; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Another role.
    pub role: Option<Role>,
    /// Another agent, or none.
    pub agent: Option<Option<AgentId>>,
    /// Locked: nobody gets in.
    pub locked: Option<bool>,
}

impl Accounts {
    /// All accounts by name, each with its number of sessions and tokens.
    #[must_use]
    pub fn list(&self) -> Vec<(Account, usize, usize)> {
        let book = self.book();
        let count = |account: &Account, kind| book.keys_of(&account.id, kind).count();
        let mut all: Vec<_> =
            book.accounts().map(|account| (account.clone(), count(account, KeyKind::Session), count(account, KeyKind::Token))).collect();
        all.sort_by_key(|(account, ..)| account.name.to_lowercase());
        all
    }

    /// Makes an account, and a link with which its password is chosen.
    ///
    /// # Errors
    /// The name is none, or taken; there are too many; the record cannot be written.
    pub async fn create(&self, new: NewAccount, who: Option<&Identity>, source: &str) -> Result<(Account, KeySecret), AccountError> {
        let _changing = self.inner.changes.lock().await;
        let account = self.add(new, None).await?;
        self.did(Did::MadeAccount, who, None, Some(&account.name), source);
        let link = self.new_link(&account).await?;
        Ok((account, link))
    }

    /// A new account in the record and in the book. Whoever calls holds `changes`.
    pub(super) async fn add(&self, new: NewAccount, openid: Option<String>) -> Result<Account, AccountError> {
        let account = self.fresh(new, openid)?;
        self.write(&account).await?;
        Ok(account)
    }

    /// A new account that is nowhere yet.
    pub(super) fn fresh(&self, new: NewAccount, openid: Option<String>) -> Result<Account, AccountError> {
        let name = new.name.trim().to_owned();
        if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(AccountError::BadName);
        }
        {
            let book = self.book();
            if book.named(&name).is_some() {
                return Err(AccountError::NameTaken);
            }
            if book.accounts().count() >= ACCOUNTS {
                return Err(AccountError::TooMany);
            }
        }
        Ok(Account {
            id: random_hex(8),
            name,
            role: new.role,
            agent: new.agent,
            password: None,
            locked: false,
            openid,
            created_ms: now_ms(),
            signed_in_ms: None,
        })
    }

    /// A new one-time link; older ones of the account are gone.
    ///
    /// # Errors
    /// There is no such account, or the record cannot be written.
    pub async fn link(&self, id: &str, who: &Identity, source: &str) -> Result<(Account, KeySecret), AccountError> {
        let _changing = self.inner.changes.lock().await;
        let account = self.book().account(id).cloned().ok_or(AccountError::NotFound)?;
        let link = self.new_link(&account).await?;
        self.did(Did::MadeLink, Some(who), None, Some(&account.name), source);
        Ok((account, link))
    }

    /// Changes an account. Every session, token and link of it ends: they were given to somebody who might do other things.
    ///
    /// # Errors
    /// There is no such account, nobody would administer any more, or the record cannot be written.
    pub async fn change(&self, id: &str, change: Change, who: &Identity, source: &str) -> Result<Account, AccountError> {
        let _changing = self.inner.changes.lock().await;
        let old = self.book().account(id).cloned().ok_or(AccountError::NotFound)?;
        let mut new = old.clone();
        new.role = change.role.unwrap_or(old.role);
        new.agent = change.agent.unwrap_or(old.agent.clone());
        new.locked = change.locked.unwrap_or(old.locked);
        if (new.role != Role::Administrator || new.locked) && self.book().is_last_administrator(id) {
            return Err(AccountError::LastAdministrator);
        }
        if new == old {
            return Ok(old);
        }
        self.write(&new).await?;
        let target = format!("{}: {}{}", new.name, new.role.word(), if new.locked { ", locked" } else { "" });
        self.did(Did::ChangedAccount, Some(who), None, Some(&target), source);
        self.end_where(|key| key.account == id).await?;
        Ok(new)
    }

    /// Removes an account with all that opens it.
    ///
    /// # Errors
    /// There is no such account, nobody would administer any more, or the record cannot be written.
    pub async fn remove(&self, id: &str, who: &Identity, source: &str) -> Result<(), AccountError> {
        let _changing = self.inner.changes.lock().await;
        let account = self.book().account(id).cloned().ok_or(AccountError::NotFound)?;
        if self.book().is_last_administrator(id) {
            return Err(AccountError::LastAdministrator);
        }
        self.inner.store.remove_account(id).await?;
        self.book().remove(id);
        self.did(Did::RemovedAccount, Some(who), None, Some(&account.name), source);
        Ok(())
    }

    /// The tokens of an account, newest first.
    #[must_use]
    pub fn tokens(&self, account: &str) -> Vec<Key> {
        let mut tokens: Vec<Key> = self.book().keys_of(account, KeyKind::Token).cloned().collect();
        tokens.sort_by_key(|key| std::cmp::Reverse(key.created_ms));
        tokens
    }

    /// Makes an API token. Its secret is given back this once.
    ///
    /// # Errors
    /// It would be allowed more than the one who makes it; there are too many; the record cannot be written.
    pub async fn make_token(
        &self,
        who: &Identity,
        label: &str,
        scopes: Vec<Permission>,
        life: Duration,
        source: &str,
    ) -> Result<(Key, KeySecret), AccountError> {
        if scopes.iter().any(|scope| !who.may(*scope)) {
            return Err(AccountError::Beyond);
        }
        let _changing = self.inner.changes.lock().await;
        if self.book().keys_of(&who.account, KeyKind::Token).count() >= TOKENS {
            return Err(AccountError::TooMany);
        }
        let (secret, now_ms) = (KeySecret::token(), now_ms());
        let key = Key {
            hash: KeyHash::of(secret.expose()),
            id: random_hex(8),
            kind: KeyKind::Token,
            account: who.account.clone(),
            label: label.chars().take(64).collect(),
            scopes: Some(scopes),
            created_ms: now_ms,
            expires_ms: now_ms.saturating_add(millis(life)),
            used_ms: now_ms,
        };
        self.inner.store.put_key(&key.row()).await?;
        self.book().add(key.clone());
        self.did(Did::MadeToken, Some(who), None, Some(&key.label), source);
        Ok((key, secret))
    }

    /// Ends a token of one's own, or of anybody for those who look after accounts.
    ///
    /// # Errors
    /// There is no such token, or the record cannot be written.
    pub async fn end_token(&self, who: &Identity, id: &str, source: &str) -> Result<(), AccountError> {
        let any = who.may(Permission::Accounts);
        let found = self.book().keys_where(|key| key.id == id && key.kind == KeyKind::Token && (any || key.account == who.account));
        if found.is_empty() {
            return Err(AccountError::NotFound);
        }
        self.did(Did::EndedToken, Some(who), None, Some(id), source);
        self.end_keys(found).await
    }

    /// A link for an account instead of those that it has. Whoever calls holds `changes`.
    pub(super) async fn new_link(&self, account: &Account) -> Result<KeySecret, AccountError> {
        self.end_where(|key| key.account == account.id && key.kind == KeyKind::Link).await?;
        let (secret, now_ms) = (KeySecret::new(), now_ms());
        let key = Key {
            hash: KeyHash::of(secret.expose()),
            id: random_hex(8),
            kind: KeyKind::Link,
            account: account.id.clone(),
            label: String::new(),
            scopes: None,
            created_ms: now_ms,
            expires_ms: now_ms.saturating_add(millis(LINK_LIFE)),
            used_ms: now_ms,
        };
        self.inner.store.put_key(&key.row()).await?;
        self.book().add(key);
        Ok(secret)
    }
}

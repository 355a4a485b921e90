//! All accounts and all that opens them, in memory: who is asking is looked up at every request, and must not depend on a disk. Pure: the time is a parameter.

use std::collections::HashMap;

use tokio::sync::watch;

use super::{
    role::{Permission, Role},
    secret::KeyHash,
};
use crate::{
    call::ids::AgentId,
    store::{AccountRow, KeyRow},
};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: String,
    /// The name to sign in with.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The agent of the configuration that it works as.
    pub agent: Option<AgentId>,
    /// The password's hash.
    pub password: Option<String>,
    /// Nobody gets in.
    pub locked: bool,
    /// Issuer and subject at an OpenID Connect provider.
    pub openid: Option<String>,
    /// When it was made, milliseconds since 1970.
    pub created_ms: u64,
    /// The last time that somebody signed in.
    pub signed_in_ms: Option<u64>,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A page that is signed in.
    Session,
    /// A program.
    Token,
    /// Choosing a password, once.
    Link,
}

/// Something that opens an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Of the secret.
    pub hash: KeyHash,
    /// A name that is no secret.
    pub id: String,
    /// What it is for.
    pub kind: KeyKind,
    /// Whose it is.
    pub account: String,
    /// What people call it.
    pub label: String,
    /// All that it may be used for; none: all that the role may.
    pub scopes: Option<Vec<Permission>>,
    /// When it was made, milliseconds since 1970.
    pub created_ms: u64,
    /// When it ends.
    pub expires_ms: u64,
    /// When it was last used.
    pub used_ms: u64,
}

/// Who is asking, as long as their key is valid.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// The agent that it works as.
    pub agent: Option<AgentId>,
    /// The key that was shown.
    pub key: KeyHash,
    /// What kind of key.
    pub kind: KeyKind,
    scopes: Option<Vec<Permission>>,
    gone: watch::Receiver<()>,
}

impl Identity {
    /// May they?
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission) && self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&permission))
    }

    /// Everything that they may.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        self.role.permissions().into_iter().filter(|permission| self.may(*permission)).collect()
    }

    /// Waits until the key is valid no more.
    pub async fn gone(mut self) {
        // Nothing is ever sent: the sender goes with the key.
        while self.gone.changed().await.is_ok() {}
    }
}

#[derive(Debug)]
struct Held {
    key: Key,
    /// Its use is not written down yet.
    used: bool,
    gone: watch::Sender<()>,
}

/// The book.
#[derive(Debug)]
pub(super) struct Book {
    accounts: HashMap<String, Account>,
    keys: HashMap<KeyHash, Held>,
    idle_ms: u64,
}

impl Book {
    pub(super) fn new(idle_ms: u64) -> Self {
        Self { accounts: HashMap::new(), keys: HashMap::new(), idle_ms }
    }

    /// Takes over what the record has. What no word of this version says is left out.
    pub(super) fn fill(&mut self, accounts: Vec<AccountRow>, keys: Vec<KeyRow>) {
        accounts.into_iter().filter_map(account_of).for_each(|account| self.put(account));
        keys.into_iter().filter_map(key_of).for_each(|key| self.add(key));
    }

    pub(super) fn put(&mut self, account: Account) {
        self.accounts.insert(account.id.clone(), account);
    }

    pub(super) fn add(&mut self, key: Key) {
        self.keys.insert(key.hash, Held { key, used: false, gone: watch::Sender::new(()) });
    }

    pub(super) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id)
    }

    pub(super) fn named(&self, name: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn with_openid(&self, openid: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.openid.as_deref() == Some(openid))
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    pub(super) fn keys_of<'a>(&'a self, account: &'a str, kind: KeyKind) -> impl Iterator<Item = &'a Key> {
        self.keys.values().map(|held| &held.key).filter(move |key| key.account == account && key.kind == kind)
    }

    /// Would anybody administer the gateway without this account?
    pub(super) fn is_last_administrator(&self, id: &str) -> bool {
        let administers = |account: &Account| account.role == Role::Administrator && !account.locked;
        self.account(id).is_some_and(administers) && self.accounts.values().filter(|account| administers(account)).count() == 1
    }

    /// The one who shows this key, if it is still good; it counts as used now.
    pub(super) fn identify(&mut self, hash: KeyHash, kind: KeyKind, now_ms: u64) -> Option<Identity> {
        let idle_ms = self.idle_ms;
        let held = self.keys.get_mut(&hash).filter(|held| held.key.kind == kind && !is_over(&held.key, now_ms, idle_ms))?;
        let account = self.accounts.get(&held.key.account).filter(|account| !account.locked)?;
        held.key.used_ms = held.key.used_ms.max(now_ms);
        held.used = true;
        Some(Identity {
            account: account.id.clone(),
            name: account.name.clone(),
            role: account.role,
            agent: account.agent.clone(),
            key: hash,
            kind,
            scopes: held.key.scopes.clone(),
            gone: held.gone.subscribe(),
        })
    }

    /// A key that is still good, without using it.
    pub(super) fn key(&self, hash: KeyHash, kind: KeyKind, now_ms: u64) -> Option<&Key> {
        self.keys.get(&hash).map(|held| &held.key).filter(|key| key.kind == kind && !is_over(key, now_ms, self.idle_ms))
    }

    /// The keys that fit.
    pub(super) fn keys_where(&self, fits: impl Fn(&Key) -> bool) -> Vec<KeyHash> {
        self.keys.values().filter(|held| fits(&held.key)).map(|held| held.key.hash).collect()
    }

    /// Keys whose time is over.
    pub(super) fn over(&self, now_ms: u64) -> Vec<KeyHash> {
        self.keys_where(|key| is_over(key, now_ms, self.idle_ms))
    }

    /// From now on they open nothing, and whoever came in with them is told.
    pub(super) fn end(&mut self, keys: &[KeyHash]) {
        for key in keys {
            self.keys.remove(key);
        }
    }

    /// Removes an account and its keys.
    pub(super) fn remove(&mut self, id: &str) {
        self.accounts.remove(id);
        self.keys.retain(|_, held| held.key.account != id);
    }

    /// Keys that are used without a request: by a live stream.
    pub(super) fn touch(&mut self, hash: KeyHash, now_ms: u64) {
        if let Some(held) = self.keys.get_mut(&hash) {
            held.key.used_ms = held.key.used_ms.max(now_ms);
            held.used = true;
        }
    }

    /// Keys that were used since this was asked last.
    pub(super) fn take_used(&mut self) -> Vec<Key> {
        self.keys.values_mut().filter_map(|held| std::mem::take(&mut held.used).then(|| held.key.clone())).collect()
    }
}

/// Sessions also end when nobody uses them.
fn is_over(key: &Key, now_ms: u64, idle_ms: u64) -> bool {
    now_ms >= key.expires_ms || (key.kind == KeyKind::Session && now_ms >= key.used_ms.saturating_add(idle_ms))
}

impl KeyKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Link => "link",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Session, Self::Token, Self::Link].into_iter().find(|kind| kind.word() == word)
    }
}

impl Account {
    pub(super) fn row(&self) -> AccountRow {
        let Self { id, name, role, agent, password, locked, openid, created_ms, signed_in_ms } = self.clone();
        AccountRow {
            id,
            name,
            role: role.word().to_owned(),
            agent: agent.map(|agent| agent.0),
            password,
            locked,
            openid,
            created_ms,
            signed_in_ms,
        }
    }
}

impl Key {
    pub(super) fn row(&self) -> KeyRow {
        let scopes = self.scopes.as_ref().map(|scopes| serde_json::to_string(scopes).expect("words are always JSON"));
        KeyRow {
            hash: self.hash.0.to_vec(),
            id: self.id.clone(),
            kind: self.kind.word().to_owned(),
            account: self.account.clone(),
            label: self.label.clone(),
            scopes,
            created_ms: self.created_ms,
            expires_ms: self.expires_ms,
            used_ms: self.used_ms,
        }
    }
}

fn account_of(row: AccountRow) -> Option<Account> {
    let AccountRow { id, name, role, agent, password, locked, openid, created_ms, signed_in_ms } = row;
    let role = Role::of_word(&role)?;
    Some(Account { id, name, role, agent: agent.map(AgentId), password, locked, openid, created_ms, signed_in_ms })
}

fn key_of(row: KeyRow) -> Option<Key> {
    // What cannot be read allows nothing.
    let scopes = row.scopes.map(|text| serde_json::from_str(&text).unwrap_or_default());
    Some(Key {
        hash: KeyHash::of_row(&row.hash)?,
        id: row.id,
        kind: KeyKind::of_word(&row.kind)?,
        account: row.account,
        label: row.label,
        scopes,
        created_ms: row.created_ms,
        expires_ms: row.expires_ms,
        used_ms: row.used_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, role: Role) -> Account {
        let (id, name) = (id.to_owned(), id.to_uppercase());
        Account { id, name, role, agent: None, password: None, locked: false, openid: None, created_ms: 0, signed_in_ms: None }
    }

    fn key(secret: &str, kind: KeyKind, account: &str) -> Key {
        let (hash, id) = (KeyHash::of(secret), secret.to_owned());
        Key {
            hash,
            id,
            kind,
            account: account.to_owned(),
            label: String::new(),
            scopes: None,
            created_ms: 0,
            expires_ms: 1_000,
            used_ms: 0,
        }
    }

    fn book() -> Book {
        let mut book = Book::new(100);
        book.put(account("ana", Role::Administrator));
        book.put(account("ion", Role::Agent));
        book.add(key("session", KeyKind::Session, "ana"));
        book.add(Key { scopes: Some(vec![Permission::AllCalls, Permission::OwnCalls]), ..key("token", KeyKind::Token, "ion") });
        book
    }

    #[test]
    fn a_session_ends_when_nobody_uses_it_and_at_its_time_at_the_latest() {
        let mut book = book();
        let session = KeyHash::of("session");
        for now in (0..1_000).step_by(99) {
            assert!(book.identify(session, KeyKind::Session, now).is_some(), "{now}");
        }
        assert!(book.identify(session, KeyKind::Session, 1_000).is_none());
        let mut idle = self::book();
        assert!(idle.identify(session, KeyKind::Session, 100).is_none());
        assert_eq!(idle.over(100), [session]);
        idle.touch(session, 50);
        assert!(idle.over(100).is_empty());
    }

    #[test]
    fn a_key_opens_what_it_is_for_and_no_more_than_the_role_may() {
        let mut book = book();
        let token = KeyHash::of("token");
        assert!(book.identify(token, KeyKind::Session, 1).is_none());
        assert!(book.identify(KeyHash::of("other"), KeyKind::Token, 1).is_none());
        let ion = book.identify(token, KeyKind::Token, 999).unwrap();
        assert_eq!(ion.permissions(), [Permission::OwnCalls]);
        assert!(book.identify(token, KeyKind::Token, 1_000).is_none(), "past its end");
        let ana = book.identify(KeyHash::of("session"), KeyKind::Session, 1).unwrap();
        assert_eq!(ana.permissions(), Permission::all());
    }

    #[tokio::test]
    async fn whoever_came_in_with_a_key_is_told_of_its_end() {
        let mut book = book();
        let ana = book.identify(KeyHash::of("session"), KeyKind::Session, 1).unwrap();
        let ion = book.identify(KeyHash::of("token"), KeyKind::Token, 1).unwrap();
        book.end(&[KeyHash::of("session")]);
        ana.gone().await;
        book.remove("ion");
        ion.gone().await;
    }

    #[test]
    fn locked_accounts_are_not_let_in_and_somebody_always_administers() {
        let mut book = book();
        assert!(book.is_last_administrator("ana") && !book.is_last_administrator("ion"));
        book.put(Account { locked: true, ..account("eva", Role::Administrator) });
        assert!(book.is_last_administrator("ana"), "a locked one administers nothing");
        book.put(account("eva", Role::Administrator));
        assert!(!book.is_last_administrator("ana"));
        book.put(Account { locked: true, ..account("ana", Role::Administrator) });
        assert!(book.identify(KeyHash::of("session"), KeyKind::Session, 1).is_none());
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let ana = Account { agent: Some(AgentId("maria".to_owned())), signed_in_ms: Some(7), ..account("ana", Role::Supervisor) };
        assert_eq!(account_of(ana.row()), Some(ana));
        let token = Key { scopes: Some(vec![Permission::EventLogs]), ..key("a", KeyKind::Token, "ana") };
        assert_eq!(key_of(token.row()), Some(token.clone()));
        let rubbish = KeyRow { scopes: Some("[\"everything\"]".to_owned()), ..token.row() };
        assert_eq!(key_of(rubbish).unwrap().scopes, Some(Vec::new()));
    }
}

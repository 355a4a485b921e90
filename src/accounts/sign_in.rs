//! Signing in and out, and passwords.

use super::{
    Account, AccountError, Accounts, Did, Identity, Key, KeyHash, KeyKind, KeySecret, NewAccount, Role, lock, millis, now_ms, password,
};
use crate::{clock, openid::Person, web_call::random_hex};

/// Pages of one account at once; the one that was quiet for longest is signed out.
const SESSIONS: usize = 20;

impl Accounts {
    /// Signs in with a name and a password: a new session.
    ///
    /// # Errors
    /// Wrong, or not looked at for a while.
    pub async fn sign_in(&self, name: &str, password: &str, source: &str) -> Result<(KeySecret, Identity), AccountError> {
        self.begin_try(name, source)?;
        let account = self.book().named(name).cloned();
        let hash = account.as_ref().and_then(|account| account.password.clone());
        // A name that nobody has, or that has no password, takes as long as any other.
        let right = self.verify(password, hash).await;
        let Some(account) = account.filter(|account| right && !account.locked) else {
            self.did(Did::SignInFailed, None, Some(name), None, source);
            return Err(AccountError::Wrong);
        };
        self.succeeded(name, source);
        self.begin_session(account, source).await
    }

    /// Somebody whom a provider knows: a new session, in the account that is theirs from the first time on. What the provider says of their role counts.
    ///
    /// # Errors
    /// Somebody else has their name, the account is locked, or the record cannot be written.
    pub async fn sign_in_as(&self, person: &Person, source: &str) -> Result<(KeySecret, Identity), AccountError> {
        if person.role == Role::Agent && person.agent.is_none() {
            return Err(AccountError::NotFound);
        }
        let changing = self.inner.changes.lock().await;
        let known = self.book().with_openid(&person.openid).cloned();
        let account = match known {
            Some(account) if account.locked => return Err(AccountError::Wrong),
            Some(account) if (account.role, &account.agent) == (person.role, &person.agent) => account,
            Some(account) => {
                let account = Account { role: person.role, agent: person.agent.clone(), ..account };
                self.write(&account).await?;
                self.end_where(|key| key.account == account.id).await?;
                account
            }
            None => {
                let new = NewAccount { name: person.name.clone(), role: person.role, agent: person.agent.clone() };
                self.add(new, Some(person.openid.clone())).await?
            }
        };
        drop(changing);
        self.begin_session(account, source).await
    }

    /// Is there a one-time link of this secret? Whose account does it open?
    ///
    /// # Errors
    /// It is used, or its time is over; or this source has tried too many.
    pub fn look_at_link(&self, secret: &str, source: &str) -> Result<String, AccountError> {
        let book = self.book();
        let key = book.key(KeyHash::of(secret), KeyKind::Link, now_ms());
        if let Some(account) = key.and_then(|key| book.account(&key.account)).filter(|account| !account.locked) {
            return Ok(account.name.clone());
        }
        drop(book);
        lock(&self.inner.tokens).begin(source, clock::now()).map_err(AccountError::Wait)?;
        Err(AccountError::LinkGone)
    }

    /// Uses a one-time link: the account has this password from now on, and nobody else is signed in to it.
    ///
    /// # Errors
    /// The link is used or too old, or the password too weak.
    pub async fn use_link(&self, secret: &str, new: &str, source: &str) -> Result<(KeySecret, Identity), AccountError> {
        let name = self.look_at_link(secret, source)?;
        password::check(new, &name)?;
        let hash = self.hash(new).await;
        let changing = self.inner.changes.lock().await;
        let key = self.book().key(KeyHash::of(secret), KeyKind::Link, now_ms()).cloned().ok_or(AccountError::LinkGone)?;
        let account = self.book().account(&key.account).cloned().ok_or(AccountError::LinkGone)?;
        let account = Account { password: Some(hash), ..account };
        self.write(&account).await?;
        self.end_where(|key| key.account == account.id && key.kind != KeyKind::Token).await?;
        drop(changing);
        let signed_in = self.begin_session(account, source).await?;
        self.did(Did::ChosePassword, Some(&signed_in.1), None, None, source);
        Ok(signed_in)
    }

    /// Another password for whoever is signed in: a new session for this page, and none for others.
    ///
    /// # Errors
    /// The old one is wrong, or the new one too weak.
    pub async fn change_password(&self, who: &Identity, old: &str, new: &str, source: &str) -> Result<(KeySecret, Identity), AccountError> {
        self.begin_try(&who.name, source)?;
        let account = self.book().account(&who.account).cloned().ok_or(AccountError::NotFound)?;
        if !self.verify(old, account.password.clone()).await {
            return Err(AccountError::Wrong);
        }
        self.succeeded(&who.name, source);
        password::check(new, &account.name)?;
        let hash = self.hash(new).await;
        let changing = self.inner.changes.lock().await;
        let account = self.book().account(&who.account).cloned().ok_or(AccountError::NotFound)?;
        let account = Account { password: Some(hash), ..account };
        self.write(&account).await?;
        self.end_where(|key| key.account == account.id && key.kind == KeyKind::Session).await?;
        drop(changing);
        self.did(Did::ChosePassword, Some(who), None, None, source);
        self.begin_session(account, source).await
    }

    /// Signs this session out.
    ///
    /// # Errors
    /// The record cannot be written; the session is over all the same until the next start.
    pub async fn sign_out(&self, who: &Identity, source: &str) -> Result<(), AccountError> {
        self.did(Did::SignedOut, Some(who), None, None, source);
        self.end_keys(vec![who.key]).await
    }

    /// Signs every session of an account out.
    ///
    /// # Errors
    /// There is no such account, or the record cannot be written.
    pub async fn sign_out_everywhere(&self, who: &Identity, account: &str, source: &str) -> Result<(), AccountError> {
        let name = self.book().account(account).map(|account| account.name.clone()).ok_or(AccountError::NotFound)?;
        self.did(Did::SignedOutEverywhere, Some(who), None, Some(&name), source);
        self.end_where(|key| key.account == account && key.kind == KeyKind::Session).await
    }

    /// A new session; its secret was never seen before, whoever this browser was until now.
    pub(super) async fn begin_session(&self, account: Account, source: &str) -> Result<(KeySecret, Identity), AccountError> {
        let now_ms = now_ms();
        let secret = KeySecret::new();
        let key = Key {
            hash: KeyHash::of(secret.expose()),
            id: random_hex(8),
            kind: KeyKind::Session,
            account: account.id.clone(),
            label: source.to_owned(),
            scopes: None,
            created_ms: now_ms,
            expires_ms: now_ms.saturating_add(millis(self.inner.options.longest)),
            used_ms: now_ms,
        };
        let _changing = self.inner.changes.lock().await;
        // It may have been locked, or removed, while the password was looked at.
        let current = self.book().account(&account.id).cloned().filter(|account| !account.locked).ok_or(AccountError::Wrong)?;
        self.write(&Account { signed_in_ms: Some(now_ms), ..current }).await?;
        self.inner.store.put_key(&key.row()).await?;
        let (hash, mut old) = (key.hash, Vec::new());
        let identity = {
            let mut book = self.book();
            book.add(key);
            let mut sessions: Vec<(u64, KeyHash)> =
                book.keys_of(&account.id, KeyKind::Session).map(|key| (key.used_ms, key.hash)).collect();
            sessions.sort_unstable_by_key(|(used_ms, hash)| (*used_ms, *hash == hash_of(&secret)));
            old.extend(sessions.iter().rev().skip(SESSIONS).map(|(_, hash)| *hash));
            book.identify(hash, KeyKind::Session, now_ms)
        };
        self.end_keys(old).await?;
        let identity = identity.ok_or(AccountError::Wrong)?;
        self.did(Did::SignedIn, Some(&identity), None, None, source);
        Ok((secret, identity))
    }

    /// The same for all that fit.
    pub(super) async fn end_where(&self, fits: impl Fn(&Key) -> bool) -> Result<(), AccountError> {
        // In a statement of its own: the book must not be held while the record is written.
        let keys = self.book().keys_where(fits);
        self.end_keys(keys).await
    }

    /// These keys open nothing from now on, even if that cannot be written.
    pub(super) async fn end_keys(&self, keys: Vec<KeyHash>) -> Result<(), AccountError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.book().end(&keys);
        self.inner.store.remove_keys(&keys.iter().map(|key| key.0.to_vec()).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Writes an account to the record, and then into the book.
    pub(super) async fn write(&self, account: &Account) -> Result<(), AccountError> {
        self.inner.store.put_account(&account.row()).await?;
        self.book().put(account.clone());
        Ok(())
    }

    fn begin_try(&self, name: &str, source: &str) -> Result<(), AccountError> {
        let (now, name) = (clock::now(), name.to_ascii_lowercase());
        let (mut names, mut sources) = (lock(&self.inner.names), lock(&self.inner.sources));
        // Both are asked before either counts.
        if let Some(wait) = names.wait(&name, now).max(sources.wait(source, now)) {
            return Err(AccountError::Wait(wait));
        }
        names.begin(&name, now).and_then(|()| sources.begin(source, now)).map_err(AccountError::Wait)
    }

    fn succeeded(&self, name: &str, source: &str) {
        lock(&self.inner.names).succeeded(&name.to_ascii_lowercase());
        lock(&self.inner.sources).succeeded(source);
    }

    async fn verify(&self, password: &str, hash: Option<String>) -> bool {
        let _place = self.inner.hashing.acquire().await;
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => self.inner.nobodys_hash.get_or_init(|| async { blocking(|| password::hash(&random_hex(16))).await }).await.clone(),
        };
        let password = password.to_owned();
        blocking(move || password::verify(&password, &hash)).await && known
    }

    pub(super) async fn hash(&self, password: &str) -> String {
        let _place = self.inner.hashing.acquire().await;
        let password = password.to_owned();
        blocking(move || password::hash(&password)).await
    }
}

fn hash_of(secret: &KeySecret) -> KeyHash {
    KeyHash::of(secret.expose())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("hashing never panics")
}

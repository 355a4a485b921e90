//! What goes on by itself: keys whose time is over end, their use is written down, the audit log is kept short, and somebody gets to administer.

use std::{sync::Weak, time::Duration};

use super::{Account, AccountError, Accounts, Inner, KeySecret, NewAccount, Role, book::KeyKind, millis, now_ms};

/// How often it looks for keys whose time is over: streams end within a second of it.
const EVERY: Duration = Duration::from_secs(1);
/// Looks between two writings of what was used when.
const WRITE_EVERY: u64 = 60;
/// Looks between two cuts of the audit log.
const CUT_EVERY: u64 = 3_600;

impl Accounts {
    /// Keeps everything up until the last handle is gone. `announce` is told, and must show, a link with which the first administrator gets in.
    pub fn keep(&self, announce: impl Fn(&str) + Send + Sync + 'static) {
        let inner = std::sync::Arc::downgrade(&self.inner);
        tokio::spawn(keep(inner, announce));
    }

    /// A link for the first administrator, as long as none has ever signed in and no link of this run is good any more. A demonstration needs none.
    ///
    /// # Errors
    /// The record cannot be written.
    pub async fn first_link(&self, renew: bool) -> Result<Option<KeySecret>, AccountError> {
        if self.inner.options.demo.is_some() {
            return Ok(None);
        }
        let _changing = self.inner.changes.lock().await;
        let (signed_in, first) = {
            let book = self.book();
            let mut administrators: Vec<&Account> = book.accounts().filter(|account| account.role == Role::Administrator).collect();
            administrators.sort_by_key(|account| account.created_ms);
            (administrators.iter().any(|account| account.signed_in_ms.is_some()), administrators.first().copied().cloned())
        };
        if signed_in {
            return Ok(None);
        }
        let account = match first {
            Some(account) => account,
            None => self.add(NewAccount { name: "administrator".to_owned(), role: Role::Administrator, agent: None }, None).await?,
        };
        let has_link = {
            let (book, now_ms) = (self.book(), now_ms());
            book.keys_of(&account.id, KeyKind::Link).any(|key| key.expires_ms > now_ms)
        };
        if has_link && !renew { Ok(None) } else { self.new_link(&account).await.map(Some) }
    }

    /// Ends every key whose time is over.
    ///
    /// # Errors
    /// The record cannot be written; they open nothing all the same.
    pub async fn end_what_is_over(&self) -> Result<(), AccountError> {
        let over = self.book().over(now_ms());
        self.end_keys(over).await
    }

    async fn write_used(&self) -> Result<(), AccountError> {
        let used = self.book().take_used();
        for key in used {
            self.inner.store.put_key(&key.row()).await?;
        }
        Ok(())
    }

    async fn look(&self, turn: u64, announce: &(impl Fn(&str) + Send + Sync)) -> Result<(), AccountError> {
        if !self.is_loaded() {
            self.load().await;
            if !self.is_loaded() {
                return Ok(());
            }
        }
        self.end_what_is_over().await?;
        if let Some(link) = self.first_link(turn == 0).await? {
            announce(&format!("{}/welcome#{}", self.inner.options.address, link.expose()));
        }
        if turn.is_multiple_of(WRITE_EVERY) {
            self.write_used().await?;
        }
        if turn.is_multiple_of(CUT_EVERY) {
            let before = now_ms().saturating_sub(millis(self.inner.options.audit));
            let gone = self.inner.store.forget_audit(before).await?;
            if gone > 0 {
                tracing::info!(lines = gone, "old lines of the audit log were deleted");
            }
        }
        Ok(())
    }
}

async fn keep(inner: Weak<Inner>, announce: impl Fn(&str) + Send + Sync) {
    let mut every = tokio::time::interval(EVERY);
    let mut turn = 0;
    loop {
        every.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        match (Accounts { inner }).look(turn, &announce).await {
            Ok(()) => turn += 1,
            Err(error) => tracing::debug!(%error, "the accounts cannot be kept up right now"),
        }
    }
}

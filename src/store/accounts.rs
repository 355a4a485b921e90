//! Accounts and what opens them: read whole at the start, written one by one. What the words in the rows mean is the business of `crate::accounts`.

use sqlx::{Row, sqlite::SqliteRow};

use crate::store::{Store, StoreError};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Id.
    pub id: String,
    /// The name to sign in with.
    pub name: String,
    /// The role's word.
    pub role: String,
    /// The agent of the configuration that it works as.
    pub agent: Option<String>,
    /// argon2id in PHC form.
    pub password: Option<String>,
    /// Locked by an administrator.
    pub locked: bool,
    /// Issuer and subject at an OpenID Connect provider.
    pub openid: Option<String>,
    /// When it was made, milliseconds since 1970.
    pub created_ms: u64,
    /// The last time that somebody signed in.
    pub signed_in_ms: Option<u64>,
}

/// One thing that opens an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    /// A name that is no secret.
    pub id: String,
    /// The kind's word.
    pub kind: String,
    /// Whose it is.
    pub account: String,
    /// What people call it.
    pub label: String,
    /// JSON list of permissions; none: all that the role has.
    pub scopes: Option<String>,
    /// When it was made, milliseconds since 1970.
    pub created_ms: u64,
    /// When it ends.
    pub expires_ms: u64,
    /// When it was last used.
    pub used_ms: u64,
}

impl Store {
    /// All accounts, and all that opens them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn accounts(&self) -> Result<(Vec<AccountRow>, Vec<KeyRow>), StoreError> {
        let accounts = sqlx::query("SELECT id, name, role, agent, password, locked, openid, created_ms, signed_in_ms FROM accounts");
        let keys = sqlx::query("SELECT hash, id, kind, account, label, scopes, created_ms, expires_ms, used_ms FROM keys");
        let accounts = accounts.fetch_all(&self.pool).await?.iter().map(account_of).collect();
        let keys = keys.fetch_all(&self.pool).await?.iter().map(key_of).collect();
        Ok((accounts, keys))
    }

    /// Writes an account, new or changed.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn put_account(&self, row: &AccountRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO accounts (id, name, role, agent, password, locked, openid, created_ms, signed_in_ms) VALUES (?,?,?,?,?,?,?,?,?) \
             ON CONFLICT (id) DO UPDATE SET name=excluded.name, role=excluded.role, agent=excluded.agent, password=excluded.password, \
             locked=excluded.locked, openid=excluded.openid, signed_in_ms=excluded.signed_in_ms",
        )
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.role)
        .bind(&row.agent)
        .bind(&row.password)
        .bind(row.locked)
        .bind(&row.openid)
        .bind(integer(row.created_ms))
        .bind(row.signed_in_ms.map(integer))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes an account and all that opens it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn remove_account(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM accounts WHERE id = ?").bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// Writes something that opens an account.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn put_key(&self, row: &KeyRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO keys (hash, id, kind, account, label, scopes, created_ms, expires_ms, used_ms) VALUES (?,?,?,?,?,?,?,?,?) \
             ON CONFLICT (hash) DO UPDATE SET used_ms=excluded.used_ms",
        )
        .bind(&row.hash)
        .bind(&row.id)
        .bind(&row.kind)
        .bind(&row.account)
        .bind(&row.label)
        .bind(&row.scopes)
        .bind(integer(row.created_ms))
        .bind(integer(row.expires_ms))
        .bind(integer(row.used_ms))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes what opens an account.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn remove_keys(&self, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        for hash in hashes {
            sqlx::query("DELETE FROM keys WHERE hash = ?").bind(hash).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn account_of(row: &SqliteRow) -> AccountRow {
    AccountRow {
        id: row.get(0),
        name: row.get(1),
        role: row.get(2),
        agent: row.get(3),
        password: row.get(4),
        locked: row.get(5),
        openid: row.get(6),
        created_ms: number(row.get(7)),
        signed_in_ms: row.get::<Option<i64>, _>(8).map(number),
    }
}

fn key_of(row: &SqliteRow) -> KeyRow {
    KeyRow {
        hash: row.get(0),
        id: row.get(1),
        kind: row.get(2),
        account: row.get(3),
        label: row.get(4),
        scopes: row.get(5),
        created_ms: number(row.get(6)),
        expires_ms: number(row.get(7)),
        used_ms: number(row.get(8)),
    }
}

pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

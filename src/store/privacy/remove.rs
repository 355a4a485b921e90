//! Whole calls, wherever something of them is.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};

use crate::{
    call::ids::CallId,
    store::{Store, StoreError},
};

/// Tables with a column `call` that are not about what was said in it.
const NOT_OF_CALLS: [&str; 1] = ["holds"];

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many of each kind.
    pub count: BTreeMap<String, u64>,
    /// A line for each call and file with the SHA-256 of what it was.
    pub manifest: Vec<String>,
}

impl Removed {
    /// Adds to a kind.
    pub(super) fn add(&mut self, kind: &str, more: u64) {
        if more > 0 {
            *self.count.entry(kind.to_owned()).or_default() += more;
        }
    }

    /// SHA-256 of the manifest, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.manifest.join("\n").as_bytes()))
    }
}

impl Store {
    /// Removes calls with everything of them: rows of every table that has a column `call`, recordings, event logs, and, from every table that keeps them besides,
    /// what is about these numbers. Calls under a hold must not be among them.
    ///
    /// # Errors
    /// The database or a file cannot be written; then it can be done again.
    pub async fn remove_calls(&self, calls: &[CallId], numbers: &[String]) -> Result<Removed, StoreError> {
        let mut removed = Removed::default();
        for call in calls {
            for (kind, path) in [("recordings", self.recording_path(call)), ("event_logs", self.log_path(call))] {
                if let Some(digest) = remove_file(path).await? {
                    removed.add(kind, 1);
                    removed.manifest.push(format!("{kind} {} {digest}", call.0));
                }
            }
        }
        let mut transaction = self.pool.begin().await?;
        let (of_calls, of_numbers) = tables(&mut transaction).await?;
        for call in calls {
            for table in &of_calls {
                let query = format!("DELETE FROM {table} WHERE call = ?");
                removed.add(table, sqlx::query(&query).bind(&call.0).execute(&mut *transaction).await?.rows_affected());
            }
            let head: Option<String> =
                sqlx::query_scalar("DELETE FROM calls WHERE id = ? RETURNING head").bind(&call.0).fetch_optional(&mut *transaction).await?;
            if let Some(head) = head {
                removed.add("calls", 1);
                removed.manifest.push(format!("calls {} {}", call.0, hex(&Sha256::digest(head.as_bytes()))));
            }
        }
        for (table, column) in &of_numbers {
            for number in numbers {
                let query = format!("DELETE FROM {table} WHERE {column} = ?");
                removed.add(table, sqlx::query(&query).bind(number).execute(&mut *transaction).await?.rows_affected());
            }
        }
        transaction.commit().await?;
        self.forget_bytes().await;
        Ok(removed)
    }

    /// What was deleted is overwritten in the database already; the log that leads there is written out and cut. A reader may keep the end of it for a while:
    /// then it goes with the next time.
    pub(super) async fn forget_bytes(&self) {
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&self.pool).await {
            tracing::warn!(%error, "the database's log could not be cut after deleting");
        }
    }
}

/// Tables with rows of calls, and others with columns that hold callers' numbers. Read from the database, so that a table that is added later is not forgotten.
async fn tables(connection: &mut SqliteConnection) -> Result<(Vec<String>, Vec<(String, String)>), StoreError> {
    let query = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name";
    let columns: Vec<(String, String)> =
        sqlx::query(query).fetch_all(connection).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    let of_calls: Vec<String> = columns
        .iter()
        .filter(|(table, column)| column == "call" && !NOT_OF_CALLS.contains(&table.as_str()))
        .map(|(table, _)| table.clone())
        .collect();
    let has_calls = |table: &String| table == "calls" || columns.iter().any(|(other, column)| other == table && column == "call");
    let is_number = |(table, column): &&(String, String)| !has_calls(table) && ["caller", "number"].contains(&column.as_str());
    let of_numbers = columns.iter().filter(is_number).cloned().collect();
    Ok((of_calls, of_numbers))
}

/// Removes a file; the SHA-256 of what it was, or none if there was none.
pub(super) async fn remove_file(path: PathBuf) -> Result<Option<String>, StoreError> {
    let own = path.clone();
    let removed = tokio::task::spawn_blocking(move || {
        let mut file = match fs::File::open(&own) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut hash = Sha256::new();
        io::copy(&mut file, &mut hash)?;
        fs::remove_file(&own)?;
        Ok(Some(hex(&hash.finalize())))
    });
    removed.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(|error| StoreError::File(path, error))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Receipts of what was erased.

use sqlx::Row;

use crate::{
    store::{Store, StoreError, accounts::integer},
    view::Receipt,
};

impl Store {
    /// Keeps a receipt.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn put_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO receipts (id, at_ms, receipt) VALUES (?,?,?)")
            .bind(&receipt.id)
            .bind(integer(receipt.at.0))
            .bind(serde_json::to_string(receipt)?)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The last so many receipts, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn receipts(&self, most: u32) -> Result<Vec<Receipt>, StoreError> {
        let query = "SELECT receipt FROM receipts ORDER BY at_ms DESC, id DESC LIMIT ?";
        let rows = sqlx::query(query).bind(i64::from(most)).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(serde_json::from_str(row.get::<&str, _>(0))?)).collect()
    }

    /// One receipt.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn receipt(&self, id: &str) -> Result<Option<Receipt>, StoreError> {
        let row = sqlx::query("SELECT receipt FROM receipts WHERE id = ?").bind(id).fetch_optional(&self.pool).await?;
        row.map(|row| Ok(serde_json::from_str(row.get::<&str, _>(0))?)).transpose()
    }
}

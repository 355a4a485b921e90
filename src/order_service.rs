//! The example order service: a small real HTTP service over an SQLite file, for the demo, the tests and first steps with look-ups. It is no part of the
//! gateway; it stands where a company's own system would.

use std::{net::SocketAddr, path::Path};

use axum::{
    Json, Router,
    extract::{self, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use serde_json::json;
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tokio::net::TcpListener;

/// Made at the first start.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS orders (
        number TEXT PRIMARY KEY, customer TEXT NOT NULL, item TEXT NOT NULL, status TEXT NOT NULL, ordered TEXT NOT NULL, expected TEXT, total TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS parcels (
        number TEXT NOT NULL REFERENCES orders (number), parcel INTEGER NOT NULL, carrier TEXT NOT NULL, tracking TEXT NOT NULL, status TEXT NOT NULL,
        PRIMARY KEY (number, parcel)
    ) STRICT;";

const DAY_S: i64 = 86_400;

/// Number, customer, item, status, days since it was ordered, days until it is expected, total.
type Example = (&'static str, &'static str, &'static str, &'static str, i64, Option<i64>, &'static str);

const ORDERS: [Example; 6] = [
    ("457129", "Ana Pop", "desk lamp and two bulbs", "shipped", 6, Some(2), "EUR 84.90"),
    ("457130", "Mihai Ionescu", "coffee grinder", "preparing", 1, None, "EUR 129.00"),
    ("318204", "Jane Doe", "rain jacket", "delivered", 20, None, "EUR 65.50"),
    ("220417", "Ion Popa", "garden chair", "cancelled", 12, None, "EUR 48.00"),
    ("905513", "Maria Stan", "bookshelf", "shipped", 3, Some(1), "EUR 210.00"),
    ("660042", "John Smith", "kettle", "preparing", 0, None, "EUR 39.95"),
];

/// Order, parcel, carrier, tracking number, status.
const PARCELS: [(&str, i64, &str, &str, &str); 4] = [
    ("457129", 1, "FAN Courier", "FC2201187", "in transit"),
    ("457129", 2, "FAN Courier", "FC2201188", "in transit"),
    ("318204", 1, "DHL", "JD0145", "delivered"),
    ("905513", 1, "Cargus", "CG88012", "in transit"),
];

/// Telephone number, name, whether they come first, language, who looks after them.
const CUSTOMERS: [(&str, &str, bool, &str, &str); 3] = [
    ("+40721000111", "Ana Pop", true, "en", "maria"),
    ("+40721000222", "Mihai Ionescu", false, "ro", ""),
    ("+15005550006", "Jane Doe", false, "en", ""),
];

/// An order as the service answers it.
#[derive(Debug, Serialize)]
struct Order {
    number: String,
    item: String,
    /// preparing, shipped, delivered or cancelled.
    status: String,
    /// ISO 8601 date.
    ordered: String,
    /// ISO 8601 date; null if it is not known.
    expected: Option<String>,
    total: String,
    parcels: Vec<Parcel>,
}

#[derive(Debug, Serialize)]
struct Parcel {
    carrier: String,
    tracking: String,
    status: String,
}

/// A service that has its address and its orders.
#[derive(Debug)]
pub struct OrderService {
    listener: TcpListener,
    pool: SqlitePool,
}

impl OrderService {
    /// Opens the file, fills it if it is empty, and takes the address (port 0: any). `today_s` is the time since 1970 in seconds; orders are dated around it.
    ///
    /// # Errors
    /// The file or the address cannot be had.
    pub async fn open(database: &Path, address: SocketAddr, today_s: i64) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(database).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        fill(&pool, today_s).await?;
        Ok(Self { listener: TcpListener::bind(address).await?, pool })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the future is dropped.
    ///
    /// # Errors
    /// Never in practice: failing connections are closed one by one.
    pub async fn run(self) -> std::io::Result<()> {
        let router = Router::new()
            .route("/orders/{number}", get(order))
            .route("/customers/{number}", get(customer))
            .fallback(nothing)
            .with_state(self.pool);
        axum::serve(self.listener, router).await
    }
}

async fn fill(pool: &SqlitePool, today_s: i64) -> Result<(), sqlx::Error> {
    let date = "date(?, 'unixepoch')";
    for (number, customer, item, status, ago, ahead, total) in ORDERS {
        sqlx::query(&format!("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, {date}, {date}, ?)"))
            .bind(number)
            .bind(customer)
            .bind(item)
            .bind(status)
            .bind(today_s - ago * DAY_S)
            .bind(ahead.map(|days| today_s + days * DAY_S))
            .bind(total)
            .execute(pool)
            .await?;
    }
    for (number, parcel, carrier, tracking, status) in PARCELS {
        sqlx::query("INSERT OR IGNORE INTO parcels VALUES (?, ?, ?, ?, ?)")
            .bind(number)
            .bind(parcel)
            .bind(carrier)
            .bind(tracking)
            .bind(status)
            .execute(pool)
            .await?;
    }
    Ok(())
}

async fn order(State(pool): State<SqlitePool>, extract::Path(number): extract::Path<String>) -> Response {
    match find(&pool, &number).await {
        Ok(Some(order)) => Json(order).into_response(),
        Ok(None) => nothing().await,
        Err(error) => {
            tracing::error!(%error, "the orders cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Who calls from a number, and how many of their orders are still to come.
async fn customer(State(pool): State<SqlitePool>, extract::Path(number): extract::Path<String>) -> Response {
    let Some((_, name, vip, language, agent)) = CUSTOMERS.iter().find(|customer| customer.0 == number) else { return nothing().await };
    let open =
        sqlx::query("SELECT count(*) FROM orders WHERE customer = ? AND status IN ('preparing', 'shipped')").bind(name).fetch_one(&pool);
    match open.await {
        Ok(row) => {
            let customer = json!({ "name": name, "vip": vip, "language": language, "agent": agent });
            Json(json!({ "customer": customer, "orders": { "open": row.get::<i64, _>(0) } })).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the customers cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn find(pool: &SqlitePool, number: &str) -> Result<Option<Order>, sqlx::Error> {
    let found = sqlx::query("SELECT number, item, status, ordered, expected, total FROM orders WHERE number = ?")
        .bind(number)
        .fetch_optional(pool)
        .await?;
    let Some(row) = found else { return Ok(None) };
    let parcels =
        sqlx::query("SELECT carrier, tracking, status FROM parcels WHERE number = ? ORDER BY parcel").bind(number).fetch_all(pool).await?;
    let parcel = |row: &sqlx::sqlite::SqliteRow| Parcel { carrier: row.get(0), tracking: row.get(1), status: row.get(2) };
    Ok(Some(Order {
        number: row.get(0),
        item: row.get(1),
        status: row.get(2),
        ordered: row.get(3),
        expected: row.get(4),
        total: row.get(5),
        parcels: parcels.iter().map(parcel).collect(),
    }))
}

async fn nothing() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "there is no such thing"}))).into_response()
}

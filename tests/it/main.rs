//! All integration tests in one binary: one link, one place to look.

mod desk;
mod http;
mod lookup;
mod order_service;
mod store;
mod tidy;
mod wire;

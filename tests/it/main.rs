//! All integration tests in one binary: one link, one place to look.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails right there, in its helpers too")]

mod config;
mod desk;
mod edge;
mod escalation;
mod flow;
mod http;
mod languages;
mod lookup;
mod order_service;
mod remote;
mod sim;
mod store;
mod tidy;
mod webhooks;
mod wire;

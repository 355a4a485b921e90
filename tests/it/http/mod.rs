//! The API, the live events and the pages, over real sockets.

mod access;
mod accounts;
mod agents;
mod answer;
mod audit;
mod calls;
mod choice;
mod claims;
mod corrections;
mod demo;
mod events;
mod figures;
mod guard;
mod health;
mod kept_calls;
mod knowledge;
mod notes;
mod openapi;
mod openid;
mod pages;
mod people;
mod privacy;
mod recording;
mod resume;
mod sign_in;
mod stream;
mod supervision;
mod support;
mod tls;
mod tokens;
mod vcon;
mod voicemails;
mod web_calls;
mod wire;

pub(crate) use openid::{CLIENT_SECRET, Provider, Surfer};
pub(crate) use support::metrics_text;

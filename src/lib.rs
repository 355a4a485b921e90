//! Warmline: the voicebot telephony gateway that hands people over properly.
#![allow(missing_docs, reason = "a variant's or struct's line says what its fields are")]

pub mod accounts;
pub mod app;
pub mod call;
mod call_task;
pub mod claims;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod feed;
pub mod http;
pub mod knowledge;
pub mod languages;
pub mod live;
pub mod lookup;
pub mod openid;
pub mod order_service;
pub mod phone;
pub mod privacy;
pub mod screen_pop;
pub mod speech;
pub mod store;
pub mod telephony;
pub mod trunk;
pub mod understand;
pub mod view;
pub mod web_call;
pub mod webhooks;
pub mod yaml;

//! The user agent over real loopback sockets: calls, endings, hostile peers, real phones, the torture messages of the RFCs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod accounts;
mod calls;
mod certificates;
mod dialogs;
mod endings;
mod floods;
mod hostile;
mod locating;
mod mutants;
mod names;
mod peers;
mod races;
mod registrar;
mod requests;
mod scenarios;
mod streams;
mod support;
mod tls;
mod torture;
mod transports;
mod websocket;

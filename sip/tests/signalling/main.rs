//! The user agent over real loopback sockets: calls, endings, hostile peers, real phones, the torture messages of the RFCs.

mod calls;
mod endings;
mod hostile;
mod peers;
mod requests;
mod streams;
mod support;
mod torture;

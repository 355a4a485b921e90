//! The telephone driver on real sockets, without models and without a brain: what strangers can make it hold, send and fetch.

mod causes;
mod counted;
mod early;
mod families;
mod holds;
mod keys;
mod leaks;
mod machines;
mod names;
mod offers;
mod redirects;
mod rtp;
mod signed;
mod sipp;
mod sound;
mod support;
mod takeovers;
mod trunks;

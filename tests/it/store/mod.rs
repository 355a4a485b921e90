//! The record of calls: what is written is read again, through kill -9, full disks and locked databases.

mod callbacks;
mod interrupted;
mod log;
mod privacy;
mod privacy_command;
mod replayed;
pub(crate) mod samples;
mod trouble;
mod written;

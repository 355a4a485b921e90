//! Agents and queues.

mod handle;
mod schedules;
mod stories;

//! Agents and queues.

mod following;
mod handle;
mod schedules;
mod stories;

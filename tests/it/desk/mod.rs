//! Agents and queues.

mod capacity;
mod following;
mod handle;
mod pages;
mod schedules;
mod stories;
mod waits;

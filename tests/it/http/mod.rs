//! The API, the live events and the pages, over real sockets.

mod agents;
mod calls;
mod choice;
mod corrections;
mod events;
mod guard;
mod health;
mod knowledge;
mod notes;
mod openapi;
mod pages;
mod recording;
mod stream;
mod support;

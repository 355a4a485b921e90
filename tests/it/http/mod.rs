//! The API, the live events and the pages, over real sockets.

mod agents;
mod calls;
mod choice;
mod events;
mod guard;
mod health;
mod openapi;
mod pages;
mod recording;
mod support;

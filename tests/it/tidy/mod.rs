//! The architecture and the house rules as tests: they read the repository's files.

mod architecture;
mod documents;
mod files;
mod source;
mod unseen;
mod words;

//! Every entrance takes its corpus, the inputs that once did harm, and mutants of both. `cargo xtask fuzz` is what finds more of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod corpus;
mod entrance;
mod mutant;
mod replay;

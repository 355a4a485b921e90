//! The flow language: what operators write, how it is checked, and how it steps through a call.

pub mod policy;
pub mod prompt;
pub mod step;

//! The flow language: its check, its readers, its answers, and conversations through it.

mod check;
mod cli;
mod consult;
mod conversations;
mod hours;
mod measured;
mod offers;
mod private_answers;
mod readers;
mod romanian;
mod talk;
mod understood;
mod values;

use std::fs;

use warmline::call::flow::{Flow, Mistake};

/// A small flow that is right; tests break it.
pub(crate) const SMALL: &str = include_str!("small.yaml");

/// The small flow with one text replaced.
pub(crate) fn with(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "the small flow does not hold {from:?}");
    SMALL.replacen(from, to, 1)
}

/// The mistakes of a text.
pub(crate) fn mistakes(text: &str) -> Vec<Mistake> {
    Flow::parse(text, "flow.yaml").expect_err("the flow has no mistakes")
}

/// The example flow.
pub(crate) fn example() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml")).unwrap()
}

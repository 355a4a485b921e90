//! Languages are files: those of the project, and one that nobody speaks.

mod czech;
mod days;
mod fourth;
mod mistakes;

//! Deleting for good: whole calls, kinds of things by age, and what must not be deleted. Deleted bytes are overwritten in the database (`secure_delete`) and
//! cut off its log; files are removed.

mod find;
mod holds;
mod receipts;
mod remove;
mod sweep;

pub use remove::Removed;

//! Trunks: whose line a call comes in on, what is believed of its caller, how many calls the line may bring, and which route it takes.
//!
//! Pure: no socket, no clock, no task. The configuration builds a [`TrunkTable`]; the gateway asks it once for every call that arrives.

mod admission;
mod arrive;
mod header;
mod hours;
mod identity;
mod network;
mod numbers;
mod pattern;
mod routes;
mod signed;
mod table;

pub use admission::{Busy, Permit};
pub use arrive::{Arrived, Call, Refusal};
pub use header::{HeaderTemplate, Values, is_header_name};
pub use hours::{BadWindow, Window};
pub use identity::{Claims, Identity, Party, caller_identity};
pub use network::Network;
pub use numbers::{BadRule, LONGEST_NUMBER, Rewriter, Rule, plain_number};
pub use pattern::matches;
pub use routes::Route;
pub use signed::{Signed, SignedPolicy};
pub use table::{Trunk, TrunkTable};

/// The trunk of calls that come in on none: what every call is on while no trunk is configured.
pub const ANY: &str = "any";

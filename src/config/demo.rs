//! The demonstration.

use serde::{Deserialize, Serialize};

/// What only the demonstration has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoConfig {
    /// Start the example order service at the address of `services.orders`.
    pub order_service: bool,
    /// The password of accounts that everybody may use, and that the sign-in page names.
    pub password: Option<String>,
}

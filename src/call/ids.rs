//! Names of things inside one call.

use serde::{Deserialize, Serialize};

/// One leg of a call. The caller's leg is always [`LegId::CALLER`]; later legs are numbered in the order in which they were dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegId(pub u32);

impl LegId {
    /// The leg of the person who called.
    pub const CALLER: Self = Self(0);
}

/// A request of the brain to a driver. Every answer repeats it, so that late, repeated and reordered reports are harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// A call, unique over restarts (made by the driver: the brain draws no random numbers).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub String);

/// A human agent, by the name that the configuration gives (`agents.<id>`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentId(pub String);

//! Sound on the wire.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize, de};

use super::addresses::Addresses;

/// Sockets of the sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RtpConfig {
    /// The address that the sockets are bound to, of either family or of both.
    pub bind: Addresses<IpAddr>,
    /// First and last port. RTP takes the even ones, RTCP the odd ones: two for each leg.
    pub ports: PortRange,
    /// Threads that do nothing but sound.
    pub threads: usize,
    /// Milliseconds without RTP after which a leg counts as lost.
    pub media_timeout_ms: u64,
    /// Milliseconds that a used port rests.
    pub port_rest_ms: u64,
    /// Limits of the delay that evens out the network.
    pub jitter: JitterLimits,
}

impl Default for RtpConfig {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST).into(),
            ports: PortRange { first: 20_000, last: 29_999 },
            threads: 1,
            media_timeout_ms: 30_000,
            port_rest_ms: 5_000,
            jitter: JitterLimits::default(),
        }
    }
}

/// What a leg's jitter buffer may delay its sound by, milliseconds: as much as the network needs, within these limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JitterLimits {
    /// Never less.
    pub min_ms: u64,
    /// Until the network is known.
    pub start_ms: u64,
    /// Never more: older sound is dropped. At most [`JitterLimits::MOST_MS`].
    pub max_ms: u64,
}

impl JitterLimits {
    /// How late a packet can be for the buffer to learn from it.
    pub const MOST_MS: u64 = 320;
}

impl Default for JitterLimits {
    fn default() -> Self {
        Self { min_ms: 10, start_ms: 20, max_ms: 240 }
    }
}

/// "20000-29999".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// First.
    pub first: u16,
    /// Last.
    pub last: u16,
}

impl Serialize for PortRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}-{}", self.first, self.last))
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom(format!("“{text}” is no range of ports like \"20000-29999\""));
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        let range = Self { first: first.trim().parse().map_err(|_| wrong())?, last: last.trim().parse().map_err(|_| wrong())? };
        if range.first < range.last { Ok(range) } else { Err(wrong()) }
    }
}

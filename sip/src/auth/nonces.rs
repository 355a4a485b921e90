//! Our own nonces: nothing is kept of one until its answer was right, so that nobody can make us hold anything by asking.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::digest::hex;

/// How long a nonce serves.
const LIFETIME: Duration = Duration::from_secs(300);
/// Nonces whose counts are remembered at once; beyond that the oldest one becomes stale early.
const MAX_USED: usize = 4_096;
/// Counts below the highest one that may still arrive, each once: datagrams overtake each other.
const WINDOW: u32 = 64;

/// When a nonce was made (milliseconds) and its running number: its name.
type Name = (u64, u32);

/// The counts that one nonce was used with.
#[derive(Debug, Clone, Copy)]
struct Window {
    highest: u32,
    /// Bit n: `highest - n` was seen.
    seen: u64,
}

impl Window {
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = if ahead < WINDOW { self.seen << ahead } else { 0 } | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        let fresh = behind < WINDOW && self.seen & (1 << behind) == 0;
        if fresh {
            self.seen |= 1 << behind;
        }
        fresh
    }
}

/// Makes and checks nonces: a time, a number and a MAC over both and the address that asked.
pub struct Nonces {
    key: [u8; 32],
    epoch: Instant,
    /// Where the clock starts, so that a nonce does not tell how long we have been up.
    offset: u64,
    serial: u32,
    used: BTreeMap<Name, Window>,
    /// Nonces up to this one that are not in `used` were forgotten, so they cannot be told from replayed ones.
    floor: Name,
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nonces").field("used", &self.used.len()).finish_non_exhaustive()
    }
}

impl Nonces {
    /// Nonces under a random key; those of another key count as stale.
    pub fn new(key: [u8; 32], now: Instant) -> Self {
        let mut nonces = Self { key, epoch: now, offset: 0, serial: 0, used: BTreeMap::new(), floor: (0, 0) };
        let [a, b, c, d, ..] = <[u8; 32]>::from(nonces.mac((0, 0), IpAddr::from([0, 0, 0, 0])).finalize().into_bytes());
        nonces.offset = millis(LIFETIME) + u64::from(u32::from_be_bytes([a, b, c, d]));
        nonces
    }

    /// A new nonce for whoever asks from that address.
    pub fn issue(&mut self, now: Instant, source: IpAddr) -> String {
        self.serial = self.serial.wrapping_add(1);
        let name = (self.clock(now), self.serial);
        format!("{:016x}{:08x}{}", name.0, name.1, hex(&self.mac(name, source).finalize().into_bytes()[..16]))
    }

    /// Whether a nonce is one of ours for that address and young enough.
    pub fn is_fresh(&self, nonce: &str, now: Instant, source: IpAddr) -> bool {
        self.name(nonce, now, source).is_some()
    }

    /// Notes that a nonce was used with this count; `false` if that was so before, or if nobody can tell any more.
    pub fn spend(&mut self, nonce: &str, count: u32, now: Instant, source: IpAddr) -> bool {
        let Some(name) = self.name(nonce, now, source).filter(|_| count > 0) else { return false };
        if let Some(window) = self.used.get_mut(&name) {
            return window.take(count);
        }
        let oldest = self.clock(now).saturating_sub(millis(LIFETIME));
        self.used = self.used.split_off(&(oldest, 0));
        if self.used.len() >= MAX_USED
            && let Some((forgotten, _)) = self.used.pop_first()
        {
            self.floor = self.floor.max(forgotten);
        }
        self.used.insert(name, Window { highest: count, seen: 1 });
        true
    }

    fn name(&self, nonce: &str, now: Instant, source: IpAddr) -> Option<Name> {
        if nonce.len() != 56 || !nonce.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let name = (u64::from_str_radix(&nonce[..16], 16).ok()?, u32::from_str_radix(&nonce[16..24], 16).ok()?);
        let mac: Vec<u8> = (24..56).step_by(2).filter_map(|at| u8::from_str_radix(&nonce[at..at + 2], 16).ok()).collect();
        self.mac(name, source).verify_truncated_left(&mac).ok()?;
        let age = self.clock(now).saturating_sub(name.0);
        (age <= millis(LIFETIME) && (name > self.floor || self.used.contains_key(&name))).then_some(name)
    }

    fn mac(&self, name: Name, source: IpAddr) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of every length");
        mac.update(&name.0.to_be_bytes());
        mac.update(&name.1.to_be_bytes());
        mac.update(source.to_canonical().to_string().as_bytes());
        mac
    }

    /// Milliseconds on our own clock.
    fn clock(&self, now: Instant) -> u64 {
        self.offset + millis(now.saturating_duration_since(self.epoch))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

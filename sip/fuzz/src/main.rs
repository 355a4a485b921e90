//! libFuzzer at one entrance, which `WARMLINE_FUZZ_ENTRANCE` names. Besides a panic, an input must not ask for much memory at once, nor take
//! long. `cargo xtask fuzz` builds and runs it.

#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};

#[path = "../../tests/entrances/entrance/mod.rs"]
mod entrance;

use entrance::{ENTRANCES, Entrance};

/// The most that one input may take of a core. Coverage counters make it slower than a release build.
const SLOW: Duration = Duration::from_millis(50);
/// The most that one allocation may ask for: inputs have at most 64 kB.
const LARGE: usize = 1 << 20;
/// The most that one input may ask for in all.
const MUCH: usize = 256 << 20;

/// The system's allocator, with what was asked of it.
struct Counting;

static LARGEST: AtomicUsize = AtomicUsize::new(0);
static TOTAL: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        TOTAL.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        TOTAL.fetch_add(size, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ENTRANCE: OnceLock<Entrance> = OnceLock::new();

fn chosen() -> Entrance {
    let name = std::env::var("WARMLINE_FUZZ_ENTRANCE").unwrap_or_default();
    let found = ENTRANCES.into_iter().find(|(known, _)| *known == name);
    let known: Vec<&str> = ENTRANCES.into_iter().map(|(known, _)| known).collect();
    let entrance = found.unwrap_or_else(|| panic!("WARMLINE_FUZZ_ENTRANCE is {name:?}, none of {known:?}")).1;
    // What is made once does not count.
    entrance(&[]);
    entrance(&[0]);
    entrance(&[1]);
    entrance
}

/// Time of this thread alone: others use the machine too.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn timed(entrance: Entrance, input: &[u8]) -> Duration {
    let start = cpu_time();
    entrance(input);
    cpu_time() - start
}

fuzz_target!(|input: &[u8]| {
    let entrance = *ENTRANCE.get_or_init(chosen);
    LARGEST.store(0, Ordering::Relaxed);
    TOTAL.store(0, Ordering::Relaxed);
    let took = timed(entrance, input);
    let (largest, total) = (LARGEST.load(Ordering::Relaxed), TOTAL.load(Ordering::Relaxed));
    assert!(largest <= LARGE && total <= MUCH, "{largest} bytes at once, {total} in all");
    // Once more: the first time may have been bad luck.
    assert!(took <= SLOW || timed(entrance, input) <= SLOW, "took {took:?}");
});

//! Frames for the recogniser.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use crossbeam_queue::ArrayQueue;
use tokio::sync::Notify;

use crate::call::{
    ids::LegId,
    media::frame::{Frame, Samples},
};

/// One second: a listener that is further behind has lost the caller anyway, and what waits is half of what a bridged call costs in memory.
const FRAMES: usize = 50;

/// A frame of a leg that is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeardFrame {
    /// Whose.
    pub leg: LegId,
    /// The sound.
    pub frame: Frame,
    /// What was sent to the leg in the same tick: its echo may come back.
    pub sent: Samples,
    /// Nobody waits for its words: they are only written down.
    pub written: bool,
}

/// The bounded queue between the media thread and a call's listener. When it is full, the oldest frame is dropped and counted.
#[derive(Debug)]
pub struct HeardQueue {
    frames: ArrayQueue<HeardFrame>,
    wake: Notify,
    dropped: AtomicU64,
    closed: AtomicBool,
}

impl HeardQueue {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { frames: ArrayQueue::new(FRAMES), wake: Notify::new(), dropped: AtomicU64::new(0), closed: AtomicBool::new(false) })
    }

    /// Never waits.
    pub(super) fn push(&self, frame: HeardFrame) {
        if self.frames.force_push(frame).is_some() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.wake.notify_one();
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// The next frame; `None` when the call's media has ended. For one reader.
    pub async fn next(&self) -> Option<HeardFrame> {
        loop {
            let wake = self.wake.notified();
            // In this order: what was pushed before the end is still delivered.
            let closed = self.closed.load(Ordering::Acquire);
            if let Some(frame) = self.frames.pop() {
                return Some(frame);
            }
            if closed {
                return None;
            }
            wake.await;
        }
    }

    /// The next frame if there is one.
    #[must_use]
    pub fn try_next(&self) -> Option<HeardFrame> {
        self.frames.pop()
    }

    /// Frames dropped because the listener was too slow.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::time::Time;

    fn frame(at: u64) -> HeardFrame {
        HeardFrame {
            leg: LegId::CALLER,
            frame: Frame { at: Time(at), samples: [0; 160], concealed: false },
            sent: [0; 160],
            written: false,
        }
    }

    #[tokio::test]
    async fn the_oldest_goes_first_and_the_end_comes_after_everything() {
        let queue = HeardQueue::new();
        for at in 0..FRAMES as u64 + 3 {
            queue.push(frame(at));
        }
        assert_eq!(queue.dropped(), 3);
        queue.close();
        let mut seen = Vec::new();
        while let Some(heard) = queue.next().await {
            seen.push(heard.frame.at.0);
        }
        assert_eq!(seen, (3..FRAMES as u64 + 3).collect::<Vec<_>>());
    }
}

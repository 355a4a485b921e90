//! Threads that compute stand back behind those that pace RTP.

/// Niceness of the inference workers.
pub(crate) const WORKER: i32 = 10;
/// Niceness of the listener: behind RTP, before inference.
pub(crate) const LISTENER: i32 = 5;

/// Niceness of what is only written down: behind everything.
pub(crate) const NOTES: i32 = 15;

/// Sets the niceness of the calling thread (on Linux it belongs to the thread, setpriority(2)).
pub(crate) fn stand_back(niceness: i32) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), niceness) {
        tracing::warn!(%error, "the priority of a speech thread could not be lowered");
    }
}

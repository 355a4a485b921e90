//! Threads that compute stand back behind those that pace RTP. Where those are raised above every ordinary thread (`telephony::media::priority`), ours need not stand back
//! behind other programs of the machine besides: at niceness 10 they get a tenth of what each of those gets, and on a busy machine a caller's words come too late.

use std::sync::OnceLock;

use rustix::process::setpriority_process;

/// Niceness of the inference workers.
pub(crate) const WORKER: i32 = 10;
/// Niceness of the listener: behind RTP, before inference.
pub(crate) const LISTENER: i32 = 5;

/// Niceness of what is only written down: behind everything.
pub(crate) const NOTES: i32 = 15;

/// So much less of it where RTP is raised: inference is like any other program then, and the order among ours the same.
const RAISED: i32 = 10;

/// Sets the niceness of the calling thread (on Linux it belongs to the thread, setpriority(2)).
pub(crate) fn stand_back(niceness: i32) {
    let niceness = if rtp_is_raised() { niceness - RAISED } else { niceness };
    if let Err(error) = set(niceness) {
        tracing::warn!(%error, "the priority of a speech thread could not be set");
    }
}

/// May this process raise its threads (`CAP_SYS_NICE`, or `LimitNICE=` of systemd), and does so for RTP? Asked of the calling thread, before it has a niceness of its
/// own.
fn rtp_is_raised() -> bool {
    static IS_RAISED: OnceLock<bool> = OnceLock::new();
    *IS_RAISED.get_or_init(|| set(-RAISED).is_ok())
}

fn set(niceness: i32) -> rustix::io::Result<()> {
    setpriority_process(Some(rustix::thread::gettid()), niceness)
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn the_order_of_ours_is_the_same_wherever_rtp_is() {
        let niceness = |wanted: i32| {
            std::thread::spawn(move || {
                stand_back(wanted);
                getpriority_process(Some(rustix::thread::gettid())).unwrap()
            })
            .join()
            .unwrap()
        };
        let [listener, worker, notes] = [LISTENER, WORKER, NOTES].map(niceness);
        assert!(listener < worker && worker < notes, "{listener} {worker} {notes}");
        assert_eq!(worker, if rtp_is_raised() { 0 } else { WORKER });
    }
}

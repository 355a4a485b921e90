//! Media before everything else.

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use tracing::debug;

/// The lowest real-time priority is already above every ordinary thread.
const REAL_TIME: ThreadPriority = ThreadPriority::Min;
/// Where real time is not allowed.
const NICE: i32 = -15;

/// Raises this thread as far as it may be raised. Needs a privilege (`CAP_SYS_NICE`, or `LimitRTPRIO=` of systemd), and everything works
/// without it: late packets only under load.
pub(crate) fn raise() {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    let Err(real_time) = set_thread_priority_and_policy(thread_native_id(), REAL_TIME, policy) else { return };
    if let Err(nice) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        debug!(?real_time, %nice, "the media thread runs at normal priority");
    }
}

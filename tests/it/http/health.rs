//! Health and metrics.

use std::sync::atomic::Ordering;

use warmline::{
    call::{
        event::Event,
        ids::RequestId,
        outcome::{HandoffOutcome, Outcome},
        record::What,
    },
    http::install_metrics,
};

use super::support::served;
use crate::remote::a_call_with_speech;
use crate::store::samples::{ended, escalates, handoff_ended, step};

#[tokio::test]
async fn ready_means_that_models_and_sip_are_there() {
    let served = served().await;
    let ready = async || served.get("/readyz").await.status().as_u16();
    assert_eq!(ready().await, 503);
    served.parts.readiness.models.store(true, Ordering::Relaxed);
    assert_eq!(ready().await, 503);
    served.parts.readiness.sip.store(true, Ordering::Relaxed);
    assert_eq!(ready().await, 200);
    assert_eq!(served.json("/readyz").await["store"], true);
    served.parts.readiness.draining.store(true, Ordering::Relaxed);
    assert_eq!(ready().await, 503);
    assert_eq!(served.json("/healthz").await["status"], "ok");
}

#[tokio::test]
async fn metrics_count_calls_and_name_no_caller() {
    install_metrics();
    let served = served().await;
    let mut call = served.live("one", 0);
    call.write(10, escalates());
    call.write(11, escalates());
    call.write(20, step(handoff_ended(HandoffOutcome::NobodyCame)));
    call.write(25, What::LookUp { name: "order".to_owned(), ok: true, took_ms: 120, failure: None });
    call.write(30, ended(Outcome::CallbackPromised));
    let text = served.get("/metrics").await.text().await.unwrap();
    for line in [
        "warmline_calls_total{outcome=\"callback_promised\"} 1",
        "warmline_handoffs_total{outcome=\"nobody_came\"} 1",
        "warmline_lookups_total{ok=\"true\"}",
        "warmline_lookup_seconds_bucket{le=\"0.25\"}",
        "warmline_escalations_total{reason=\"asked_for_human\"}",
        "warmline_calls_live",
        "# TYPE warmline_calls_total counter",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("0721"), "{text}");
}

#[tokio::test]
async fn metrics_tell_what_the_speech_workers_do_and_leave_out() {
    install_metrics();
    let served = served().await;
    let (call, mut events) = a_call_with_speech().await;
    // More than may wait for one call: some of it is refused.
    let asked = 200;
    (0..asked).for_each(|id| call.understand(RequestId(id), "Where is my order?"));
    let (mut done, mut refused) = (0, 0);
    while done + refused < asked {
        match events.recv().await.unwrap() {
            Event::Understood { .. } => done += 1,
            Event::Failed { .. } => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(done > 0 && refused > 0, "{done} done, {refused} refused");
    let text = served.get("/metrics").await.text().await.unwrap();
    for line in [
        "warmline_speech_run_seconds_bucket{class=\"understand\",le=\"10\"}",
        "warmline_speech_wait_seconds_count{class=\"understand\"}",
        "warmline_speech_jobs_waiting{class=\"understand\"}",
        "# TYPE warmline_speech_run_seconds histogram",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    // Other tests of this process may count here, too.
    let counted = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in\n{text}"));
        line.rsplit_once(' ').and_then(|(_, count)| count.parse::<u64>().ok()).unwrap_or_else(|| panic!("{line}"))
    };
    let left_out = counted("warmline_speech_jobs_dropped_total{class=\"understand\"}");
    assert!(left_out > 0 && counted("warmline_speech_jobs_refused_total ") >= left_out, "{text}");
}

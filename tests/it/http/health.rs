//! Health and metrics.

use std::sync::atomic::Ordering;

use warmline::{
    call::{
        outcome::{HandoffOutcome, Outcome},
        record::What,
    },
    http::install_metrics,
};

use super::support::served;
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

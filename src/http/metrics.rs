//! `/metrics`: Prometheus text. Labels are words of closed lists, never a caller's number or words.

use std::sync::OnceLock;

use axum::http::{StatusCode, header};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Seconds; for everything that is named `…_seconds`.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Makes the recorder of the process, before anything counts. Once is enough, more does no harm.
pub fn install() {
    let _ours_or_none = handle();
}

fn handle() -> Option<&'static PrometheusHandle> {
    HANDLE
        .get_or_init(|| {
            let recorder =
                PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS).ok()?.build_recorder();
            let handle = recorder.handle();
            ::metrics::set_global_recorder(recorder).ok()?;
            describe();
            Some(handle)
        })
        .as_ref()
}

/// Sorts samples into their buckets; without it they pile up until somebody asks.
pub(super) fn upkeep() {
    if let Some(handle) = handle() {
        handle.run_upkeep();
    }
}

fn describe() {
    ::metrics::describe_counter!("warmline_calls_total", "Calls that have ended, by outcome.");
    ::metrics::describe_gauge!("warmline_calls_live", "Calls that go on.");
    ::metrics::describe_counter!("warmline_calls_refused_total", "Calls that were refused before anything was made of them, by reason.");
    ::metrics::describe_counter!("warmline_sip_refused_total", "SIP messages that were refused or dropped, by kind.");
    ::metrics::describe_counter!("warmline_sip_unsent_total", "SIP messages that could not be handed to a socket.");
    ::metrics::describe_counter!(
        "warmline_rtp_dropped_total",
        "Packets of sound that were dropped, by reason; counted when their leg ends."
    );
    ::metrics::describe_counter!("warmline_escalations_total", "Reasons for which humans were wanted, once per call and reason.");
    ::metrics::describe_counter!("warmline_handoffs_total", "Handoffs that have ended, by outcome.");
    ::metrics::describe_counter!("warmline_lookups_total", "Look-ups at services.");
    ::metrics::describe_histogram!("warmline_lookup_seconds", "How long look-ups took.");
    ::metrics::describe_counter!("warmline_media_frames_dropped_total", "Audio frames that found a call's way to its listener full.");
    ::metrics::describe_counter!("warmline_speech_frames_dropped_total", "Audio frames that found the recogniser's queue full.");
    ::metrics::describe_counter!("warmline_speech_jobs_refused_total", "Requests that found the speech workers' queue full.");
    ::metrics::describe_counter!("warmline_speech_jobs_late_total", "Requests whose deadline passed before a speech worker took them.");
    ::metrics::describe_counter!(
        "warmline_speech_jobs_dropped_total",
        "Speech work that was left out because there was too much, by class."
    );
    ::metrics::describe_gauge!("warmline_speech_jobs_waiting", "Speech work that waits, by class.");
    ::metrics::describe_histogram!("warmline_speech_wait_seconds", "How long speech work waited for a worker, by class.");
    ::metrics::describe_histogram!("warmline_speech_run_seconds", "How long speech work took, by class.");
    ::metrics::describe_gauge!("warmline_store_lag_seconds", "Age of the oldest entry that waits for a failing database.");
    ::metrics::describe_counter!("warmline_store_entries_deferred_total", "Entries that were left to the event logs.");
}

/// All counters.
#[utoipa::path(get, path = "/metrics", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics() -> Result<([(header::HeaderName, &'static str); 1], String), StatusCode> {
    let handle = handle().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    handle.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()))
}

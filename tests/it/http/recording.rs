//! Recordings and event logs.

use warmline::call::{ids::CallId, outcome::Outcome};

use super::support::{Served, code, served};
use crate::store::samples::{ended, said};

/// A server with one ended call whose recording is these bytes.
async fn recorded() -> (Served, Vec<u8>) {
    let served = served().await;
    let mut call = served.live("one", 0);
    call.write(10, said("Hello?"));
    call.write(20, ended(Outcome::Contained));
    drop(call);
    served.parts.store.flush().await;
    let wav: Vec<u8> = (0..5_000_u32).map(|index| (index % 251) as u8).collect();
    std::fs::write(served.parts.store.recording_path(&CallId("one".to_owned())), &wav).unwrap();
    (served, wav)
}

#[tokio::test]
async fn a_recording_comes_whole_or_in_ranges() {
    let (served, wav) = recorded().await;
    let whole = served.get("/api/v1/calls/one/recording").await;
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()["content-type"], &whole.headers()["accept-ranges"]),
        (200, &"audio/wav".parse().unwrap(), &"bytes".parse().unwrap())
    );
    assert_eq!(whole.bytes().await.unwrap(), wav);
    for (range, from, to) in [
        ("bytes=0-99", 0, 99),
        ("bytes=4990-", 4_990, 4_999),
        ("bytes=-10", 4_990, 4_999),
        ("bytes=100-100", 100, 100),
        ("bytes=4000-9999", 4_000, 4_999),
    ] {
        let part = served.client.get(served.url("/api/v1/calls/one/recording")).header("range", range).send().await.unwrap();
        assert_eq!(part.status(), 206, "{range}");
        assert_eq!(part.headers()["content-range"], format!("bytes {from}-{to}/5000"), "{range}");
        assert_eq!(part.bytes().await.unwrap(), wav[from..=to], "{range}");
    }
    let beyond = served.client.get(served.url("/api/v1/calls/one/recording")).header("range", "bytes=5000-").send().await.unwrap();
    assert_eq!(beyond.status(), 416);
    assert_eq!(served.json("/api/v1/calls/one").await["head"]["recording"], true);
    assert_eq!(served.json("/api/v1/calls").await["calls"][0]["recording"], true);
}

#[tokio::test]
async fn there_is_no_recording_of_a_live_call_or_of_none() {
    let (served, _) = recorded().await;
    let _live = served.live("two", 1);
    std::fs::write(served.parts.store.recording_path(&CallId("two".to_owned())), b"half a file").unwrap();
    assert_eq!(code(served.get("/api/v1/calls/two/recording").await).await, (404, "no_recording".to_owned()));
    std::fs::remove_file(served.parts.store.recording_path(&CallId("one".to_owned()))).unwrap();
    assert_eq!(code(served.get("/api/v1/calls/one/recording").await).await, (404, "no_recording".to_owned()));
    assert_eq!(code(served.get("/api/v1/calls/three/recording").await).await, (404, "no_such_call".to_owned()));
}

#[tokio::test]
async fn a_stretch_of_a_live_call_can_be_heard() {
    let served = served().await;
    let _live = served.live("two", 1);
    let path = served.parts.store.recording_path(&CallId("two".to_owned()));
    let spec = hound::WavSpec { channels: 2, sample_rate: 8_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    // As the recorder has it in mid call: flushed, not finished.
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for index in 0..16_000_i16 {
        writer.write_sample(index).unwrap();
    }
    writer.flush().unwrap();
    let stretch = served.get("/api/v1/calls/two/recording?from=500&to=750").await;
    assert_eq!((stretch.status().as_u16(), &stretch.headers()["content-type"]), (200, &"audio/wav".parse().unwrap()));
    let wav = std::io::Cursor::new(stretch.bytes().await.unwrap());
    let samples: Vec<i16> = hound::WavReader::new(wav).unwrap().into_samples().map(Result::unwrap).collect();
    assert!(samples.iter().copied().eq(8_000..12_000));
    // What was not said yet, and stretches that are none.
    for (query, status, word) in [
        ("from=1000&to=2000", 404, "no_recording"),
        ("from=700&to=600", 404, "no_recording"),
        ("from=700", 400, "bad_request"),
        ("from=a&to=b", 400, "bad_request"),
        ("from=-1&to=5", 400, "bad_request"),
        ("at=5", 400, "bad_request"),
    ] {
        let got = code(served.get(&format!("/api/v1/calls/two/recording?{query}")).await).await;
        assert_eq!(got, (status, word.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn the_event_log_comes_as_json_lines() {
    let (served, _) = recorded().await;
    let log = served.get("/api/v1/calls/one/log").await;
    assert_eq!(log.headers()["content-type"], "application/x-ndjson");
    let text = log.text().await.unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["line"].as_str().unwrap()).collect::<Vec<_>>(), ["setup", "action", "action"]);
    assert_eq!(lines[0]["flow"]["name"], "support.en");
}

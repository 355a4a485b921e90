//! A card number said aloud to a running gateway: it is in no file afterwards, and the recording is silent where it was said, and nowhere else.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;

use super::{LIMIT, correlation::likeness, gateway, hear_greeting, newest_call, phone, said};

/// A test number with a right check digit (ISO/IEC 7812-1), as it is said.
const FIGURES: &str = "4539578763621486";
const CARD: &str = "My card number is four five three nine, five seven eight seven, six three six two, one four eight six.";
/// So many of its figures in a row are more than anybody may read (PCI DSS 3.4.1: six).
const TOO_MANY: usize = 8;
const WORDS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const PLAIN: &str = "How long does delivery take?";
const RATE: u64 = 8_000;

/// Every byte of every file below a folder.
pub(super) fn all_bytes(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all_bytes(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// From when to when the callers' turns of which that is true were said, in milliseconds of the call.
fn span(seen: &Value, of: impl Fn(&str) -> bool) -> Option<(u64, u64)> {
    let mut turns = seen["entries"].as_array()?.iter().filter(|entry| entry["what"] == "caller_turn");
    let turn = turns.find(|turn| turn["text"].as_str().is_some_and(&of))?;
    Some((turn["from"].as_u64()?, turn["to"].as_u64()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_said_aloud_is_in_no_file_and_not_in_the_recording() {
    let gateway = gateway("redacted", "sip:maria@127.0.0.1:9").await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let call = newest_call(&gateway.rig).await;
    let path = format!("/api/v1/calls/{call}");
    let api = gateway.rig.api();

    let (plain, card) = (said(PLAIN).await, said(CARD).await);
    line.media.say(&plain).await.unwrap();
    let plain_at = api.until(&path, LIMIT, |seen| span(seen, |text| text.contains("delivery"))).await.unwrap();
    line.media.wait_for_silence_of(Duration::from_millis(1_000), line.media.now(), LIMIT).await.unwrap();
    line.media.say(&card).await.unwrap();
    let card_at = api.until(&path, LIMIT, |seen| span(seen, |text| text.contains('•'))).await.unwrap();
    let kinds = |seen: &Value| {
        let entry = seen["entries"].as_array()?.iter().find(|entry| entry["what"] == "redacted")?;
        Some(entry["kinds"].clone())
    };
    assert_eq!(api.until(&path, LIMIT, kinds).await.unwrap(), serde_json::json!(["cards"]));
    line.hang_up().await.unwrap();
    api.until(&path, LIMIT, |seen| (seen["head"]["recording"] == true).then_some(())).await.unwrap();

    let wav = api.bytes(&format!("{path}/recording")).await.unwrap();
    let callers: Vec<i16> = hound::WavReader::new(wav.as_slice()).unwrap().into_samples::<i16>().map(Result::unwrap).step_by(2).collect();
    let part = |(from, to): (u64, u64)| &callers[(from * RATE / 1_000) as usize..(to * RATE / 1_000) as usize];
    assert!(part(card_at).iter().all(|sample| *sample == 0), "the turn with the number sounds in the recording");
    assert!(part(plain_at).iter().any(|sample| sample.unsigned_abs() > 1_000), "the other turn does not");
    let (kept, struck) = (likeness(&plain.samples, &callers), likeness(&card.samples, &callers));
    println!("in the recording: the plain question {kept:.3}, the sentence with the number {struck:.3}");
    assert!(kept > 0.4 && struck < kept / 2.0, "{kept:.3} {struck:.3}");

    let mut files = Vec::new();
    all_bytes(gateway.rig.folder(), &mut files);
    let files: Vec<(String, String)> = files.into_iter().map(|(name, bytes)| (name, figures(&bytes))).collect();
    assert!(files.iter().any(|(_, text)| text.contains("howlongdoesdeliverytake")), "the files that are looked at have what was said");
    for (name, text) in &files {
        let found: Vec<&str> =
            (0..=FIGURES.len() - TOO_MANY).map(|at| &FIGURES[at..at + TOO_MANY]).filter(|part| text.contains(part)).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

/// Text with figures for the words for them, and nothing between them.
fn figures(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let text = WORDS.iter().zip('0'..).fold(text, |text, (word, figure)| text.replace(word, &figure.to_string()));
    text.replace([' ', ',', '.', '-'], "")
}

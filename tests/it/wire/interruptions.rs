//! Talking over the bot, with real voices and the real recogniser: what stops it, what does not, and what the record keeps.

use std::time::Duration;

use serde_json::Value;
use warmline::phone::{Line, Sound};

use super::{LIMIT, gateway, hear_greeting, newest_call, phone, said};

/// The bot has spoken this long when somebody talks over it.
const INTO_THE_ANSWER: Duration = Duration::from_millis(900);

/// A cough: a burst of noise that dies away, at the level of speech.
fn cough() -> Sound {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 16) / 32_768.0 - 1.0
    };
    Sound { samples: (0..2_000).map(|n| (9_000.0 * noise() * (-f64::from(n) / 600.0).exp()) as i16).collect() }
}

/// Asks, waits until the answer sounds, and talks over it.
async fn talk_over(line: &Line, question: &str, over: &Sound) -> Duration {
    let asked = line.media.say(&said(question).await).await.unwrap();
    line.media.wait_for_sound_of(INTO_THE_ANSWER, asked.end, LIMIT).await.unwrap();
    let end = line.media.say(over).await.unwrap().end;
    line.media.wait_for_silence_of(Duration::from_millis(1_500), end, LIMIT).await.unwrap()
}

/// What the bot said and what of it was heard, of the last text that begins like this.
fn bot_turn(seen: &Value, begins: &str) -> Option<(String, String, bool)> {
    let said = |entry: &&Value| entry["what"] == "bot_turn" && entry["text"].as_str().is_some_and(|text| text.starts_with(begins));
    let turn = seen["entries"].as_array()?.iter().rfind(said)?;
    Some((turn["text"].as_str()?.to_owned(), turn["heard"].as_str()?.to_owned(), turn["interrupted"].as_bool()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cough_and_a_mhm_end_no_answer_and_a_question_does() {
    let gateway = gateway("interruptions", "sip:maria@127.0.0.1:9").await;
    let caller = phone("+40721555019").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let call = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let api = gateway.rig.api();

    for over in [cough(), said("Uh huh.").await] {
        talk_over(&line, "I forgot my password.", &over).await;
        let (text, heard, interrupted) = api.until(&call, LIMIT, |seen| bot_turn(seen, "Choose sign in")).await.unwrap();
        assert!(!interrupted && heard == text, "of “{text}” only “{heard}” was heard");
        // Only questions are turns that the bot answers.
        line.media.say(&said("How much does shipping cost?").await).await.unwrap();
        line.media.wait_for_silence_of(Duration::from_millis(1_500), line.media.now(), LIMIT).await.unwrap();
    }

    talk_over(&line, "What are your opening hours on Saturday?", &said("Where is my order?").await).await;
    let (text, heard, interrupted) = api.until(&call, LIMIT, |seen| bot_turn(seen, "On Saturday")).await.unwrap();
    assert!(interrupted && !heard.is_empty() && heard.len() < text.len() && text.starts_with(&heard), "“{heard}” of “{text}”");
    api.until(&call, LIMIT, |seen| bot_turn(seen, "What is your order number")).await.unwrap();
    line.hang_up().await.unwrap();
}

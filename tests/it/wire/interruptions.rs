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

/// What the bot said: text, what of it was heard, and whether it was interrupted.
fn bot_turns(seen: &Value) -> Vec<(String, String, bool)> {
    let turn = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        (entry["what"] == "bot_turn").then_some(())?;
        Some((text("text")?, text("heard")?, entry["interrupted"].as_bool()?))
    };
    seen["entries"].as_array().map(|entries| entries.iter().filter_map(turn).collect()).unwrap_or_default()
}

/// All turns of the bot, as soon as `count` of them begin like this.
fn once_said(begins: &'static str, count: usize) -> impl Fn(&Value) -> Option<Vec<(String, String, bool)>> {
    move |seen| {
        let turns = bot_turns(seen);
        (turns.iter().filter(|(text, ..)| text.starts_with(begins)).count() >= count).then_some(turns)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cough_and_a_mhm_end_no_answer_and_a_question_does() {
    let gateway = gateway("interruptions", "sip:maria@127.0.0.1:9").await;
    let caller = phone("+40721555019").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let call = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let api = gateway.rig.api();

    for (round, over) in [cough(), said("Uh huh.").await].iter().enumerate() {
        talk_over(&line, "I forgot my password.", over).await;
        // The first sentence is talked over; the last is said only if the answer goes on.
        let turns = api.until(&call, LIMIT, once_said("Choose sign in", round + 1)).await.unwrap();
        let first = turns.iter().rfind(|(text, ..)| text.starts_with("You can set a new password")).unwrap();
        assert!(turns.iter().all(|(text, heard, interrupted)| heard == text && !interrupted), "{turns:#?}");
        assert_eq!(turns.iter().filter(|(text, ..)| *text == first.0).count(), round + 1, "{turns:#?}");
    }

    // Whatever day it is: "On Saturday we are open …", or on a Friday "Tomorrow, Saturday, …".
    talk_over(&line, "What are your opening hours on Saturday?", &said("Where is my order?").await).await;
    let turns = api.until(&call, LIMIT, once_said("What is your order number", 1)).await.unwrap();
    let (text, heard, interrupted) = turns.iter().rfind(|(text, ..)| text.contains("we are open")).unwrap();
    assert!(*interrupted && !heard.is_empty() && heard.len() < text.len() && text.starts_with(heard.as_str()), "“{heard}” of “{text}”");
    line.hang_up().await.unwrap();
}

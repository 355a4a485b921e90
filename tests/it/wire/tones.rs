//! Tone in, tone out: through the bridge both ways, told apart by their frequency.

use std::time::Duration;

use warmline::phone::{Line, Sound};

use super::{LIMIT, gateway, hear_greeting, phone, said};

const CALLER_HZ: f64 = 700.0;
const AGENT_HZ: f64 = 1_300.0;

/// Hums until the other side hears nothing but the hum; a part of half a second decides.
pub(super) async fn hums(from: &Line, to: &Line, hz: f64) -> bool {
    let hum = Sound::tone(hz, 1_500);
    let deadline = from.media.now() + LIMIT;
    while from.media.now() < deadline {
        let start = to.media.now();
        from.media.say(&hum).await.unwrap();
        let heard = to.media.heard_since(start + Duration::from_millis(500));
        if heard.samples.chunks_exact(4_000).any(|part| Sound { samples: part.to_vec() }.strength(hz) > 0.8) {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_into_one_end_of_the_bridge_comes_out_at_the_other() {
    let agent = phone("maria").await;
    let gateway = gateway("tones", &agent.address()).await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();

    let ringing = agent.ring(LIMIT).await.unwrap();
    let agents = ringing.answer().await.unwrap();
    agents.media.wait_for_silence_of(Duration::from_millis(1_500), agents.answered, LIMIT).await.unwrap();
    agents.media.press('1').await.unwrap();

    assert!(hums(&agents, &line, AGENT_HZ).await, "the caller never heard the agent's tone");
    assert!(hums(&line, &agents, CALLER_HZ).await, "the agent never heard the caller's tone");

    // The agent hangs up: the caller's call ends, too, and nobody is left alone on a dead line.
    agents.hang_up().await.unwrap();
    line.wait_for_hang_up(LIMIT).await.unwrap();
}

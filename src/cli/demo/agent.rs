//! The agent's telephone: rings, listens to the briefing, accepts, and talks.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{ears::Ears, show::Show};
use crate::phone::{Line, Phone, Sound, Span, Voice};

/// The telephone rings this long before the agent picks up: time to read the card.
const RINGS: Duration = Duration::from_millis(2_500);
/// A pause this long means that the briefing is over.
const BRIEFING_PAUSE: Duration = Duration::from_millis(1_500);
const BRIEFING_LIMIT: Duration = Duration::from_secs(60);

/// What the agent says when the caller is on the line.
pub(crate) const HELLO: &str = "Hello, this is Maria from the orders team. I can see your order, and I will find out where it is.";

/// An agent who has heard the briefing and has accepted.
pub(crate) struct Briefed {
    /// The agent's line.
    pub(crate) line: Line,
    /// When the telephone began to ring.
    pub(crate) rang: Duration,
    /// When the briefing's last sound was heard.
    pub(crate) briefed: Duration,
    /// The briefing as it arrived.
    pub(crate) briefing: Sound,
}

/// Waits for a call, takes it, hears the briefing out and presses 1.
pub(crate) async fn take(phone: &Phone, show: Show, limit: Duration) -> Result<Briefed> {
    let ringing = phone.ring(limit).await?;
    let rang = ringing.at;
    show.line("agent", "(the telephone rings)");
    ensure!(ringing.let_ring(RINGS).await?, "the gateway stopped ringing the agent before anybody picked up");
    let line = ringing.answer().await?;
    show.line("agent", "(picks up, and listens)");
    let briefed = line.media.wait_for_silence_of(BRIEFING_PAUSE, line.answered, BRIEFING_LIMIT).await?;
    let briefing = line.media.heard_between(line.answered, briefed + Duration::from_millis(200));
    line.media.press('1').await?;
    show.line("agent", "(presses 1)");
    Ok(Briefed { line, rang, briefed, briefing })
}

/// Says hello to the caller.
pub(crate) async fn greet(line: &Line, show: Show) -> Result<Span> {
    let hello = Voice::Rms.or_any().await.say(HELLO).await?;
    show.line("agent", &format!("says: “{HELLO}”"));
    line.media.say(&hello).await
}

/// Takes every further call in the same way, until the program ends: for those who call the demo by themselves.
pub(crate) async fn stay(phone: &Phone, ears: &Ears, show: Show) -> ! {
    loop {
        let Ok(briefed) = take(phone, show, Duration::from_secs(3_600)).await else { continue };
        if let Ok(text) = ears.hear(&briefed.briefing).await {
            show.line("agent", &format!("heard: “{text}”"));
        }
        // Whatever goes wrong now, the caller has hung up, and the telephone is ready for the next one.
        let _ = greet(&briefed.line, show).await;
        let _ = briefed.line.wait_for_hang_up(Duration::from_secs(3_600)).await;
    }
}

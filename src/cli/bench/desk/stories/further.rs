//! How a call comes to a human otherwise than by a telephone that rings and is told what it is about, and what an agent does with a caller they have.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{
    super::{AGENTS_HUM_HZ, LIMIT, PAUSE, Taken, accept, call_of, meet, pick_up},
    Cast, Story,
};
use crate::{
    cli::bench::{Bench, any_port},
    phone::{Line, Phone, Sound},
};

/// How long an agent reads the card.
const READS: Duration = Duration::from_secs(5);
/// How long a caller is on hold.
const HELD: Duration = Duration::from_secs(8);
/// How long two agents talk about the caller.
const TALK_MS: u32 = 4_000;

impl Cast {
    /// From the wish until both hear each other, or until the caller was told that nobody is there.
    pub(super) async fn comes_otherwise(&self, bench: &Bench, line: &Line, said: Duration) -> Result<Duration> {
        match self.story {
            Story::ScreenFirst => {
                let call = self.call(bench, 0).await?;
                line.media.wait_for_sound_of(READS, said, LIMIT).await?;
                self.choose(bench, &call, 0, json!({ "choice": "accept" })).await?;
                let agent = self.ringing(0).await?.answer().await?;
                meet(line, &agent, agent.answered).await
            }
            Story::Introduction => {
                let agent = pick_up(self.ringing(0).await?).await?;
                let call = self.call(bench, 0).await?;
                accept(bench, &agent, Taken::ByKey, ("", "")).await?;
                let introduced = |step: &Value| step["step"] == "introduced";
                until(bench, &call, introduced).await?;
                meet(line, &agent, line.media.now()).await
            }
            Story::Invite => {
                let queue = self.ringing(0).await?.answer().await?;
                meet(line, &queue, queue.answered).await
            }
            Story::Closed => line.media.wait_for_silence_of(PAUSE, said, LIMIT).await.context("the offer of a callback"),
            other => bail!("{other:?} goes otherwise"),
        }
    }

    /// The caller's telephone is asked to call the agent's, and does. What it hears between the request and the agent is its own business: counted as silence.
    pub(super) async fn is_referred(&self, bench: &Bench, line: &Line, said: Duration) -> Result<Duration> {
        let (asked, target) = line.referral(LIMIT).await?;
        let (user, address) = target.trim_start_matches("sip:").split_once('@').context("whom to call")?;
        let phone = Phone::bind("caller", any_port(), bench.origin).await?;
        let address = address.parse().with_context(|| format!("where {target} is"))?;
        let taken = async { self.ringing(0).await?.answer().await };
        let (straight, agent) = tokio::try_join!(phone.call(user, address), taken)?;
        line.is_connected();
        let met = meet(&straight, &agent, asked).await?;
        line.wait_for_hang_up(LIMIT).await?;
        Ok(line.media.tape(|tape| tape.longest_silence(said, asked)).max(met.saturating_sub(asked)))
    }

    /// What the first agent does with the caller whom they have: since when, and when the caller is with somebody again.
    pub(super) async fn with_the_caller(&self, bench: &Bench, line: &Line) -> Result<(Duration, Duration)> {
        let (_, agent) = self.taken_by(bench, 0, line).await?;
        let call = self.call(bench, 0).await?;
        let to = json!({ "agent": self.id(1) });
        let from = line.media.now();
        let again = match self.story {
            Story::Hold => {
                self.choose(bench, &call, 0, json!({ "choice": "hold" })).await?;
                line.media.wait_for_sound_of(HELD, from, LIMIT).await?;
                let resumed = line.media.now();
                self.choose(bench, &call, 0, json!({ "choice": "resume" })).await?;
                meet(line, &agent, resumed).await?
            }
            Story::Consult => {
                self.choose(bench, &call, 0, json!({ "choice": "consult", "to": to })).await?;
                let second = self.ringing(1).await?.answer().await?;
                until(bench, &call, |step| step["third"]["did"] == "answered").await?;
                agent.media.say(&Sound::tone(AGENTS_HUM_HZ, TALK_MS)).await?;
                let left = line.media.now();
                self.choose(bench, &call, 0, json!({ "choice": "complete" })).await?;
                meet(line, &second, left).await?
            }
            Story::HandedOn => {
                self.choose(bench, &call, 0, json!({ "choice": "transfer", "to": to })).await?;
                self.taken_by(bench, 1, line).await?.0
            }
            Story::BackToTheBot => {
                self.choose(bench, &call, 0, json!({ "choice": "to_bot" })).await?;
                line.media.wait_for_silence_of(PAUSE, from, LIMIT).await.context("the bot")?
            }
            other => bail!("{other:?} goes otherwise"),
        };
        Ok((from, again))
    }

    async fn call(&self, bench: &Bench, agent: usize) -> Result<String> {
        call_of(&bench.rig.api(), &self.id(agent)).await
    }

    async fn choose(&self, bench: &Bench, call: &str, agent: usize, mut choice: Value) -> Result<()> {
        choice["agent"] = self.id(agent).into();
        bench.visitor()?.post(&format!("/api/v1/calls/{call}/choice"), &choice).await.map(drop)
    }
}

/// Waits until a step of the handoff is on record.
async fn until(bench: &Bench, call: &str, is: impl Fn(&Value) -> bool) -> Result<()> {
    let seen = |seen: &Value| seen["entries"].as_array()?.iter().any(|entry| is(&entry["step"])).then_some(());
    bench.rig.api().until(&format!("/api/v1/calls/{call}"), LIMIT, seen).await
}

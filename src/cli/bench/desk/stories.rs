//! How handoffs go wrong, and what silence a caller hears then. All stories at once, each with a queue and two agents of its own.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::{AGENTS_HUM_HZ, LIMIT, Taken, accept, ask, meet, pick_up, write_flow};
use crate::{
    cli::bench::{Args, Bench, any_port, figures::Figures},
    clock,
    config::{ConfigFile, RouteConfig, Transfer},
    phone::{Agent, Line, Phone, Ringing, Sound},
};

/// The longest that nobody takes a telephone off the hook.
const RINGS: Duration = Duration::from_secs(40);
/// How much of the briefing somebody hears who then hangs up.
const SOME_OF_IT: Duration = Duration::from_secs(3);
/// How long somebody waits while all are busy: longer than two updates.
const ALL_BUSY: Duration = Duration::from_secs(35);

/// What an agent says who is lost.
const HELLO_MS: u32 = 1_000;

/// What the first agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    TakesIt,
    NoAnswer,
    Busy,
    Declines,
    LeavesInTheBriefing,
    LostAfterTheBridge,
    /// They talk with somebody else, and there is nobody but them.
    AllBusy,
    /// And the second one, too: then a callback is offered.
    NobodyTakesIt,
}

const ALL: [Story; 8] = [
    Story::TakesIt,
    Story::NoAnswer,
    Story::Busy,
    Story::Declines,
    Story::LeavesInTheBriefing,
    Story::LostAfterTheBridge,
    Story::AllBusy,
    Story::NobodyTakesIt,
];

impl Story {
    const fn word(self) -> &'static str {
        match self {
            Self::TakesIt => "takes_it",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Declines => "declines",
            Self::LeavesInTheBriefing => "leaves_in_briefing",
            Self::LostAfterTheBridge => "lost_after_bridge",
            Self::AllBusy => "all_busy",
            Self::NobodyTakesIt => "nobody_takes_it",
        }
    }
}

/// One story's people.
struct Cast {
    story: Story,
    agents: [Phone; 2],
}

pub(super) async fn measure(args: &Args, figures: &mut Figures, wish: &Sound) -> Result<()> {
    let origin = clock::now();
    let (mut casts, mut agents) = (Vec::new(), Vec::new());
    for story in ALL {
        let (first, second) = (format!("{}_1", story.word()), format!("{}_2", story.word()));
        let cast = Cast { story, agents: [phone(origin, &first).await?, phone(origin, &second).await?] };
        for (id, name, phone) in [(first, "Maria", &cast.agents[0]), (second, "Dan", &cast.agents[1])] {
            agents.push(Agent { id, name: name.to_owned(), target: phone.address(), transfer: Transfer::Bridge });
        }
        casts.push(cast);
    }
    let bench = Arc::new(Bench::start_with(args, origin, agents, configured).await?);
    let measured = told(&bench, casts, figures, wish).await;
    let bench = Arc::into_inner(bench).context("a story is still told")?;
    bench.end(measured)
}

async fn phone(origin: Instant, user: &str) -> Result<Phone> {
    Phone::bind(user, any_port(), origin).await
}

fn configured(config: &mut ConfigFile, folder: &Path) -> Result<()> {
    config.routes.clear();
    for story in ALL {
        let flow = write_flow(folder, story.word())?;
        config.routes.push(RouteConfig::to(story.word(), &flow));
        for number in 1..=2 {
            let agent = config.agents.get_mut(&format!("{}_{number}", story.word())).context("an agent of the story")?;
            agent.queues = vec![story.word().to_owned()];
            agent.signed_in = number == 1 || story != Story::AllBusy;
        }
    }
    Ok(())
}

async fn told(bench: &Arc<Bench>, casts: Vec<Cast>, figures: &mut Figures, wish: &Sound) -> Result<()> {
    let mut going = JoinSet::new();
    for cast in casts {
        let (bench, wish) = (Arc::clone(bench), wish.clone());
        going.spawn(async move {
            let silence = cast.play(&bench, &wish).await.with_context(|| cast.story.word())?;
            anyhow::Ok((cast.story, silence))
        });
    }
    let told = ends(&mut going).await;
    going.shutdown().await;
    let mut silences = told?;
    silences.sort_by_key(|(story, _)| story.word());
    for (story, silence) in &silences {
        figures.add_times(&format!("silence_{}", story.word()), &[*silence], &[(100, Some(3_000.0))]);
    }
    Ok(())
}

async fn ends(going: &mut JoinSet<Result<(Story, Duration)>>) -> Result<Vec<(Story, Duration)>> {
    let mut silences = Vec::new();
    while let Some(story) = going.join_next().await {
        silences.push(story.context("a story has failed")??);
    }
    Ok(silences)
}

impl Cast {
    /// Tells the story; the longest silence that the caller heard from the wish on.
    async fn play(&self, bench: &Bench, wish: &Sound) -> Result<Duration> {
        let busy = if self.story == Story::AllBusy { Some(self.occupied(bench, wish).await?) } else { None };
        let (_phone, line) = bench.call_to(self.story.word()).await?;
        let said = ask(&line, wish).await?.end;
        let end = match busy {
            Some((_phone, other, agent)) => {
                line.media.wait_for_sound_of(ALL_BUSY, said, LIMIT).await?;
                other.hang_up().await?;
                agent.wait_for_hang_up(LIMIT).await?;
                // As long as the line is there the telephone says that it is busy.
                drop(agent);
                self.taken_by(bench, 0, &line).await?.0
            }
            None => self.goes_on(bench, &line).await?,
        };
        let silence = line.media.tape(|tape| tape.longest_silence(said, end));
        // Whoever let nobody call them back was let go already.
        let _ = line.hang_up().await;
        Ok(silence)
    }

    /// What both agents do; when the story is over.
    async fn goes_on(&self, bench: &Bench, line: &Line) -> Result<Duration> {
        if self.story == Story::TakesIt {
            return Ok(self.taken_by(bench, 0, line).await?.0);
        }
        if self.story == Story::LostAfterTheBridge {
            let agent = pick_up(self.ringing(0).await?).await?;
            accept(bench, &agent, Taken::ByKey, ("", "")).await?;
            // So soon after the bridge nobody has helped the caller yet.
            agent.media.say(&Sound::tone(AGENTS_HUM_HZ, HELLO_MS)).await?;
            agent.hang_up().await?;
        } else {
            self.fails(self.ringing(0).await?).await?;
        }
        if self.story == Story::NobodyTakesIt {
            self.ringing(1).await?.refuse("486 Busy Here").await?;
            let asked = line.media.now();
            return line.media.wait_for_silence_of(super::PAUSE, asked, LIMIT).await.context("the offer of a callback");
        }
        Ok(self.taken_by(bench, 1, line).await?.0)
    }

    async fn ringing(&self, agent: usize) -> Result<Ringing<'_>> {
        self.agents[agent].ring(LIMIT).await
    }

    async fn fails(&self, ringing: Ringing<'_>) -> Result<()> {
        match self.story {
            Story::NoAnswer => ringing.let_ring(RINGS).await.map(drop),
            Story::Busy | Story::NobodyTakesIt => ringing.refuse("486 Busy Here").await,
            Story::Declines => {
                let agent = pick_up(ringing).await?;
                agent.media.press('9').await?;
                agent.wait_for_hang_up(LIMIT).await
            }
            Story::LeavesInTheBriefing => {
                let agent = ringing.answer().await?;
                agent.media.wait_for_sound_of(SOME_OF_IT, agent.answered, LIMIT).await?;
                agent.hang_up().await
            }
            Story::TakesIt | Story::LostAfterTheBridge | Story::AllBusy => Ok(()),
        }
    }

    /// Rings, hears, accepts, and both hear each other: since when, and the agent's line.
    async fn taken_by(&self, bench: &Bench, agent: usize, line: &Line) -> Result<(Duration, Line)> {
        let agent = pick_up(self.ringing(agent).await?).await?;
        let accepted = accept(bench, &agent, Taken::ByKey, ("", "")).await?;
        Ok((meet(line, &agent, accepted).await?, agent))
    }

    /// Somebody else has the first agent.
    async fn occupied(&self, bench: &Bench, wish: &Sound) -> Result<(Phone, Line, Line)> {
        let (phone, line) = bench.call_to(self.story.word()).await?;
        ask(&line, wish).await?;
        let (_, agent) = self.taken_by(bench, 0, &line).await?;
        Ok((phone, line, agent))
    }
}

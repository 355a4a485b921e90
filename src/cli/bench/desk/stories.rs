//! How handoffs go, right and wrong, and what silence a caller hears then. Several stories at once, each with a queue and two agents of its own.

mod further;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{AGENTS_HUM_HZ, LIMIT, SOME_OF_IT, Taken, accept, ask, flow, meet, pick_up, write_flow};
use crate::{
    cli::bench::{Args, Bench, any_port, figures::Figures},
    clock,
    config::{ConfigFile, RouteConfig, Transfer, TrunkConfig},
    phone::{Agent, Line, Phone, Ringing, Sound},
};

/// The longest that nobody takes a telephone off the hook.
const RINGS: Duration = Duration::from_secs(40);
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
    /// They read the card, and take the call on their page.
    ScreenFirst,
    /// The bot introduces them and the caller to each other.
    Introduction,
    /// The caller's telephone is asked to call them (REFER).
    Refer,
    /// They are a queue of another telephone system, which answers.
    Invite,
    /// Nobody is called at this hour.
    Closed,
    /// They put the caller on hold and take them back.
    Hold,
    /// They ask the second one in private, and leave the caller to them.
    Consult,
    /// They hand the caller on to the second one.
    HandedOn,
    /// They send the caller back to the bot.
    BackToTheBot,
}

/// Those that take long come first.
const ALL: [Story; 17] = [
    Story::AllBusy,
    Story::NoAnswer,
    Story::HandedOn,
    Story::Hold,
    Story::Consult,
    Story::Declines,
    Story::LostAfterTheBridge,
    Story::BackToTheBot,
    Story::LeavesInTheBriefing,
    Story::Introduction,
    Story::TakesIt,
    Story::Busy,
    Story::ScreenFirst,
    Story::NobodyTakesIt,
    Story::Closed,
    Story::Invite,
    Story::Refer,
];
/// How many are told at a time. More would be more speech at once than two cores recognise in time.
const AT_ONCE: usize = 8;

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
            Self::ScreenFirst => "screen_first",
            Self::Introduction => "introduction",
            Self::Refer => "refer",
            Self::Invite => "invite",
            Self::Closed => "closed",
            Self::Hold => "hold",
            Self::Consult => "consult",
            Self::HandedOn => "handed_on",
            Self::BackToTheBot => "back_to_bot",
        }
    }

    /// What its flow says otherwise.
    fn flow(self) -> String {
        let flow = flow(self.word());
        match self {
            Self::ScreenFirst => flow + "handoff: { mode: screen }\n",
            Self::Introduction => flow + "handoff: { mode: introduction }\n",
            // A minute of the week.
            Self::Closed => flow.replace("default: true", "default: true, hours: { weekly: { sunday: \"03:00-03:01\" } }"),
            _ => flow,
        }
    }

    /// How callers get to the first agent.
    const fn transfer(self) -> Transfer {
        match self {
            Self::Refer => Transfer::Blind,
            Self::Invite => Transfer::Invite,
            _ => Transfer::Bridge,
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
        let cast = Cast { story, agents: [phone(origin, &id(story, 0)).await?, phone(origin, &id(story, 1)).await?] };
        for (number, name, transfer) in [(0, "Maria", story.transfer()), (1, "Dan", Transfer::Bridge)] {
            agents.push(Agent { id: id(story, number), name: name.to_owned(), target: cast.agents[number].address(), transfer });
        }
        casts.push(cast);
    }
    let bench = Arc::new(Bench::start_with(args, origin, agents, configured).await?);
    let measured = told(&bench, casts, figures, wish).await;
    let bench = Arc::into_inner(bench).context("a story is still told")?;
    bench.end(measured)
}

/// The id of a story's first (0) or second agent.
fn id(story: Story, agent: usize) -> String {
    format!("{}_{}", story.word(), agent + 1)
}

async fn phone(origin: Instant, user: &str) -> Result<Phone> {
    Phone::bind(user, any_port(), origin).await
}

fn configured(config: &mut ConfigFile, folder: &Path) -> Result<()> {
    config.routes.clear();
    for story in ALL {
        let flow = write_flow(folder, story.word(), &story.flow())?;
        config.routes.push(RouteConfig::to(story.word(), &flow));
        for number in 0..2 {
            let agent = config.agents.get_mut(&id(story, number)).context("an agent of the story")?;
            agent.queues = vec![story.word().to_owned()];
            agent.signed_in = number == 0 || story != Story::AllBusy;
            if agent.transfer == Transfer::Invite {
                let (number, peer) = agent.target.trim_start_matches("sip:").split_once('@').context("a telephone's address")?;
                let trunk = TrunkConfig { health_s: 0, ..TrunkConfig::to(vec![peer.parse().context("a telephone's address")?]) };
                config.trunks.insert("pbx".to_owned(), trunk);
                (agent.target, agent.via) = (number.to_owned(), Some("pbx".to_owned()));
            }
        }
    }
    Ok(())
}

async fn told(bench: &Arc<Bench>, casts: Vec<Cast>, figures: &mut Figures, wish: &Sound) -> Result<()> {
    let (mut going, places) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for cast in casts {
        let (bench, wish, places) = (Arc::clone(bench), wish.clone(), Arc::clone(&places));
        going.spawn(async move {
            let _place = places.acquire().await.context("it is never closed")?;
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
    /// Tells the story; the longest silence that the caller heard from the wish on, or from when the agent did what it is about.
    async fn play(&self, bench: &Bench, wish: &Sound) -> Result<Duration> {
        let busy = if self.story == Story::AllBusy { Some(self.occupied(bench, wish).await?) } else { None };
        let page = format!("/api/v1/agents/{}/events", self.id(0));
        let _page = (self.story == Story::ScreenFirst).then(|| bench.rig.api().follow(&page, |_| {}));
        let (_phone, line) = bench.call_to(self.story.word()).await?;
        let said = ask(&line, wish).await?.end;
        if self.story == Story::Refer {
            return self.is_referred(bench, &line, said).await;
        }
        let (from, end) = match busy {
            Some((_phone, other, agent)) => {
                line.media.wait_for_sound_of(ALL_BUSY, said, LIMIT).await?;
                other.hang_up().await?;
                agent.wait_for_hang_up(LIMIT).await?;
                // As long as the line is there the telephone says that it is busy.
                drop(agent);
                (said, self.taken_by(bench, 0, &line).await?.0)
            }
            None => match self.story {
                Story::Hold | Story::Consult | Story::HandedOn | Story::BackToTheBot => self.with_the_caller(bench, &line).await?,
                Story::ScreenFirst | Story::Introduction | Story::Invite | Story::Closed => {
                    (said, self.comes_otherwise(bench, &line, said).await?)
                }
                _ => (said, self.goes_on(bench, &line).await?),
            },
        };
        let silence = line.media.tape(|tape| tape.longest_silence(from, end));
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

    fn id(&self, agent: usize) -> String {
        id(self.story, agent)
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
            _ => Ok(()),
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

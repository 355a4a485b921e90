//! Talking with the bot.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use tokio::task::JoinSet;
use warmline_models::{Callers, ModelsDir, Runtime, to_pcm};

use super::{Bench, figures::Figures, process};
use crate::{
    clock,
    phone::{Api, Line, Sound, Span, Tape, Voice},
};

/// What callers say, call by call.
const TALK: &str = include_str!("talk.yaml");
/// The first of these calls only ask what the flow knows.
const ASKING: usize = 5;
/// Callers at once for memory and for a busy recogniser.
const CALLERS: usize = 10;
/// How long the recogniser is kept busy.
const BUSY: Duration = Duration::from_secs(20);
const BARGE_INS: usize = 12;
/// The bot has spoken this long when it is interrupted.
const INTO_THE_ANSWER: Duration = Duration::from_millis(1_200);
/// So often somebody tries to interrupt; where the bot paused anyway, nothing was seen.
const MOST_TRIES: usize = 36;
/// Who was heard so short a time ago is speaking.
const SOUNDING: Duration = Duration::from_millis(100);
/// After so much silence the bot has stopped.
const STOPPED: Duration = Duration::from_millis(400);
/// After this pause an answer is over.
const PAUSE: Duration = Duration::from_millis(900);
const LIMIT: Duration = Duration::from_secs(30);
/// What comes later than this is no answer: the bot asks whether anybody is there.
const LOST: Duration = Duration::from_secs(5);
/// So many of the slowest are named.
const SLOWEST: usize = 5;
/// Who sounds over more than the beginning of a turn took it before its end.
const INTO_THE_TURN: Duration = Duration::from_millis(400);

/// Score from which the example flow answers.
const MEANT: f64 = 0.5;

/// What one caller says in one turn, and what they mean by it, if that can be said.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    say: String,
    #[serde(default)]
    means: Option<String>,
}

struct Said {
    text: String,
    means: Option<String>,
    sound: Sound,
}

type Script = Vec<Vec<Said>>;

pub(super) async fn measure(bench: &mut Bench, figures: &mut Figures, models: &ModelsDir, turns: usize, calls: usize) -> Result<()> {
    let script = Arc::new(script(models, figures).await?);
    if calls > 1 {
        return at_once(bench, figures, script, calls, turns).await;
    }
    replies(bench, figures, &script, turns).await?;
    barge_ins(bench, figures, &script).await?;
    many(bench, figures, script).await
}

/// The calls, each in another voice: one that is nearly a person's where they were fetched (`warmline models pull --callers`), else a robot's.
async fn script(models: &ModelsDir, figures: &mut Figures) -> Result<Script> {
    let read = crate::yaml::read::<Vec<Vec<Turn>>>(TALK, "talk.yaml").map_err(|mistake| anyhow!("{mistake}"))?;
    let calls = read.value.with_context(|| format!("talk.yaml: {:?}", read.mistakes))?;
    let people = tokio::task::block_in_place(|| Runtime::load(models).and_then(|runtime| Callers::load(&runtime))).ok();
    let robots = [Voice::Slt.or_any().await, Voice::Rms.or_any().await, Voice::Awb.or_any().await];
    figures.notes.push(format!("callers have voices {}", if people.is_some() { "that are nearly people's" } else { "of robots" }));
    let mut script = Script::new();
    for (number, call) in calls.into_iter().enumerate() {
        let mut turns = Vec::new();
        for Turn { say: text, means } in call {
            let sound = match &people {
                Some(people) => tokio::task::block_in_place(|| spoken(people, number, &text))?,
                None => robots[number % robots.len()].say(&text).await?,
            };
            turns.push(Said { text, means, sound });
        }
        script.push(turns);
    }
    Ok(script)
}

fn spoken(people: &Callers, call: usize, text: &str) -> Result<Sound> {
    let english = people.of("en");
    // Neighbours in the list are alike.
    let voice = english.get(call * 5 % english.len().max(1)).context("nobody speaks English")?;
    Ok(Sound::through_telephone(&to_pcm(&people.speak(*voice, text, 1.0)?), Callers::RATE).trimmed())
}

/// What became of a turn.
enum Became {
    /// It was answered so long after its last sound.
    Answered(Duration),
    /// The bot spoke before it was over.
    CutOff,
    /// There was no answer.
    Lost,
}

/// Says it and hears the answer out.
async fn ask(line: &Line, said: &Said) -> Result<Became> {
    let span = line.media.say(&said.sound).await?;
    // Who is handed over hears music that does not end.
    let _ = hear_out(line, span.end).await;
    Ok(line.media.tape(|tape| {
        let before = tape.last_sound_before(span.end).is_some_and(|at| at > span.start + INTO_THE_TURN);
        match tape.first_sound_after(span.end).map(|first| first - span.end) {
            _ if before => Became::CutOff,
            Some(latency) if latency < LOST => Became::Answered(latency),
            _ => Became::Lost,
        }
    }))
}

/// From the caller's last sound to the answer's first, turn by turn; and what a call with the bot costs.
async fn replies(bench: &Bench, figures: &mut Figures, script: &Script, turns: usize) -> Result<()> {
    let process = bench.rig.process()?;
    let cpu = process::cpu(process)?;
    let (mut all, mut answered) = (Talked::default(), Answered::default());
    for call in script.iter().cycle() {
        if all.asked() >= turns {
            break;
        }
        let (_phone, line) = bench.call().await?;
        let talked = talk(&line, call).await?;
        all.add(talked);
        // Whoever was handed over may have been let go.
        let _ = line.hang_up().await;
        answered.look(&bench.rig.api(), call).await?;
    }
    answered.tell(figures);
    let cost = process::cpu(process)?.saturating_sub(cpu);
    all.tell(figures, "", &[(50, Some(500.0)), (95, Some(900.0)), (100, None)], cost);
    Ok(())
}

/// What was made of that which callers meant.
#[derive(Default)]
struct Answered {
    rightly: usize,
    otherwise: Vec<String>,
}

impl Answered {
    /// Reads the record of the last call.
    async fn look(&mut self, api: &Api, call: &[Said]) -> Result<()> {
        let over = |all: &Value| all["calls"][0]["id"].as_str().filter(|_| all["calls"][0]["state"] == "ended").map(str::to_owned);
        let id = api.until("/api/v1/calls?limit=1", LIMIT, over).await?;
        let whole = api.json(&format!("/api/v1/calls/{id}")).await?;
        let meant: Vec<Option<String>> = whole["entries"].as_array().into_iter().flatten().filter_map(meaning).collect();
        let mut from = 0;
        for said in call {
            let Some(means) = &said.means else { continue };
            // A turn may have been taken for two, or for none.
            match meant[from..].iter().position(|meant| meant.as_ref() == Some(means)) {
                Some(place) => {
                    self.rightly += 1;
                    from += place + 1;
                }
                None => self.otherwise.push(format!("{:?} ({means})", said.text)),
            }
        }
        Ok(())
    }

    fn tell(&self, figures: &mut Figures) {
        let all = self.rightly + self.otherwise.len();
        figures.add("understood", self.rightly as f64 * 100.0 / all.max(1) as f64, "%", all, None);
        if !self.otherwise.is_empty() {
            figures.notes.push(format!("not understood: {}", self.otherwise.join(", ")));
        }
    }
}

/// What a turn of the record was taken to mean; none for what is no turn.
fn meaning(entry: &Value) -> Option<Option<String>> {
    let understood = entry.get("understood").filter(|understood| entry["what"] == "caller_turn" && !understood.is_null())?;
    let best = |of: &str| Some((understood[of][0]["score"].as_f64()?, understood[of][0]["name"].as_str()?));
    let best = best("intents").into_iter().chain(best("knowledge")).max_by(|a, b| a.0.total_cmp(&b.0));
    Some(best.filter(|(score, _)| *score >= MEANT).map(|(_, name)| name.to_owned()))
}

/// What callers have seen: reply latencies with what was said, turns that were cut off or not answered, and how long the calls were up.
#[derive(Default)]
struct Talked {
    latencies: Vec<(Duration, String)>,
    cut_off: Vec<String>,
    lost: Vec<String>,
    up: Duration,
}

impl Talked {
    fn asked(&self) -> usize {
        self.latencies.len() + self.cut_off.len() + self.lost.len()
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.cut_off.extend(other.cut_off);
        self.lost.extend(other.lost);
        self.up += other.up;
    }

    fn tell(&self, figures: &mut Figures, of: &str, limits: &[(u32, Option<f64>)], cpu: Duration) {
        let asked = self.asked();
        let latencies: Vec<Duration> = self.latencies.iter().map(|(latency, _)| *latency).collect();
        figures.add_times(&format!("reply_latency{of}"), &latencies, limits);
        figures.add(&format!("lost_turns{of}"), self.lost.len() as f64, "turns", asked, Some(0.0));
        figures.add(&format!("cut_off_turns{of}"), self.cut_off.len() as f64 * 100.0 / asked.max(1) as f64, "%", asked, Some(10.0));
        figures.add(
            &format!("cpu_per_bot_call_second{of}"),
            cpu.as_secs_f64() * 1_000.0 / self.up.as_secs_f64(),
            "ms/s",
            asked,
            Some(100.0),
        );
        let mut slowest: Vec<_> = self.latencies.iter().collect();
        slowest.sort_unstable_by(|a, b| b.cmp(a));
        let slowest: Vec<String> =
            slowest.iter().take(SLOWEST).map(|(latency, text)| format!("{} ms {text:?}", latency.as_millis())).collect();
        figures.notes.push(format!("the slowest replies: {}", slowest.join(", ")));
        for (what, texts) in [("cut off", &self.cut_off), ("lost", &self.lost)] {
            if !texts.is_empty() {
                figures.notes.push(format!("{what}: {texts:?}"));
            }
        }
    }
}

/// The same with many calls at once, each of which asks all the time, none the same at the same time.
async fn at_once(bench: &Bench, figures: &mut Figures, script: Arc<Script>, calls: usize, turns: usize) -> Result<()> {
    let process = bench.rig.process()?;
    let mut all = Talked::default();
    let mut cpu = Duration::ZERO;
    let mut next = 0;
    while all.asked() < turns.max(calls) {
        let before = process::cpu(process)?;
        let mut callers = JoinSet::new();
        for _ in 0..calls {
            let (phone, line) = bench.call().await?;
            let (script, call) = (Arc::clone(&script), next);
            next += 1;
            callers.spawn(async move {
                let talked = talk(&line, &script[call % script.len()]).await;
                let _ = line.hang_up().await;
                drop(phone);
                talked
            });
        }
        while let Some(talked) = callers.join_next().await {
            all.add(talked.context("a caller has failed")??);
        }
        cpu += process::cpu(process)?.saturating_sub(before);
    }
    all.tell(figures, &format!("_{calls}_calls"), &[(50, None), (95, Some(1_500.0)), (100, None)], cpu);
    Ok(())
}

/// One call, from the greeting to its last turn.
async fn talk(line: &Line, call: &[Said]) -> Result<Talked> {
    let mut talked = Talked::default();
    hear_out(line, line.answered).await.context("the greeting")?;
    for said in call {
        match ask(line, said).await? {
            Became::Answered(latency) => talked.latencies.push((latency, said.text.clone())),
            Became::CutOff => talked.cut_off.push(said.text.clone()),
            Became::Lost => talked.lost.push(said.text.clone()),
        }
    }
    talked.up = line.media.now() - line.answered;
    Ok(talked)
}

/// How the bot took it to be interrupted.
#[derive(Default)]
struct Interrupted<'s> {
    /// It stopped so long after the caller's first sound.
    stopped: Vec<(Duration, &'s str)>,
    /// It spoke until the caller's end.
    went_on: Vec<&'s str>,
    /// It stopped, and spoke again before the caller's end.
    cut_off: Vec<&'s str>,
}

impl<'s> Interrupted<'s> {
    fn count(&self) -> usize {
        self.stopped.len() + self.went_on.len()
    }

    /// Looks at what was heard while `text` was said; nothing is known of a bot that paused between two sentences anyway.
    fn look(&mut self, tape: &Tape, span: Span, text: &'s str) {
        if tape.last_sound_before(span.start).is_none_or(|last| span.start - last > SOUNDING) {
            return;
        }
        let Some(stopped) = tape.silent_from(span.start, STOPPED, span.end) else { return self.went_on.push(text) };
        self.stopped.push((stopped - span.start, text));
        // Who pauses inside a sentence may be answered too soon: a turn that is cut off, and no interruption that is missed.
        if tape.last_sound_before(span.end).is_some_and(|last| last > stopped) {
            self.cut_off.push(text);
        }
    }

    fn tell(&self, figures: &mut Figures) {
        let stops: Vec<Duration> = self.stopped.iter().map(|(time, _)| *time).collect();
        figures.add_times("barge_in_stop", &stops, &[(50, None), (95, Some(250.0)), (100, None)]);
        figures.add("barge_in_not_stopped", self.went_on.len() as f64, "times", self.count(), Some(0.0));
        let cut_off = self.cut_off.len() as f64 * 100.0 / self.count().max(1) as f64;
        figures.add("barge_in_cut_off", cut_off, "%", self.count(), Some(10.0));
        let each: Vec<String> = self.stopped.iter().map(|(time, text)| format!("{} ms {text:?}", time.as_millis())).collect();
        figures.notes.push(format!("the bot stopped after: {}", each.join(", ")));
        for (what, texts) in [("did not interrupt", &self.went_on), ("interrupted, and answered before their end", &self.cut_off)] {
            if !texts.is_empty() {
                figures.notes.push(format!("{what}: {texts:?}"));
            }
        }
    }
}

/// From the first sound of a caller who interrupts to the last sound of the bot.
async fn barge_ins(bench: &Bench, figures: &mut Figures, script: &Script) -> Result<()> {
    let questions: Vec<&Said> = asking(script).collect();
    let mut interrupted = Interrupted::default();
    let mut tries = questions[1..].iter().cycle().take(MOST_TRIES).peekable();
    while interrupted.count() < BARGE_INS && tries.peek().is_some() {
        let (_phone, line) = bench.call().await?;
        let greeted = hear_out(&line, line.answered).await.context("the greeting")?;
        let mut asked = line.media.say(&questions[0].sound).await?.end.max(greeted);
        for question in tries.by_ref().take(BARGE_INS / 2) {
            line.media.wait_for_sound_of(INTO_THE_ANSWER, asked, LIMIT).await?;
            let span = line.media.say(&question.sound).await?;
            line.media.tape(|tape| interrupted.look(tape, span, &question.text));
            asked = span.end;
        }
        line.hang_up().await?;
    }
    interrupted.tell(figures);
    Ok(())
}

/// Many callers at once: memory, and the pacing of one line while the recogniser has more than it can do.
async fn many(bench: &Bench, figures: &mut Figures, script: Arc<Script>) -> Result<()> {
    let process = bench.rig.process()?;
    let idle = process::memory(process)? as f64 / 1e6;
    let mut talkers = JoinSet::new();
    let until = clock::now() + BUSY;
    for n in 1..CALLERS {
        let (phone, line) = bench.call().await?;
        let script = Arc::clone(&script);
        talkers.spawn(async move {
            // They talk without a pause for the answer, each at another place of the list.
            for question in asking(&script).cycle().skip(n) {
                if clock::now() > until || line.media.say(&question.sound).await.is_err() {
                    break;
                }
            }
            // The gateway may have hung up on somebody who never listens.
            let _ = line.hang_up().await;
            drop(phone);
        });
    }
    let (_phone, line) = bench.call().await?;
    let from = line.media.now();
    tokio::time::sleep_until((until - Duration::from_secs(2)).into()).await;
    let busy = process::memory(process)? as f64 / 1e6;
    let gaps: Vec<Duration> = line.media.tape(|tape| {
        let after: Vec<_> = tape.heard.iter().filter(|packet| packet.at > from).collect();
        after.windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at)).collect()
    });
    // The one who only listened may have been asked to speak up, and been let go.
    let _ = line.hang_up().await;
    while talkers.join_next().await.is_some() {}
    figures.add_times("rtp_gap_busy", &gaps, &[(50, None), (99, Some(25.0)), (100, None)]);
    figures.add("memory_idle", idle, "MB", 1, None);
    figures.add("memory_10_calls", busy, "MB", 1, Some(700.0));
    figures.add("memory_per_call", (busy - idle) / CALLERS as f64, "MB", CALLERS, None);
    Ok(())
}

/// What is asked where nobody is handed over.
fn asking(script: &Script) -> impl Iterator<Item = &Said> + Clone {
    script.iter().take(ASKING).flatten()
}

/// Waits until what the bot says after `since` is over; says when.
async fn hear_out(line: &Line, since: Duration) -> Result<Duration> {
    line.media.wait_for_silence_of(PAUSE, since, LIMIT).await
}

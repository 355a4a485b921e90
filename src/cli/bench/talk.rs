//! Talking with the bot.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::{Bench, figures::Figures, process};
use crate::{
    clock,
    phone::{Line, Sound, Voice},
};

/// Questions that the example flow answers at once, all different: asking the same again is a sign of trouble.
const QUESTIONS: &[&str] = &[
    "How long does delivery take?",
    "What are your opening hours on Saturday?",
    "How can I pay?",
    "Where are you located?",
    "How much does shipping cost?",
    "How can I return something?",
];
/// Callers at once for memory and for a busy recogniser.
const CALLERS: usize = 10;
/// How long the recogniser is kept busy.
const BUSY: Duration = Duration::from_secs(20);
const BARGE_INS: usize = 12;
/// The bot has spoken this long when it is interrupted.
const INTO_THE_ANSWER: Duration = Duration::from_millis(1_200);
/// After this pause an answer is over.
const PAUSE: Duration = Duration::from_millis(900);
const LIMIT: Duration = Duration::from_secs(30);
/// What comes later than this is no answer: the bot asks whether anybody is there.
const LOST: Duration = Duration::from_secs(5);

pub(super) async fn measure(bench: &mut Bench, figures: &mut Figures, turns: usize, calls: usize) -> Result<()> {
    let voice = Voice::Slt.or_any().await;
    let mut questions = Vec::new();
    for text in QUESTIONS {
        questions.push(voice.say(text).await?);
    }
    if calls > 1 {
        return at_once(bench, figures, Arc::new(questions), calls, turns).await;
    }
    replies(bench, figures, &questions, turns).await?;
    barge_ins(bench, figures, &questions).await?;
    many(bench, figures, Arc::new(questions)).await
}

/// From the caller's last sound to the answer's first, turn by turn; and what a call with the bot costs.
async fn replies(bench: &Bench, figures: &mut Figures, questions: &[Sound], turns: usize) -> Result<()> {
    let process = bench.rig.process()?;
    let cpu = process::cpu(process)?;
    let (mut latencies, mut talked) = (Vec::new(), Duration::ZERO);
    let mut slowest = (Duration::ZERO, "");
    while latencies.len() < turns {
        let (_phone, line) = bench.call().await?;
        hear_out(&line, line.answered).await.context("the greeting")?;
        for (question, text) in questions.iter().zip(QUESTIONS) {
            let span = line.media.say(question).await?;
            hear_out(&line, span.end).await.context("the answer")?;
            let Some(first) = line.media.tape(|tape| tape.first_sound_after(span.end)) else { continue };
            slowest = slowest.max((first - span.end, text));
            latencies.push(first - span.end);
        }
        talked += line.media.now() - line.answered;
        line.hang_up().await?;
    }
    figures.add_times("reply_latency", &latencies, &[(50, Some(500.0)), (95, Some(900.0)), (100, None)]);
    figures.notes.push(format!("the slowest reply, after {} ms: {:?}", slowest.0.as_millis(), slowest.1));
    let used = process::cpu(process)?.saturating_sub(cpu);
    figures.add("cpu_per_bot_call_second", used.as_secs_f64() * 1_000.0 / talked.as_secs_f64(), "ms/s", latencies.len(), Some(100.0));
    Ok(())
}

/// What one of many callers has seen: reply latencies, turns without an answer, and how long the call was up.
#[derive(Default)]
struct Talked {
    latencies: Vec<Duration>,
    lost: usize,
    up: Duration,
}

/// The same with many calls at once, each of which asks all the time, none the same at the same time.
async fn at_once(bench: &Bench, figures: &mut Figures, questions: Arc<Vec<Sound>>, calls: usize, turns: usize) -> Result<()> {
    let process = bench.rig.process()?;
    let mut all = Talked::default();
    let mut cpu = Duration::ZERO;
    while all.latencies.len() + all.lost < turns.max(calls) {
        let before = process::cpu(process)?;
        let mut callers = JoinSet::new();
        for first in 0..calls {
            let (phone, line) = bench.call().await?;
            let questions = Arc::clone(&questions);
            callers.spawn(async move {
                let talked = talk(&line, &questions, first).await;
                let hung_up = line.hang_up().await;
                drop(phone);
                hung_up.and(talked)
            });
        }
        while let Some(talked) = callers.join_next().await {
            let talked = talked.context("a caller has failed")??;
            all.latencies.extend(talked.latencies);
            all.lost += talked.lost;
            all.up += talked.up;
        }
        cpu += process::cpu(process)?.saturating_sub(before);
    }
    let asked = all.latencies.len() + all.lost;
    figures.add_times(&format!("reply_latency_{calls}_calls"), &all.latencies, &[(50, None), (95, Some(1_500.0)), (100, None)]);
    figures.add(&format!("lost_turns_{calls}_calls"), all.lost as f64, "turns", asked, Some(0.0));
    let cost = cpu.as_secs_f64() * 1_000.0 / all.up.as_secs_f64();
    figures.add(&format!("cpu_per_bot_call_second_{calls}_calls"), cost, "ms/s", asked, Some(100.0));
    Ok(())
}

/// One of many callers: asks everything once, from its own place in the list on.
async fn talk(line: &Line, questions: &[Sound], first: usize) -> Result<Talked> {
    let mut talked = Talked::default();
    hear_out(line, line.answered).await.context("the greeting")?;
    for question in questions.iter().cycle().skip(first).take(questions.len()) {
        let span = line.media.say(question).await?;
        let answered = hear_out(line, span.end).await.is_ok();
        let first = line.media.tape(|tape| tape.first_sound_after(span.end)).map(|first| first - span.end);
        match first.filter(|latency| answered && *latency < LOST) {
            Some(latency) => talked.latencies.push(latency),
            None => talked.lost += 1,
        }
    }
    talked.up = line.media.now() - line.answered;
    Ok(talked)
}

/// From the first sound of a caller who interrupts to the last sound of the bot.
async fn barge_ins(bench: &Bench, figures: &mut Figures, questions: &[Sound]) -> Result<()> {
    let mut times = Vec::new();
    let mut went_on = 0;
    while times.len() + went_on < BARGE_INS {
        let (_phone, line) = bench.call().await?;
        let greeted = hear_out(&line, line.answered).await.context("the greeting")?;
        let mut asked = line.media.say(&questions[0]).await?.end.max(greeted);
        for question in &questions[1..] {
            line.media.wait_for_sound_of(INTO_THE_ANSWER, asked, LIMIT).await?;
            let span = line.media.say(question).await?;
            // The bot is still while the caller speaks: its last sound before the caller's last one is where it stopped.
            let stopped = line.media.tape(|tape| tape.last_sound_before(span.end)).unwrap_or(span.start);
            if span.end.saturating_sub(stopped) < Duration::from_millis(200) {
                went_on += 1;
            } else {
                times.push(stopped.saturating_sub(span.start));
            }
            asked = span.end;
        }
        line.hang_up().await?;
    }
    figures.add_times("barge_in_stop", &times, &[(50, None), (95, Some(300.0)), (100, None)]);
    figures.add("barge_in_not_stopped", went_on as f64, "times", times.len() + went_on, Some(0.0));
    Ok(())
}

/// Many callers at once: memory, and the pacing of one line while the recogniser has more than it can do.
async fn many(bench: &Bench, figures: &mut Figures, questions: Arc<Vec<Sound>>) -> Result<()> {
    let process = bench.rig.process()?;
    let idle = process::memory(process)? as f64 / 1e6;
    let mut talkers = JoinSet::new();
    let until = clock::now() + BUSY;
    for n in 1..CALLERS {
        let (phone, line) = bench.call().await?;
        let questions = Arc::clone(&questions);
        talkers.spawn(async move {
            // They talk without a pause for the answer, each at another place of the list.
            for question in questions.iter().cycle().skip(n) {
                if clock::now() > until || line.media.say(question).await.is_err() {
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

/// Waits until what the bot says after `since` is over; says when.
async fn hear_out(line: &Line, since: Duration) -> Result<Duration> {
    line.media.wait_for_silence_of(PAUSE, since, LIMIT).await
}

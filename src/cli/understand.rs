//! `warmline understand --flow FILE`: what sentences or whole conversations mean to a flow, and whether they call a human. JSON lines in, JSON lines out.
//!
//! In: `{"id", "text"}` or `{"id", "turns": […]}`; a turn is a text or `{"text", "speaker"}`, of which only the caller's are
//! understood; what the bot says there is what they are heard after, instead of what the flow would say. Out: `{"id", "intent", "confidence",
//! "answer", "tone", "escalate", "reasons", "score", "escalated_at"}`: of the last turn that was heard; `escalated_at` is the index in `turns` of the turn that called
//! the human. `escalate` is the policy's decision; that the flow itself leads to a human at the end of an answer is not counted.

use std::{
    cell::RefCell,
    io::{BufRead, Write},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{
    call::{
        flow::{
            Flow,
            rehearse::{Beat, Cue, Rehearsal},
        },
        time::WallTime,
        understanding::{Before, Scored, Spoken, Tone, Understanding},
    },
    cli::flow::{load, understander},
    clock,
    understand::Understander,
};

/// What to understand with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The flow.
    #[arg(long)]
    flow: PathBuf,
    /// The callers' language; the flow's if left out. The flow's examples serve any language; words and numbers are then read in this one.
    #[arg(long)]
    lang: Option<String>,
}

/// One line in.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    id: serde_json::Value,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    turns: Vec<Turn>,
}

impl Asked {
    /// The caller's turns by their index, and what was said before each, if somebody else speaks here too.
    pub(crate) fn heard(&self) -> Vec<(usize, &str, Option<Before>)> {
        if let Some(text) = &self.text {
            return vec![(0, text, None)];
        }
        let others = self.turns.iter().any(|turn| turn.caller().is_none());
        let (mut spoken, mut turns) = (Spoken::default(), Vec::new());
        for (index, turn) in self.turns.iter().enumerate() {
            match (turn, turn.caller()) {
                (_, Some(text)) => {
                    let before = spoken.said(text);
                    turns.push((index, text, others.then_some(before)));
                }
                (Turn::Spoken { text, .. } | Turn::Text(text), None) => spoken.answered(text),
            }
        }
        turns
    }

    /// What the caller said, in one line.
    pub(crate) fn shown(&self) -> String {
        match &self.text {
            Some(text) => text.clone(),
            None => self.turns.iter().filter_map(Turn::caller).collect::<Vec<_>>().join(" / "),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Turn {
    Text(String),
    Spoken {
        text: String,
        #[serde(default, alias = "role", alias = "who")]
        speaker: Option<String>,
    },
}

impl Turn {
    /// What the caller said; none if it was somebody else.
    fn caller(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Spoken { text, speaker } => {
                let other = speaker.as_deref().is_some_and(|speaker| ["bot", "agent", "assistant", "system"].contains(&speaker));
                (!other).then_some(text)
            }
        }
    }
}

/// One line out.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    id: &'a serde_json::Value,
    pub(crate) intent: Option<String>,
    pub(crate) confidence: f32,
    answer: Option<String>,
    tone: Tone,
    pub(crate) escalate: bool,
    pub(crate) reasons: Vec<String>,
    pub(crate) score: f32,
    escalated_at: Option<usize>,
    #[serde(skip)]
    understanding: Understanding,
}

impl Told<'_> {
    /// The intent that is most likely, whether it is taken for meant or not.
    pub(crate) fn best_intent(&self) -> Option<&Scored> {
        self.understanding.intents.first()
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let flow = load(&args.flow, args.lang.as_deref())?;
    let heads = understander(&flow)?;
    let player = Player::new(flow, heads);
    let mut out = std::io::stdout().lock();
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let asked: Asked = serde_json::from_str(&line).with_context(|| format!("line {}", number + 1))?;
        serde_json::to_writer(&mut out, &player.play(&asked))?;
        writeln!(out)?;
    }
    Ok(())
}

/// Plays sentences and conversations through a flow, each as a call of its own.
pub(crate) struct Player {
    flow: Arc<Flow>,
    heads: Understander,
    wall: WallTime,
}

impl Player {
    /// Calls that arrive now.
    pub(crate) fn new(flow: Arc<Flow>, heads: Understander) -> Self {
        let wall = flow.wall_time(i64::try_from(clock::utc().as_millis()).unwrap_or_default());
        Self { flow, heads, wall }
    }

    /// What comes of one of them.
    pub(crate) fn play<'a>(&self, asked: &'a Asked) -> Told<'a> {
        let told = RefCell::new(None);
        let understand = |before: &Before, said: &str| {
            let told: Option<Before> = told.take();
            self.heads.understand(told.as_ref().unwrap_or(before), said).unwrap_or_default()
        };
        let mut play = Rehearsal::new(&self.flow, self.wall, &understand);
        play.start();
        let (mut last, mut escalated_at, mut answer): (Option<Beat>, Option<usize>, Option<String>) = (None, None, None);
        for (index, text, before) in asked.heard() {
            told.replace(before);
            let beat = play.cue(&Cue::Says(text.to_owned()));
            answer = beat.answer();
            let escalate = beat.decision.escalate;
            last = Some(beat);
            if escalate {
                escalated_at = Some(index);
                break;
            }
            if play.waits_for().is_some() {
                // No service is asked here; that it answers is all that matters for what follows.
                play.cue(&Cue::Service(play.made_up()));
            }
        }
        let understanding = last.as_ref().and_then(|beat| beat.understanding.clone()).unwrap_or_default();
        let decision = last.as_ref().map(|beat| beat.decision.clone());
        Told {
            id: &asked.id,
            intent: last.and_then(|beat| beat.intent),
            confidence: understanding.intents.first().map(|best| best.score).unwrap_or_default(),
            answer,
            tone: understanding.tone,
            escalate: escalated_at.is_some(),
            reasons: decision.as_ref().map(|decision| decision.reasons.clone()).unwrap_or_default(),
            score: decision.map(|decision| decision.score).unwrap_or_default(),
            escalated_at: escalated_at.filter(|_| asked.text.is_none()),
            understanding,
        }
    }
}

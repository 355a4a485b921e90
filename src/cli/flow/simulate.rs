//! `warmline flow simulate`: a conversation as text, in virtual time.

use std::{fs, io::Write, path::PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    call::{
        flow::{
            rehearse::{Beat, Cue, Rehearsal, made_up_answer},
            step::{Consulted, Step},
        },
        outcome::Outcome,
        time::{Time, WallTime},
        understanding::{Before, Understanding},
    },
    cli::flow::{load, script, understander},
    clock,
};

/// What to play.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The flow.
    file: PathBuf,
    /// What the caller does: one sentence a line, or a YAML list with `keys:`, `service:`, `silence`, `nothing` and `failed`.
    #[arg(long)]
    script: PathBuf,
    /// When the call arrives, at the company's place ("2026-11-23T10:00"); now if left out.
    #[arg(long)]
    at: Option<jiff::civil::DateTime>,
    /// One JSON object a line, for machines.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let flow = load(&args.file, None)?;
    let name = args.script.display().to_string();
    let text = fs::read_to_string(&args.script).with_context(|| format!("cannot read {name}"))?;
    let cues = script::parse(&text, &name)?;
    let heads = understander(&flow)?;
    // A sentence that the model fails on is one that was not understood.
    let understand = |before: &Before, said: &str| heads.understand(before, said).unwrap_or_default();
    let wall = args.at.map_or_else(|| flow.wall_time(i64::try_from(clock::utc().as_millis()).unwrap_or_default()), wall_time);
    let out = Printer { json: args.json, out: std::io::stdout().lock() };
    play(&mut Rehearsal::new(&flow, wall, &understand), cues, out)?;
    Ok(())
}

/// What a conversation came to.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// Intents in the order in which they were meant.
    pub(super) intents: Vec<String>,
    /// Everything that the bot said.
    pub(super) said: String,
    /// The queue and the reasons, if a human was called.
    pub(super) human: Option<(String, Vec<String>)>,
    /// How the flow ended the call, if it did.
    pub(super) end: Option<Outcome>,
}

/// Plays a script, and prints what happens.
pub(super) fn play<W: Write>(play: &mut Rehearsal<'_>, cues: Vec<Cue>, mut out: Printer<W>) -> Result<Played> {
    let mut played = Played::default();
    let start = play.start();
    played.note(&start);
    out.steps(Time::ZERO, &start)?;
    let mut cues = cues.into_iter().peekable();
    while let Some(cue) = next_cue(play, &mut cues) {
        let beat = play.cue(&cue);
        out.cue(&cue, &beat)?;
        played.note(&beat.steps);
        played.intents.extend(beat.intent.clone());
        if let Some(destination) = &beat.human {
            let by_flow = beat.steps.iter().any(|step| matches!(step, Step::Human { .. })) && !beat.decision.escalate;
            let reasons = if by_flow { vec!["flow_asked".to_owned()] } else { beat.decision.reasons.clone() };
            played.human = Some((destination.queue.clone(), reasons));
        }
        if beat.is_last() {
            break;
        }
    }
    Ok(played)
}

impl Played {
    fn note(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Say { text, .. } => {
                    self.said.push_str(text);
                    self.said.push('\n');
                }
                Step::End(outcome) => self.end = Some(*outcome),
                Step::Know(_)
                | Step::LookUp { .. }
                | Step::NotUnderstood
                | Step::Repeated
                | Step::Slower
                | Step::Declined
                | Step::Answered { .. }
                | Step::Human { .. }
                | Step::Consult(_)
                | Step::Listen => {}
            }
        }
    }
}

/// The next line of the script; while a service or a human is asked and the script does not say what they answer, a made-up answer.
fn next_cue(play: &Rehearsal<'_>, cues: &mut std::iter::Peekable<std::vec::IntoIter<Cue>>) -> Option<Cue> {
    if play.waits_for().is_some() && !matches!(cues.peek(), Some(Cue::Service(_))) {
        return Some(Cue::Service(play.made_up()));
    }
    if let Some(ask) = play.asks().filter(|_| !matches!(cues.peek(), Some(Cue::Colleague(_)))) {
        return Some(Cue::Colleague(made_up_answer(ask)));
    }
    cues.next()
}

pub(super) fn wall_time(at: jiff::civil::DateTime) -> WallTime {
    let days = at.date().since(jiff::civil::Date::constant(1970, 1, 1)).map(|span| i64::from(span.get_days())).unwrap_or_default();
    let seconds = i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second());
    WallTime { day: days, ms_of_day: seconds.unsigned_abs() * 1_000 }
}

/// Prints what happens, a line each.
pub(super) struct Printer<W> {
    pub(super) json: bool,
    pub(super) out: W,
}

impl<W: Write> Printer<W> {
    fn line(&mut self, at: Time, who: &str, text: &str) -> Result<()> {
        let seconds = std::time::Duration::from_millis(at.0).as_secs_f64();
        if self.json {
            writeln!(self.out, "{}", json!({ "at_ms": at.0, "who": who, "text": text }))?;
        } else {
            writeln!(self.out, "{seconds:8.3}  {who:<8} {text}")?;
        }
        Ok(())
    }

    fn cue(&mut self, cue: &Cue, beat: &Beat) -> Result<()> {
        match cue {
            Cue::Says(text) => self.line(beat.at, "caller", text)?,
            Cue::Keys(digits) => self.line(beat.at, "caller", &format!("[keys {digits}]"))?,
            Cue::Silence => self.line(beat.at, "caller", "[silence]")?,
            Cue::Service(Ok(_)) => self.line(beat.at, "service", "answers")?,
            Cue::Service(Err(_)) => self.line(beat.at, "service", "fails")?,
            Cue::Colleague(Consulted::Answer { text, .. }) => self.line(beat.at, "colleague", text)?,
            Cue::Colleague(Consulted::Nothing(why)) => self.line(beat.at, "colleague", &format!("no answer: {why:?}"))?,
        }
        if let Some(understood) = &beat.understanding {
            self.line(beat.at, "meaning", &meaning(understood, beat.intent.as_deref()))?;
        }
        self.steps(beat.at, &beat.steps)?;
        if beat.decision.score > 0.0 {
            self.line(beat.at, "policy", &format!("{:.2} of {:.2}: {}", beat.decision.score, beat.decision.threshold, beat.decision.why))?;
        }
        if let Some(destination) = &beat.human {
            self.line(beat.at, "human", &format!("queue {} ({})", destination.queue, beat.decision.reasons.join(", ")))?;
        }
        Ok(())
    }

    fn steps(&mut self, at: Time, steps: &[Step]) -> Result<()> {
        for step in steps {
            match step {
                Step::Say { text, .. } => self.line(at, "bot", text)?,
                Step::Know(fact) => {
                    self.line(
                        at,
                        "fact",
                        &format!(
                            "{} = {} ({:.2}{})",
                            fact.label,
                            fact.value,
                            fact.confidence,
                            if fact.confirmed { ", confirmed" } else { "" }
                        ),
                    )?;
                }
                Step::LookUp { request, .. } => self.line(at, "look-up", &request.url)?,
                Step::NotUnderstood => self.line(at, "flow", "not understood")?,
                Step::Slower => self.line(at, "flow", "speaks slower")?,
                Step::Repeated => self.line(at, "flow", "asked again")?,
                Step::Declined => self.line(at, "flow", "the colleague who was offered is not wanted")?,
                Step::Human { why, .. } => self.line(at, "flow", &format!("wants a human: {why}"))?,
                Step::Consult(ask) => self.line(at, "flow", &format!("asks a human of {}: {}", ask.queue, ask.question))?,
                Step::End(outcome) => self.line(at, "flow", &format!("ends the call: {outcome:?}"))?,
                Step::Answered { .. } | Step::Listen => {}
            }
        }
        Ok(())
    }
}

fn meaning(understood: &Understanding, intent: Option<&str>) -> String {
    let best: Vec<String> = understood
        .intents
        .iter()
        .take(2)
        .chain(understood.knowledge.iter().take(1))
        .map(|it| format!("{} {:.2}", it.name, it.score))
        .collect();
    format!("{} [{}]", intent.unwrap_or("none"), best.join(", "))
}

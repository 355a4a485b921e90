//! `warmline flow check|simulate|test|schema`: flows without a telephone.

mod cases;
mod script;
mod simulate;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use warmline_models::{Embedder, ModelsDir, Runtime};

use crate::{
    call::flow::{Flow, Mistake, definition::Definition, policy::Transcribe},
    languages,
    understand::Understander,
};

/// Check, rehearse or describe call flows.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say everything that is wrong with a flow, with file, line, column and a hint.
    Check {
        /// The flow.
        file: PathBuf,
        /// One JSON object a line, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Play a conversation through a flow, in virtual time.
    Simulate(simulate::Args),
    /// Play the cases that stand beside a flow, and say which come out otherwise than they should.
    Test(cases::Args),
    /// Print the JSON Schema of flow files, for editors.
    Schema,
}

/// Runs the subcommand.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.what {
        What::Check { file, json } => check(&file, json),
        What::Simulate(args) => simulate::run(&args),
        What::Test(args) => cases::run(&args),
        What::Schema => {
            println!("{}", serde_json::to_string_pretty(&schemars::schema_for!(Definition))?);
            Ok(())
        }
    }
}

fn check(file: &Path, json: bool) -> Result<()> {
    let text = read(file)?;
    let mut out = std::io::stdout().lock();
    match Flow::parse_in(&text, &file.display().to_string(), &languages::of_flow(file)?) {
        Ok(flow) => {
            if !json {
                let (intents, knowledge) = (flow.intents.len(), flow.knowledge.len());
                writeln!(out, "{}: the flow `{}` is right: {intents} intents, {knowledge} knowledge entries", file.display(), flow.name)?;
                if let Some(unheard) = unheard(&flow) {
                    writeln!(out, "note: {unheard}")?;
                }
            }
            Ok(())
        }
        Err(mistakes) => {
            for mistake in &mistakes {
                show(&mut out, mistake, &text, json)?;
            }
            bail!("{} has {} {}", file.display(), mistakes.len(), if mistakes.len() == 1 { "mistake" } else { "mistakes" });
        }
    }
}

/// What is not struck out of the recording, because it is not written down.
fn unheard(flow: &Flow) -> Option<String> {
    let (transcribe, whose) = match flow.handoff.transcribe {
        Transcribe::Both => return None,
        Transcribe::Caller => ("caller", "agents say"),
        Transcribe::Off => ("off", "callers and agents say"),
    };
    Some(format!(
        "`handoff.transcribe` is `{transcribe}`: card numbers and what else `privacy.redact` strikes out are not found in what {whose} after the bridge, and stay in the \
         recording (keys are found all the same)"
    ))
}

fn show(out: &mut impl Write, mistake: &Mistake, text: &str, json: bool) -> Result<()> {
    if json {
        writeln!(out, "{}", serde_json::to_string(mistake)?)?;
    } else {
        writeln!(out, "{mistake}\n{:?}", mistake.draw(text))?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Reads a flow that must be right, for callers who speak `language`; the flow's own if none is given.
///
/// # Errors
/// Its mistakes; a language without a lexicon.
pub(super) fn load(file: &Path, language: Option<&str>) -> Result<Arc<Flow>> {
    let text = read(file)?;
    let languages = languages::of_flow(file)?;
    match Flow::parse_in(&text, &file.display().to_string(), &languages) {
        Ok(flow) => match language {
            Some(code) => {
                let language = languages.of(code).with_context(|| format!("no lexicon for the language `{code}`"))?;
                Ok(Arc::new(flow.spoken_in(language)))
            }
            None => Ok(Arc::new(flow)),
        },
        Err(mistakes) => {
            let listed: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
            bail!("the flow has mistakes (see `warmline flow check`):\n{}", listed.join("\n"));
        }
    }
}

/// The heads of a flow, on the models of this user.
///
/// # Errors
/// When the models are not there.
pub(super) fn understander(flow: &Arc<Flow>) -> Result<Understander> {
    Ok(Understander::new(flow, &Arc::new(embedder()?))?)
}

/// The embedder of this user.
///
/// # Errors
/// When the models are not there.
pub(super) fn embedder() -> Result<Embedder> {
    let runtime = Runtime::load(&ModelsDir::of_user()?).context("the models are not there: run `warmline models pull`")?;
    Ok(Embedder::load(&runtime, 2)?)
}

//! `warmline eval slots FILE.jsonl`: what is said, and the value that it should give. Text in, text out: no models.
//!
//! A line is `{"kind", "text", "value"}`; `value` is `null` where nothing may be read. More keys: `lang` (`en`), `pattern`, `least` and `most` (of `digits`),
//! `choices`, `today` ("2026-11-23"), `keys` (true: the text are keys).

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
};

use anyhow::{Context, Result, bail};
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::call::flow::{
    definition::{DigitsDef, ReadDef},
    lexicon,
    slot::{Reader, Reading},
};

/// A Monday: "on Saturday" is then the 28th.
const TODAY: Date = date(2026, 11, 23);

/// What to read.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled values, a JSON object a line.
    file: PathBuf,
    /// Where the figures go as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One labelled value.
#[derive(Debug, Deserialize)]
struct Case {
    kind: String,
    text: String,
    value: Option<String>,
    #[serde(default = "english")]
    lang: String,
    pattern: Option<String>,
    least: Option<usize>,
    most: Option<usize>,
    #[serde(default)]
    choices: BTreeMap<String, Vec<String>>,
    today: Option<String>,
    #[serde(default)]
    keys: bool,
}

fn english() -> String {
    "en".to_owned()
}

/// The figures of one kind.
#[derive(Debug, Default, Serialize)]
struct Figures {
    cases: usize,
    exact: usize,
    /// A wrong value was read: worse than none.
    wrong: usize,
    errors: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
struct Wrong {
    text: String,
    expected: Option<String>,
    read: Option<String>,
}

/// Reads every line, and says what came of it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let name = args.file.display().to_string();
    let file = File::open(&args.file).with_context(|| format!("cannot read {name}"))?;
    let mut kinds: BTreeMap<String, Figures> = BTreeMap::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let case: Case = serde_json::from_str(&line).with_context(|| format!("{name}, line {}", number + 1))?;
        let read = read(&case).with_context(|| format!("{name}, line {}", number + 1))?;
        kinds.entry(case.kind.clone()).or_default().count(case, read);
    }
    let mut out = std::io::stdout().lock();
    for (kind, figures) in &kinds {
        writeln!(out, "{kind:<10} {:5.1} %  ({} of {}, {} wrong)", share(figures), figures.exact, figures.cases, figures.wrong)?;
        for error in &figures.errors {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            writeln!(out, "    “{}”: {} instead of {}", error.text, shown(&error.read), shown(&error.expected))?;
        }
    }
    if let Some(path) = &args.json {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(file, &kinds)?;
    }
    Ok(())
}

impl Figures {
    fn count(&mut self, case: Case, read: Option<String>) {
        self.cases += 1;
        if read == case.value {
            self.exact += 1;
        } else {
            self.wrong += usize::from(read.is_some());
            self.errors.push(Wrong { text: case.text, expected: case.value, read });
        }
    }
}

fn share(figures: &Figures) -> f64 {
    figures.exact as f64 * 100.0 / figures.cases.max(1) as f64
}

fn read(case: &Case) -> Result<Option<String>> {
    let lexicon = lexicon::of(&case.lang).with_context(|| format!("no lexicon for `{}`", case.lang))?;
    let pattern = case.pattern.as_ref().map(|pattern| regex::Regex::new(&format!("^(?:{pattern})$"))).transpose()?;
    let reader = Reader::new(kind(case)?, pattern);
    let today = match &case.today {
        Some(today) => today.parse().with_context(|| format!("`{today}` is no date"))?,
        None => TODAY,
    };
    let reading = if case.keys { reader.read_keys(&case.text, today, lexicon) } else { reader.read(&case.text, "", today, lexicon) };
    Ok(match reading {
        Reading::Value { value, .. } => Some(value),
        Reading::Part { .. } | Reading::Nothing => None,
    })
}

fn kind(case: &Case) -> Result<ReadDef> {
    Ok(match case.kind.as_str() {
        "digits" => ReadDef::Digits(DigitsDef { least: case.least.unwrap_or(6), most: case.most.unwrap_or(6) }),
        "phone" => ReadDef::Phone,
        "email" => ReadDef::Email,
        "date" => ReadDef::Date,
        "time" => ReadDef::Time,
        "money" => ReadDef::Money,
        "name" => ReadDef::Name,
        "postcode" => ReadDef::Postcode,
        "yes_no" => ReadDef::YesNo,
        "choice" => ReadDef::Choice(case.choices.clone()),
        "text" => ReadDef::Text,
        other => bail!("there is no reader `{other}`: digits, phone, email, date, time, money, name, postcode, yes_no, choice or text"),
    })
}

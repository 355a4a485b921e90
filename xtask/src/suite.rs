//! `cargo xtask test`: everything that CI runs, step by step, with one line per step at the end.

use std::{process::Command, time::Duration};

use anyhow::{Result, bail};

use crate::{build, dependencies, licences, machine, pages, run};

/// Runs the suite. A failed step does not hide the ones after it, except when they need it.
pub(crate) fn test(quick: bool) -> Result<()> {
    let mut suite = Suite::default();
    if quick {
        suite.quick();
    } else {
        suite.full();
    }
    suite.report()
}

#[derive(Default)]
struct Suite {
    steps: Vec<Step>,
    /// Single tests, as their runners counted them.
    passed: u64,
    failed: u64,
}

struct Step {
    name: &'static str,
    took: Duration,
    ok: bool,
}

impl Suite {
    fn full(&mut self) {
        if !self.step("machine", |_| machine::prepare(machine::For::Test)) || !self.step("web build", |_| pages::build()) {
            return;
        }
        self.common(&["--release"]);
        self.step("web check", |_| run::visible(run::command("npm", "web").args(["run", "check"])));
        self.step("docs", |_| docs());
        self.step("licences", |_| licences::check());
        self.step("dependencies", |_| dependencies::check());
        // One profile and one set of features for all of it, so that everything is compiled once. Models and audio need the optimiser.
        let release = ["test", "--workspace", "--release", "--locked"];
        let built = self.step("build", |_| run::visible(run::cargo().args(release).args(["--no-run", "--quiet"])));
        if !built || !self.step("models", |_| run::visible(build::warmline().args(["models", "pull", "--lang", "ro"]))) {
            return;
        }
        self.step("tests", |suite| {
            // One of them signs in at a provider that is a package of node.
            pages::install("tests/browser")?;
            // A test that fails hides none of those in other binaries.
            suite.counted(run::cargo().args(release).args(["--no-fail-fast", "--quiet", "--", "--skip", "wire::"]))
        });
        self.step("peers", |_| machine::peers());
        // Real calls, which mostly wait for speech: so many at a time (`tests/it/wire/places.rs`) as two cores have room for beside the telephones.
        self.step("wire tests", |suite| {
            let only = ["--test", "it", "--", "wire::", "--test-threads=4"];
            suite.counted(run::cargo().args(release).args(only))
        });
        self.step("browser tests", |suite| {
            pages::install("tests/browser")?;
            suite.counted(run::command("npm", "tests/browser").arg("test").env("WARMLINE_BIN", build::binary()))
        });
    }

    /// No models, no network, no calls over the wire, and the profile that a developer has warm already.
    fn quick(&mut self) {
        self.common(&[]);
        self.step("tests", |suite| {
            suite.counted(run::cargo().args(["test", "--workspace", "--lib", "--bins", "--quiet", "--", "--skip", WITH_MODELS]))?;
            suite.counted(run::cargo().args(["test", "--package", "warmline", "--test", "it", "--quiet", "--"]).args(QUICK))
        });
    }

    /// In the profile of what is compiled after it: libraries of C and macros are then built once.
    fn common(&mut self, profile: &[&str]) {
        self.step("format", |_| run::visible(run::cargo().args(["fmt", "--all", "--check"])));
        self.step("clippy", |_| {
            let all = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet"];
            run::visible(run::cargo().args(all).args(profile).args(["--", "--deny", "warnings"]))
        });
    }

    /// Runs one step and notes how it went.
    fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Self) -> Result<()>) -> bool {
        println!("\n── {name} ──");
        let start = run::now();
        let result = work(self);
        if let Err(error) = &result {
            eprintln!("{name}: {error:#}");
        }
        self.steps.push(Step { name, took: start.elapsed(), ok: result.is_ok() });
        result.is_ok()
    }

    /// Runs a test runner and adds up what it counted.
    fn counted(&mut self, command: &mut Command) -> Result<()> {
        let (mut passed, mut failed) = (0, 0);
        let result = run::watched(command, |line| {
            let (more, less) = count(line);
            passed += more;
            failed += less;
        });
        self.passed += passed;
        self.failed += failed;
        result
    }

    fn report(&self) -> Result<()> {
        println!();
        for step in &self.steps {
            println!("{:>8.1} s  {:<14} {}", step.took.as_secs_f64(), step.name, if step.ok { "ok" } else { "FAILED" });
        }
        let all: Duration = self.steps.iter().map(|step| step.took).sum();
        let failed = self.steps.iter().filter(|step| !step.ok).count();
        println!("{:>8.1} s  together, {} steps, {failed} failed", all.as_secs_f64(), self.steps.len());
        println!("{} passed, {} failed", self.passed, self.failed);
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.steps.len());
        }
        Ok(())
    }
}

/// Tests of the integration binary that need neither models nor sockets.
const QUICK: &[&str] =
    &["tidy::", "sim::", "escalation::", "desk::", "config::", "flow::check::", "flow::conversations::", "flow::readers::"];
/// Unit tests that need models.
const WITH_MODELS: &str = "speech::tests::";

fn docs() -> Result<()> {
    run::visible(
        run::cargo()
            .args(["doc", "--workspace", "--release", "--no-deps", "--document-private-items", "--locked", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Passed and failed tests that a line of a runner tells: cargo's `test result: ok. 3 passed; 0 failed; …`, node's `# pass 3` or `ℹ pass 3`.
fn count(line: &str) -> (u64, u64) {
    if let Some(rest) = line.trim_start().strip_prefix("test result:") {
        let number = |word: &str| {
            let before = rest.split(word).next().unwrap_or_default().trim();
            before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        return (number(" passed"), number(" failed"));
    }
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next().and_then(|number| number.parse().ok())) {
        (Some("#" | "ℹ"), Some("pass"), Some(number)) => (number, 0),
        (Some("#" | "ℹ"), Some("fail"), Some(number)) => (0, number),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn runners_are_understood() {
        assert_eq!(count("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s"), (12, 0));
        assert_eq!(count("test result: FAILED. 11 passed; 2 failed; 0 ignored; 0 measured"), (11, 2));
        assert_eq!(count("# pass 4"), (4, 0));
        assert_eq!(count("ℹ fail 1"), (0, 1));
        assert_eq!(count("test call::passes ... ok"), (0, 0));
    }
}

//! `--set escalation.threshold=0.6`: what a call would have been with other numbers in its flow.

use anyhow::{Context, Result, bail};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::call::{
    action::Action,
    flow::Flow,
    record::{Decision, Entry, HandoffStep, What},
    time::Time,
};

/// Changes one number or word of a flow, named by its keys.
pub(super) fn set(flow: &mut Flow, pair: &str) -> Result<()> {
    let (path, value) = pair.split_once('=').with_context(|| format!("`{pair}` is not KEY=VALUE"))?;
    let keys: Vec<&str> = path.split('.').collect();
    let Some((section, keys)) = keys.split_first() else { bail!("`{pair}` names no key") };
    match *section {
        "escalation" => change(&mut flow.escalation, keys, value),
        "understanding" => change(&mut flow.understanding, keys, value),
        "turn" => change(&mut flow.turn, keys, value),
        "handoff" => change(&mut flow.handoff, keys, value),
        other => bail!("`{other}` cannot be set here: only escalation, understanding, turn and handoff can"),
    }
    .with_context(|| format!("--set {pair}"))
}

fn change<T: Serialize + DeserializeOwned>(section: &mut T, keys: &[&str], value: &str) -> Result<()> {
    let mut tree = serde_json::to_value(&*section)?;
    let mut place = &mut tree;
    for key in keys {
        place = place.get_mut(*key).with_context(|| format!("there is no key `{key}`"))?;
    }
    *place = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    *section = serde_json::from_value(tree)?;
    Ok(())
}

/// What became of the decision about a human in one run.
pub(super) struct Story<'a> {
    called: Option<(Time, &'a Decision)>,
    last: Option<&'a Decision>,
    handoff: Option<Time>,
}

impl<'a> Story<'a> {
    /// Reads a run.
    pub(super) fn of(actions: &'a [(Time, Action)]) -> Self {
        let mut story = Self { called: None, last: None, handoff: None };
        for (_, action) in actions {
            let Action::Record(Entry { at, what }) = action else { continue };
            match what {
                What::Decision { decision } => {
                    if decision.escalate && story.called.is_none() {
                        story.called = Some((*at, decision));
                    }
                    story.last = Some(decision);
                }
                What::Handoff { step: HandoffStep::Started { .. } } if story.handoff.is_none() => story.handoff = Some(*at),
                _ => {}
            }
        }
        story
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let handoff = self.handoff.map_or("no handoff".to_owned(), |at| format!("handoff at {:.1} s", seconds(at)));
        match (&self.called, self.last) {
            (Some((at, decision)), _) => format!(
                "{handoff}; the policy calls a human at {:.1} s ({}, score {:.2} of {:.2})",
                seconds(*at),
                decision.reasons.join(", "),
                decision.score,
                decision.threshold
            ),
            (None, Some(decision)) => {
                format!("{handoff}; the policy calls nobody (score {:.2} of {:.2})", decision.score, decision.threshold)
            }
            (None, None) => format!("{handoff}; nothing was decided"),
        }
    }

    /// When other thresholds would have been reached.
    pub(super) fn thresholds(&self) -> Option<String> {
        let decision = self.called.map(|(_, decision)| decision).or(self.last)?;
        let reached: Vec<String> =
            decision.at_thresholds.iter().map(|it| format!("{:.1} at {:.1} s", it.threshold, seconds(it.at))).collect();
        (!reached.is_empty()).then(|| format!("thresholds reached: {}", reached.join(", ")))
    }
}

fn seconds(at: Time) -> f64 {
    std::time::Duration::from_millis(at.0).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml")).unwrap();
        Flow::parse(&text, "support.en.yaml").unwrap()
    }

    #[test]
    fn numbers_and_words_of_a_flow_can_be_set() {
        let mut flow = flow();
        set(&mut flow, "escalation.threshold=0.6").unwrap();
        set(&mut flow, "escalation.signals.anger.effect=note").unwrap();
        set(&mut flow, "escalation.critical.complaint.weight=2").unwrap();
        assert_eq!((flow.escalation.threshold, flow.escalation.critical["complaint"].weight), (0.6, 2.0));
        assert_eq!(flow.escalation.signals.anger.effect, crate::call::escalation::policy::Effect::Note);
    }

    #[test]
    fn what_is_not_there_cannot_be_set() {
        for wrong in ["escalation.treshold=1", "escalation.threshold", "nodes.human=1", "escalation.threshold=high"] {
            assert!(set(&mut flow(), wrong).is_err(), "{wrong}");
        }
    }
}

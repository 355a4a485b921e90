//! What a flow sets about escalation: threshold, weights, critical matters.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a human is the better answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EscalationPolicy {
    /// Score from which a human is called.
    pub threshold: f32,
    /// A calming sign takes nothing back from a score that has come this near to the threshold (0..=1 of it): a "thanks" after the third failure is politeness.
    pub hold: f32,
    /// Milliseconds in which what counts loses half of its weight. What acts at once does not fade.
    pub half_life_ms: u64,
    /// Milliseconds after a handoff that came to nothing, or an offer that was declined, in which a human is called only by what acts at once, or by a
    /// score that is higher by `rise`.
    pub cool_down_ms: u64,
    /// Share of the threshold by which it is higher in that time.
    pub rise: f32,
    /// Share of the threshold by which it is higher while nobody of the queue is there to which the caller would come. What acts at once still does.
    pub closed_rise: f32,
    /// Handoffs that came to nothing after which only a wish for a human, or a critical matter, starts another one.
    pub most_handoffs: u32,
    /// Callers whose number (as the network gives it, or its end) counts as the signal `vip`.
    pub vip: Vec<String>,
    /// Is the tone of the caller's words and voice looked at? The greeting must say so then; this is off unless the flow turns it on.
    pub tone: bool,
    /// Score from which a turn's voice counts as raised against the caller's own voice before, 0..=1.
    pub raised_voice_above: f32,
    /// Recogniser confidence under which a turn counts as a low one, 0..=1.
    pub low_confidence_below: f32,
    /// How many such turns in a row are a signal.
    pub low_confidence_turns: u32,
    /// What each kind of signal does.
    pub signals: SignalRules,
    /// Matters that a human must hear of, by class.
    pub critical: BTreeMap<String, CriticalRule>,
    /// More words by which callers ask for a human.
    pub human_words: Vec<String>,
    /// How likely a wish for a human must be by its meaning alone, 0..=1. Half of it is noted, and adds to the score; 1 turns it off. Of two words more is
    /// needed (0.8), and a single one means nothing.
    pub human_meaning_above: f32,
}

impl Default for EscalationPolicy {
    fn default() -> Self {
        Self {
            threshold: 1.0,
            hold: 0.8,
            half_life_ms: 180_000,
            cool_down_ms: 60_000,
            rise: 0.25,
            closed_rise: 0.0,
            most_handoffs: 3,
            vip: Vec::new(),
            tone: false,
            raised_voice_above: 0.7,
            low_confidence_below: 0.6,
            low_confidence_turns: 2,
            signals: SignalRules::default(),
            critical: BTreeMap::new(),
            human_words: Vec::new(),
            human_meaning_above: MEANING_ABOVE,
        }
    }
}

/// Meaning from which a matter calls a human, where the flow sets nothing else.
const MEANING_ABOVE: f32 = 0.4;

/// What a signal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Calls a human at once, if the detector is sure enough.
    Now,
    /// Adds its weight to the score.
    Count,
    /// Adds its weight, and the caller is asked whether a colleague should be brought in.
    Offer,
    /// Adds its weight, and the answer begins with words of regret.
    Soothe,
    /// Is written down, and counts nothing.
    Note,
}

/// The rule for one kind of signal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalRule {
    /// What it does.
    pub effect: Effect,
    /// What it adds to the score; 1.0 is enough alone with the usual threshold. Below 0 it calms.
    pub weight: f32,
}

/// The rules, by kind of signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignalRules {
    /// The caller asked for a human.
    pub asked_for_human: SignalRule,
    /// The recogniser is not sure, several turns in a row.
    pub low_confidence: SignalRule,
    /// A turn could not be used.
    pub not_understood: SignalRule,
    /// The same question again.
    pub repeated: SignalRule,
    /// Anger.
    pub anger: SignalRule,
    /// Annoyance.
    pub frustration: SignalRule,
    /// Praise that is not meant. Never enough alone.
    pub sarcasm: SignalRule,
    /// The voice is louder, higher, faster or tenser than it was. Never enough alone, unless it acts at once.
    pub raised_voice: SignalRule,
    /// A service failed.
    pub service_failed: SignalRule,
    /// Nothing was heard.
    pub silence: SignalRule,
    /// The flow leads to a human.
    pub flow_asked: SignalRule,
    /// Thanks, a confirmed answer.
    pub calmed: SignalRule,
    /// The caller is on the list `vip`.
    pub vip: SignalRule,
}

impl Default for SignalRules {
    fn default() -> Self {
        let rule = |effect, weight| SignalRule { effect, weight };
        Self {
            asked_for_human: rule(Effect::Now, 1.0),
            low_confidence: rule(Effect::Count, 0.5),
            not_understood: rule(Effect::Count, 0.35),
            repeated: rule(Effect::Count, 0.6),
            anger: rule(Effect::Count, 1.2),
            frustration: rule(Effect::Count, 0.5),
            sarcasm: rule(Effect::Count, 0.5),
            raised_voice: rule(Effect::Count, 0.5),
            service_failed: rule(Effect::Count, 0.5),
            silence: rule(Effect::Count, 0.2),
            flow_asked: rule(Effect::Now, 1.0),
            calmed: rule(Effect::Count, -0.3),
            vip: rule(Effect::Count, 0.3),
        }
    }
}

/// A matter that a human must hear of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CriticalRule {
    /// What it does.
    pub effect: Effect,
    /// What it adds to the score.
    pub weight: f32,
    /// How it is said: words, or `/regular expressions/` on the folded text.
    pub phrases: Vec<String>,
    /// What the phrases must be about, if they name anything ("cancel my order", not "cancel my alarm"). Empty: anything.
    pub about: Vec<String>,
    /// Phrases that look like it and are not ("cancellation policy").
    pub except: Vec<String>,
    /// Intents that mean it.
    pub intents: Vec<String>,
    /// Intent score from which the meaning alone is enough, without any of the phrases.
    pub intent_above: f32,
    /// The same for what Warmline knows of the class by itself, in every language: `cancellation`, `complaint`, `legal_threat`, `safety`, `fraud`,
    /// `data_protection` and `vulnerability`. Half of it is noted, and adds to the score. 1 turns it off.
    pub meaning_above: f32,
    /// The queue of the people who deal with it.
    pub queue: Option<String>,
    /// How it is said in "because of …".
    pub label: Option<String>,
}

impl Default for CriticalRule {
    fn default() -> Self {
        Self {
            effect: Effect::Now,
            weight: 1.0,
            phrases: Vec::new(),
            about: Vec::new(),
            except: Vec::new(),
            intents: Vec::new(),
            intent_above: 0.8,
            meaning_above: MEANING_ABOVE,
            queue: None,
            label: None,
        }
    }
}

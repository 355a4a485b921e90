//! From the ledger to a decision, with the reason and with what would have changed it.

use crate::call::{
    escalation::policy::{Effect, EscalationPolicy, SignalRule},
    record::{AtThreshold, Care, Decision, Evidence, Signal},
    time::Time,
};

/// A detector that is less sure than this cannot call a human at once.
pub(super) const SURE_ENOUGH: f32 = 0.6;
/// For which thresholds the record says when they were reached.
const THRESHOLDS: [f32; 8] = [0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 2.0];
/// What counts less than this is no reason.
const LEAST: f32 = 0.05;

/// The word for a signal in reasons, records and metrics.
#[must_use]
pub fn word(signal: &Signal) -> String {
    match signal {
        Signal::AskedForHuman => "asked_for_human".to_owned(),
        Signal::LowConfidence => "low_confidence".to_owned(),
        Signal::NotUnderstood => "not_understood".to_owned(),
        Signal::Repeated => "repeated".to_owned(),
        Signal::Critical { matter } => format!("critical:{matter}"),
        Signal::Anger => "anger".to_owned(),
        Signal::Frustration => "frustration".to_owned(),
        Signal::Sarcasm => "sarcasm".to_owned(),
        Signal::RaisedVoice => "raised_voice".to_owned(),
        Signal::ServiceFailed => "service_failed".to_owned(),
        Signal::Silence => "silence".to_owned(),
        Signal::FlowAsked => "flow_asked".to_owned(),
        Signal::Calmed => "calmed".to_owned(),
        Signal::Vip => "vip".to_owned(),
    }
}

/// The rule for a signal.
pub(super) fn rule(policy: &EscalationPolicy, signal: &Signal) -> SignalRule {
    let rules = &policy.signals;
    match signal {
        Signal::AskedForHuman => rules.asked_for_human,
        Signal::LowConfidence => rules.low_confidence,
        Signal::NotUnderstood => rules.not_understood,
        Signal::Repeated => rules.repeated,
        Signal::Critical { matter } => policy
            .critical
            .get(matter)
            .map_or(SignalRule { effect: Effect::Now, weight: 1.0 }, |rule| SignalRule { effect: rule.effect, weight: rule.weight }),
        Signal::Anger => rules.anger,
        Signal::Frustration => rules.frustration,
        Signal::Sarcasm => rules.sarcasm,
        Signal::RaisedVoice => rules.raised_voice,
        Signal::ServiceFailed => rules.service_failed,
        Signal::Silence => rules.silence,
        Signal::FlowAsked => rules.flow_asked,
        Signal::Calmed => rules.calmed,
        Signal::Vip => rules.vip,
    }
}

/// A piece of evidence that counts now.
struct Counted<'l> {
    evidence: &'l Evidence,
    counts: f32,
    at_once: bool,
}

/// What makes calling a human harder: what has become of it before, and that nobody is there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// When a handoff last came to nothing, or an offer was declined.
    pub(super) refused: Option<Time>,
    /// Handoffs that came to nothing.
    pub(super) handoffs: u32,
    /// Nobody of the queue is there.
    pub(super) closed: bool,
}

impl Before {
    /// The threshold as it is now; none if no score is enough any more.
    fn threshold(self, policy: &EscalationPolicy, now: Time) -> Option<f32> {
        let cooling = self.refused.is_some_and(|at| now.since(at) < policy.cool_down_ms);
        let of = |counts: bool, rise: f32| if counts { rise } else { 0.0 };
        let rise = of(cooling, policy.rise) + of(self.closed, policy.closed_rise);
        (self.handoffs < policy.most_handoffs).then_some(policy.threshold * (1.0 + rise))
    }
}

/// Weighs the ledger.
pub(super) fn decide(ledger: &[Evidence], policy: &EscalationPolicy, before: Before, now: Time) -> Decision {
    let mut counted = weigh(ledger, policy, now);
    // Not `sum`: that of nothing is -0, and would be written so.
    let score = counted.iter().fold(0.0, |sum, it| sum + it.counts).max(0.0);
    counted.sort_by(|a, b| {
        (b.at_once, b.counts, a.evidence.number).partial_cmp(&(a.at_once, a.counts, b.evidence.number)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let enough = before.threshold(policy, now).is_some_and(|threshold| score >= threshold);
    let escalate = counted.iter().any(|it| it.at_once) || (enough && !is_hearing_only(&counted));
    let mut reasons = Vec::new();
    for it in counted.iter().filter(|it| it.counts >= LEAST) {
        let reason = word(&it.evidence.signal);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    Decision {
        escalate,
        score,
        threshold: policy.threshold,
        why: why(&counted, escalate, score, policy),
        would_change: would_change(&counted, escalate, score, policy),
        evidence: counted.iter().filter(|it| it.counts >= LEAST).map(|it| it.evidence.number).collect(),
        reasons,
        at_thresholds: at_thresholds(ledger, policy),
        care: Care::None,
    }
}

/// Mockery and a raised voice are matters of hearing: alone they never move anybody, unless the flow says that they act at once.
fn is_hearing_only(counted: &[Counted<'_>]) -> bool {
    counted.iter().all(|it| matches!(it.evidence.signal, Signal::Sarcasm | Signal::RaisedVoice | Signal::Vip))
}

/// When each of the usual thresholds was first reached: the ledger is weighed again as it was after each piece of evidence.
fn at_thresholds(ledger: &[Evidence], policy: &EscalationPolicy) -> Vec<AtThreshold> {
    let mut reached: Vec<AtThreshold> = Vec::new();
    for (count, evidence) in ledger.iter().enumerate() {
        let now = evidence.span.1;
        let counted = weigh(&ledger[..=count], policy, now);
        let at_once = counted.iter().any(|it| it.at_once);
        let score = counted.iter().map(|it| it.counts).sum::<f32>();
        for threshold in THRESHOLDS.into_iter().skip(reached.len()) {
            if at_once || (score >= threshold && !is_hearing_only(&counted)) {
                reached.push(AtThreshold { threshold, at: now });
            } else {
                break;
            }
        }
    }
    reached
}

/// What the bot does for a caller who stays with it: by the rules of what was noted in this turn.
pub(super) fn care(fresh: &[Evidence], policy: &EscalationPolicy) -> Care {
    let effects: Vec<Effect> = fresh.iter().map(|evidence| rule(policy, &evidence.signal).effect).collect();
    if effects.contains(&Effect::Offer) {
        Care::Offer
    } else if effects.contains(&Effect::Soothe) {
        Care::Soothe
    } else {
        Care::None
    }
}

/// What each piece of evidence adds now. Calming signs take from what came before them, weakest ground first: all of it alike.
fn weigh<'l>(ledger: &'l [Evidence], policy: &EscalationPolicy, now: Time) -> Vec<Counted<'l>> {
    let mut counted: Vec<Counted<'l>> = Vec::new();
    for evidence in ledger {
        let rule = rule(policy, &evidence.signal);
        let at_once = rule.effect == Effect::Now && evidence.certainty >= SURE_ENOUGH;
        let weight = match rule.effect {
            Effect::Note => continue,
            // Enough alone, so that the score says what is done.
            Effect::Now if at_once => evidence.weight.max(policy.threshold),
            Effect::Now | Effect::Count | Effect::Offer | Effect::Soothe => {
                evidence.weight * evidence.certainty * fade(now.since(evidence.span.1), policy.half_life_ms)
            }
        };
        if weight >= 0.0 {
            counted.push(Counted { evidence, counts: weight, at_once });
            continue;
        }
        let before: f32 = counted.iter().map(|it| it.counts).sum();
        if before > 0.0 && before < policy.hold * policy.threshold {
            let left = ((before + weight) / before).max(0.0);
            for it in counted.iter_mut().filter(|it| !it.at_once) {
                it.counts *= left;
            }
        }
    }
    counted
}

/// The share of its weight that evidence has after some time.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a call fit well")]
fn fade(age_ms: u64, half_life_ms: u64) -> f32 {
    if half_life_ms == 0 { 1.0 } else { 0.5_f32.powf(age_ms as f32 / half_life_ms as f32) }
}

fn plain(signal: &Signal, policy: &EscalationPolicy) -> String {
    match signal {
        Signal::AskedForHuman => "the caller asked for a person".to_owned(),
        Signal::LowConfidence => "the caller is hard to hear".to_owned(),
        Signal::NotUnderstood => "the assistant did not understand".to_owned(),
        Signal::Repeated => "the caller had to ask again".to_owned(),
        Signal::Critical { matter } => {
            let label = policy.critical.get(matter).and_then(|rule| rule.label.clone()).unwrap_or_else(|| matter.replace('_', " "));
            format!("it is a matter for a person: {label}")
        }
        Signal::Anger => "the caller is angry".to_owned(),
        Signal::Frustration => "the caller is annoyed".to_owned(),
        Signal::Sarcasm => "the caller is mocking".to_owned(),
        Signal::RaisedVoice => "the caller's voice has risen".to_owned(),
        Signal::ServiceFailed => "a service failed".to_owned(),
        Signal::Silence => "the caller was silent".to_owned(),
        Signal::FlowAsked => "the assistant cannot help any further".to_owned(),
        Signal::Calmed => "the caller is content".to_owned(),
        Signal::Vip => "the caller is on the list of callers who are brought to a person sooner".to_owned(),
    }
}

fn why(counted: &[Counted<'_>], escalate: bool, score: f32, policy: &EscalationPolicy) -> String {
    let mut grounds = Vec::new();
    for it in counted.iter().filter(|it| it.counts >= LEAST) {
        let ground = plain(&it.evidence.signal, policy);
        if !grounds.iter().any(|(known, _)| *known == ground) {
            grounds.push((ground, it.evidence.quote.clone()));
        }
    }
    let listed: Vec<String> =
        grounds.iter().map(|(ground, quote)| if quote.is_empty() { ground.clone() } else { format!("{ground} (“{quote}”)") }).collect();
    match (escalate, listed.is_empty()) {
        (true, _) => format!("A human is called because {}.", listed.join(", and ")),
        (false, true) => "Nothing speaks for a human.".to_owned(),
        (false, false) => {
            format!("The assistant goes on: {} counts {score:.2}, which is below {:.2}.", listed.join(", and "), policy.threshold)
        }
    }
}

fn would_change(counted: &[Counted<'_>], escalate: bool, score: f32, policy: &EscalationPolicy) -> String {
    if !escalate {
        let missing = (policy.threshold - score).max(0.0);
        return format!("{missing:.2} more would have called a human; asking for one always does.");
    }
    let at_once: Vec<&Counted<'_>> = counted.iter().filter(|it| it.at_once).collect();
    let Some(strongest) = counted.first() else { return String::new() };
    if at_once.len() > 1 {
        let kinds: Vec<String> = at_once.iter().map(|it| word(&it.evidence.signal)).collect();
        return format!("Each of these calls a human alone: {}. Without one of them nothing would have changed.", kinds.join(", "));
    }
    let rest = score - strongest.counts;
    let name = word(&strongest.evidence.signal);
    if rest >= policy.threshold {
        format!("Without {name} the score would be {rest:.2}, still not below {:.2}.", policy.threshold)
    } else {
        format!("Without {name} the score would be {rest:.2}, below {:.2}, and the assistant would have gone on.", policy.threshold)
    }
}

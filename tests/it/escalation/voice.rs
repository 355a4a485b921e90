//! A raised voice: evidence with its figures, never enough alone, and off with the tone.

use warmline::call::{
    record::{Decision, Signal},
    understanding::Voice,
};

use super::{Ledger, policy::with};

const CALM: Voice = Voice {
    level_db: -30.0,
    pitch_hz: 120.0,
    pitch_span: 4.0,
    syllables_per_s: 4.0,
    tilt_db: -9.0,
    pauses: 0.1,
    voiced_ms: 1_600,
    snr_db: 30.0,
};
const RAISED: Voice = Voice { level_db: -16.0, pitch_hz: 143.0, syllables_per_s: 5.2, tilt_db: -4.0, ..CALM };

impl Ledger {
    /// The caller says something that means nothing, in this voice.
    fn sounds(&mut self, voice: &Voice) -> Decision {
        self.says("I ordered the blue one.");
        let span = (self.now, self.now.plus(2_000));
        self.escalation.voice(voice, false, span);
        self.escalation.decide(span.1)
    }

    fn after_calm_turns(mut self) -> Self {
        for _ in 0..3 {
            assert_eq!(self.sounds(&CALM).score, 0.0);
        }
        self
    }
}

#[test]
fn it_is_told_with_its_figures_and_never_acts_alone() {
    // However much it weighs, and however often.
    let flow = with("raised_voice: { effect: count, weight: 0.5 }", "raised_voice: { effect: count, weight: 5.0 }");
    let mut ledger = Ledger::of(&flow).after_calm_turns();
    for _ in 0..3 {
        let decision = ledger.sounds(&RAISED);
        assert_eq!((decision.escalate, decision.reasons.as_slice()), (false, &["raised_voice".to_owned()][..]));
        assert!(decision.score > decision.threshold);
    }
    let evidence = ledger.escalation.drain_evidence();
    let raised = evidence.iter().find(|evidence| evidence.signal == Signal::RaisedVoice).unwrap();
    assert_eq!(raised.quote, "14 dB louder, 3 semitones higher, 30 % faster and tenser than before");
    assert!(raised.certainty > 0.9, "{raised:?}");
}

#[test]
fn on_top_of_failures_it_tips_the_scale() {
    let mut ledger = Ledger::new().after_calm_turns();
    ledger.note(Signal::NotUnderstood);
    assert!(!ledger.note(Signal::NotUnderstood).escalate);
    let decision = ledger.sounds(&RAISED);
    assert!(decision.escalate && decision.why.contains("the caller's voice has risen (“14 dB louder"), "{}", decision.why);
}

#[test]
fn a_flow_may_let_it_act_at_once() {
    let flow = with("raised_voice: { effect: count, weight: 0.5 }", "raised_voice: { effect: now, weight: 1.0 }");
    let mut ledger = Ledger::of(&flow).after_calm_turns();
    assert!(!ledger.sounds(&CALM).escalate);
    assert!(ledger.sounds(&RAISED).escalate);
}

#[test]
fn the_switch_of_the_tone_turns_it_off() {
    let mut ledger = Ledger::of(&with("  tone: true\n", "  tone: false\n")).after_calm_turns();
    let decision = ledger.sounds(&RAISED);
    assert_eq!((decision.score, ledger.escalation.drain_evidence().len()), (0.0, 0));
}

#[test]
fn the_score_from_which_it_counts_is_the_flows() {
    let mut ledger = Ledger::of(&with("raised_voice_above: 0.7", "raised_voice_above: 1.0")).after_calm_turns();
    assert_eq!(ledger.sounds(&RAISED).score, 0.0);
}

//! A stand-in for the models that understand: words → intents, knowledge, tone. Enough for stories; the real models are tested with real speech.

use warmline::call::{
    ids::LegId,
    understanding::{Scored, Tone, Understanding, Voice},
};

const INTENTS: &[(&str, &[&str])] = &[
    ("human_agent", &["a human", "person", "an agent", "somebody real"]),
    ("order_status", &["where is my order", "my package", "my parcel"]),
    ("opening_hours", &["opening hours", "are you open", "saturday"]),
    ("password_reset", &["password"]),
    ("complaint", &["formal complaint"]),
    ("cancellation", &["cancel my order", "cancel my contract"]),
    ("other_support", &["broken", "invoice"]),
    ("return_late", &["send it back"]),
    ("repair", &["be repaired"]),
];

const KNOWLEDGE: &[(&str, &[&str])] =
    &[("delivery_time", &["how long does delivery"]), ("returns", &["return policy"]), ("payment_methods", &["how can i pay"])];

fn matches(text: &str, table: &[(&str, &[&str])]) -> Vec<Scored> {
    let mut scores: Vec<Scored> = table
        .iter()
        .map(|(name, phrases)| {
            let score = if phrases.iter().any(|phrase| text.contains(phrase)) { 0.93 } else { 0.02 };
            Scored { name: (*name).to_owned(), score }
        })
        .collect();
    scores.sort_by(|one, other| other.score.total_cmp(&one.score));
    scores
}

const QUESTIONS: &[(&str, &[&str])] = &[("order_number", &["order number"]), ("name", &["your name"]), ("matter", &["help you"])];

/// What an agent's question is after.
pub(crate) fn asks_for(question: &str) -> Vec<Scored> {
    matches(&question.to_lowercase(), QUESTIONS)
}

/// What the words mean.
pub(crate) fn of(text: &str) -> Understanding {
    let text = text.to_lowercase();
    let has = |words: &[&str]| if words.iter().any(|word| text.contains(word)) { 0.9 } else { 0.03 };
    Understanding {
        intents: matches(&text, INTENTS),
        knowledge: matches(&text, KNOWLEDGE),
        tone: Tone {
            anger: has(&["outrageous", "furious"]),
            frustration: has(&["third time", "fed up"]),
            sarcasm: has(&["oh great, wonderful"]),
            gratitude: has(&["thank you"]),
        },
        listens: Some(has(&["well i never", "right you are"])),
        ..Understanding::default()
    }
}

/// The caller speaks calmly, and every agent shouts: what is ever made of a raised voice was heard on the wrong leg.
pub(crate) fn voice_of(leg: LegId) -> Voice {
    let calm = Voice {
        level_db: -26.0,
        pitch_hz: 150.0,
        pitch_span: 4.0,
        syllables_per_s: 4.6,
        tilt_db: -6.0,
        pauses: 0.1,
        voiced_ms: 1_500,
        snr_db: 30.0,
    };
    if leg == LegId::CALLER { calm } else { Voice { level_db: -6.0, pitch_hz: 280.0, syllables_per_s: 7.0, tilt_db: 6.0, ..calm } }
}

//! Times and counts that a call could not be held with.

use std::collections::BTreeSet;

use super::Checker;
use crate::{
    call::flow::policy::LONGEST_MESSAGE_S,
    yaml::{self, Path},
};

/// A second, a minute and an hour in milliseconds.
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// So long a caller waits for a human's one line.
pub(super) const SHORTEST_CONSULT_MS: u64 = 5 * SECOND;
pub(super) const LONGEST_CONSULT_MS: u64 = 5 * MINUTE;

/// For what a human is called: the signals as decisions name them.
const REASONS: &[&str] = &[
    "asked_for_human",
    "low_confidence",
    "not_understood",
    "repeated",
    "critical",
    "anger",
    "frustration",
    "sarcasm",
    "raised_voice",
    "service_failed",
    "silence",
    "flow_asked",
    "vip",
];

impl Checker<'_> {
    /// `turn:` and `handoff:`. The bounds are what a caller could bear; within them the defaults are ours, and the choice is the operator's.
    pub(super) fn times(&mut self) {
        let (turn, handoff) = (&self.definition.turn, &self.definition.handoff);
        let turns = [
            ("pause_sure_ms", turn.pause_sure_ms, 100, 5 * SECOND),
            ("pause_ms", turn.pause_ms, 100, 5 * SECOND),
            ("pause_incomplete_ms", turn.pause_incomplete_ms, 100, 10 * SECOND),
            ("pause_yes_no_ms", turn.pause_yes_no_ms, 100, 5 * SECOND),
            ("pause_digits_ms", turn.pause_digits_ms, 100, 10 * SECOND),
            ("barge_in_ms", turn.barge_in_ms, 60, 5 * SECOND),
            ("barge_in_unsure_ms", turn.barge_in_unsure_ms, 60, 10 * SECOND),
            ("longest_turn_ms", turn.longest_turn_ms, 5 * SECOND, 10 * MINUTE),
            ("key_pause_ms", turn.key_pause_ms, 500, 30 * SECOND),
            ("silence_ms", turn.silence_ms, 2 * SECOND, MINUTE),
            ("silence_prompts", u64::from(turn.silence_prompts), 0, 10),
            ("hold_on_ms", turn.hold_on_ms, 5 * SECOND, 10 * MINUTE),
        ];
        let handoffs = [
            ("ring_ms", handoff.ring_ms, 3 * SECOND, 3 * MINUTE),
            ("callback_ring_ms", handoff.callback_ring_ms, 3 * SECOND, 3 * MINUTE),
            ("briefing_s", handoff.briefing_s, 5, 60),
            ("choose_ms", handoff.choose_ms, 3 * SECOND, 5 * MINUTE),
            ("offers", u64::from(handoff.offers), 1, 50),
            ("update_ms", handoff.update_ms, 5 * SECOND, 2 * MINUTE),
            ("ask_after_ms", handoff.ask_after_ms, 500, MINUTE),
            ("voicemail_s", handoff.voicemail_s, 0, LONGEST_MESSAGE_S),
            ("consult_ms", handoff.consult_ms, SHORTEST_CONSULT_MS, LONGEST_CONSULT_MS),
            ("consult_each_ms", handoff.consult_each_ms, SHORTEST_CONSULT_MS, LONGEST_CONSULT_MS),
            ("vet_ms", handoff.vet_ms, 0, 30 * SECOND),
        ];
        self.longest_wait(&Path::of(&["handoff", "wait_ms"]), handoff.wait_ms);
        for (key, value, least, most) in turns {
            self.between(&Path::of(&["turn", key]), value, (least, most));
        }
        for (key, value, least, most) in handoffs {
            self.between(&Path::of(&["handoff", key]), value, (least, most));
        }
        let nodes: BTreeSet<&str> = self.definition.nodes.keys().map(String::as_str).collect();
        for (index, node) in handoff.send_back.iter().enumerate() {
            self.known(&Path::of(&["handoff", "send_back"]).item(index), "node", node, "nodes", &nodes);
        }
        for name in handoff.modes.keys() {
            self.mode_name(name);
        }
        for (reason, seconds) in &handoff.ahead_s {
            self.between(&Path::of(&["handoff", "ahead_s", reason]), *seconds, (0, 3_600));
            let word = reason.split(':').next().unwrap_or_default();
            if !REASONS.contains(&word) {
                let hint = yaml::did_you_mean(word, REASONS.iter().copied());
                self.wrong(&Path::of(&["handoff", "ahead_s", reason]), format!("a human is never called for `{word}`"), hint.as_deref());
            }
        }
        self.share(&Path::of(&["turn", "barge_in_meant"]), turn.barge_in_meant);
        self.share(&Path::of(&["turn", "few_words_heard"]), turn.few_words_heard);
        for (less, fewer, key, more) in [
            ("pause_sure_ms", turn.pause_sure_ms, "pause_ms", turn.pause_ms),
            ("pause_ms", turn.pause_ms, "pause_incomplete_ms", turn.pause_incomplete_ms),
            ("barge_in_ms", turn.barge_in_ms, "barge_in_unsure_ms", turn.barge_in_unsure_ms),
        ] {
            if fewer > more {
                self.wrong(&Path::of(&["turn", key]), format!("{more} is less than `{less}`, which is {fewer}"), None);
            }
        }
    }

    /// An intent, or a reason of the policy.
    fn mode_name(&mut self, name: &str) {
        let definition = self.definition;
        let known = REASONS.contains(&name) || name.starts_with("critical:") || definition.intents.contains_key(name);
        if !known {
            let hint = yaml::did_you_mean(name, definition.intents.keys().map(String::as_str).chain(REASONS.iter().copied()));
            self.wrong_key(&Path::of(&["handoff", "modes", name]), format!("there is no intent or reason `{name}`"), hint.as_deref());
        }
    }

    /// The longest that somebody waits for a human.
    pub(super) fn longest_wait(&mut self, path: &Path, wait_ms: u64) {
        self.between(path, wait_ms, (5 * SECOND, 2 * HOUR));
    }

    pub(super) fn between(&mut self, path: &Path, value: u64, (least, most): (u64, u64)) {
        if !(least..=most).contains(&value) {
            self.wrong(path, format!("{value} is not between {least} and {most}"), None);
        }
    }
}

//! Speech to one leg: clauses in order, and an exact account of what was really sent.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::call::{event::SpeechEnd, ids::RequestId, media::frame::Samples};

/// Speech that may wait for one leg: four minutes. More is a mistake of the flow.
const MAX_QUEUED: usize = 8_000 * 240;
/// Speeches that may wait for one leg.
const MAX_SPEECHES: usize = 64;
/// Ended speeches remembered, so that their late chunks are known.
const REMEMBERED: usize = 64;
/// A change of loudness, and the fade at a stop, takes 10 ms.
const FADE: i32 = 80;
/// About −10 dB.
const DUCKED: i32 = 26;

/// A piece of synthesised speech, mono, 8 kHz.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The `Speak` it belongs to.
    pub id: RequestId,
    /// Which clause of it. A clause may come in several chunks; clauses come in order.
    pub clause: usize,
    /// The sound; may be empty.
    pub samples: Arc<[i16]>,
    /// Is this the last chunk of the `Speak`?
    pub last: bool,
}

/// How loud speech is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loudness {
    /// As it is.
    #[default]
    Full,
    /// Lowered while somebody perhaps interrupts.
    Ducked,
    /// Held: goes on later from the same sample.
    Paused,
}

/// What happened to a speech.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlayoutEvent {
    /// Its first sample is in the frame that was pulled last.
    Started { id: RequestId },
    /// Nothing more of it will be heard.
    Ended { id: RequestId, why: SpeechEnd, heard: Heard },
}

/// How much of a speech was sent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Heard {
    /// Clauses sent to their last sample.
    pub clauses: usize,
    /// Samples sent of the next clause.
    pub samples_of_next: u64,
    /// Length of the next clause, as far as it was synthesised.
    pub length_of_next: u64,
    /// Samples sent in all.
    pub samples: u64,
}

impl Heard {
    /// How much of the next clause was sent, 0..=1.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        if self.length_of_next == 0 { 0.0 } else { self.samples_of_next as f32 / self.length_of_next as f32 }
    }
}

/// Why a chunk was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlayoutError {
    /// Too much speech is waiting.
    #[error("too much speech is waiting")]
    Full,
}

#[derive(Debug)]
struct Speech {
    id: RequestId,
    chunks: VecDeque<(usize, Arc<[i16]>)>,
    /// Samples of the first chunk that were sent.
    position: usize,
    complete: bool,
    started: bool,
    stopping: bool,
    /// Per clause: samples sent, samples synthesised.
    clauses: Vec<(u64, u64)>,
}

impl Speech {
    fn new(id: RequestId) -> Self {
        let (chunks, clauses) = (VecDeque::new(), Vec::new());
        Self { id, chunks, position: 0, complete: false, started: false, stopping: false, clauses }
    }

    fn heard(&self) -> Heard {
        let is_whole =
            |&(index, &(sent, length)): &(usize, &(u64, u64))| sent == length && (self.complete || index + 1 < self.clauses.len());
        let whole = self.clauses.iter().enumerate().take_while(is_whole).count();
        let (samples_of_next, length_of_next) = self.clauses.get(whole).copied().unwrap_or_default();
        Heard { clauses: whole, samples_of_next, length_of_next, samples: self.clauses.iter().map(|(sent, _)| sent).sum() }
    }
}

/// What one leg still has to hear.
#[derive(Debug, Default)]
pub struct Playout {
    speeches: VecDeque<Speech>,
    queued: usize,
    loudness: Loudness,
    gain: i32,
    ended: VecDeque<RequestId>,
    events: VecDeque<PlayoutEvent>,
}

impl Playout {
    /// Keeps a place in the order for a speech whose first chunk may come after a later speech's. With too many waiting it fails at once.
    pub fn announce(&mut self, id: RequestId) {
        if self.ended.contains(&id) || self.speeches.iter().any(|speech| speech.id == id) {
            return;
        }
        self.speeches.push_back(Speech::new(id));
        if self.speeches.len() > MAX_SPEECHES {
            self.end(MAX_SPEECHES, SpeechEnd::Failed);
        }
    }

    /// Queues a chunk. Chunks of a speech that has ended or was stopped are dropped silently.
    ///
    /// # Errors
    /// [`PlayoutError::Full`] when four minutes of speech are waiting: this speech has failed then.
    pub fn push(&mut self, chunk: Chunk) -> Result<(), PlayoutError> {
        self.announce(chunk.id);
        let Some(index) = self.speeches.iter().position(|speech| speech.id == chunk.id) else { return Ok(()) };
        let queued = self.queued + chunk.samples.len();
        if queued > MAX_QUEUED || chunk.clause > MAX_QUEUED {
            self.end(index, SpeechEnd::Failed);
            return Err(PlayoutError::Full);
        }
        let speech = &mut self.speeches[index];
        if speech.complete || speech.stopping {
            return Ok(());
        }
        if speech.clauses.len() <= chunk.clause {
            speech.clauses.resize(chunk.clause + 1, (0, 0));
        }
        speech.clauses[chunk.clause].1 += chunk.samples.len() as u64;
        speech.complete = chunk.last;
        speech.chunks.push_back((chunk.clause, chunk.samples));
        self.queued = queued;
        Ok(())
    }

    /// Stops a speech: the one that is heard fades within 10 ms, a waiting one is forgotten. An unknown one is none of our business.
    pub fn stop(&mut self, id: RequestId) {
        let Some(index) = self.speeches.iter().position(|speech| speech.id == id) else {
            self.remember(id);
            return;
        };
        if index == 0 && self.speeches[0].started && self.gain > 0 && !self.speeches[0].chunks.is_empty() {
            self.speeches[0].stopping = true;
        } else {
            self.end(index, SpeechEnd::Stopped);
        }
    }

    /// The leg is gone: everything ends as failed.
    pub fn fail_all(&mut self) {
        while !self.speeches.is_empty() {
            self.end(0, SpeechEnd::Failed);
        }
    }

    /// One speech could not be made: what is left of it is dropped.
    pub fn fail(&mut self, id: RequestId) {
        if let Some(index) = self.speeches.iter().position(|speech| speech.id == id) {
            self.end(index, SpeechEnd::Failed);
        }
    }

    /// Lowers, holds or restores the loudness.
    pub fn set_loudness(&mut self, loudness: Loudness) {
        self.loudness = loudness;
    }

    /// Is any speech waiting or being heard?
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.speeches.is_empty()
    }

    /// Writes the next 20 ms; silence where there is nothing (yet). Returns whether any speech is in it.
    pub fn pull(&mut self, out: &mut Samples) -> bool {
        let mut filled = 0;
        while filled < out.len() {
            let Some(speech) = self.speeches.front_mut() else { break };
            let target = target(speech.stopping, self.loudness);
            if self.gain == 0 && target == 0 {
                if speech.stopping {
                    self.end(0, SpeechEnd::Stopped);
                    continue;
                }
                break;
            }
            let Some((clause, samples)) = speech.chunks.front() else {
                if !speech.complete && !speech.stopping {
                    break;
                }
                let why = if speech.stopping { SpeechEnd::Stopped } else { SpeechEnd::Finished };
                self.end(0, why);
                continue;
            };
            if !speech.started {
                speech.started = true;
                // A speech starts at its full loudness: a fade would eat its first consonant.
                self.gain = target;
                self.events.push_back(PlayoutEvent::Started { id: speech.id });
            }
            let sent = copy(&samples[speech.position..], &mut out[filled..], &mut self.gain, target);
            filled += sent;
            speech.position += sent;
            speech.clauses[*clause].0 += sent as u64;
            if speech.position == samples.len() {
                self.queued -= samples.len();
                speech.position = 0;
                speech.chunks.pop_front();
            }
        }
        out[filled..].fill(0);
        self.end_if_nothing_is_left();
        filled > 0
    }

    /// What happened since the last call.
    pub fn poll_event(&mut self) -> Option<PlayoutEvent> {
        self.events.pop_front()
    }

    /// The end is reported with the frame that carries the last sample, not one later.
    fn end_if_nothing_is_left(&mut self) {
        let finished = self.speeches.front().is_some_and(|speech| speech.complete && speech.chunks.is_empty() && !speech.stopping);
        if finished {
            self.end(0, SpeechEnd::Finished);
        }
    }

    fn end(&mut self, index: usize, why: SpeechEnd) {
        let Some(speech) = self.speeches.remove(index) else { return };
        self.queued -= speech.chunks.iter().map(|(_, samples)| samples.len()).sum::<usize>();
        self.events.push_back(PlayoutEvent::Ended { id: speech.id, why, heard: speech.heard() });
        self.remember(speech.id);
    }

    fn remember(&mut self, id: RequestId) {
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
    }
}

const fn target(stopping: bool, loudness: Loudness) -> i32 {
    match loudness {
        _ if stopping => 0,
        Loudness::Full => FADE,
        Loudness::Ducked => DUCKED,
        Loudness::Paused => 0,
    }
}

/// Copies with the gain moving to its target; stops when it has reached silence. Returns the samples used.
fn copy(from: &[i16], to: &mut [i16], gain: &mut i32, target: i32) -> usize {
    let mut used = 0;
    for (sample, place) in from.iter().zip(to) {
        *gain += (target - *gain).signum();
        if *gain == 0 {
            break;
        }
        *place = (i32::from(*sample) * *gain / FADE) as i16;
        used += 1;
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: RequestId = RequestId(1);
    const B: RequestId = RequestId(2);

    fn chunk(id: RequestId, clause: usize, length: usize, last: bool) -> Chunk {
        Chunk { id, clause, samples: vec![1_000; length].into(), last }
    }

    fn events(playout: &mut Playout) -> Vec<PlayoutEvent> {
        std::iter::from_fn(|| playout.poll_event()).collect()
    }

    fn pull(playout: &mut Playout) -> Samples {
        let mut out = [9; 160];
        playout.pull(&mut out);
        out
    }

    #[test]
    fn two_speeches_follow_each_other_without_a_gap() {
        let mut playout = Playout::default();
        playout.push(chunk(A, 0, 100, true)).unwrap();
        playout.push(chunk(B, 0, 100, true)).unwrap();
        assert_eq!(pull(&mut playout), [1_000; 160]);
        let whole = |samples| Heard { clauses: 1, samples, ..Heard::default() };
        assert_eq!(
            events(&mut playout),
            [
                PlayoutEvent::Started { id: A },
                PlayoutEvent::Ended { id: A, why: SpeechEnd::Finished, heard: whole(100) },
                PlayoutEvent::Started { id: B }
            ]
        );
        assert_eq!(pull(&mut playout)[39..41], [1_000, 0]);
        assert_eq!(events(&mut playout), [PlayoutEvent::Ended { id: B, why: SpeechEnd::Finished, heard: whole(100) }]);
        assert!(playout.is_idle());
    }

    #[test]
    fn an_announced_speech_keeps_its_place() {
        let mut playout = Playout::default();
        playout.announce(A);
        playout.push(chunk(B, 0, 160, true)).unwrap();
        assert_eq!(pull(&mut playout), [0; 160]);
        playout.push(chunk(A, 0, 160, true)).unwrap();
        pull(&mut playout);
        assert_eq!(events(&mut playout)[0], PlayoutEvent::Started { id: A });
    }

    #[test]
    fn a_stop_fades_within_ten_ms_and_counts_to_the_sample() {
        let mut playout = Playout::default();
        playout.push(chunk(A, 0, 200, false)).unwrap();
        playout.push(chunk(A, 1, 1_000, true)).unwrap();
        pull(&mut playout);
        pull(&mut playout);
        playout.stop(A);
        let out = pull(&mut playout);
        assert!(out[..79].is_sorted_by(|a, b| a >= b) && out[0] < 1_000);
        assert_eq!(out[79..], [0; 81]);
        let Some(PlayoutEvent::Ended { why: SpeechEnd::Stopped, heard, .. }) = events(&mut playout).pop() else { panic!() };
        assert_eq!(heard, Heard { clauses: 1, samples_of_next: 120 + 79, length_of_next: 1_000, samples: 200 + 199 });
        assert!((heard.fraction() - 0.199).abs() < 1e-6);
        // Late chunks of it are silent.
        playout.push(chunk(A, 2, 100, true)).unwrap();
        assert_eq!(pull(&mut playout), [0; 160]);
        assert_eq!(events(&mut playout), []);
    }

    #[test]
    fn a_stop_ends_only_its_own_speech() {
        let mut playout = Playout::default();
        playout.push(chunk(A, 0, 400, true)).unwrap();
        playout.push(chunk(B, 0, 400, true)).unwrap();
        pull(&mut playout);
        playout.stop(B);
        playout.stop(RequestId(77));
        let ended = events(&mut playout).pop();
        assert_eq!(
            ended,
            Some(PlayoutEvent::Ended { id: B, why: SpeechEnd::Stopped, heard: Heard { length_of_next: 400, ..Heard::default() } })
        );
        assert_eq!(pull(&mut playout), [1_000; 160]);
    }

    #[test]
    fn a_stop_lets_the_next_speech_begin_at_full_loudness_in_the_same_frame() {
        let mut playout = Playout::default();
        playout.push(chunk(A, 0, 4_000, true)).unwrap();
        playout.push(chunk(B, 0, 4_000, true)).unwrap();
        pull(&mut playout);
        playout.stop(A);
        let out = pull(&mut playout);
        assert_eq!(out[100..], [1_000; 60]);
    }

    #[test]
    fn waiting_for_the_next_clause_is_silence_and_not_the_end() {
        let mut playout = Playout::default();
        playout.push(chunk(A, 0, 160, false)).unwrap();
        pull(&mut playout);
        assert_eq!(pull(&mut playout), [0; 160]);
        assert_eq!(events(&mut playout), [PlayoutEvent::Started { id: A }]);
        playout.push(chunk(A, 1, 160, true)).unwrap();
        assert_eq!(pull(&mut playout), [1_000; 160]);
        assert!(matches!(events(&mut playout)[..], [PlayoutEvent::Ended { heard: Heard { clauses: 2, samples: 320, .. }, .. }]));
    }

    #[test]
    fn pausing_loses_nothing_and_ducking_is_softer() {
        let mut playout = Playout::default();
        playout.push(chunk(A, 0, 1_600, true)).unwrap();
        pull(&mut playout);
        playout.set_loudness(Loudness::Ducked);
        pull(&mut playout);
        assert_eq!(pull(&mut playout), [325; 160]);
        playout.set_loudness(Loudness::Paused);
        pull(&mut playout);
        assert_eq!(pull(&mut playout), [0; 160]);
        playout.set_loudness(Loudness::Full);
        let mut rest = 0;
        while !playout.is_idle() {
            pull(&mut playout);
            rest += 1;
            assert!(rest < 20);
        }
        assert!(matches!(events(&mut playout).pop(), Some(PlayoutEvent::Ended { heard: Heard { samples: 1_600, .. }, .. })));
    }

    #[test]
    fn too_much_is_refused_and_a_lost_leg_fails_everything() {
        let mut playout = Playout::default();
        let failed = |playout: &mut Playout| {
            let ended = |event| if let PlayoutEvent::Ended { id, why: SpeechEnd::Failed, .. } = event { id } else { panic!("{event:?}") };
            events(playout).into_iter().map(ended).collect::<Vec<_>>()
        };
        playout.push(chunk(A, 0, MAX_QUEUED, false)).unwrap();
        assert_eq!(playout.push(chunk(A, 1, 1, true)), Err(PlayoutError::Full));
        assert_eq!(failed(&mut playout), [A]);
        (0..=MAX_SPEECHES as u64).for_each(|id| playout.announce(RequestId(100 + id)));
        assert_eq!(failed(&mut playout), [RequestId(100 + MAX_SPEECHES as u64)]);
        playout.fail(RequestId(100));
        playout.announce(B);
        playout.fail_all();
        assert_eq!(failed(&mut playout).len(), MAX_SPEECHES + 1);
        playout.push(chunk(B, 0, 10, true)).unwrap();
        assert!(playout.is_idle());
    }

    #[test]
    fn empty_clauses_count_as_heard() {
        let mut playout = Playout::default();
        playout.push(chunk(A, 0, 0, false)).unwrap();
        playout.push(chunk(A, 1, 0, true)).unwrap();
        pull(&mut playout);
        assert!(matches!(
            events(&mut playout).pop(),
            Some(PlayoutEvent::Ended { why: SpeechEnd::Finished, heard: Heard { clauses: 2, .. }, .. })
        ));
    }
}

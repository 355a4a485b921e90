//! How long those who wait will wait. What would happen is played through several times: each line becomes free when a conversation would end that has lasted as long
//! as this one, by how long the last ones lasted; then callers take lines in their order, for as long as the last ones did. Pure, and nothing in it is random: the same
//! desk gives the same times.

use std::collections::{BTreeMap, VecDeque};

/// Conversations that are remembered of each queue.
const KEPT: usize = 60;
/// With fewer a time would be a guess.
const NEEDED: usize = 3;
/// How often it is played through.
const ROUNDS: usize = 32;
/// Of those rounds, the one that counts: a little more of them are shorter than longer.
const COUNTS: usize = 20;

/// How long conversations took, by queue.
#[derive(Debug, Default)]
pub(super) struct Past {
    queues: BTreeMap<String, Taken>,
}

/// How long the last ones took, milliseconds.
#[derive(Debug, Default, Clone)]
struct Taken {
    /// From the reservation of an agent until caller and agent hear each other.
    lead: VecDeque<u64>,
    /// From then on until the agent is free again.
    held: VecDeque<u64>,
}

impl Past {
    pub(super) fn bridged(&mut self, queue: String, lead_ms: u64) {
        remember(&mut self.queues.entry(queue).or_default().lead, lead_ms);
    }

    pub(super) fn held(&mut self, queue: String, held_ms: u64) {
        remember(&mut self.queues.entry(queue).or_default().held, held_ms);
    }

    /// Is there enough to tell a time from?
    pub(super) fn knows(&self, queue: &str) -> bool {
        self.queues.get(queue).is_some_and(|taken| taken.held.len() >= NEEDED)
    }

    /// Of this queue, or of all where it has had too few.
    fn of(&self, queue: &str) -> Taken {
        if self.knows(queue) {
            return self.queues[queue].clone();
        }
        let all = |part: fn(&Taken) -> &VecDeque<u64>| self.queues.values().flat_map(part).copied().collect();
        Taken { lead: all(|taken| &taken.lead), held: all(|taken| &taken.held) }
    }
}

fn remember(last: &mut VecDeque<u64>, ms: u64) {
    last.push_back(ms);
    if last.len() > KEPT {
        last.pop_front();
    }
}

/// What a line does now, and for how long it has or will.
#[derive(Debug, Clone)]
pub(super) enum Does {
    /// It is free after this.
    Rests { ms: u64 },
    /// A call of this queue is offered since then.
    Rings { queue: String, since_ms: u64 },
    /// A caller of this queue is spoken with since then.
    Talks { queue: String, since_ms: u64 },
}

/// Somebody who waits: their queue, and the lines that may take them, each in how many milliseconds at the earliest.
#[derive(Debug)]
pub(super) struct Waits {
    pub(super) queue: String,
    pub(super) lines: Vec<(usize, u64)>,
}

/// Milliseconds for each of those who wait, in their order; none for whom no line is known.
pub(super) fn waits(past: &Past, lines: &[Does], waiting: &[Waits]) -> Vec<Option<u64>> {
    let mut known: BTreeMap<&str, Taken> = BTreeMap::new();
    for queue in lines.iter().filter_map(Does::queue).chain(waiting.iter().map(|one| one.queue.as_str())) {
        known.entry(queue).or_insert_with(|| past.of(queue));
    }
    let ends: Vec<Vec<u64>> = lines.iter().map(|line| line.ends(&known)).collect();
    let mut all = vec![Vec::with_capacity(ROUNDS); waiting.len()];
    for round in 0..ROUNDS {
        let mut free: Vec<u64> = ends.iter().enumerate().map(|(line, ends)| drawn(ends, round, line)).collect();
        for (place, one) in waiting.iter().enumerate() {
            let taken = &known[one.queue.as_str()];
            let Some((start, line)) = one.lines.iter().map(|(line, from)| (free[*line].max(*from), *line)).min() else { continue };
            let number = lines.len() + 2 * place;
            let begins = start + drawn_of(&taken.lead, round, number);
            all[place].push(begins);
            free[line] = begins + drawn_of(&taken.held, round, number + 1);
        }
    }
    let middle = |(one, mut rounds): (&Waits, Vec<u64>)| (!one.lines.is_empty()).then(|| *rounds.select_nth_unstable(COUNTS).1);
    waiting.iter().zip(all).map(middle).collect()
}

impl Does {
    fn queue(&self) -> Option<&str> {
        match self {
            Self::Rests { .. } => None,
            Self::Rings { queue, .. } | Self::Talks { queue, .. } => Some(queue),
        }
    }

    /// After how long it may be free, by how it was with the last ones.
    fn ends(&self, known: &BTreeMap<&str, Taken>) -> Vec<u64> {
        match self {
            Self::Rests { ms } => vec![*ms],
            Self::Rings { queue, since_ms } => {
                let Taken { lead, held } = &known[queue.as_str()];
                let left = |round| drawn_of(lead, round, 0).saturating_sub(*since_ms) + drawn_of(held, round, 1);
                (0..ROUNDS).map(left).collect()
            }
            Self::Talks { queue, since_ms } => {
                let held = &known[queue.as_str()].held;
                let left: Vec<u64> = held.iter().filter_map(|ms| ms.checked_sub(*since_ms)).collect();
                // Longer than any of them: nobody knows, but those who have talked so long go on for a while.
                if left.is_empty() { vec![since_ms / 2] } else { left }
            }
        }
    }
}

/// One of these in each round, another one for each number; 0 where nothing is known.
fn drawn(of: &[u64], round: usize, number: usize) -> u64 {
    if of.is_empty() { 0 } else { of[place(of.len(), round, number)] }
}

fn drawn_of(of: &VecDeque<u64>, round: usize, number: usize) -> u64 {
    if of.is_empty() { 0 } else { of[place(of.len(), round, number)] }
}

/// Spread evenly (SplitMix64), and always the same.
fn place(length: usize, round: usize, number: usize) -> usize {
    let mut mixed = (round as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) % length as u64).unwrap_or_default()
}

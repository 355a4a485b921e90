//! The cards that one agent was shown: of each of the last calls the card as it is now, with the number of its last change. So a page that comes back learns
//! of every call that was offered meanwhile, and the memory for it has a bound.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::watch;

use super::{Hub, Inner};
use crate::{
    call::ids::{AgentId, CallId},
    view::Card,
};

/// Calls whose cards are kept for one agent.
const KEPT: usize = 16;

/// One agent's cards.
#[derive(Debug)]
pub struct Cards {
    /// By their numbers.
    kept: VecDeque<(u64, Arc<Card>)>,
    /// Cards up to this number may be gone.
    gone: u64,
    /// The number of the last change.
    newest: u64,
}

/// What a reader of cards has not seen.
#[derive(Debug)]
pub struct Unseen {
    /// Some of it is gone.
    pub missed: bool,
    /// Cards with their numbers, the oldest change first.
    pub cards: Vec<(u64, Arc<Card>)>,
}

impl Cards {
    /// None so far; what comes has higher numbers.
    pub(super) fn behind(number: u64) -> Self {
        Self { kept: VecDeque::new(), gone: number, newest: number }
    }

    /// A card has changed.
    pub(super) fn put(&mut self, number: u64, card: Arc<Card>) {
        self.kept.retain(|(_, other)| other.call.id != card.call.id);
        if self.kept.len() == KEPT
            && let Some((oldest, _)) = self.kept.pop_front()
        {
            self.gone = oldest;
        }
        self.newest = number;
        self.kept.push_back((number, card));
    }

    /// These calls never were; whoever comes back is told to forget them too. False if none of them was here.
    pub(super) fn forget(&mut self, calls: &[CallId], number: u64) -> bool {
        let before = self.kept.len();
        self.kept.retain(|(_, card)| !calls.contains(&card.call.id));
        let forgot = self.kept.len() < before;
        if forgot {
            (self.gone, self.newest) = (number, number);
        }
        forgot
    }

    /// What has changed behind this number. Without a number, or with one that is not of this run, what there is.
    #[must_use]
    pub fn since(&self, after: Option<u64>) -> Unseen {
        let missed = after.is_some_and(|after| after < self.gone || after > self.newest);
        let from = after.filter(|_| !missed);
        let cards = self.kept.iter().filter(|(number, _)| from.is_none_or(|from| *number > from)).cloned().collect();
        Unseen { missed, cards }
    }

    /// The card that changed last.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Card>> {
        self.kept.back().map(|(_, card)| card)
    }

    /// Behind this number there is nothing.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.newest
    }
}

impl Hub {
    /// An agent's cards as they change.
    #[must_use]
    pub fn cards(&self, agent: &AgentId) -> watch::Receiver<Cards> {
        self.lock().cards_of(agent).subscribe()
    }
}

impl Inner {
    /// Agents come from the configuration, so this map is bounded by it.
    fn cards_of(&mut self, agent: &AgentId) -> &watch::Sender<Cards> {
        self.cards.entry(agent.clone()).or_insert_with(|| watch::Sender::new(Cards::behind(self.number)))
    }

    /// An agent's card has changed.
    pub(super) fn show_card(&mut self, agent: &AgentId, card: Card) {
        self.number += 1;
        let number = self.number;
        self.cards_of(agent).send_modify(|cards| cards.put(number, Arc::new(card)));
    }
}

//! What the flows know, for agents: looked for by meaning, with the same heads that understand callers. Empty until the models are loaded.

use std::sync::{Arc, OnceLock};

use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::call::understanding::Scored;

/// Questions that are looked for at once; callers go first.
const AT_ONCE: usize = 2;
/// Letters of a question that are looked at.
const LONGEST: usize = 500;

/// Finds the entries that answer a question, best first. Blocks for some milliseconds.
pub type Finder = Arc<dyn Fn(&str) -> Option<Vec<Scored>> + Send + Sync>;

/// An entry of a flow's knowledge.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KnownEntry {
    /// Its key in the flow.
    pub key: String,
    /// How people ask it.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// How well it fits, 0..=1; none if nothing was asked.
    pub score: Option<f32>,
}

/// What one flow knows.
pub struct Shelf {
    /// The flow's name.
    pub flow: String,
    /// Its entries.
    pub entries: Vec<KnownEntry>,
    /// Finds among them.
    pub find: Finder,
}

/// Why nothing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFound {
    /// The models are not loaded yet.
    NotReady,
    /// There is no such flow.
    NoSuchFlow,
    /// More is being looked for than the machine can do beside its calls.
    Busy,
}

/// All shelves. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    shelves: Arc<OnceLock<Vec<Shelf>>>,
    places: Arc<Semaphore>,
}

impl Default for Library {
    fn default() -> Self {
        Self { shelves: Arc::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let flows: Vec<&str> = self.shelves.get().into_iter().flatten().map(|shelf| shelf.flow.as_str()).collect();
        f.debug_struct("Library").field("flows", &flows).finish()
    }
}

impl Library {
    /// The models are loaded. Only the first word counts.
    pub fn fill(&self, shelves: Vec<Shelf>) {
        let _once = self.shelves.set(shelves);
    }

    /// The entries of a flow (the first one, if it is not said) that answer a question, best first; without a question all of them.
    ///
    /// # Errors
    /// Why there is nothing to show.
    pub async fn search(&self, flow: Option<&str>, question: &str, most: usize) -> Result<Vec<KnownEntry>, NotFound> {
        let shelves = self.shelves.get().ok_or(NotFound::NotReady)?;
        let shelf = shelves.iter().find(|shelf| flow.is_none_or(|flow| shelf.flow == flow)).ok_or(NotFound::NoSuchFlow)?;
        let question: String = question.trim().chars().take(LONGEST).collect();
        if question.is_empty() {
            return Ok(shelf.entries.iter().take(most).cloned().collect());
        }
        let _place = self.places.try_acquire().map_err(|_| NotFound::Busy)?;
        let find = Arc::clone(&shelf.find);
        let found = tokio::task::spawn_blocking(move || find(&question)).await.ok().flatten().ok_or(NotFound::Busy)?;
        let entry = |scored: Scored| {
            let known = shelf.entries.iter().find(|entry| entry.key == scored.name)?;
            Some(KnownEntry { score: Some(scored.score), ..known.clone() })
        };
        Ok(found.into_iter().filter_map(entry).take(most).collect())
    }
}

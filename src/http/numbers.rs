//! Numbers outside that agents may hand callers on to: the telephone driver knows them, the pages only ask.

use std::{fmt, sync::Arc};

use crate::call::event::TransferTo;

type Lookup = dyn Fn(&str, &str) -> Option<TransferTo> + Send + Sync;

/// Who may call what. By default nobody anything.
#[derive(Clone, Default)]
pub struct Numbers(Option<Arc<Lookup>>);

impl Numbers {
    /// `lookup` is given an agent and a number.
    #[must_use]
    pub fn new(lookup: impl Fn(&str, &str) -> Option<TransferTo> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    /// The number as it is dialled, if this agent may call it.
    pub(super) fn may_call(&self, agent: &str, number: &str) -> Option<TransferTo> {
        self.0.as_ref()?(agent, number).filter(|to| matches!(to, TransferTo::Number { .. }))
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbers").finish_non_exhaustive()
    }
}

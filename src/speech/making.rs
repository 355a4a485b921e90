//! A clause that is being made, and everybody who listens to it: it is made once, and who comes later hears it from its beginning.

use std::sync::{Arc, Mutex, PoisonError};

use super::voice::Manner;
use crate::call::event::Failure;

/// What makes two clauses the same sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct What {
    pub(crate) clause: String,
    pub(crate) manner: Manner,
    /// By a voice elsewhere.
    pub(crate) elsewhere: bool,
}

/// Some sound of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Mono, 8 kHz; may be empty.
    pub(crate) samples: Arc<[i16]>,
    /// Nothing follows.
    pub(crate) last: bool,
}

/// Gets the pieces in their order, up to the last one or a failure.
pub(crate) type Hearer = Box<dyn FnMut(Result<Piece, Failure>) + Send>;

/// The clause.
pub(crate) struct Making {
    pub(crate) what: What,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pieces: Vec<Arc<[i16]>>,
    end: Option<Result<(), Failure>>,
    hearers: Vec<Hearer>,
}

impl Making {
    /// Begins with the one who asked for it.
    pub(crate) fn new(what: What, hearer: Hearer) -> Self {
        Self { what, state: Mutex::new(State { hearers: vec![hearer], ..State::default() }) }
    }

    /// Hears all that there is, and then what follows.
    pub(crate) fn listen(&self, mut hearer: Hearer) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, end) = (state.pieces.len(), state.end);
        for (index, samples) in state.pieces.iter().enumerate() {
            hearer(Ok(Piece { samples: Arc::clone(samples), last: end == Some(Ok(())) && index + 1 == said }));
        }
        match end {
            None => state.hearers.push(hearer),
            Some(Ok(())) => {}
            Some(Err(why)) => hearer(Err(why)),
        }
    }

    /// Everybody hears the next piece. Gives what there is of the whole.
    pub(crate) fn piece(&self, samples: Vec<i16>, last: bool) -> Arc<[i16]> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let samples: Arc<[i16]> = samples.into();
        state.pieces.push(Arc::clone(&samples));
        for hearer in &mut state.hearers {
            hearer(Ok(Piece { samples: Arc::clone(&samples), last }));
        }
        if !last {
            return samples;
        }
        state.end = Some(Ok(()));
        state.hearers.clear();
        if state.pieces.len() == 1 { samples } else { state.pieces.concat().into() }
    }

    /// There is no more of it, unless the last piece was heard.
    pub(crate) fn fail(&self, why: Failure) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.end.is_some() {
            return;
        }
        state.end = Some(Err(why));
        for mut hearer in state.hearers.drain(..) {
            hearer(Err(why));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    fn what() -> What {
        What { clause: "Hello.".to_owned(), manner: Manner { language: "en".to_owned(), percent: 100 }, elsewhere: false }
    }

    type Heard = Result<(Vec<i16>, bool), Failure>;

    fn hearer() -> (Hearer, Receiver<Heard>) {
        let (sender, receiver) = sync_channel(16);
        (Box::new(move |piece| sender.send(piece.map(|piece| (piece.samples.to_vec(), piece.last))).unwrap()), receiver)
    }

    #[test]
    fn everybody_hears_all_of_it_whenever_they_come() {
        let (first, heard) = hearer();
        let making = Making::new(what(), first);
        making.piece(vec![1, 2], false);
        let (second, also) = hearer();
        making.listen(second);
        assert_eq!(*making.piece(vec![3], true), [1, 2, 3]);
        let (third, afterwards) = hearer();
        making.listen(third);
        making.fail(Failure::Broken);
        for heard in [heard, also, afterwards] {
            assert_eq!(heard.iter().collect::<Vec<_>>(), [Ok((vec![1, 2], false)), Ok((vec![3], true))]);
        }
    }

    #[test]
    fn everybody_hears_that_there_is_no_more() {
        let (first, heard) = hearer();
        let making = Making::new(what(), first);
        making.piece(vec![1], false);
        making.fail(Failure::Broken);
        making.fail(Failure::TimedOut);
        let (second, also) = hearer();
        making.listen(second);
        for heard in [heard, also] {
            assert_eq!(heard.iter().collect::<Vec<_>>(), [Ok((vec![1], false)), Err(Failure::Broken)]);
        }
    }
}

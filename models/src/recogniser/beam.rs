//! The likeliest text of a kind that an utterance could be (a number, a "mhm"): the decoder is only offered word pieces by which such a text goes on.

use std::borrow::Cow;

use super::{END, Next, Recogniser};
use crate::error::ModelError;

/// A number takes no more tokens than this, whatever the utterance's length.
const MOST_TOKENS: usize = 40;

/// Word pieces with their numbers.
pub(crate) type Pieces = Vec<(usize, String)>;

/// Texts of a kind.
pub(crate) trait Sayable {
    /// How far a text has come.
    type Place: Clone;

    /// Texts that are followed at once, after the first piece, the second and so on, and after all others as after the last; each step of each costs 6 ms.
    const WIDTHS: &'static [usize];

    /// The word pieces that may stand in such a text, of `all` that the recogniser knows.
    fn pieces(&self, all: &dyn Fn() -> Pieces) -> Cow<'_, Pieces>;
    /// Before the first piece.
    fn start(&self) -> Self::Place;
    /// Where a piece leads; none if no such text goes on like this.
    fn after(&self, place: &Self::Place, piece: &str) -> Option<Self::Place>;
    /// May the text end here?
    fn is_whole(&self, place: &Self::Place) -> bool;
}

/// A text that is not over yet.
struct Way<P> {
    ids: Vec<usize>,
    log_p: Vec<f32>,
    sum: f32,
    place: P,
    next: Next,
}

/// A way and one more piece.
struct Branch<P> {
    way: usize,
    token: usize,
    log_p: f32,
    sum: f32,
    place: P,
}

/// A text that is over.
pub(super) struct Found {
    pub(super) ids: Vec<usize>,
    pub(super) log_p: Vec<f32>,
    /// Natural logarithm of the probability of all of it, its end included.
    pub(super) sum: f32,
}

/// Follows the likeliest texts until none can overtake the best that is whole. None if there is none that is likelier than `least` (natural logarithm).
pub(super) fn search<S: Sayable>(
    recogniser: &Recogniser,
    begun: Next,
    (kind, least): (&S, f32),
    most: usize,
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<Found>, ModelError> {
    let pieces = kind.pieces(&|| recogniser.vocabulary.pieces().collect());
    let mut best: Option<Found> = None;
    let mut ways = vec![Way { ids: vec![], log_p: vec![], sum: 0.0, place: kind.start(), next: begun }];
    for step in 0..most.min(MOST_TOKENS) {
        for way in ways.iter().filter(|way| kind.is_whole(&way.place)) {
            let end = way.next.log_p[END];
            if way.sum + end > best.as_ref().map_or(least, |best| best.sum) {
                best = Some(Found { ids: way.ids.clone(), log_p: [way.log_p.as_slice(), &[end]].concat(), sum: way.sum + end });
            }
        }
        let least = best.as_ref().map_or(least, |best| best.sum);
        let mut branches: Vec<_> = ways.iter().enumerate().flat_map(|(index, way)| branches((index, way), kind, &pieces, least)).collect();
        branches.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        branches.truncate(S::WIDTHS[step.min(S::WIDTHS.len() - 1)]);
        if branches.is_empty() {
            break;
        }
        let mut grown = Vec::with_capacity(branches.len());
        for branch in branches {
            if cancelled() {
                return Err(ModelError::Cancelled);
            }
            grown.push(grow(recogniser, &ways[branch.way], branch)?);
        }
        ways = grown;
    }
    Ok(best)
}

/// The pieces by which a way goes on, as long as all of it is likelier than `least`.
fn branches<'a, S: Sayable>(
    (index, way): (usize, &'a Way<S::Place>),
    kind: &'a S,
    pieces: &'a [(usize, String)],
    least: f32,
) -> impl Iterator<Item = Branch<S::Place>> + 'a {
    pieces.iter().filter(move |(token, _)| way.sum + way.next.log_p[*token] > least).filter_map(move |(token, piece)| {
        let log_p = way.next.log_p[*token];
        kind.after(&way.place, piece).map(|place| Branch { way: index, token: *token, log_p, sum: way.sum + log_p, place })
    })
}

fn grow<P>(recogniser: &Recogniser, way: &Way<P>, branch: Branch<P>) -> Result<Way<P>, ModelError> {
    let (mut ids, mut log_p) = (way.ids.clone(), way.log_p.clone());
    ids.push(branch.token);
    log_p.push(branch.log_p);
    let next = recogniser.after(branch.token, &way.next)?;
    Ok(Way { ids, log_p, sum: branch.sum, place: branch.place, next })
}

//! The likeliest number that an utterance could be: the decoder is only offered word pieces by which such a number goes on.

use ort::value::DynValue;

use super::{END, Next, Recogniser, Transcript};
use crate::{
    error::ModelError,
    spoken_number::{Place, SpokenNumber},
};

/// Texts that are followed at once. Three found 19 of 20 misheard numbers; each step of each costs 6 ms.
const WIDTH: usize = 3;
/// More of them at the first pieces: words that may come before a number crowd out its own beginning until it is clear that nothing follows them.
const FIRST_WIDTHS: [usize; 2] = [8, 5];
/// A number takes no more tokens than this, whatever the utterance's length.
const MOST_TOKENS: usize = 40;

/// A text that is not over yet.
struct Way {
    ids: Vec<usize>,
    log_p: Vec<f32>,
    sum: f32,
    place: Place,
    next: Next,
}

/// A way and one more piece.
struct Branch {
    way: usize,
    token: usize,
    log_p: f32,
    sum: f32,
    place: Place,
}

/// A text that is over.
struct Found {
    ids: Vec<usize>,
    log_p: Vec<f32>,
    sum: f32,
}

/// Follows the likeliest numbers until none can overtake the best that is whole. None if there is no such number.
pub(super) fn search(
    recogniser: &Recogniser,
    hidden: &DynValue,
    number: &SpokenNumber,
    most: usize,
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<Transcript>, ModelError> {
    let pieces: Vec<(usize, String)> = recogniser.vocabulary.pieces().filter(|(_, piece)| number.may_hold(piece)).collect();
    let mut best: Option<Found> = None;
    let mut ways = vec![Way { ids: vec![], log_p: vec![], sum: 0.0, place: number.start(), next: recogniser.begin(hidden)? }];
    for step in 0..most.min(MOST_TOKENS) {
        for way in ways.iter().filter(|way| number.is_whole(&way.place)) {
            let end = way.next.log_p[END];
            if best.as_ref().is_none_or(|best| way.sum + end > best.sum) {
                best = Some(Found { ids: way.ids.clone(), log_p: [way.log_p.as_slice(), &[end]].concat(), sum: way.sum + end });
            }
        }
        let mut branches: Vec<Branch> = ways.iter().enumerate().flat_map(|(index, way)| branches(index, way, number, &pieces)).collect();
        branches.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        branches.truncate(FIRST_WIDTHS.get(step).copied().unwrap_or(WIDTH));
        branches.retain(|branch| best.as_ref().is_none_or(|best| branch.sum > best.sum));
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
    Ok(best.map(|found| recogniser.transcript(&found.ids, found.log_p, false)))
}

/// The likeliest pieces by which a way goes on.
fn branches<'a>(index: usize, way: &'a Way, number: &'a SpokenNumber, pieces: &'a [(usize, String)]) -> impl Iterator<Item = Branch> + 'a {
    pieces.iter().filter_map(move |(token, piece)| {
        let log_p = way.next.log_p[*token];
        number.after(&way.place, piece).map(|place| Branch { way: index, token: *token, log_p, sum: way.sum + log_p, place })
    })
}

fn grow(recogniser: &Recogniser, way: &Way, branch: Branch) -> Result<Way, ModelError> {
    let (mut ids, mut log_p) = (way.ids.clone(), way.log_p.clone());
    ids.push(branch.token);
    log_p.push(branch.log_p);
    let next = recogniser.after(branch.token, &way.next)?;
    Ok(Way { ids, log_p, sum: branch.sum, place: branch.place, next })
}

//! A line on its way to a leg, and how far it has come.

use crate::call::{clauses, ids::LegId, io::Io, record::What, time::Time, turn::line::Line};

/// A `Speak` that has not ended after this and `MS_PER_LETTER` for each letter has failed. Speech runs at 60–90 ms a letter; figures are spoken at length.
const SLACK_MS: u64 = 4_000;
const MS_PER_LETTER: u64 = 300;

/// A line, and how far it has come.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) line: Line,
    /// Clauses that were heard in full in earlier tries: a line that is taken up again has some.
    pub(super) done: usize,
    /// When its first sound was sent.
    pub(super) from: Option<Time>,
    /// It has failed before: it is tried once more, not for ever.
    pub(super) failed: bool,
}

impl Said {
    /// A line that has not been said yet.
    pub(super) fn new(line: Line) -> Self {
        Self { line, done: 0, from: None, failed: false }
    }

    /// The longest that it may take from its first sound on.
    pub(super) fn longest_ms(&self) -> u64 {
        SLACK_MS + MS_PER_LETTER * self.line.clauses.iter().map(|clause| clause.len() as u64).sum::<u64>()
    }

    /// Writes a text that is over into the record: the caller's ear only, the briefing is in the summary.
    pub(super) fn write_down(&self, io: &mut Io, leg: LegId, fraction: f32, interrupted: bool) {
        if leg != LegId::CALLER {
            return;
        }
        let line = &self.line;
        let heard = clauses::heard(&line.clauses, self.done, fraction);
        let most = 2 * heard.len() >= line.clauses.iter().map(|clause| clause.len() + 1).sum();
        io.record(What::BotTurn {
            turn: line.turn,
            node: line.node.clone(),
            text: line.clauses.join(" "),
            heard,
            interrupted,
            from: self.from.unwrap_or(io.now),
            to: io.now,
            reply_ms: line.after.and_then(|after| self.from.map(|from| from.since(after))),
        });
        if let (Some(notice), false) = (&line.notice, interrupted) {
            io.record(What::Notice { notice: notice.clone() });
        }
        if let Some(answer) = line.answers.as_ref().filter(|_| most) {
            io.record(What::Tried { line: answer.clone() });
        }
    }
}

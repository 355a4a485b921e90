//! One connection: sound out, words in, questions answered from the words.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    Ask, Feed, Heard, Tells,
    connection::Socket,
    message::{self, Piece, Results},
    timeline::Timeline,
};
use crate::{
    call::{media::frame::Frame, time::Time},
    speech::remote::{Trouble, Words},
};

/// The service hangs up on a stream that is silent for ten seconds: who only waits says so.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Words that are remembered: more than a turn ever has.
const PIECES: usize = 1_000;
/// Questions that wait for their answers.
const ASKS: usize = 8;
/// A voice is noticed this much after it began, and its last sound is this much before the service's last word ends.
const BEFORE_MS: u64 = 300;
const AFTER_MS: u64 = 250;
/// What was heard up to this much before the last sound was heard to its end.
const ALMOST_MS: u64 = 100;

/// A question with the number of the `Finalize` that it waits for.
struct Waiting {
    ask: Ask,
    finalize: u64,
}

pub(super) struct Session<'t> {
    socket: Socket,
    patience: Duration,
    tells: &'t Tells,
    timeline: Timeline,
    /// Final words, with their times in the call.
    words: VecDeque<(Time, Time, Piece)>,
    /// What was said before is not known here: another connection had it, or none.
    began: Time,
    heard_until: Time,
    waiting: VecDeque<Waiting>,
    finalizes: u64,
    finalized: u64,
    /// Words before this belong to a turn that was asked for.
    settled: Time,
    fed: bool,
}

impl<'t> Session<'t> {
    pub(super) fn new(socket: Socket, patience: Duration, first: &Frame, tells: &'t Tells) -> Self {
        Self {
            socket,
            patience,
            tells,
            timeline: Timeline::new(first.at),
            words: VecDeque::new(),
            began: first.at,
            heard_until: first.at,
            waiting: VecDeque::new(),
            finalizes: 0,
            finalized: 0,
            settled: Time::ZERO,
            fed: false,
        }
    }

    /// Until the call is over, or the connection is.
    pub(super) async fn run(mut self, first: Frame, fed: &mut mpsc::Receiver<Feed>) -> Result<(), Trouble> {
        self.sound(&first).await?;
        let mut idle = keep_alive();
        loop {
            tokio::select! {
                feed = fed.recv() => match feed {
                    Some(Feed::Frame(frame)) => self.sound(&frame).await?,
                    Some(Feed::Ask(ask)) => self.ask(ask).await?,
                    None => return self.close().await,
                },
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(results) = message::read(text.as_str())? {
                            self.results(results);
                        }
                    }
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Trouble::Unreachable),
                },
                _ = idle.tick() => {
                    if !std::mem::take(&mut self.fed) {
                        self.send(Message::text(r#"{"type":"KeepAlive"}"#)).await?;
                    }
                }
            }
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), Trouble> {
        match timeout(self.patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Trouble::Unreachable),
            Err(_) => Err(Trouble::TimedOut),
        }
    }

    async fn sound(&mut self, frame: &Frame) -> Result<(), Trouble> {
        let Some(silence_ms) = self.timeline.take(frame) else { return Ok(()) };
        let mut bytes = vec![0u8; usize::try_from(silence_ms).unwrap_or_default() * 16];
        bytes.extend(frame.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        self.fed = true;
        self.send(Message::binary(bytes)).await
    }

    async fn ask(&mut self, ask: Ask) -> Result<(), Trouble> {
        if ask.from < self.began {
            let _ = ask.answer.send(Err(Trouble::Unreachable));
            return Ok(());
        }
        // The voice went on after that pause, or its turn is over: nobody waits for the answer any more.
        self.waiting.retain(|waiting| !waiting.ask.answer.is_closed());
        if self.waiting.len() == ASKS {
            self.waiting.pop_front();
        }
        self.finalizes += 1;
        self.waiting.push_back(Waiting { ask, finalize: self.finalizes });
        self.send(Message::text(r#"{"type":"Finalize"}"#)).await?;
        self.answer();
        Ok(())
    }

    fn results(&mut self, results: Results) {
        let until = self.timeline.time(results.until_ms);
        let dated = |piece: Piece| (self.timeline.time(piece.from_ms), self.timeline.time(piece.to_ms), piece);
        let pieces: Vec<_> = results.pieces.into_iter().map(dated).collect();
        if !results.is_final {
            return self.partial(&pieces);
        }
        self.words.extend(pieces);
        self.words.drain(..self.words.len().saturating_sub(PIECES));
        self.heard_until = self.heard_until.max(until);
        // The answers come in the order of the questions; one that has nothing to finish may not come at all, so a pause that was heard counts too.
        if results.from_finalize {
            self.finalized += 1;
        }
        self.answer();
        if results.speech_final {
            self.partial(&[]);
        }
    }

    /// What was said since the last turn, and what is being said.
    fn partial(&self, more: &[(Time, Time, Piece)]) {
        let words = self.words.iter().chain(more).filter(|(from, _, _)| *from >= self.settled);
        let all: Vec<&(Time, Time, Piece)> = words.collect();
        if let Some((from, _, _)) = all.first() {
            let text = joined(all.iter().map(|(_, _, piece)| piece.text.as_str()));
            (self.tells)(Heard::Partial { from: *from, text });
        }
    }

    /// Answers whoever asked for what is known now.
    fn answer(&mut self) {
        while let Some(first) = self.waiting.front() {
            let heard = self.heard_until.plus(ALMOST_MS) >= first.ask.to;
            if !heard && self.finalized < first.finalize {
                return;
            }
            let Some(Waiting { ask, .. }) = self.waiting.pop_front() else { return };
            self.settled = self.settled.max(ask.to);
            let words = self.between(ask.from, ask.to);
            // Whoever asked may have given up.
            let _ = ask.answer.send(Ok(words));
        }
    }

    /// Words whose middle lies between two times.
    #[expect(clippy::cast_precision_loss, reason = "a few words")]
    fn between(&self, from: Time, to: Time) -> Words {
        let span = (from.0.saturating_sub(BEFORE_MS), to.plus(AFTER_MS).0);
        let within: Vec<&Piece> = self
            .words
            .iter()
            .filter(|(from, to, _)| (span.0..=span.1).contains(&(from.0 + to.since(*from) / 2)))
            .map(|(_, _, piece)| piece)
            .collect();
        let sure: Vec<f32> = within.iter().filter_map(|piece| piece.confidence).collect();
        Words {
            text: joined(within.iter().map(|piece| piece.text.as_str())),
            confidence: (!sure.is_empty()).then(|| sure.iter().sum::<f32>() / sure.len() as f32),
        }
    }

    async fn close(&mut self) -> Result<(), Trouble> {
        self.send(Message::text(r#"{"type":"CloseStream"}"#)).await?;
        let _ = timeout(self.patience, self.socket.close(None)).await;
        Ok(())
    }
}

fn keep_alive() -> Interval {
    let mut idle = interval(KEEP_ALIVE);
    idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
    idle
}

fn joined<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

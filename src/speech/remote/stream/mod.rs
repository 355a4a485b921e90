//! A recogniser that listens along, over a WebSocket as Deepgram has it: binary PCM goes out, JSON results come in.
//!
//! One connection for each call, made at its first frame. `Finalize` asks for the last words at a pause; `CloseStream` says goodbye.

mod connection;
mod message;
mod session;
mod timeline;

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{Endpoint, Guarded, Trouble, Words};
use crate::call::{media::frame::Frame, time::Time};

use session::Session;

/// Frames and questions that may wait: five seconds of sound, which is more than a connection takes.
const WAITING: usize = 256;

/// Sound between two connections, at least: a service that hangs up at once is not connected to at every frame.
const APART_MS: u64 = 500;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// The model's name there.
    pub model: String,
    /// More for the query, as the service documents it ("smart_format=true").
    pub query: Vec<(String, String)>,
}

/// The service.
#[derive(Debug)]
pub struct Streams {
    endpoint: Endpoint,
    options: StreamOptions,
}

impl Streams {
    /// A service at an address.
    #[must_use]
    pub fn new(endpoint: Endpoint, options: StreamOptions) -> Self {
        Self { endpoint, options }
    }
}

/// What a stream tells by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// The words so far of somebody who speaks since then.
    Partial {
        /// Their first sound.
        from: Time,
        /// The words.
        text: String,
    },
    /// There is no connection, and until there is one the built-in recogniser hears.
    Broken(Trouble),
}

/// Who is told.
pub type Tells = Box<dyn Fn(Heard) + Send + Sync>;

#[expect(clippy::large_enum_variant, reason = "nearly all that is fed is frames")]
enum Feed {
    Frame(Frame),
    Ask(Ask),
}

/// What was said between two times?
struct Ask {
    from: Time,
    to: Time,
    answer: oneshot::Sender<Result<Words, Trouble>>,
}

/// The stream of one call. It says goodbye when this is dropped.
#[derive(Clone)]
pub struct Stream {
    engine: Arc<Guarded<Streams>>,
    feed: mpsc::Sender<Feed>,
}

impl Stream {
    /// Opens a stream; it connects at the first frame.
    #[must_use]
    pub fn open(runtime: &Handle, engine: Arc<Guarded<Streams>>, language: &str, tells: Tells) -> Self {
        let (feed, fed) = mpsc::channel(WAITING);
        runtime.spawn(run(Arc::clone(&engine), language.to_owned(), fed, tells));
        Self { engine, feed }
    }

    /// Hears a frame; never waits. What does not fit is dropped and counted, and silence takes its place.
    pub fn push(&self, frame: &Frame) {
        if self.feed.try_send(Feed::Frame(*frame)).is_err() {
            metrics::counter!("warmline_speech_frames_dropped_total").increment(1);
        }
    }

    /// What was said between two times.
    ///
    /// # Errors
    /// When it is not known in time.
    pub async fn words(&self, from: Time, to: Time) -> Result<Words, Trouble> {
        let asked = async {
            let (answer, answered) = oneshot::channel();
            self.feed.try_send(Feed::Ask(Ask { from, to, answer })).map_err(|_| Trouble::NoPlace)?;
            let limit = self.engine.engine().endpoint.timeout();
            match timeout(limit, answered).await {
                Ok(Ok(words)) => words,
                Ok(Err(_)) => Err(Trouble::Unreachable),
                Err(_) => Err(Trouble::TimedOut),
            }
        };
        self.engine.ask(asked).await
    }
}

/// Connection after connection, until the call is over.
async fn run(engine: Arc<Guarded<Streams>>, language: String, mut fed: mpsc::Receiver<Feed>, tells: Tells) {
    let mut not_before = Time::ZERO;
    while let Some(first) = first_frame(&mut fed, not_before).await {
        not_before = first.at.plus(APART_MS);
        let connected = engine.ask(connection::open(engine.engine(), &language)).await;
        let ended = match connected {
            Ok(socket) => Session::new(socket, engine.engine().endpoint.timeout(), &first, &tells).run(first, &mut fed).await,
            Err(trouble) => Err(trouble),
        };
        match ended {
            Ok(()) => return,
            Err(trouble) => tells(Heard::Broken(trouble)),
        }
    }
}

/// Without a connection nobody can be told what was said.
async fn first_frame(fed: &mut mpsc::Receiver<Feed>, not_before: Time) -> Option<Frame> {
    loop {
        match fed.recv().await? {
            Feed::Frame(frame) if frame.at >= not_before => return Some(frame),
            Feed::Frame(_) => {}
            Feed::Ask(ask) => _ = ask.answer.send(Err(Trouble::Resting)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::media::frame::FRAME_SAMPLES;

    #[tokio::test]
    async fn no_frame_of_the_first_half_second_after_a_connection_makes_another() {
        let (feed, mut fed) = mpsc::channel(WAITING);
        let (answer, answered) = oneshot::channel();
        feed.try_send(Feed::Ask(Ask { from: Time(0), to: Time(100), answer })).ok().unwrap();
        for at in [100, 120, 580, 599, 600] {
            feed.try_send(Feed::Frame(Frame { at: Time(at), samples: [0; FRAME_SAMPLES], concealed: false })).ok().unwrap();
        }
        let not_before = Time(100).plus(APART_MS);
        assert_eq!(first_frame(&mut fed, not_before).await.map(|frame| frame.at), Some(Time(600)));
        assert_eq!(answered.await.unwrap(), Err(Trouble::Resting));
        drop(feed);
        assert!(first_frame(&mut fed, not_before).await.is_none());
    }
}

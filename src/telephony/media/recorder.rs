//! Stereo WAV files, written by one thread that may block; the media threads never do.

use std::{
    collections::HashMap,
    fs::File,
    io::BufWriter,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use hound::{SampleFormat, WavSpec, WavWriter};
use tokio::sync::watch;
use tracing::{error, warn};

use super::strikes::Strikes;
use crate::call::{
    media::{
        frame::{FRAME_SAMPLES, Samples},
        record::{RecordTimeline, StereoFrame},
    },
    time::Time,
};

/// Frames of all calls that may wait for the disk: 10 s of ten calls.
const QUEUE: usize = 5_000;
/// So often the header is made right: what kill -9 leaves can be read up to here.
const FLUSH_SAMPLES: u64 = 8_000;
const HOUSEKEEPING: Duration = Duration::from_secs(1);
const SPEC: WavSpec = WavSpec { channels: 2, sample_rate: 8_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
const QUIET: Samples = [0; FRAME_SAMPLES];

/// How a recording is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingState {
    /// Being written, or about to be.
    Running,
    /// Complete, with this many samples per channel; none: its file was removed.
    Finished(u64),
    /// The disk refused; what was written before can be read.
    Failed,
}

#[expect(clippy::large_enum_variant, reason = "nearly all messages are frames: a box for each would be an allocation per tick")]
enum Message {
    Open { id: u64, path: PathBuf, origin: Time, state: watch::Sender<RecordingState>, closed: Arc<AtomicBool>, strikes: Strikes },
    Frame { id: u64, frame: StereoFrame },
    Strike { id: u64 },
    Close { id: u64 },
}

/// The way to the recorder's thread.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    messages: SyncSender<Message>,
    next: Arc<AtomicU64>,
}

/// One call's recording. Dropping it closes the file.
#[derive(Debug)]
pub struct Recording {
    id: u64,
    messages: SyncSender<Message>,
    state: watch::Receiver<RecordingState>,
    closed: Arc<AtomicBool>,
    strikes: Strikes,
}

impl Recorder {
    /// Starts the thread; it ends when the last handle is gone.
    pub(super) fn start() -> std::io::Result<Self> {
        let (messages, inbox) = sync_channel(QUEUE);
        std::thread::Builder::new().name("recorder".to_owned()).spawn(move || run(&inbox))?;
        Ok(Self { messages, next: Arc::default() })
    }

    /// Plans a recording; the file is created by the recorder's thread. `None` when the recorder is so far behind that it takes nothing.
    pub(super) fn open(&self, path: PathBuf, origin: Time) -> Option<Recording> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, state) = watch::channel(RecordingState::Running);
        let closed = Arc::new(AtomicBool::new(false));
        let strikes = Strikes::default();
        let open = Message::Open { id, path, origin, state: sender, closed: Arc::clone(&closed), strikes: strikes.clone() };
        self.messages.try_send(open).ok()?;
        Some(Recording { id, messages: self.messages.clone(), state, closed, strikes })
    }
}

impl Recording {
    /// Never waits; false when the frame had to be dropped (it becomes silence of the same length).
    pub(super) fn write(&self, frame: StereoFrame) -> bool {
        self.messages.try_send(Message::Frame { id: self.id, frame }).is_ok()
    }

    /// From now on there is silence between these positions, also where something was written. If the queue is full it is done when the file is closed.
    pub(super) fn strike(&self, positions: Range<u64>) {
        self.strikes.push(positions);
        let _ = self.messages.try_send(Message::Strike { id: self.id });
    }

    /// Ends it, and removes its file.
    pub(super) fn discard(self) {
        self.strikes.discard();
    }

    /// How it is doing.
    #[must_use]
    pub fn state(&self) -> RecordingState {
        *self.state.borrow()
    }

    /// Follows its state, also after the recording itself was given to the media.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<RecordingState> {
        self.state.clone()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // If the queue is full, the housekeeping finds the flag.
        self.closed.store(true, Ordering::Release);
        let _ = self.messages.try_send(Message::Close { id: self.id });
    }
}

struct OpenFile {
    path: PathBuf,
    strikes: Strikes,
    /// None until there is sound: who hangs up at once leaves no file.
    writer: Option<WavWriter<BufWriter<File>>>,
    timeline: RecordTimeline,
    written: u64,
    flushed: u64,
    state: watch::Sender<RecordingState>,
    closed: Arc<AtomicBool>,
}

fn run(inbox: &Receiver<Message>) {
    let mut files: HashMap<u64, OpenFile> = HashMap::new();
    loop {
        match inbox.recv_timeout(HOUSEKEEPING) {
            Ok(Message::Open { id, path, origin, state, closed, strikes }) => {
                let timeline = RecordTimeline::new(origin);
                strikes.begin(origin);
                files.insert(id, OpenFile { path, strikes, writer: None, timeline, written: 0, flushed: 0, state, closed });
            }
            Ok(Message::Frame { id, frame }) => {
                if let Some(file) = files.get_mut(&id)
                    && let Err(problem) = file.write(&frame)
                {
                    warn!(%problem, "recording stopped: the disk does not take it");
                    let state = files.remove(&id).map(|file| file.state);
                    state.inspect(|state| _ = state.send_replace(RecordingState::Failed));
                }
            }
            Ok(Message::Strike { id }) => {
                if let Some(file) = files.get_mut(&id) {
                    file.strike();
                }
            }
            Ok(Message::Close { id }) => files.remove(&id).into_iter().for_each(OpenFile::finish),
            Err(RecvTimeoutError::Timeout) => {
                files.extract_if(|_, file| file.closed.load(Ordering::Acquire)).for_each(|(_, file)| file.finish());
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    files.into_values().for_each(OpenFile::finish);
}

impl OpenFile {
    fn write(&mut self, frame: &StereoFrame) -> hound::Result<()> {
        let place = self.timeline.place(frame.position, FRAME_SAMPLES);
        let mut silence = place.silence;
        while silence > 0 {
            let part = silence.min(FRAME_SAMPLES as u64) as usize;
            self.samples(&QUIET[..part], &QUIET[..part])?;
            silence -= part as u64;
        }
        let quiet = self.strikes.quiet(self.written, FRAME_SAMPLES - place.skip);
        if quiet.is_empty() {
            self.samples(&frame.caller[place.skip..], &frame.heard[place.skip..])?;
        } else {
            let (mut caller, mut heard) = (frame.caller, frame.heard);
            for range in quiet {
                caller[place.skip..][range.clone()].fill(0);
                heard[place.skip..][range].fill(0);
            }
            self.samples(&caller[place.skip..], &heard[place.skip..])?;
        }
        if self.written - self.flushed >= FLUSH_SAMPLES {
            self.flushed = self.written;
            self.writer()?.flush()?;
        }
        Ok(())
    }

    fn writer(&mut self) -> hound::Result<&mut WavWriter<BufWriter<File>>> {
        if self.writer.is_none() {
            self.writer = Some(WavWriter::create(&self.path, SPEC)?);
        }
        Ok(self.writer.as_mut().expect("made above"))
    }

    fn samples(&mut self, left: &[i16], right: &[i16]) -> hound::Result<()> {
        let mut block = self.writer()?.get_i16_writer(left.len() as u32 * 2);
        for (left, right) in left.iter().zip(right) {
            block.write_sample(*left);
            block.write_sample(*right);
        }
        block.flush()?;
        self.written += left.len() as u64;
        Ok(())
    }

    /// Puts silence over what was written of the stretches that are struck out.
    fn strike(&mut self) {
        let Some(writer) = &mut self.writer else { return };
        let struck = writer.flush().map_err(std::io::Error::other).and_then(|()| self.strikes.silence(&self.path, self.written));
        if let Err(problem) = struck {
            error!(%problem, "what is private could not be taken out of a recording");
        }
    }

    /// Nobody may hear it.
    fn remove(self) {
        let is_there = self.writer.is_some();
        drop(self.writer);
        if is_there && let Err(problem) = std::fs::remove_file(&self.path) {
            error!(%problem, "a recording that nobody may hear could not be removed");
        }
        self.state.send_replace(RecordingState::Finished(0));
    }

    fn finish(mut self) {
        if self.strikes.is_discarded() {
            return self.remove();
        }
        self.strike();
        let state = match self.writer.map_or(Ok(()), WavWriter::finalize) {
            Ok(()) => RecordingState::Finished(self.written),
            Err(problem) => {
                warn!(%problem, "a recording could not be finished");
                RecordingState::Failed
            }
        };
        self.state.send_replace(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(position: u64, caller: i16, heard: i16) -> StereoFrame {
        StereoFrame { position, caller: [caller; FRAME_SAMPLES], heard: [heard; FRAME_SAMPLES] }
    }

    fn temporary(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("warmline-recorder-{}-{name}.wav", std::process::id()))
    }

    async fn end(mut state: watch::Receiver<RecordingState>) -> RecordingState {
        *state.wait_for(|state| *state != RecordingState::Running).await.unwrap()
    }

    #[tokio::test]
    async fn both_channels_stay_on_the_timeline_across_gaps() {
        let path = temporary("gaps");
        let recording = Recorder::start().unwrap().open(path.clone(), Time::ZERO).unwrap();
        let state = recording.watch();
        for position in [320, 480, 1_000_u64] {
            assert!(recording.write(frame(position, position as i16, -(position as i16))));
        }
        drop(recording);
        assert_eq!(end(state).await, RecordingState::Finished(1_160));
        let samples: Vec<i16> = hound::WavReader::open(&path).unwrap().into_samples().map(Result::unwrap).collect();
        std::fs::remove_file(&path).unwrap();
        let stereo: Vec<_> = samples.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        assert_eq!(stereo.len(), 1_160);
        for (position, value) in [(0, 0), (319, 0), (320, 320), (480, 480), (639, 480), (640, 0), (999, 0), (1_000, 1_000), (1_159, 1_000)]
        {
            assert_eq!(stereo[position], (value, -value), "{position}");
        }
    }

    #[tokio::test]
    async fn what_is_struck_out_is_zero_sample_for_sample_before_and_after_it_was_written() {
        let path = temporary("struck");
        let recording = Recorder::start().unwrap().open(path.clone(), Time(10)).unwrap();
        let state = recording.watch();
        for index in 0..100 {
            assert!(recording.write(frame(80 + index * 160, 7, 8)));
        }
        // Of what is written, before the file begins, within a frame, and of what comes.
        for positions in [0..90, 1_003..2_005, 15_990..16_500] {
            recording.strike(positions);
        }
        for index in 100..200 {
            assert!(recording.write(frame(80 + index * 160, 7, 8)));
        }
        recording.strike(20_000..1_000_000);
        drop(recording);
        assert_eq!(end(state).await, RecordingState::Finished(32_000));
        let samples: Vec<i16> = hound::WavReader::open(&path).unwrap().into_samples().map(Result::unwrap).collect();
        std::fs::remove_file(&path).unwrap();
        let silent = |position: u64| [0..90, 1_003..2_005, 15_990..16_500, 20_000..1_000_000].iter().any(|range| range.contains(&position));
        for (at, pair) in samples.chunks(2).enumerate() {
            let wanted = if silent(80 + at as u64) { [0, 0] } else { [7, 8] };
            assert_eq!(pair, wanted, "{at}");
        }
    }

    #[tokio::test]
    async fn what_nobody_agreed_to_is_no_file_any_more() {
        let path = temporary("refused");
        let recording = Recorder::start().unwrap().open(path.clone(), Time::ZERO).unwrap();
        let state = recording.watch();
        for index in 0..100 {
            assert!(recording.write(frame(index * 160, 7, 8)));
        }
        recording.discard();
        assert_eq!(end(state).await, RecordingState::Finished(0));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn who_hangs_up_before_there_is_sound_leaves_no_file() {
        let path = temporary("silent");
        let recording = Recorder::start().unwrap().open(path.clone(), Time::ZERO).unwrap();
        let state = recording.watch();
        recording.strike(0..800);
        drop(recording);
        assert_eq!(end(state).await, RecordingState::Finished(0));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn an_unfinished_file_can_be_read_up_to_the_last_second() {
        let path = temporary("killed");
        let (state, _) = watch::channel(RecordingState::Running);
        let timeline = RecordTimeline::new(Time::ZERO);
        let (strikes, own) = (Strikes::default(), path.clone());
        let mut file = OpenFile { path: own, strikes, writer: None, timeline, written: 0, flushed: 0, state, closed: Arc::default() };
        for index in 0..75 {
            file.write(&frame(index * 160, 5, 6)).unwrap();
        }
        // As kill -9 would leave it: neither flushed nor finished.
        let reader = hound::WavReader::open(&path).unwrap();
        assert_eq!(reader.spec(), SPEC);
        assert_eq!(reader.duration(), 8_000);
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_ends_the_recording_and_nothing_else() {
        let recorder = Recorder::start().unwrap();
        let full = recorder.open(PathBuf::from("/dev/full"), Time::ZERO).unwrap();
        let path = temporary("beside");
        let good = recorder.open(path.clone(), Time::ZERO).unwrap();
        for index in 0..200 {
            full.write(frame(index * 160, 1, 1));
            good.write(frame(index * 160, 1, 1));
        }
        assert_eq!(end(full.watch()).await, RecordingState::Failed);
        let state = good.watch();
        drop(good);
        assert_eq!(end(state).await, RecordingState::Finished(32_000));
        std::fs::remove_file(&path).unwrap();
    }
}

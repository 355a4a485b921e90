//! Is somebody speaking? Silero VAD (MIT), run at the telephone's own 8 kHz.
//!
//! The model reads windows of 256 samples (32 ms), each with the last 32 samples of the window before it, and carries a state of two times 128 numbers from
//! window to window. It is so small, and is run so often and so alone, that a runtime costs ten times what the network does: this is all of it. The weights
//! are in the order in which they are read (`prepare/silero.py`).

use crate::{dir::ModelsDir, error::ModelError, linear::logistic};

/// Samples of one window at 8 kHz: 32 ms.
pub const VAD_WINDOW: usize = 256;
const CONTEXT: usize = 32;
const FILE: &str = "silero-vad-8k.bin";
/// The spectrum's columns: how many there are, their width, and from one to the next. The last one reaches over the window, where the sound is mirrored.
const COLUMNS: usize = 4;
const WIDE: usize = 128;
const STEP: usize = 64;
const BINS: usize = 65;
const SOUND: usize = (COLUMNS - 1) * STEP + WIDE;
/// Numbers in each half of the state.
const STATE: usize = 128;
const TAPS: usize = 3;
/// Inputs, outputs and step in time of the encoder's layers.
const LAYERS: [(usize, usize, usize); 4] = [(BINS, 128, 1), (128, 64, 2), (64, 64, 2), (64, STATE, 1)];
/// The most numbers that a layer gives.
const LARGEST: usize = COLUMNS * 128;

/// A layer that looks at three columns at once.
struct Layer {
    inputs: usize,
    step: usize,
    /// Each input, for each tap all outputs.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

/// The shared detector.
pub struct Vad {
    /// Each sample of a column, for each all real parts, then all imaginary ones.
    basis: Vec<f32>,
    layers: Vec<Layer>,
    /// Each input, then each number of the state, for each the four gates.
    memory: Vec<f32>,
    memory_bias: Vec<f32>,
    last: Vec<f32>,
    last_bias: f32,
}

/// What the detector remembers of one audio stream.
#[derive(Debug, Clone)]
pub struct VadState {
    hidden: [f32; STATE],
    cell: [f32; STATE],
    context: [f32; CONTEXT],
}

impl Default for VadState {
    fn default() -> Self {
        Self { hidden: [0.0; STATE], cell: [0.0; STATE], context: [0.0; CONTEXT] }
    }
}

impl Vad {
    /// Reads the model.
    ///
    /// # Errors
    /// When the file is missing or is not the model.
    pub fn load(dir: &ModelsDir) -> Result<Self, ModelError> {
        let path = dir.file(FILE)?;
        let bytes = std::fs::read(&path).map_err(|error| ModelError::File { path, reason: error.to_string() })?;
        let mut numbers = bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let mut take = |count: usize| numbers.by_ref().take(count).collect::<Vec<f32>>();
        let basis = take(WIDE * 2 * BINS);
        let layers =
            LAYERS.map(|(inputs, outputs, step)| Layer { inputs, step, weights: take(inputs * TAPS * outputs), bias: take(outputs) });
        let (memory, memory_bias, last) = (take(2 * STATE * 4 * STATE), take(4 * STATE), take(STATE));
        match (numbers.next(), numbers.next()) {
            (Some(last_bias), None) => Ok(Self { basis, layers: layers.into(), memory, memory_bias, last, last_bias }),
            _ => Err(ModelError::Format { file: FILE, reason: "not the voice activity detector" }),
        }
    }

    /// The probability (0..1) that the window, 256 samples at 8 kHz in −1..1, holds speech.
    #[must_use]
    pub fn probability(&self, state: &mut VadState, window: &[f32; VAD_WINDOW]) -> f32 {
        let (mut before, mut after) = ([0.0; LARGEST], [0.0; LARGEST]);
        let mut filled = self.spectrum(&state.context, window, &mut before);
        for layer in &self.layers {
            filled = layer.run(&before[..filled], &mut after);
            std::mem::swap(&mut before, &mut after);
        }
        self.remember(&before[..STATE], state);
        state.context.copy_from_slice(&window[VAD_WINDOW - CONTEXT..]);
        let logit: f32 = state.hidden.iter().zip(&self.last).map(|(x, weight)| x.max(0.0) * weight).sum();
        logistic(logit + self.last_bias)
    }

    /// The magnitudes of each column; how many numbers they are.
    fn spectrum(&self, context: &[f32; CONTEXT], window: &[f32; VAD_WINDOW], out: &mut [f32; LARGEST]) -> usize {
        let mut sound = [0.0; SOUND];
        let end = CONTEXT + VAD_WINDOW;
        sound[..CONTEXT].copy_from_slice(context);
        sound[CONTEXT..end].copy_from_slice(window);
        for at in end..SOUND {
            sound[at] = sound[2 * (end - 1) - at];
        }
        let mut columns = [[0.0; 2 * BINS]; COLUMNS];
        for (sample, row) in self.basis.chunks_exact(2 * BINS).enumerate() {
            for (number, column) in columns.iter_mut().enumerate() {
                add_scaled(column, sound[number * STEP + sample], row);
            }
        }
        for (column, magnitudes) in columns.iter().zip(out.chunks_exact_mut(BINS)) {
            let (real, imaginary) = column.split_at(BINS);
            for ((magnitude, real), imaginary) in magnitudes.iter_mut().zip(real).zip(imaginary) {
                *magnitude = (real * real + imaginary * imaginary).sqrt();
            }
        }
        COLUMNS * BINS
    }

    /// One step of the long short-term memory.
    fn remember(&self, input: &[f32], state: &mut VadState) {
        let mut gates = [0.0; 4 * STATE];
        gates.copy_from_slice(&self.memory_bias);
        for (x, row) in input.iter().chain(&state.hidden).zip(self.memory.chunks_exact(4 * STATE)) {
            add_scaled(&mut gates, *x, row);
        }
        for at in 0..STATE {
            let gate = |number: usize| gates[number * STATE + at];
            let cell = logistic(gate(1)) * state.cell[at] + logistic(gate(0)) * gate(2).tanh();
            state.cell[at] = cell;
            state.hidden[at] = logistic(gate(3)) * cell.tanh();
        }
    }
}

impl Layer {
    /// From columns of inputs to columns of outputs, none of which is negative; how many numbers they are.
    fn run(&self, input: &[f32], out: &mut [f32; LARGEST]) -> usize {
        let (columns, outputs) = (input.len() / self.inputs, self.bias.len());
        let filled = columns.div_ceil(self.step) * outputs;
        let out = &mut out[..filled];
        for column in out.chunks_exact_mut(outputs) {
            column.copy_from_slice(&self.bias);
        }
        for (number, row) in self.weights.chunks_exact(outputs).enumerate() {
            let (channel, tap) = (number / TAPS, number % TAPS);
            for (at, column) in out.chunks_exact_mut(outputs).enumerate() {
                // The middle tap looks at the column itself; beside the first and the last one there is nothing.
                let seen = (at * self.step + tap).checked_sub(1).filter(|seen| *seen < columns);
                if let Some(seen) = seen {
                    add_scaled(column, input[seen * self.inputs + channel], row);
                }
            }
        }
        for number in out {
            *number = number.max(0.0);
        }
        filled
    }
}

/// Adds `scale` times the row. Most inputs of a layer are 0, and their weights need not be fetched.
fn add_scaled(sums: &mut [f32], scale: f32, row: &[f32]) {
    if scale != 0.0 {
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum += scale * weight;
        }
    }
}

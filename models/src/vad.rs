//! Is somebody speaking? Silero VAD (MIT), run at the telephone's own 8 kHz.
//!
//! The model reads windows of 256 samples (32 ms), each with the last 32 samples of the window before it, and carries a state of
//! 2×1×128 numbers from window to window.

use ort::value::{Tensor, TensorRef};

use crate::{error::ModelError, runtime::Runtime, runtime::Sessions};

/// Samples of one window at 8 kHz: 32 ms.
pub const VAD_WINDOW: usize = 256;
const CONTEXT: usize = 32;
const STATE: usize = 2 * 128;

/// The shared detector.
pub struct Vad(Sessions);

/// What the detector remembers of one audio stream.
#[derive(Debug, Clone)]
pub struct VadState {
    memory: Vec<f32>,
    context: [f32; CONTEXT],
}

impl Default for VadState {
    fn default() -> Self {
        Self { memory: vec![0.0; STATE], context: [0.0; CONTEXT] }
    }
}

impl Vad {
    /// Opens the model.
    ///
    /// # Errors
    /// When the file is missing or is not the model.
    pub fn load(runtime: &Runtime) -> Result<Self, ModelError> {
        runtime.open("voice activity", "silero-vad.onnx", 1).map(Self)
    }

    /// The probability (0..1) that the window, 256 samples at 8 kHz in −1..1, holds speech.
    ///
    /// # Errors
    /// When the model fails.
    pub fn probability(&self, state: &mut VadState, window: &[f32; VAD_WINDOW]) -> Result<f32, ModelError> {
        let mut input = [0.0f32; CONTEXT + VAD_WINDOW];
        input[..CONTEXT].copy_from_slice(&state.context);
        input[CONTEXT..].copy_from_slice(window);
        let memory = std::mem::take(&mut state.memory);
        let (probability, memory) = self.0.run(|session| {
            let outputs = session.run(ort::inputs![
                "input" => TensorRef::from_array_view(([1usize, CONTEXT + VAD_WINDOW], &input[..]))?,
                "state" => TensorRef::from_array_view(([2usize, 1, 128], &memory[..]))?,
                "sr" => Tensor::from_array(([0usize; 0], vec![8000i64]))?,
            ])?;
            let probability = outputs["output"].try_extract_tensor::<f32>()?.1.first().copied().unwrap_or(0.0);
            Ok((probability, outputs["stateN"].try_extract_tensor::<f32>()?.1.to_vec()))
        })?;
        state.memory = memory;
        state.context.copy_from_slice(&window[VAD_WINDOW - CONTEXT..]);
        Ok(probability)
    }
}

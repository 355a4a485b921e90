//! Has the caller finished, or only paused? Smart Turn v3.2 (BSD-2-Clause, Daily).
//!
//! A weak hint on telephone audio (see LICENCES.md for the source, docs for the figures): good for lengthening or shortening the
//! wait for silence, never for deciding alone.

use ort::value::TensorRef;

use crate::{
    error::ModelError,
    mel::{FRAMES, LogMel, MELS},
    runtime::{Runtime, Sessions},
};

/// The shared judge of pauses.
pub struct EndOfTurn {
    sessions: Sessions,
    mel: LogMel,
}

impl EndOfTurn {
    /// Opens the model.
    ///
    /// # Errors
    /// When the file is missing or is not the model.
    pub fn load(runtime: &Runtime) -> Result<Self, ModelError> {
        Ok(Self { sessions: runtime.open("end of turn", "smart-turn-v3.2-cpu.onnx", 1)?, mel: LogMel::new() })
    }

    /// The probability (0..1) that the turn in `audio` (16 kHz, −1..1; its last eight seconds count) is complete.
    ///
    /// # Errors
    /// When the model fails.
    pub fn completeness(&self, audio: &[f32]) -> Result<f32, ModelError> {
        let features = self.mel.features(audio);
        self.sessions.run(|session| {
            let outputs =
                session.run(ort::inputs!["input_features" => TensorRef::from_array_view(([1usize, MELS, FRAMES], &features[..]))?])?;
            Ok(outputs["logits"].try_extract_tensor::<f32>()?.1.first().copied().unwrap_or(0.0))
        })
    }
}

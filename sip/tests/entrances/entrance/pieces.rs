//! Inputs that are more than one datagram.

/// Cuts an input into pieces: a byte that says something about the piece, its length in two bytes, and as many bytes as there are.
pub(super) struct Pieces<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[about, high, low], rest) = self.0.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        self.0 = rest;
        Some((about, piece))
    }
}

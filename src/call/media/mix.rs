//! Adding sounds.

use crate::call::media::frame::Samples;

/// Adds `from` to `into`; what is too loud is clipped, never wrapped.
pub fn add(into: &mut Samples, from: &Samples) {
    for (sum, sample) in into.iter_mut().zip(from) {
        *sum = sum.saturating_add(*sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loud_sums_are_clipped() {
        let mut sum = [30_000; 160];
        add(&mut sum, &[10_000; 160]);
        assert_eq!(sum, [i16::MAX; 160]);
        add(&mut sum, &[-1; 160]);
        assert_eq!(sum, [i16::MAX - 1; 160]);
    }
}

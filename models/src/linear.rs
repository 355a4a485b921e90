//! The little linear algebra that the heads need.

/// Lanes that are summed side by side: what the compiler makes vector instructions of.
const LANES: usize = 8;

/// The scalar product: for vectors of length 1 the cosine of their angle.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (many, other) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = many.remainder().iter().zip(other.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in many.zip(other) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The logistic function.
pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_summed_to_the_last_number() {
        let numbers: Vec<f32> = (1..=19).map(|n| n as f32).collect();
        assert_eq!(dot(&numbers, &numbers), 2_470.0);
    }
}

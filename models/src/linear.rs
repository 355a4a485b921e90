//! The little linear algebra that the heads need.

use ndarray::{Array2, ArrayView2, Axis};

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

/// Vectors as the rows of a matrix.
///
/// # Panics
/// When they are not all as long as the first.
pub(crate) fn matrix<'r>(rows: impl ExactSizeIterator<Item = &'r [f32]>) -> Array2<f32> {
    let count = rows.len();
    let numbers: Vec<f32> = rows.flatten().copied().collect();
    let width = numbers.len().checked_div(count).unwrap_or(0);
    Array2::from_shape_vec((count, width), numbers).expect("as many numbers as there are rows, times their width")
}

/// Rows that are multiplied at once: what comes of them stays in the cache.
const ROWS: usize = 256;

/// For each row its greatest scalar product with any of the others.
pub(crate) fn nearest_of(rows: &Array2<f32>, others: &Array2<f32>) -> Vec<f32> {
    let greatest =
        |products: ArrayView2<'_, f32>| products.rows().into_iter().map(|row| row.iter().copied().fold(-1.0, f32::max)).collect();
    rows.axis_chunks_iter(Axis(0), ROWS).flat_map(|some| -> Vec<f32> { greatest(some.dot(&others.t()).view()) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_summed_to_the_last_number() {
        let numbers: Vec<f32> = (1..=19).map(|n| n as f32).collect();
        assert_eq!(dot(&numbers, &numbers), 2_470.0);
    }

    #[test]
    fn the_nearest_is_the_greatest_of_the_scalar_products() {
        let row = |seed: usize| (0..40).map(|at| ((seed * 31 + at * 17) % 23) as f32 / 11.0 - 1.0).collect::<Vec<f32>>();
        let (rows, others): (Vec<_>, Vec<_>) = ((0..600).map(row).collect(), (600..633).map(row).collect());
        let of = |rows: &[Vec<f32>]| matrix(rows.iter().map(Vec::as_slice));
        let nearest = nearest_of(&of(&rows), &of(&others));
        assert_eq!(nearest.len(), rows.len());
        for (row, nearest) in rows.iter().zip(nearest) {
            let one_by_one = others.iter().map(|other| dot(row, other)).fold(-1.0, f32::max);
            assert!((nearest - one_by_one).abs() < 1e-4, "{nearest} {one_by_one}");
        }
    }
}

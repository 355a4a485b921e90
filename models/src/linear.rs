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
    let mut numbers = Vec::new();
    for row in rows {
        if numbers.is_empty() {
            numbers.reserve_exact(count * row.len());
        }
        numbers.extend_from_slice(row);
    }
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

/// Vectors of length 1 in a byte for each number, among which another one's nearest is looked for: a quarter of the memory, and cosines right to two or three
/// thousandths.
#[derive(Debug, Clone)]
pub(crate) struct Rough {
    width: usize,
    numbers: Vec<i8>,
    /// What the byte of each row stands for.
    scales: Vec<f32>,
}

impl Rough {
    pub(crate) fn new(vectors: &[Vec<f32>]) -> Self {
        let width = vectors.first().map_or(0, Vec::len);
        let (mut numbers, mut scales) = (Vec::with_capacity(width * vectors.len()), Vec::with_capacity(vectors.len()));
        for vector in vectors {
            let scale = scale(vector);
            numbers.extend(rough(vector, scale));
            scales.push(scale);
        }
        Self { width, numbers, scales }
    }

    /// The greatest scalar product of the first of `others` with any of these; −1 if there are none.
    pub(crate) fn nearest(&self, others: &Self) -> f32 {
        let (width, other) = (self.width.max(1), others.scales.first().copied().unwrap_or_default());
        let rows = self.numbers.chunks_exact(width).zip(&self.scales);
        rows.map(|(row, scale)| rough_dot(row, &others.numbers) as f32 * scale * other).fold(-1.0, f32::max)
    }
}

/// What one byte of a vector stands for.
fn scale(vector: &[f32]) -> f32 {
    vector.iter().fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs())) / f32::from(i8::MAX)
}

fn rough(vector: &[f32], scale: f32) -> impl Iterator<Item = i8> + '_ {
    vector.iter().map(move |number| (number / scale).round() as i8)
}

fn rough_dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(x, y)| i32::from(i16::from(*x) * i16::from(*y))).sum()
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

    #[test]
    fn the_nearest_of_rough_rows_is_nearly_right() {
        let row = |seed: usize| {
            let row: Vec<f32> = (0..384).map(|at| ((seed * 131 + at * at * 17) as f32 * 0.37).sin()).collect();
            let length = dot(&row, &row).sqrt();
            row.into_iter().map(|number| number / length).collect::<Vec<f32>>()
        };
        let rows: Vec<_> = (0..40).map(row).collect();
        let rough = Rough::new(&rows);
        for vector in (20..60).map(row) {
            let exact = rows.iter().map(|row| dot(row, &vector)).fold(-1.0, f32::max);
            let nearest = rough.nearest(&Rough::new(&[vector]));
            assert!((nearest - exact).abs() < 3e-3, "{nearest} {exact}");
        }
        assert_eq!(Rough::new(&[]).nearest(&Rough::new(&[row(1)])), -1.0);
    }
}

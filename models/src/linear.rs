//! The little linear algebra that the heads need.

use crate::embedder::EMBEDDING_WIDTH as WIDTH;

/// Ridge regression from `rows` to one of `columns` targets each, every target with the same weight however many rows it has:
/// solves `(XᵀGX + λ·1)·W = XᵀGY` by Cholesky's decomposition. Gives W as one vector of [`WIDTH`] numbers for each column.
pub(crate) fn ridge(rows: &[&[f32]], targets: &[usize], columns: usize, lambda: f64) -> Vec<Vec<f32>> {
    let mut counts = vec![0.0f64; columns];
    targets.iter().for_each(|target| counts[*target] += 1.0);
    let even = rows.len() as f64 / columns as f64;
    let mut normal = vec![0.0f64; WIDTH * WIDTH];
    let mut right = vec![vec![0.0f64; WIDTH]; columns];
    for (row, target) in rows.iter().zip(targets) {
        let weight = even / counts[*target];
        for i in 0..WIDTH {
            let x = weight * f64::from(row[i]);
            for (sum, y) in normal[i * WIDTH..=i * WIDTH + i].iter_mut().zip(*row) {
                *sum += x * f64::from(*y);
            }
            right[*target][i] += x;
        }
    }
    (0..WIDTH).for_each(|i| normal[i * WIDTH + i] += lambda);
    decompose(&mut normal);
    right.into_iter().map(|column| substitute(&normal, column)).collect()
}

/// The lower triangle L of A = L·Lᵀ, in place. A is positive definite because λ is positive.
fn decompose(matrix: &mut [f64]) {
    for i in 0..WIDTH {
        let (above, below) = matrix.split_at_mut(i * WIDTH);
        for j in 0..=i {
            let (done, rest) = below[..=i].split_at_mut(j);
            let other = if j == i { &*done } else { &above[j * WIDTH..j * WIDTH + j] };
            let sum = rest[0] - done.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
            rest[0] = if j == i { sum.max(f64::MIN_POSITIVE).sqrt() } else { sum / above[j * WIDTH + j] };
        }
    }
}

/// Forward, then backward substitution.
fn substitute(lower: &[f64], mut x: Vec<f64>) -> Vec<f32> {
    for i in 0..WIDTH {
        let row = &lower[i * WIDTH..i * WIDTH + i];
        let sum: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
        x[i] = (x[i] - sum) / lower[i * WIDTH + i];
    }
    for i in (0..WIDTH).rev() {
        let sum: f64 = (i + 1..WIDTH).map(|k| lower[k * WIDTH + i] * x[k]).sum();
        x[i] = (x[i] - sum) / lower[i * WIDTH + i];
    }
    x.into_iter().map(|number| number as f32).collect()
}

/// The logistic function.
pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_satisfies_its_equation() {
        let row = |seed: usize| (0..WIDTH).map(|i| ((i * 31 + seed * 17) % 23) as f32 / 23.0 - 0.5).collect::<Vec<f32>>();
        let rows: Vec<Vec<f32>> = (0..12).map(row).collect();
        let targets: Vec<usize> = vec![0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2];
        let lent: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let weights = ridge(&lent, &targets, 3, 0.5);
        for (column, w) in weights.iter().enumerate() {
            for i in [0, 100, 383] {
                // Targets 0, 1 and 2 have six, four and two rows: weights that make them even.
                let weight = |target: usize| [4.0 / 6.0, 1.0, 2.0][target];
                let pairs = || rows.iter().zip(&targets);
                let product: f32 =
                    pairs().map(|(row, target)| weight(*target) * row[i] * crate::embedder::dot(row, w)).sum::<f32>() + 0.5 * w[i];
                let right: f32 = pairs().filter(|(_, target)| **target == column).map(|(row, _)| weight(column) * row[i]).sum();
                assert!((product - right).abs() < 1e-3, "column {column}, row {i}: {product} is not {right}");
            }
        }
    }
}

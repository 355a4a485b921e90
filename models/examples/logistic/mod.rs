//! What the trainings of linear heads share.

use warmline_models::{EMBEDDING_WIDTH as WIDTH, Embedding, dot};

const STEPS: usize = 3_000;

/// A vector, whether the head is to find it, and how much it counts.
pub(crate) type Row<'v> = (&'v [f32], bool, f32);

pub(crate) fn mean<'e>(embeddings: impl Iterator<Item = &'e Embedding>) -> Embedding {
    let (mut sum, mut count) = (vec![0.0; WIDTH], 0.0);
    for embedding in embeddings {
        count += 1.0;
        sum.iter_mut().zip(embedding).for_each(|(sum, number)| *sum += number);
    }
    sum.iter_mut().for_each(|number| *number /= count);
    sum
}

/// Logistic regression by accelerated gradient descent (Nesterov 1983): the weights, then the bias. `freedom` is the inverse of the regularisation; no vector is
/// longer than `longest`.
pub(crate) fn learn(rows: &[Row<'_>], longest: f32, freedom: f32) -> Vec<f32> {
    let total: f32 = rows.iter().map(|row| row.2).sum();
    // The curvature of the loss is at most a quarter of the largest squared length, to which the bias adds 1.
    let step = 1.0 / (0.25 * (longest * longest + 1.0) * total + 1.0 / freedom);
    let (mut at, mut before) = (vec![0.0; WIDTH + 1], vec![0.0; WIDTH + 1]);
    for n in 0..STEPS {
        let momentum = n as f32 / (n as f32 + 3.0);
        let ahead: Vec<f32> = at.iter().zip(&before).map(|(a, b)| a + momentum * (a - b)).collect();
        let mut slope: Vec<f32> = ahead.iter().map(|weight| weight / freedom).collect();
        slope[WIDTH] = 0.0;
        for (row, target, weight) in rows {
            let error = weight * (probability(&ahead, row) - f32::from(u8::from(*target)));
            slope.iter_mut().zip(*row).for_each(|(slope, x)| *slope += error * x);
            slope[WIDTH] += error;
        }
        before = std::mem::replace(&mut at, ahead.iter().zip(&slope).map(|(a, s)| a - step * s).collect());
    }
    at
}

/// What a head says of a vector.
pub(crate) fn probability(head: &[f32], row: &[f32]) -> f32 {
    1.0 / (1.0 + (-(dot(&head[..WIDTH], row) + head[WIDTH])).exp())
}

/// Numbers as a file holds them.
pub(crate) fn bytes<'n>(numbers: impl IntoIterator<Item = &'n f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| number.to_le_bytes()).collect()
}

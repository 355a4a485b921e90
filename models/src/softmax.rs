//! Multinomial logistic regression by limited-memory BFGS (Liu and Nocedal 1989), small enough to run when a flow is loaded.

use std::collections::VecDeque;

use ndarray::{Array2, ArrayView2, Axis};

use crate::linear::dot;

/// Steps; on the example flows nothing changes after a hundred, and after forty it still does.
const STEPS: usize = 100;
/// Pairs that the curvature is remembered by.
const MEMORY: usize = 8;
/// Halvings of a step before it is given up.
const HALVINGS: usize = 12;
/// A step must gain this share of what the slope promises (Armijo).
const LEAST_GAIN: f32 = 1e-4;

/// What is to be learnt: rows, which class each is of, and how much it counts.
pub(crate) struct Lesson {
    pub(crate) rows: Array2<f32>,
    pub(crate) classes: Vec<usize>,
    pub(crate) weights: Vec<f32>,
    pub(crate) class_count: usize,
    /// Inverse of the regularisation.
    pub(crate) freedom: f32,
}

/// The weights of one class, with its bias at the end.
pub(crate) type ClassWeights = Vec<f32>;

/// Learns the weights of every class.
pub(crate) fn learn(lesson: &Lesson) -> Vec<ClassWeights> {
    let width = lesson.rows.ncols() + 1;
    let mut at = vec![0.0; width * lesson.class_count];
    let (mut loss, mut slope) = lesson.loss(&at, width);
    let mut memory: VecDeque<(Vec<f32>, Vec<f32>)> = VecDeque::with_capacity(MEMORY);
    for _ in 0..STEPS {
        let way = direction(&slope, &memory);
        let promised = dot(&way, &slope);
        if promised >= 0.0 {
            break;
        }
        let mut length = if memory.is_empty() { 1.0 / dot(&slope, &slope).sqrt().max(1.0) } else { 1.0 };
        let mut found = None;
        for _ in 0..HALVINGS {
            let next: Vec<f32> = at.iter().zip(&way).map(|(at, way)| at + length * way).collect();
            let (next_loss, next_slope) = lesson.loss(&next, width);
            if next_loss <= loss + LEAST_GAIN * length * promised {
                found = Some((next, next_loss, next_slope));
                break;
            }
            length *= 0.5;
        }
        let Some((next, next_loss, next_slope)) = found else { break };
        let moved: Vec<f32> = next.iter().zip(&at).map(|(a, b)| a - b).collect();
        let turned: Vec<f32> = next_slope.iter().zip(&slope).map(|(a, b)| a - b).collect();
        if dot(&moved, &turned) > 0.0 {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((moved, turned));
        }
        (at, loss, slope) = (next, next_loss, next_slope);
    }
    at.chunks_exact(width).map(<[f32]>::to_vec).collect()
}

impl Lesson {
    /// Cross entropy with its slope.
    fn loss(&self, at: &[f32], width: usize) -> (f32, Vec<f32>) {
        let at = ArrayView2::from_shape((self.class_count, width), at).expect("a row of weights for each class");
        let (weights, bias) = at.split_at(Axis(1), width - 1);
        let mut shares = self.rows.dot(&weights.t()) + bias.column(0);
        let mut loss = 0.5 / self.freedom * weights.iter().map(|weight| weight * weight).sum::<f32>();
        for ((mut shares, class), counts) in shares.rows_mut().into_iter().zip(&self.classes).zip(&self.weights) {
            let shares = shares.as_slice_mut().expect("rows lie one behind the other");
            softmax(shares);
            loss -= counts * shares[*class].max(f32::MIN_POSITIVE).ln();
            shares[*class] -= 1.0;
            shares.iter_mut().for_each(|error| *error *= counts);
        }
        let mut slope = Array2::zeros(at.raw_dim());
        let (mut of_weights, mut of_bias) = slope.view_mut().split_at(Axis(1), width - 1);
        of_weights.assign(&(shares.t().dot(&self.rows) + &weights / self.freedom));
        of_bias.column_mut(0).assign(&shares.sum_axis(Axis(0)));
        (loss, slope.into_raw_vec_and_offset().0)
    }
}

/// Where to go: down the slope, turned by what is remembered of the curvature (the two-loop recursion).
fn direction(slope: &[f32], memory: &VecDeque<(Vec<f32>, Vec<f32>)>) -> Vec<f32> {
    let mut way: Vec<f32> = slope.iter().map(|x| -x).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (moved, turned) in memory.iter().rev() {
        let share = dot(moved, &way) / dot(moved, turned);
        way.iter_mut().zip(turned).for_each(|(way, turned)| *way -= share * turned);
        shares.push(share);
    }
    if let Some((moved, turned)) = memory.back() {
        let scale = dot(moved, turned) / dot(turned, turned);
        way.iter_mut().for_each(|way| *way *= scale);
    }
    for ((moved, turned), share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = dot(turned, &way) / dot(moved, turned);
        way.iter_mut().zip(moved).for_each(|(way, moved)| *way += (share - back) * moved);
    }
    way
}

/// Shares of the whole from logarithms, in place.
pub(crate) fn softmax(numbers: &mut [f32]) {
    let most = numbers.iter().copied().fold(f32::MIN, f32::max);
    numbers.iter_mut().for_each(|number| *number = (*number - most).exp());
    let sum: f32 = numbers.iter().sum();
    numbers.iter_mut().for_each(|number| *number /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::matrix;

    #[test]
    fn what_can_be_told_apart_is_told_apart() {
        let rows: Vec<Vec<f32>> =
            (0..30).map(|i| vec![(i % 3) as f32, ((i * 7) % 5) as f32 / 10.0, f32::from(u8::from(i % 3 == 1))]).collect();
        let lesson = Lesson {
            rows: matrix(rows.iter().map(Vec::as_slice)),
            classes: (0..30).map(|i| i % 3).collect(),
            weights: vec![1.0; 30],
            class_count: 3,
            freedom: 30.0,
        };
        let learnt = learn(&lesson);
        for (row, class) in rows.iter().zip(&lesson.classes) {
            let mut shares: Vec<f32> = learnt.iter().map(|of| dot(&of[..3], row) + of[3]).collect();
            softmax(&mut shares);
            assert!(shares[*class] > 0.8, "{shares:?} {class}");
        }
        // At the bottom nothing slopes.
        let flat: Vec<f32> = learnt.concat();
        let (_, slope) = lesson.loss(&flat, 4);
        assert!(dot(&slope, &slope).sqrt() < 0.05, "{slope:?}");
    }
}

//! Runs contenders in turn and says how they compare: no more than the benchmarks need.
//!
//! A machine is never quiet. What disturbs it disturbs contenders that take turns alike, so that the
//! ratio of two in the same round says more than the nanoseconds of either.

#![allow(dead_code, unused_imports, reason = "each benchmark program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "reading from memory cannot fail")]

use chinwag::wire::lines::Lines;
use std::io::{IoSliceMut, Read};

mod arguments;
mod contest;
mod table;
mod trial;

pub(crate) use arguments::Arguments;
pub(crate) use contest::Contest;
pub(crate) use table::{Table, number};
pub(crate) use trial::Trial;

/// Reads once from `source`, as much as there is room for.
pub(crate) fn fill(lines: &mut Lines, source: &mut impl Read) -> usize {
    let read = lines.fill(|near, far| {
        if far.is_empty() {
            source.read(near)
        } else {
            source.read_vectored(&mut [IoSliceMut::new(near), IoSliceMut::new(far)])
        }
    });
    read.unwrap()
}

/// Measures each contender once a round, and another one first each time; returns the samples of
/// each, by round.
fn in_turn<T, S>(rounds: usize, contenders: &mut [T], mut measure: impl FnMut(&mut T) -> S) -> Vec<Vec<S>> {
    let count = contenders.len();
    let mut samples: Vec<Vec<S>> = contenders.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 0..rounds {
        for turn in 0..count {
            let index = (round + turn) % count;
            samples[index].push(measure(&mut contenders[index]));
        }
    }
    samples
}

/// The smallest sample.
fn minimum(samples: &[f64]) -> f64 {
    samples.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The sample in the middle.
pub(crate) fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The sample below which this part of all samples lies.
pub(crate) fn quantile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

/// How many times the baseline it is: the median over the rounds of the ratios in one round.
fn ratio(samples: &[f64], baseline: &[f64]) -> f64 {
    let ratios: Vec<f64> = samples.iter().zip(baseline).map(|(sample, base)| sample / base).collect();
    median(&ratios)
}

//! Latencies without a lock: a log-linear histogram that many tasks count into.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// 128 steps an octave: a bucket is at most 0.8 % wide.
const SUB_BITS: u32 = 7;
const BUCKETS: usize = ((64 - SUB_BITS as usize) + 1) << SUB_BITS;

/// Counts of nanosecond values by size.
pub struct Histogram {
    buckets: Vec<AtomicU64>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect() }
    }
}

fn index(value: u64) -> usize {
    let octave = (64 - value.leading_zeros()).saturating_sub(SUB_BITS + 1);
    ((octave as usize) << SUB_BITS) + (value >> octave) as usize
}

fn upper(index: usize) -> u64 {
    // The first two octaves share one scale: indices below 2 << SUB_BITS are the value itself.
    if index < 2 << SUB_BITS {
        return index as u64;
    }
    let octave = (index >> SUB_BITS) - 1;
    let mantissa = (index - (octave << SUB_BITS)) as u64;
    ((mantissa + 1) << octave) - 1
}

impl Histogram {
    /// Counts one value.
    pub fn record(&self, nanos: u64) {
        if let Some(bucket) = self.buckets.get(index(nanos)) {
            bucket.fetch_add(1, Relaxed);
        }
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }

    /// The value, in milliseconds, that this share of all values does not exceed. NaN when nothing was counted.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (index, bucket) in self.buckets.iter().enumerate() {
            seen += bucket.load(Relaxed);
            if seen >= wanted.max(1) {
                return upper(index) as f64 / 1e6;
            }
        }
        f64::NAN
    }
}

/// The middle one of a few runs: one disturbed run does not move it.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_within_a_hundredth_of_the_true_one() {
        let histogram = Histogram::default();
        for micros in 1..=10_000_u64 {
            histogram.record(micros * 1_000);
        }
        for (share, wanted) in [(0.5, 5.0), (0.99, 9.9), (1.0, 10.0)] {
            let got = histogram.quantile_ms(share);
            assert!((got - wanted).abs() / wanted < 0.01, "{share}: {got} instead of {wanted}");
        }
        assert_eq!(histogram.count(), 10_000);
    }

    #[test]
    fn every_value_falls_in_a_bucket_that_reaches_it() {
        for value in (0..63).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]) {
            let bound = upper(index(value));
            assert!(bound >= value && bound as f64 <= value as f64 * 1.01 + 1.0, "{value} in a bucket up to {bound}");
        }
    }
}

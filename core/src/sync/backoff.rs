//! When to try again.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The first pause is at most this long.
const FIRST_MS: u64 = 1_000;
/// No pause is longer.
const LAST_MS: u64 = 30_000;

/// Pauses with full jitter: anything between nothing and a limit that doubles from 1 s to 30 s. When a server comes
/// back, its clients then come back spread over the whole time and not in waves.
#[derive(Debug)]
pub(crate) struct Backoff {
    random: StdRng,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), failures: 0 }
    }

    /// Something worked: the next pause is a short one.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next pause is a long one: trying at once would do harm.
    pub(crate) fn exhaust(&mut self) {
        self.failures = 16;
    }

    pub(crate) fn pause_ms(&mut self) -> u64 {
        let limit = FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(LAST_MS);
        self.failures = self.failures.saturating_add(1);
        self.random.random_range(0..=limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_thirty_seconds_and_no_further() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            for failures in 0..40_u32 {
                let limit = (1_000_u64 << failures.min(10)).min(30_000);
                assert!(backoff.pause_ms() <= limit, "seed {seed}");
            }
            backoff.reset();
            assert!(backoff.pause_ms() <= 1_000, "seed {seed}");
        }
    }

    #[test]
    fn pauses_are_spread_over_the_whole_time() {
        let pauses: Vec<u64> = (0..1_000)
            .map(|seed| {
                let mut backoff = Backoff::new(seed);
                backoff.exhaust();
                backoff.pause_ms()
            })
            .collect();
        for tenth in 0..10 {
            let within = pauses.iter().filter(|&&pause| pause / 3_000 == tenth).count();
            assert!((50..200).contains(&within), "{within} pauses in tenth {tenth}");
        }
    }
}

//! How often a randomised test runs, and with which seeds: fixed, so that a failure repeats, and printed.

use rand::SeedableRng;
use rand::rngs::StdRng;

/// `SEEDS` from the environment (`tests/run --long` sets it to the full counts), else `usual`.
pub fn runs(usual: u64) -> u64 {
    std::env::var("SEEDS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(usual)
}

/// The generator of a seed, which it prints: captured by the test runner and shown when the test fails.
pub fn generator(test: &str, seed: u64) -> StdRng {
    println!("{test}: seed {seed}");
    StdRng::seed_from_u64(seed)
}

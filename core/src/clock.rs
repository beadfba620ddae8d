//! Time as the core sees it, so that tests need no sleeping.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where the core gets its time from.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970: only for what a person reads, never for order.
    fn now_ms(&self) -> i64;

    /// Milliseconds since some fixed moment, never going back: for timers.
    fn monotonic_ms(&self) -> u64;
}

/// The machine's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic side starts now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

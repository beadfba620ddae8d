//! The server's clock, handed in so that tests can turn it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use switchboard_protocol::UnixMillis;

/// Tells the time of day. Timers run on the runtime's monotonic clock, never on this one.
#[derive(Clone, Default)]
pub struct Clock(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock(Kind::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn manual(now: UnixMillis) -> Clock {
        Clock(Kind::Manual(Arc::new(AtomicI64::new(now))))
    }

    /// Unix milliseconds.
    pub fn now(&self) -> UnixMillis {
        match &self.0 {
            // A clock before 1970 is a broken machine; 0 keeps the server up, and times are only shown, never ordered by.
            Kind::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Kind::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock; the machine's clock is left alone.
    pub fn advance(&self, millis: i64) {
        if let Kind::Manual(now) = &self.0 {
            now.fetch_add(millis, Ordering::SeqCst);
        }
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Kind::System => "Clock(system)",
            Kind::Manual(_) => "Clock(manual)",
        })
    }
}

//! The server's clock, handed in so that tests can turn it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use switchboard_protocol::UnixMillis;
use tokio::sync::Notify;

/// Tells the time of day. What is due at a time of day sleeps by it; pauses and timeouts run on the runtime's monotonic
/// clock.
#[derive(Clone, Default)]
pub struct Clock(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    System,
    Manual(Arc<Manual>),
}

/// A clock's time, and who waits for another.
struct Manual {
    now: AtomicI64,
    moved: Notify,
}

/// The machine's clock may be set while somebody sleeps: a sleeper looks at it at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock(Kind::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn manual(now: UnixMillis) -> Clock {
        Clock(Kind::Manual(Arc::new(Manual { now: AtomicI64::new(now), moved: Notify::new() })))
    }

    /// Unix milliseconds.
    pub fn now(&self) -> UnixMillis {
        match &self.0 {
            // A clock before 1970 is a broken machine; 0 keeps the server up, and times are only shown, never ordered by.
            Kind::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Kind::Manual(manual) => manual.now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock; the machine's clock is left alone.
    pub fn advance(&self, millis: i64) {
        if let Kind::Manual(manual) = &self.0 {
            manual.now.fetch_add(millis, Ordering::SeqCst);
            manual.moved.notify_waiters();
        }
    }

    /// Waits until it is `at` by this clock, or later.
    pub(crate) async fn sleep_until(&self, at: UnixMillis) {
        loop {
            match &self.0 {
                Kind::System => {
                    let Ok(left @ 1..) = u64::try_from(at.saturating_sub(self.now())) else { return };
                    tokio::time::sleep(Duration::from_millis(left).min(LOOK_EVERY)).await;
                }
                Kind::Manual(manual) => {
                    let moved = manual.moved.notified();
                    tokio::pin!(moved);
                    // Before the look, so that a move between the two is not missed.
                    moved.as_mut().enable();
                    if at <= self.now() {
                        return;
                    }
                    moved.await;
                }
            }
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

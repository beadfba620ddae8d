//! What the clock does by itself: it lets go what can no longer be taken back, and brings back what was put away.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Core, Inner};
use crate::error::Result;
use crate::shared::{Shared, blocking};
use crate::store::{Durability, Store, chat, outbox};
use crate::sync::driver::Order;

/// Clocks are set and phones sleep: no wait is longer than this.
const LONGEST: Duration = Duration::from_secs(60);
/// After a store that cannot be read or written.
const PAUSE: Duration = Duration::from_secs(5);

/// When something is due, in milliseconds from now; `None`: nothing is waiting.
fn due_in(store: &Store, now: i64, offset: i64) -> Result<Option<u64>> {
    let (release, wake) = store.read(|db| Ok((outbox::next_release(db, now)?, chat::next_wake(db)?)))?;
    let release = release.map(|at| at.saturating_sub(now));
    let wake = wake.map(|at| at.saturating_sub(now.saturating_add(offset)));
    Ok([release, wake].into_iter().flatten().min().map(|ms| u64::try_from(ms).unwrap_or(0)))
}

/// Does what is due. Whether the outbox has something to send.
pub(super) fn run_due(store: &Store, now: i64, offset: i64) -> Result<bool> {
    if due_in(store, now, offset)? != Some(0) {
        return Ok(false);
    }
    store.write(Durability::Full, |tx, changes| {
        chat::wake_due(tx, now.saturating_add(offset), changes)?;
        outbox::release_due(tx, now, changes)
    })
}

/// One round: what is due, and how long the next round can wait.
async fn round(shared: &Arc<Shared>) -> Result<(bool, Option<u64>)> {
    let (store, now, offset) = (Arc::clone(&shared.store), shared.clock.now_ms(), shared.clock_offset());
    blocking(move || Ok((run_due(&store, now, offset)?, due_in(&store, now, offset)?))).await
}

/// Runs until the core is dropped. `changed` is told after commits that a timer depends on.
pub(super) async fn run(core: Weak<Inner>, changed: Arc<Notify>) {
    loop {
        let wait = {
            let Some(inner) = core.upgrade() else { return };
            match round(&inner.shared).await {
                Ok((released, next)) => {
                    if released {
                        Core { inner }.order(Order::OutboxChanged);
                    }
                    next.map(|ms| Duration::from_millis(ms).min(LONGEST))
                }
                Err(error) => {
                    tracing::warn!(%error, "the timers cannot use the store");
                    Some(PAUSE)
                }
            }
        };
        let sleep = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed.notified() => {}
            () = sleep => {}
        }
    }
}

//! What runs beside the requests: news from the command line, and the removal of what is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use switchboard_protocol::ids::UserId;

use crate::app::App;
use crate::store::prune::Keep;
use crate::store::{Publish, StoreError, notices, prune};
use crate::ws::registry::Publisher;

/// The pause between two rounds of pruning.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// The pause between two bites, so that the job is never what a commit waits for.
const PRUNE_PAUSE: Duration = Duration::from_millis(50);

/// Tells the sockets what another process committed.
pub(crate) async fn follow_notices(app: Arc<App>) {
    let mut tick = tokio::time::interval(Duration::from_millis(app.config.limits.notice_poll_ms));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut publisher = Publisher::new(app.registry.clone());
    loop {
        tick.tick().await;
        let told = app.told.load(Ordering::Acquire);
        match app.store.readers.read(move |sql| notices::after(sql, told)).await {
            Ok((effects, newest)) => {
                if !effects.is_empty() {
                    publisher.publish(effects);
                    publisher.batch_done();
                }
                app.told.store(newest, Ordering::Release);
            }
            Err(StoreError::Stopping) => return,
            Err(error) => tracing::warn!(%error, "cannot look for the command line's changes; trying again"),
        }
    }
}

/// Removes what is over, a little at a time.
pub(crate) async fn prune(app: Arc<App>) {
    let mut tick = tokio::time::interval(PRUNE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match round(&app).await {
            Ok(()) => {}
            Err(StoreError::Stopping) => return,
            Err(error) => tracing::warn!(%error, "pruning failed; trying again"),
        }
    }
}

async fn round(app: &App) -> Result<(), StoreError> {
    let day = 24 * 60 * 60 * 1000;
    let database = &app.config.database;
    let since = app.config.clock.now().saturating_sub(i64::from(database.feed_days) * day);
    let keep = Keep { since, rows: database.feed_rows };
    let mut user: Option<UserId> = None;
    while let Some(next) = app.store.readers.read(move |sql| prune::next_user(sql, user)).await? {
        while app.store.writer.write(move |tx| tx.prune_feed(next, keep)).await? {
            tokio::time::sleep(PRUNE_PAUSE).await;
        }
        user = Some(next);
    }
    let mut event = Some(0);
    while let Some(after) = event {
        event = app.store.writer.write(move |tx| tx.prune_events(after)).await?;
        tokio::time::sleep(PRUNE_PAUSE).await;
    }
    // Not the newest there is: that may be one which the sockets have yet to hear of.
    let told = app.told.load(Ordering::Acquire);
    while app.store.writer.write(move |tx| tx.prune_rest(told)).await? {
        tokio::time::sleep(PRUNE_PAUSE).await;
    }
    Ok(())
}

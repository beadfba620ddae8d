//! What runs beside the requests: news from the command line, what time does to chats and users, and the removal of what is
//! over.

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
/// Due users and due chats of one transaction, for the same reason.
const DUE_AT_ONCE: usize = 32;
/// The pause after what is due could not be done.
const DUE_AGAIN_MS: i64 = 1_000;

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

/// Does what is due, when it is due (F9 widening, F29 returning, F40 releasing, F52 schedules).
pub(crate) async fn timers(app: Arc<App>) {
    let clock = &app.config.clock;
    loop {
        // What appears from here on is seen by this round or ends the sleep after it.
        app.registry.due.looked();
        let next = match app.store.writer.write(|tx| tx.run_due(DUE_AT_ONCE)).await {
            Ok(next) => next,
            Err(StoreError::Stopping) => return,
            Err(error) => {
                tracing::warn!(%error, "what is due could not be done; trying again");
                Some(clock.now().saturating_add(DUE_AGAIN_MS))
            }
        };
        match next {
            Some(at) if at <= clock.now() => tokio::time::sleep(PRUNE_PAUSE).await,
            next => app.registry.due.sleep(clock, next).await,
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

/// Takes chats that were finished long ago from a user's phones.
async fn expire(app: &App, user: UserId) -> Result<(), StoreError> {
    loop {
        let before = app.config.clock.now().saturating_sub(app.config.chats.keep_ms());
        let found = app.store.readers.read(move |sql| prune::expired(sql, user, before)).await?;
        if found.is_empty() {
            return Ok(());
        }
        app.store.writer.write(move |tx| tx.expire(user, &found)).await?;
        tokio::time::sleep(PRUNE_PAUSE).await;
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
        expire(app, next).await?;
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

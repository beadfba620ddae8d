//! Moves pages from the write-ahead log into the database, beside the commit path: in it, a checkpoint costs the unlucky
//! commit 18 ms at p99 under load.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::{StoreError, open};
use crate::config::Storage;

/// Pages of log (4 KiB each) from which a checkpoint is worth its syncs.
const WORTHWHILE_PAGES: u64 = 1_000;
/// Pages from which the writer itself is asked to finish one: under a steady load a passive checkpoint never meets a log
/// that nobody is appending to, so the log could not start over and would grow for ever. The passive one has then just
/// done nearly all the work, so the writer's share is short, and it comes once in 64 MiB.
const TOO_MANY_PAGES: u64 = 16_000;

/// Shared between the writer's hook, the thread and the writer.
#[derive(Default)]
pub(super) struct Progress {
    pages: AtomicU64,
    /// How many of them are in the database already.
    moved: AtomicU64,
    /// The writer should finish a checkpoint between two batches.
    restart: AtomicBool,
    wake: Mutex<Wake>,
    changed: Condvar,
}

#[derive(Default)]
struct Wake {
    due: bool,
    stop: bool,
}

impl Progress {
    /// Makes the writer report the log's size after each commit.
    pub(super) fn watch(self: &Arc<Self>, writer: &mut Connection) -> rusqlite::Result<()> {
        let progress = self.clone();
        writer.wal_hook(Some(move |_: &mut Wal, pages: std::ffi::c_int| {
            let pages = u64::try_from(pages).unwrap_or(0);
            if progress.pages.swap(pages, Ordering::Relaxed) > pages {
                // The log started over.
                progress.moved.store(0, Ordering::Relaxed);
            }
            if pages >= progress.moved.load(Ordering::Relaxed).saturating_add(WORTHWHILE_PAGES) {
                progress.wake.lock().unwrap_or_else(PoisonError::into_inner).due = true;
                progress.changed.notify_one();
            }
            Ok(())
        }))
    }

    /// Between two batches: whether the writer should finish a checkpoint now.
    pub(super) fn take_restart(&self) -> bool {
        self.restart.swap(false, Ordering::Relaxed)
    }
}

/// The thread.
pub(super) struct Checkpointer {
    progress: Arc<Progress>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(storage: &Storage, progress: Arc<Progress>) -> Result<Checkpointer, StoreError> {
        let connection = open::checkpointer(storage)?;
        let seen = progress.clone();
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .stack_size(256 * 1024)
            .spawn(move || run(&connection, &seen))
            .map_err(|error| StoreError::Unexpected(error.to_string()))?;
        Ok(Checkpointer { progress, thread: Some(thread) })
    }

    /// Stops the thread.
    pub(super) fn stop(&mut self) {
        self.progress.wake.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.progress.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpointer panicked");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(connection: &Connection, progress: &Progress) {
    loop {
        {
            let mut wake = progress.wake.lock().unwrap_or_else(PoisonError::into_inner);
            while !wake.due && !wake.stop {
                wake = progress.changed.wait(wake).unwrap_or_else(PoisonError::into_inner);
            }
            if wake.stop {
                return;
            }
            wake.due = false;
        }
        match passive(connection) {
            Ok(moved) => {
                progress.moved.store(moved, Ordering::Relaxed);
                if progress.pages.load(Ordering::Relaxed) >= TOO_MANY_PAGES {
                    progress.restart.store(true, Ordering::Relaxed);
                }
            }
            Err(error) => tracing::warn!(%error, "checkpoint failed; it is tried again"),
        }
    }
}

/// One checkpoint that waits for nobody; how many of the log's pages are in the database then.
pub(super) fn passive(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2))
        .map(|moved| moved.max(0) as u64)
}

/// The last one, at the end: the log is emptied, so that a copy of the one file is a whole database.
pub(super) fn truncate(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
}

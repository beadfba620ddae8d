//! The store: SQLite, one thread that writes and a few connections that read. One function per business transaction, one
//! file per aggregate. SQL stays in what SQLite and PostgreSQL share, so that the latter stays possible.
//!
//! The database is the only truth. What a transaction changed is told to sockets after its commit, as [`effects`]; every
//! one of them may be lost, and a socket then reads the database.

mod activity;
pub mod alarms;
pub mod auth;
pub mod blocks;
pub mod channels;
pub mod chats;
mod checkpoint;
pub mod collections;
pub mod commands;
pub mod contacts;
pub mod devices;
pub mod effects;
mod error;
pub mod feed;
pub mod inbound;
mod internal;
#[cfg(test)]
mod life;
mod messages;
pub mod migrate;
pub mod notices;
pub mod offers;
#[cfg(test)]
mod offers_tests;
pub mod open;
mod passed_on;
pub mod people;
pub mod played;
mod pool;
mod presence;
#[cfg(test)]
mod property;
pub mod prune;
pub mod queues;
#[cfg(test)]
mod returning_table;
mod roster;
mod sessions;
pub mod snapshot;
mod sql;
#[cfg(test)]
mod sql_walk;
pub mod templates;
#[cfg(test)]
mod tests;
mod timers;
pub mod visitors;
mod writer;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread::JoinHandle;

pub use error::StoreError;
pub use pool::Readers;
#[cfg(debug_assertions)]
pub use sql::scans;
pub(crate) use writer::transact;
pub use writer::{Publish, Tx, Writer, WriterStats};

use crate::clock::Clock;
use crate::config::Storage;
use checkpoint::Checkpointer;
use writer::WriterParts;

/// Who opens a store.
pub enum Role {
    /// The server: it has the data directory's lock, and publishes its own changes.
    Server(Box<dyn Publish>),
    /// The command line, perhaps beside a running server, which finds its changes as notices.
    CommandLine,
}

/// An open store.
pub struct Store {
    /// Writes.
    pub writer: Writer,
    /// Reads.
    pub readers: Readers,
    threads: Mutex<Option<Threads>>,
    lock: Mutex<Option<open::ServeLock>>,
}

struct Threads {
    writer: JoinHandle<()>,
    checkpointer: Checkpointer,
}

impl Store {
    /// Opens (and makes or migrates) the database of a data directory.
    pub fn open(storage: &Storage, clock: &Clock, role: Role) -> Result<Store, StoreError> {
        open::make_directory(&storage.data_dir)?;
        let (publish, leave_notices, mut lock) = match role {
            Role::Server(publish) => (publish, false, Some(open::ServeLock::take(storage)?)),
            Role::CommandLine => (Box::new(()) as Box<dyn Publish>, true, None),
        };
        let serving = lock.is_some();
        let mut connection = open::writer(storage)?;
        if migrate::version(&connection)? < migrate::SCHEMA {
            // The schema must not change under a running server, which may be an older one.
            if lock.is_none() {
                lock = Some(open::ServeLock::take(storage)?);
            }
            migrate::run(&mut connection, clock.now())?;
        }
        let lock = Mutex::new(lock.filter(|_| serving));
        let beside = storage.clone();
        let alone = Box::new(move || serving || open::ServeLock::take(&beside).is_ok());
        let (writer, thread, progress) = Writer::start(WriterParts {
            connection,
            clock: clock.clone(),
            publish,
            leave_notices,
            alone,
            rules: storage.chats,
        })?;
        let checkpointer = Checkpointer::start(storage, progress)?;
        let threads = Mutex::new(Some(Threads { writer: thread, checkpointer }));
        Ok(Store { writer, readers: Readers::new(storage.clone()), threads, lock })
    }

    /// Finishes what was sent to the writer, empties the log into the database and closes everything. Whoever still has
    /// a handle is answered [`StoreError::Stopping`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.stop().await;
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Threads { writer, mut checkpointer }) = threads {
            let joined = tokio::task::spawn_blocking(move || {
                checkpointer.stop();
                writer.join().is_ok()
            });
            if !joined.await.unwrap_or(false) {
                tracing::error!("the writer panicked");
            }
        }
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

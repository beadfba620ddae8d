//! Connections that read, beside the writer: a bounded number, on the runtime's blocking threads.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{StoreError, open};
use crate::config::Storage;

/// Read-only connections. Opened when first needed: an empty server holds one or two.
#[derive(Clone)]
pub struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    storage: Storage,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(storage: Storage) -> Readers {
        let places = Arc::new(Semaphore::new(storage.database.readers.clamp(1, 64)));
        Readers { shared: Arc::new(Shared { storage, idle: Mutex::new(Vec::new()), places }) }
    }

    /// Runs `read` in one read transaction, so that all its statements see one state.
    pub async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.with(move |connection| {
            let transaction = connection.transaction()?;
            let result = read(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })
        .await
    }

    /// Runs `work` with a connection; each statement sees its own state.
    pub async fn with<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let shared = self.shared.clone();
        // The permit goes with the work: a caller that gives up must not let another in before the connection is free.
        let permit = shared.places.clone().acquire_owned().await.map_err(|_| StoreError::Stopping)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut connection = match shared.take() {
                Some(connection) => connection,
                None => open::reader(&shared.storage)?,
            };
            let result = work(&mut connection);
            shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        });
        done.await.map_err(|_| StoreError::Unexpected("a read panicked".into()))?
    }

    /// Closes what is idle and lets nobody in any more; waits for those at work.
    pub(super) async fn close(&self) {
        let all = u32::try_from(self.shared.storage.database.readers.clamp(1, 64)).unwrap_or(64);
        if let Ok(permits) = self.shared.places.acquire_many(all).await {
            permits.forget();
        }
        self.shared.places.close();
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shared {
    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

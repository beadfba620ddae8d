//! Leaving nothing behind: what was deleted is overwritten in the database by `secure_delete`, in the full-text index
//! by its own option, and in the write-ahead log by truncating it.

use std::sync::PoisonError;
use std::time::Duration;

use rusqlite::{ErrorCode, Transaction};

use super::{Durability, Store};
use crate::error::Result;

/// Notes, in the transaction that deletes content, that copies of it may still be in the log.
pub(crate) fn pending(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached("UPDATE sync SET purge_pending = 1 WHERE one = 1 AND purge_pending = 0")?.execute([])?;
    Ok(())
}

impl Store {
    /// Truncates the log if a purge is pending, with our own readers drained. False: a reader outside of this process
    /// holds it; to be tried again.
    pub(crate) fn finish_purge(&self) -> Result<bool> {
        let pending: bool = self.read(|db| {
            Ok(db.prepare_cached("SELECT purge_pending FROM sync WHERE one = 1")?.query_row([], |row| row.get(0))?)
        })?;
        if !pending {
            return Ok(true);
        }
        // Alone: no reader of ours is inside a statement, and none starts.
        let db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = db.as_ref() else { return Ok(true) };
        // Idle connections hold no transaction, but their caches hold pages; those go with them.
        db.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut writer = db.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // No waiting for a reader of another process here: everything else would wait with us.
        writer.connection.busy_timeout(Duration::ZERO)?;
        let busy = writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        writer.connection.busy_timeout(super::open::BUSY_TIMEOUT)?;
        match busy {
            Ok(false) => {}
            Ok(true) => return Ok(false),
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if matches!(failure.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) =>
            {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
        // Still alone, so the flag cannot be one that a later deletion has just set.
        writer.transaction(Durability::Normal, |tx| {
            tx.execute("UPDATE sync SET purge_pending = 0 WHERE one = 1", [])?;
            Ok(())
        })?;
        Ok(true)
    }
}

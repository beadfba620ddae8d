//! Opening: the directory, the lock, and the settings of each kind of connection.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, migrate};
use crate::config::Storage;

/// How long a writer waits for the other process's writer (server or command line).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The file of the database in its directory.
pub fn database_path(storage: &Storage) -> PathBuf {
    storage.data_dir.join("switchboard.db")
}

/// Makes the directory, readable by this system user alone.
pub fn make_directory(path: &Path) -> Result<(), StoreError> {
    let directory = |error: std::io::Error| StoreError::Directory { path: path.to_owned(), detail: error.to_string() };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(directory)?;
    if !path.is_dir() {
        return Err(directory(std::io::Error::from(std::io::ErrorKind::NotADirectory)));
    }
    Ok(())
}

/// Held by the one server of a data directory for as long as it runs; the system releases it with the process.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

impl ServeLock {
    /// Takes the lock, or says who has it.
    pub fn take(storage: &Storage) -> Result<ServeLock, StoreError> {
        let directory = &storage.data_dir;
        let unusable =
            |error: std::io::Error| StoreError::Directory { path: directory.clone(), detail: error.to_string() };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join("serve.lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(ServeLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(directory.clone())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

fn open_error(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: error.to_string() }
}

/// What every connection has.
fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

/// The connection that writes: WAL, a sync at every commit, and no checkpoint of its own.
pub fn writer(storage: &Storage) -> Result<Connection, StoreError> {
    let path = database_path(storage);
    let configure = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(&path)?;
        settings(&connection)?;
        // Writing the mode also finds a read-only file or directory at once, not at the first customer's message.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        // Room for the hot pages of the indexes: chats, messages and feed at their right edges.
        connection.pragma_update(None, "cache_size", -8_192)?;
        if storage.database.max_pages > 0 {
            connection.pragma_update(None, "max_page_count", super::sql::int(storage.database.max_pages))?;
        }
        Ok(connection)
    };
    make_private(&path)?;
    let connection = configure().map_err(|error| open_error(&path, &error))?;
    migrate::check(&connection)?;
    Ok(connection)
}

/// The file is made before SQLite would, so that it and the files beside it, which take its mode, are readable by this
/// system user alone from the first moment.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::Open { path: path.to_owned(), detail: error.to_string() }),
    }
}

/// A connection that only reads.
pub fn reader(storage: &Storage) -> Result<Connection, StoreError> {
    let path = database_path(storage);
    let configure = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        settings(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -1_024)?;
        Ok(connection)
    };
    configure().map_err(|error| open_error(&path, &error))
}

/// The connection that moves the log's pages into the database, beside the commit path.
pub fn checkpointer(storage: &Storage) -> Result<Connection, StoreError> {
    let path = database_path(storage);
    let configure = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(connection)
    };
    configure().map_err(|error| open_error(&path, &error))
}

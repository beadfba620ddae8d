//! Files and connections.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};

const DATABASE: &str = "switchboard.db";
const LOCK: &str = "switchboard.lock";
const CONDEMNED: &str = "switchboard.delete";

/// How long a statement waits for a lock of another process, such as a developer's shell.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A core that was just dropped may still be finishing its last commit.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    // The token is in there. Phones protect the app's directory as a whole; this is for terminals.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if let Err(error) = fs::set_permissions(dir, fs::Permissions::from_mode(0o700)) {
            tracing::debug!(%error, "the store's directory keeps its permissions");
        }
    }
    Ok(())
}

/// One process at a time: two sync engines on one token would fight for the connection.
pub(super) fn lock(dir: &Path) -> Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(dir.join(LOCK))?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if since.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(fs::TryLockError::WouldBlock) => return Err(Error::InUse),
            Err(fs::TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => return Ok(file),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

fn database(dir: &Path) -> PathBuf {
    dir.join(DATABASE)
}

pub(super) fn writer(dir: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        database(dir),
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Only what does not make SQLite read the schema: a cold start reads it once, on the connection that shows the
    // first page. `migrate` and the first transaction set the rest.
    connection.execute_batch("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(128);
    #[cfg(test)]
    let connection = super::scans::watch(connection);
    Ok(connection)
}

pub(super) fn reader(dir: &Path) -> Result<Connection> {
    let connection =
        Connection::open_with_flags(database(dir), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(64);
    #[cfg(test)]
    let connection = super::scans::watch(connection);
    Ok(connection)
}

/// Leaves the mark that this store is to be deleted, whatever happens next.
pub(super) fn condemn(dir: &Path) -> Result<()> {
    File::create(dir.join(CONDEMNED))?.sync_all()?;
    Ok(())
}

pub(super) fn is_condemned(dir: &Path) -> bool {
    dir.join(CONDEMNED).exists()
}

/// Deletes the database with everything that SQLite keeps beside it, then the mark.
pub(super) fn delete_files(dir: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        remove(&dir.join(format!("{DATABASE}{suffix}")))?;
    }
    remove(&dir.join(CONDEMNED))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

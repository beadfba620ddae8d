//! What can go wrong in the store.

use std::path::PathBuf;

use rusqlite::ErrorCode as Sqlite;

/// What can go wrong in the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The data directory cannot be made or used.
    #[error("cannot use the data directory {path}: {detail}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        detail: String,
    },
    /// The database file cannot be opened or written.
    #[error("cannot open the database {path}: {detail}")]
    Open {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        detail: String,
    },
    /// The database was written by a newer version.
    #[error(
        "the database has schema {found}, this version knows schemas up to {known}: it was written by a newer version of \
         Switchboard; run that version, or restore a backup from before the update"
    )]
    Newer {
        /// The database's schema.
        found: u32,
        /// The newest schema that this build knows.
        known: u32,
    },
    /// Another server runs on the same data.
    #[error("another switchboard server already runs on {0}: stop it first, or use another data directory")]
    Locked(PathBuf),
    /// The database cannot be written at the moment: disk full, read-only, input/output error, out of memory.
    #[error("the database cannot be written: {0}")]
    Unavailable(String),
    /// The store is stopping.
    #[error("the store is stopping")]
    Stopping,
    /// What an admin asked for does not make sense; the text says why.
    #[error("{0}")]
    Refused(String),
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// Somebody else changed it since the admin looked.
    #[error("somebody else changed {0} meanwhile: look at it again and repeat")]
    Changed(String),
    /// A statement failed for a reason that a bug alone explains.
    #[error("unexpected database error: {0}")]
    Unexpected(String),
}

impl StoreError {
    /// Whether the same request may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        matches!(self, StoreError::Unavailable(_) | StoreError::Stopping)
    }

    /// Whether the connection's transaction can no longer be trusted: SQLite itself rolls back on some of these, and a
    /// disk that took half a batch will not take the rest.
    pub(super) fn fails_batch(&self) -> bool {
        matches!(self, StoreError::Unavailable(_))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let unavailable = matches!(
            error.sqlite_error_code(),
            Some(
                Sqlite::DiskFull
                    | Sqlite::SystemIoFailure
                    | Sqlite::OutOfMemory
                    | Sqlite::ReadOnly
                    | Sqlite::DatabaseBusy
                    | Sqlite::DatabaseLocked
                    | Sqlite::DatabaseCorrupt
                    | Sqlite::NotADatabase
                    | Sqlite::CannotOpen
                    | Sqlite::PermissionDenied
            )
        );
        // The text of a constraint names tables and columns, never values; SQLite quotes no row content.
        if unavailable { StoreError::Unavailable(error.to_string()) } else { StoreError::Unexpected(error.to_string()) }
    }
}

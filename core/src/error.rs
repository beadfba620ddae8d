//! Errors: one small public enum by what the screen does, one rich internal one, and the only place that converts.

use switchboard_protocol::ErrorCode;

/// What an app can do about a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoreError {
    /// No connection to the server: what needs one can be tried again later.
    #[error("offline: the server cannot be reached")]
    Offline,
    /// There is no signed-in device, or the server no longer accepts it.
    #[error("sign in again")]
    SignInAgain,
    /// There is no such chat, message or text on this device.
    #[error("not found")]
    NotFound,
    /// The server refused, for the reason that the code names.
    #[error("rejected: {0}")]
    Rejected(ErrorCode),
    /// What was passed in cannot be used; the text says why, in English, for developers.
    #[error("invalid input: {0}")]
    InvalidInput(String),
    /// The local store cannot be used.
    #[error("storage: {0}")]
    Storage(StorageProblem),
    /// A defect, of the core or of the server; the log has more.
    #[error("unexpected error")]
    Unexpected,
}

/// Why the local store cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum StorageProblem {
    /// A newer version of the app wrote it: update the app.
    #[error("the store was written by a newer version of the app: update the app")]
    NewerVersion,
    /// No space is left on the device.
    #[error("no space is left on the device")]
    Full,
    /// The directory or its files cannot be written.
    #[error("the store's directory cannot be written")]
    ReadOnly,
    /// Another process has the store open.
    #[error("another process is using the store")]
    InUse,
    /// The file is not a store, or is damaged.
    #[error("the store is damaged")]
    Damaged,
    /// Any other failure of the file system or of SQLite.
    #[error("the store cannot be read or written")]
    Other,
}

/// What went wrong inside. Never shown; logged once, where it becomes a [`CoreError`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("file system: {0}")]
    Io(#[from] std::io::Error),
    #[error("the store has schema {found}, this build knows up to {known}")]
    NewerSchema { found: i64, known: i64 },
    #[error("the file is not a Switchboard store")]
    NotAStore,
    #[error("the store is in use by another process")]
    InUse,
    #[error("a stored value is not valid: {0}")]
    BadValue(&'static str),
    // The parser's own text quotes what it could not read, which may be what a person wrote, or a token.
    #[error("json: {:?} error at line {}, column {}", .0.classify(), .0.line(), .0.column())]
    Json(#[from] serde_json::Error),
    #[error("network: {0}")]
    Network(String),
    #[error("tls: {0}")]
    Tls(#[from] rustls::Error),
    #[error("a task ended early: {0}")]
    Task(String),
    #[error("the server's answer is not valid: {0}")]
    BadAnswer(String),
    /// Already decided what the app is told.
    #[error(transparent)]
    Public(#[from] CoreError),
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn storage_problem(&self) -> Option<StorageProblem> {
        use rusqlite::ErrorCode as Sqlite;
        Some(match self {
            Error::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) => match failure.code {
                Sqlite::DiskFull => StorageProblem::Full,
                Sqlite::ReadOnly | Sqlite::CannotOpen | Sqlite::PermissionDenied => StorageProblem::ReadOnly,
                Sqlite::DatabaseBusy | Sqlite::DatabaseLocked => StorageProblem::InUse,
                Sqlite::DatabaseCorrupt | Sqlite::NotADatabase => StorageProblem::Damaged,
                _ => StorageProblem::Other,
            },
            Error::Sqlite(_) => StorageProblem::Other,
            Error::Io(error) => match error.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StorageProblem::Full,
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    StorageProblem::ReadOnly
                }
                _ => StorageProblem::Other,
            },
            Error::NewerSchema { .. } => StorageProblem::NewerVersion,
            Error::NotAStore | Error::BadValue(_) => StorageProblem::Damaged,
            Error::InUse => StorageProblem::InUse,
            _ => return None,
        })
    }
}

// The one place where an internal error becomes a public one. None of the internal texts holds personal data: SQLite's
// messages name tables and constraints, never values; network texts name addresses, never bodies.
impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        if let Error::Public(public) = error {
            return public;
        }
        let public = match error.storage_problem() {
            Some(problem) => CoreError::Storage(problem),
            None => match error {
                Error::Network(_) => CoreError::Offline,
                _ => CoreError::Unexpected,
            },
        };
        tracing::warn!(%error, %public, "an operation failed");
        public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_is_not_quoted() {
        for json in ["\"secret\"", "{\"secret\":1}", "secret"] {
            let error = Error::from(serde_json::from_str::<u64>(json).unwrap_err());
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn storage_problems_are_told_apart() {
        let io = |kind: std::io::ErrorKind| CoreError::from(Error::from(std::io::Error::from(kind)));
        assert_eq!(io(std::io::ErrorKind::StorageFull), CoreError::Storage(StorageProblem::Full));
        assert_eq!(io(std::io::ErrorKind::ReadOnlyFilesystem), CoreError::Storage(StorageProblem::ReadOnly));
        assert_eq!(io(std::io::ErrorKind::NotFound), CoreError::Storage(StorageProblem::Other));
        assert_eq!(CoreError::from(Error::NotAStore), CoreError::Storage(StorageProblem::Damaged));
        assert_eq!(CoreError::from(Error::Network("x".into())), CoreError::Offline);
        assert_eq!(CoreError::from(Error::Public(CoreError::NotFound)), CoreError::NotFound);
    }
}

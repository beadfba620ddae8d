//! The one way to a statement. It keeps prepared statements, and in debug builds it asks SQLite's own counter after each
//! use whether the statement walked through a whole table.

use std::ops::{Deref, DerefMut};

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row};
use switchboard_protocol::ids;

/// Gives a connection (or transaction) its statements.
pub(crate) trait Sql {
    /// The statement with this text, prepared at most once a connection.
    fn sql(&self, text: &'static str) -> rusqlite::Result<Statement<'_>>;
}

impl Sql for Connection {
    fn sql(&self, text: &'static str) -> rusqlite::Result<Statement<'_>> {
        let inner = self.prepare_cached(text)?;
        Ok(Statement { inner, text })
    }
}

/// A prepared statement that goes back to its connection's cache when dropped.
pub(crate) struct Statement<'c> {
    inner: CachedStatement<'c>,
    #[cfg_attr(not(debug_assertions), allow(dead_code))]
    text: &'static str,
}

impl<'c> Deref for Statement<'c> {
    type Target = CachedStatement<'c>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl DerefMut for Statement<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.inner
    }
}

#[cfg(debug_assertions)]
impl Drop for Statement<'_> {
    fn drop(&mut self) {
        let steps = self.inner.reset_status(rusqlite::StatementStatus::FullscanStep);
        if steps > 0 {
            scans::record(self.text, steps);
        }
    }
}

/// What full scans this process has seen. Debug builds only; the tests look here.
#[cfg(debug_assertions)]
pub mod scans {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, PoisonError};

    static SEEN: Mutex<BTreeMap<&'static str, i32>> = Mutex::new(BTreeMap::new());

    pub(super) fn record(text: &'static str, steps: i32) {
        *SEEN.lock().unwrap_or_else(PoisonError::into_inner).entry(text).or_default() += steps;
    }

    /// Every statement that walked through a whole table, with the rows it stepped over.
    pub fn seen() -> BTreeMap<&'static str, i32> {
        SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An id of the protocol as a 16-byte blob.
pub(crate) struct Blob<T>(pub T);

macro_rules! blobs {
    ($($name:ident),+) => {$(
        impl ToSql for Blob<ids::$name> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
            }
        }

        impl FromSql for Blob<ids::$name> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(|bytes| Blob(ids::$name::from_bytes(bytes)))
            }
        }
    )+};
}

blobs!(
    UserId, DeviceId, GroupId, QueueId, ChannelId, ContactId, VisitorId, ChatId, MessageId, CommandId, BlockId, FeedId,
    TemplateId, LabelId, NoteId
);

/// Reads a row's columns as the types that the rest of the server uses.
pub(crate) trait Columns {
    /// A column that holds an id.
    fn id<T>(&self, index: usize) -> rusqlite::Result<T>
    where
        Blob<T>: FromSql;
    /// A column that holds an id or NULL.
    fn maybe_id<T>(&self, index: usize) -> rusqlite::Result<Option<T>>
    where
        Blob<T>: FromSql;
    /// A column that counts: never negative.
    fn count(&self, index: usize) -> rusqlite::Result<u64>;
}

impl Columns for Row<'_> {
    fn id<T>(&self, index: usize) -> rusqlite::Result<T>
    where
        Blob<T>: FromSql,
    {
        self.get::<_, Blob<T>>(index).map(|blob| blob.0)
    }

    fn maybe_id<T>(&self, index: usize) -> rusqlite::Result<Option<T>>
    where
        Blob<T>: FromSql,
    {
        self.get::<_, Option<Blob<T>>>(index).map(|blob| blob.map(|blob| blob.0))
    }

    fn count(&self, index: usize) -> rusqlite::Result<u64> {
        let value: i64 = self.get(index)?;
        u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, value))
    }
}

/// A count as SQL holds it. What a client sends may be any u64; above i64::MAX it means "all there are".
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A column whose text is none of the names that it may hold.
pub(crate) fn bad_name(index: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, what.into())
}

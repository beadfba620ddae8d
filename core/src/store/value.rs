//! Values on their way into and out of SQLite.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use switchboard_protocol::ids::{
    ChannelId, ChatId, CommandId, ContactId, DeviceId, FeedId, GroupId, LabelId, MessageId, NoteId, QueueId,
    TemplateId, UserId,
};

/// An id as the 16-byte blob that it is in SQL.
pub(crate) struct Blob<T>(pub(crate) T);

macro_rules! blobs {
    ($($id:ty),+ $(,)?) => {$(
        impl ToSql for Blob<$id> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
            }
        }

        impl FromSql for Blob<$id> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let bytes: [u8; 16] = value.as_blob()?.try_into().map_err(|_| FromSqlError::InvalidType)?;
                Ok(Blob(<$id>::from_bytes(bytes)))
            }
        }
    )+};
}

blobs!(
    ChannelId,
    ChatId,
    CommandId,
    ContactId,
    DeviceId,
    FeedId,
    GroupId,
    LabelId,
    MessageId,
    NoteId,
    QueueId,
    TemplateId,
    UserId,
    crate::model::UnsentId,
);

/// A count or number of the wire, which SQL holds as a signed integer. One that does not fit is as large as it gets.
pub(crate) fn to_sql_u64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn from_sql_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

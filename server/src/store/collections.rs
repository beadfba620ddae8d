//! Collections: what phones pull by revision.

use rusqlite::Connection;
use serde_json::value::RawValue;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{
    ChannelRow, Collection, CollectionRow, Presence, QueueRow, Revisions, Role, UserRow,
};
use switchboard_protocol::ids::UserId;

use super::StoreError;
use super::sql::{Blob, Columns, Sql, bad_name, int};

/// The present revision of each collection.
pub fn revisions(connection: &Connection) -> Result<Revisions, StoreError> {
    let mut revisions = Revisions::new();
    for collection in Collection::ALL {
        revisions.insert(collection.as_str().to_owned(), revision(connection, *collection)?);
    }
    Ok(revisions)
}

fn revision(connection: &Connection, collection: Collection) -> Result<u64, StoreError> {
    Ok(connection
        .sql("SELECT rev FROM collections WHERE name = ?1")?
        .query_row([collection.as_str()], |row| row.count(0))?)
}

fn row<T: serde::Serialize>(id: &[u8; 16], value: &T) -> Result<CollectionRow, StoreError> {
    let json = serde_json::to_string(value)
        .and_then(RawValue::from_string)
        .map_err(|error| StoreError::Unexpected(error.to_string()))?;
    Ok(CollectionRow { id: uuid::Uuid::from_bytes(*id), row: Some(json) })
}

/// The rows of a collection that changed since a revision, as this user sees them, and the revision now.
pub fn since(
    connection: &Connection,
    user: UserId,
    collection: Collection,
    rev: u64,
) -> Result<(u64, Vec<CollectionRow>), StoreError> {
    let now = revision(connection, collection)?;
    let rows = match collection {
        Collection::Users => {
            let mut query =
                connection.sql("SELECT id, name, role, disabled, group_id FROM users WHERE rev > ?1 ORDER BY rev")?;
            let rows: Vec<UserRow> = query
                .query_map([int(rev)], |row| {
                    let role: String = row.get(2)?;
                    Ok(UserRow {
                        id: row.id(0)?,
                        name: row.get(1)?,
                        role: Role::from_name(&role).ok_or_else(|| bad_name(2, "role"))?,
                        disabled: row.get(3)?,
                        group: row.id(4)?,
                        extension: None,
                        presence: Presence::Available,
                        schedule: None,
                    })
                })?
                .collect::<Result<_, _>>()?;
            rows.iter().map(|user| row(user.id.as_bytes(), user)).collect::<Result<_, _>>()?
        }
        Collection::Queues => {
            let mut query = connection.sql(
                "SELECT queues.id, queues.name, EXISTS (SELECT 1 FROM queue_members \
                 WHERE queue_members.queue_id = queues.id AND queue_members.user_id = ?2) \
                 FROM queues WHERE queues.rev > ?1 ORDER BY queues.rev",
            )?;
            let rows: Vec<QueueRow> = query
                .query_map((int(rev), Blob(user)), |row| {
                    Ok(QueueRow {
                        id: row.id(0)?,
                        name: row.get(1)?,
                        member: row.get(2)?,
                        logged_in: row.get(2)?,
                        take_first: false,
                    })
                })?
                .collect::<Result<_, _>>()?;
            rows.iter().map(|queue| row(queue.id.as_bytes(), queue)).collect::<Result<_, _>>()?
        }
        Collection::Groups | Collection::Alarms => Vec::new(),
        Collection::Channels => {
            let mut query = connection.sql("SELECT id, name, kind FROM channels WHERE rev > ?1 ORDER BY rev")?;
            let rows: Vec<ChannelRow> = query
                .query_map([int(rev)], |row| {
                    let kind: String = row.get(2)?;
                    Ok(ChannelRow {
                        id: row.id(0)?,
                        name: row.get(1)?,
                        kind: ChannelKind::from_name(&kind).ok_or_else(|| bad_name(2, "channel kind"))?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            rows.iter().map(|channel| row(channel.id.as_bytes(), channel)).collect::<Result<_, _>>()?
        }
    };
    Ok((now, rows))
}

//! Collections: what phones pull by revision.

use rusqlite::Connection;
use serde_json::value::RawValue;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{
    ChannelRow, Collection, CollectionRow, GroupRow, Presence, QueueRow, Revisions, Role, UserRow,
};
use switchboard_protocol::ids::UserId;

use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::{StoreError, people};
use crate::rights::Action;

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

/// A row that is to be removed.
fn tombstone(id: &[u8; 16]) -> CollectionRow {
    CollectionRow { id: uuid::Uuid::from_bytes(*id), row: None }
}

/// The rows of a collection that changed since a revision, as this user sees them, and the revision now. What the user may
/// not see, or no longer, is a row to be removed; who knows nothing yet is not told of it.
pub fn since(
    connection: &Connection,
    user: UserId,
    collection: Collection,
    rev: u64,
) -> Result<(u64, Vec<CollectionRow>), StoreError> {
    let now = revision(connection, collection)?;
    let rows = match collection {
        Collection::Users => users(connection, user, rev)?,
        Collection::Groups => groups(connection, rev)?,
        Collection::Queues => queues(connection, user, rev)?,
        Collection::Channels => channels(connection, rev)?,
        Collection::Templates | Collection::Labels | Collection::Contacts | Collection::ContactNotes => Vec::new(),
        Collection::Alarms => alarms(connection, user, rev)?,
    };
    Ok((now, rows))
}

fn users(connection: &Connection, me: UserId, rev: u64) -> Result<Vec<CollectionRow>, StoreError> {
    let mut query = connection.sql(
        "SELECT id, name, role, disabled, group_id, extension, presence, CASE WHEN id = ?2 THEN schedule END \
         FROM users WHERE rev > ?1 ORDER BY rev",
    )?;
    let rows: Vec<UserRow> = query
        .query_map((int(rev), Blob(me)), |row| {
            let (role, presence): (String, String) = (row.get(2)?, row.get(6)?);
            let schedule: Option<String> = row.get(7)?;
            Ok(UserRow {
                id: row.id(0)?,
                name: row.get(1)?,
                role: Role::from_name(&role).ok_or_else(|| bad_name(2, "role"))?,
                disabled: row.get(3)?,
                group: row.id(4)?,
                extension: row.get(5)?,
                presence: Presence::from_name(&presence).ok_or_else(|| bad_name(6, "presence"))?,
                schedule: schedule
                    .map(|json| serde_json::from_str(&json).map_err(|_| bad_name(7, "schedule")))
                    .transpose()?,
            })
        })?
        .collect::<Result<_, _>>()?;
    rows.iter().map(|user| row(user.id.as_bytes(), user)).collect()
}

fn groups(connection: &Connection, rev: u64) -> Result<Vec<CollectionRow>, StoreError> {
    let mut query = connection.sql("SELECT id, name FROM groups WHERE rev > ?1 ORDER BY rev")?;
    let rows: Vec<GroupRow> = query
        .query_map([int(rev)], |row| Ok(GroupRow { id: row.id(0)?, name: row.get(1)? }))?
        .collect::<Result<_, _>>()?;
    rows.iter().map(|group| row(group.id.as_bytes(), group)).collect()
}

fn queues(connection: &Connection, me: UserId, rev: u64) -> Result<Vec<CollectionRow>, StoreError> {
    let mut query = connection.sql(
        "SELECT queues.id, queues.name, queue_members.user_id IS NOT NULL, coalesce(queue_members.logged_in, 0), \
         queues.take_first FROM queues \
         LEFT JOIN queue_members ON queue_members.queue_id = queues.id AND queue_members.user_id = ?2 \
         WHERE queues.rev > ?1 ORDER BY queues.rev",
    )?;
    let rows: Vec<QueueRow> = query
        .query_map((int(rev), Blob(me)), |row| {
            Ok(QueueRow {
                id: row.id(0)?,
                name: row.get(1)?,
                member: row.get(2)?,
                logged_in: row.get(3)?,
                take_first: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    rows.iter().map(|queue| row(queue.id.as_bytes(), queue)).collect()
}

fn channels(connection: &Connection, rev: u64) -> Result<Vec<CollectionRow>, StoreError> {
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
    rows.iter().map(|channel| row(channel.id.as_bytes(), channel)).collect()
}

/// In force and in the user's reach; everything else that changed is to be removed.
fn alarms(connection: &Connection, me: UserId, rev: u64) -> Result<Vec<CollectionRow>, StoreError> {
    let Some(actor) = people::actor(connection, me)? else { return Ok(Vec::new()) };
    // A new phone has nothing to remove: what is over, which is nearly all, is not looked at.
    let changed = match rev {
        0 => super::alarms::in_force(connection)?,
        rev => super::alarms::since(connection, rev)?,
    };
    let mut rows = Vec::new();
    for alarm in changed {
        let id = alarm.row.chat;
        if alarm.over_at.is_none() && actor.may(Action::Oversee, alarm.group) {
            rows.push(row(id.as_bytes(), &alarm.row)?);
        } else if rev > 0 {
            rows.push(tombstone(id.as_bytes()));
        }
    }
    Ok(rows)
}

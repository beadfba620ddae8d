//! Collections: what phones pull by revision.

use rusqlite::Connection;
use serde_json::value::RawValue;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{
    ChannelRow, Collection, CollectionRow, GroupRow, Presence, QueueRow, Revisions, Role, UserRow,
};
use switchboard_protocol::ids::UserId;

use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::{StoreError, contacts, people, templates};
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

/// About how much one answer carries of a collection that grows without bounds, and how many rows at most.
const PAGE_BYTES: usize = 512 * 1024;
pub(super) const PAGE_ROWS: u32 = 2_000;

/// What a phone gets of a collection at once.
#[derive(Debug, Default)]
pub struct Pulled {
    /// The revision that the phone has with these rows.
    pub rev: u64,
    /// The rows.
    pub rows: Vec<CollectionRow>,
    /// Whether there are more.
    pub more: bool,
}

/// A part of a collection in the making: rows in the order of their revisions, each of which may end it.
pub(super) struct Page {
    rev: u64,
    rows: Vec<CollectionRow>,
    bytes: usize,
    found: u32,
    full: bool,
    /// The phone knows nothing yet: there is nothing to remove.
    fresh: bool,
}

impl Page {
    fn new(rev: u64) -> Page {
        Page { rev, rows: Vec::new(), bytes: 0, found: 0, full: false, fresh: rev == 0 }
    }

    /// The next row: as the user sees it, or `None` where it is to be removed. False: the page is full.
    pub(super) fn push<T: serde::Serialize>(
        &mut self,
        rev: u64,
        id: &[u8; 16],
        value: Option<&T>,
    ) -> Result<bool, StoreError> {
        let next = match value {
            Some(value) => Some(row(id, value)?),
            None if self.fresh => None,
            None => Some(tombstone(id)),
        };
        let size = next.as_ref().and_then(|next| next.row.as_deref()).map_or(0, |row| row.get().len()) + 64;
        if self.bytes + size > PAGE_BYTES && !self.rows.is_empty() {
            self.full = true;
            return Ok(false);
        }
        self.bytes += size;
        self.found += 1;
        self.rev = rev;
        self.rows.extend(next);
        Ok(true)
    }

    fn part(self, now: u64) -> Pulled {
        let more = self.full || self.found >= PAGE_ROWS;
        // With the last page the phone has everything up to now, also what was no row of its.
        Pulled { rev: if more { self.rev } else { now }, rows: self.rows, more }
    }
}

/// The rows of a collection that changed since a revision, as this user sees them. What the user may not see, or no longer,
/// is a row to be removed; who knows nothing yet is not told of it. The connection is in a read transaction, so that rows
/// and revision are of one moment.
pub fn since(connection: &Connection, user: UserId, collection: Collection, rev: u64) -> Result<Pulled, StoreError> {
    let now = revision(connection, collection)?;
    let mut page = Page::new(rev);
    let rows = match collection {
        Collection::Users => users(connection, user, rev)?,
        Collection::Groups => groups(connection, rev)?,
        Collection::Queues => queues(connection, user, rev)?,
        Collection::Channels => channels(connection, rev)?,
        Collection::Templates => {
            let Some(actor) = people::actor(connection, user)? else { return Ok(Pulled::default()) };
            templates::since(connection, &actor, rev, &mut page)?;
            return Ok(page.part(now));
        }
        Collection::Labels => {
            contacts::labels_since(connection, rev, &mut page)?;
            return Ok(page.part(now));
        }
        Collection::Contacts => {
            contacts::contacts_since(connection, rev, &mut page)?;
            return Ok(page.part(now));
        }
        Collection::ContactNotes => {
            contacts::notes_since(connection, rev, &mut page)?;
            return Ok(page.part(now));
        }
        Collection::Alarms => alarms(connection, user, rev)?,
    };
    Ok(Pulled { rev: now, rows, more: false })
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

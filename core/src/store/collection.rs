//! Users, queues and channels: rows that are pulled by revision.

use rusqlite::{Connection, Transaction, params};
use switchboard_protocol::collection::{ChannelRow, Collection, CollectionRow, QueueRow, Revisions, UserRow};
use switchboard_protocol::frame::Rows;
use switchboard_protocol::ids::UserId;

use super::{Blob, from_sql_u64, to_sql_u64};
use crate::error::Result;

/// The revisions that are here.
pub(crate) fn revisions(db: &Connection) -> Result<Revisions> {
    let mut out = Revisions::new();
    let mut statement = db.prepare_cached("SELECT rev FROM collection WHERE name = ?1")?;
    for collection in Collection::ALL {
        let mut rows = statement.query([collection.as_str()])?;
        if let Some(row) = rows.next()? {
            out.insert(collection.as_str().to_owned(), from_sql_u64(row.get(0)?));
        }
    }
    Ok(out)
}

/// Stores an answer with the revision that it brings.
pub(crate) fn store(tx: &Transaction<'_>, answer: &Rows) -> Result<()> {
    for row in &answer.rows {
        match answer.collection {
            Collection::Users => user(tx, row)?,
            Collection::Queues => queue(tx, row)?,
            Collection::Channels => channel(tx, row)?,
            Collection::Groups | Collection::Alarms => {}
        }
    }
    tx.prepare_cached(
        "INSERT INTO collection (name, rev) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET rev = excluded.rev",
    )?
    .execute(params![answer.collection.as_str(), to_sql_u64(answer.rev)])?;
    Ok(())
}

fn user(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM user WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let user: UserRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO user (id, name, role, disabled) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, disabled = excluded.disabled",
    )?
    .execute(params![Blob(user.id), user.name, user.role.as_str(), user.disabled])?;
    Ok(())
}

fn queue(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM queue WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let queue: QueueRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO queue (id, name, member) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, member = excluded.member",
    )?
    .execute(params![Blob(queue.id), queue.name, queue.member])?;
    Ok(())
}

fn channel(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM channel WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let channel: ChannelRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO channel (id, name, kind) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind",
    )?
    .execute(params![Blob(channel.id), channel.name, channel.kind.as_str()])?;
    Ok(())
}

/// A user's name, where the collection has it.
pub(crate) fn user_name(db: &Connection, id: UserId) -> Result<Option<String>> {
    let mut statement = db.prepare_cached("SELECT name FROM user WHERE id = ?1")?;
    let mut rows = statement.query([Blob(id)])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get(0)?),
        None => None,
    })
}

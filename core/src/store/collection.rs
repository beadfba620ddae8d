//! Collections: rows that are pulled by revision.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use switchboard_protocol::collection::{
    AlarmRow, ChannelRow, Collection, CollectionRow, GroupRow, QueueRow, Revisions, UserRow,
};
use switchboard_protocol::command::CommandBody;
use switchboard_protocol::frame::Rows;
use switchboard_protocol::ids::{QueueId, UserId};
use switchboard_protocol::transfer::TransferTarget;

use super::{Blob, Changes, contact, from_sql_u64, label, outbox, to_sql_u64};
use crate::error::Result;
use crate::views::DeskPart;

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

/// The part of the desk that a collection is shown in.
const fn desk_part(collection: Collection) -> Option<DeskPart> {
    match collection {
        Collection::Templates => Some(DeskPart::Templates),
        Collection::Labels => Some(DeskPart::Labels),
        Collection::Contacts | Collection::ContactNotes => Some(DeskPart::Contacts),
        Collection::Users | Collection::Groups | Collection::Queues | Collection::Channels | Collection::Alarms => None,
    }
}

/// Stores an answer with the revision that it brings.
pub(crate) fn store(tx: &Transaction<'_>, answer: &Rows, changes: &mut Changes) -> Result<()> {
    changes.names = true;
    changes.desk.extend(desk_part(answer.collection));
    let rights = rights(tx)?;
    for row in &answer.rows {
        match answer.collection {
            Collection::Users => user(tx, row)?,
            Collection::Queues => queue(tx, row)?,
            Collection::Channels => channel(tx, row)?,
            Collection::Groups => group(tx, row)?,
            Collection::Alarms => alarm(tx, row)?,
            Collection::Templates => super::template::store_row(tx, row)?,
            Collection::Labels => label::store_row(tx, row)?,
            Collection::Contacts => contact::store_row(tx, row)?,
            Collection::ContactNotes => contact::store_note(tx, row)?,
        }
    }
    if rights != self::rights(tx)? {
        // Other templates and labels are this user's to change or to give.
        changes.desk.extend([DeskPart::Templates, DeskPart::Labels]);
    }
    // A row that shows a command may be in a later page.
    if !answer.more {
        outbox::rows_came(tx, answer.collection, changes)?;
    }
    tx.prepare_cached(
        "INSERT INTO collection (name, rev) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET rev = excluded.rev",
    )?
    .execute(params![answer.collection.as_str(), to_sql_u64(answer.rev)])?;
    Ok(())
}

/// The role and the group of this device's user.
fn rights(db: &Connection) -> Result<Option<(String, Option<Vec<u8>>)>> {
    Ok(db
        .prepare_cached("SELECT role, group_id FROM user WHERE id = (SELECT user FROM account WHERE one = 1)")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

fn user(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM user WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let user: UserRow = serde_json::from_str(json.get())?;
    let schedule = user.schedule.as_ref().map(serde_json::to_string).transpose()?;
    tx.prepare_cached(
        "INSERT INTO user (id, name, role, disabled, group_id, extension, presence, schedule)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, disabled = excluded.disabled,
             group_id = excluded.group_id, extension = excluded.extension, presence = excluded.presence,
             schedule = excluded.schedule",
    )?
    .execute(params![
        Blob(user.id),
        user.name,
        user.role.as_str(),
        user.disabled,
        Blob(user.group),
        user.extension,
        user.presence.as_str(),
        schedule,
    ])?;
    Ok(())
}

fn group(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM user_group WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let group: GroupRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO user_group (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    )?
    .execute(params![Blob(group.id), group.name])?;
    Ok(())
}

fn alarm(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM alarm WHERE chat = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let alarm: AlarmRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO alarm (chat, kind, channel, queue, since) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (chat) DO UPDATE SET kind = excluded.kind, channel = excluded.channel, queue = excluded.queue,
             since = excluded.since",
    )?
    .execute(params![
        Blob(alarm.chat),
        alarm.kind.as_str(),
        Blob(alarm.channel),
        alarm.queue.map(Blob),
        alarm.since,
    ])?;
    Ok(())
}

fn queue(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM queue WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let queue: QueueRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO queue (id, name, member, logged_in, take_first) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, member = excluded.member,
             logged_in = excluded.logged_in, take_first = excluded.take_first",
    )?
    .execute(params![Blob(queue.id), queue.name, queue.member, queue.logged_in, queue.take_first])?;
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

/// What a chat is to be passed on to.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) disabled: bool,
}

/// The user, queue or group, where the collections have it.
pub(crate) fn target(db: &Connection, target: TransferTarget) -> Result<Option<Target>> {
    let (sql, id) = match target {
        TransferTarget::User(ref id) => ("SELECT name, disabled FROM user WHERE id = ?1", id.as_bytes()),
        TransferTarget::Queue(ref id) => ("SELECT name, 0 FROM queue WHERE id = ?1", id.as_bytes()),
        TransferTarget::Group(ref id) => ("SELECT name, 0 FROM user_group WHERE id = ?1", id.as_bytes()),
    };
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([id.as_slice()])?;
    Ok(match rows.next()? {
        Some(row) => Some(Target { name: row.get(0)?, disabled: row.get(1)? }),
        None => None,
    })
}

/// Whether this user is a member of the queue.
pub(crate) fn is_member(db: &Connection, queue: QueueId) -> Result<bool> {
    let mut statement = db.prepare_cached("SELECT member FROM queue WHERE id = ?1")?;
    let mut rows = statement.query([Blob(queue)])?;
    Ok(match rows.next()? {
        Some(row) => row.get(0)?,
        None => false,
    })
}

/// What the rows will say once the server's own word about a wish that it granted has come.
pub(crate) fn foresee(tx: &Transaction<'_>, wish: &CommandBody) -> Result<()> {
    match wish {
        CommandBody::Presence(wish) => {
            tx.prepare_cached("UPDATE user SET presence = ?1 WHERE id = (SELECT user FROM account WHERE one = 1)")?
                .execute([wish.presence.as_str()])?;
        }
        CommandBody::Schedule(wish) => {
            let schedule = wish.schedule.as_ref().map(serde_json::to_string).transpose()?;
            tx.prepare_cached("UPDATE user SET schedule = ?1 WHERE id = (SELECT user FROM account WHERE one = 1)")?
                .execute([schedule])?;
        }
        CommandBody::QueueLogin(wish) => {
            tx.prepare_cached("UPDATE queue SET logged_in = ?2 WHERE id = ?1")?
                .execute(params![Blob(wish.queue), wish.logged_in])?;
        }
        _ => {}
    }
    Ok(())
}

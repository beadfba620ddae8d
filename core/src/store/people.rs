//! What the collections tell of people: the user's own work, whom a chat can be passed on to, alarms and blocks with
//! names.

use rusqlite::{Connection, params};
use switchboard_protocol::block::BlockRow as WireBlock;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{AlarmKind, Presence};
use switchboard_protocol::command::CommandBody;
use switchboard_protocol::ids::{ChannelId, GroupId, QueueId, UserId};
use switchboard_protocol::transfer::TransferTarget;

use super::{Blob, collection, wish};
use crate::error::{Error, Result};
use crate::model::{AlarmRow, BlockRow, MyQueue, PresenceInfo, TransferTargetRow, Work};

/// More than a picker ever shows.
const MAX_TARGETS: usize = 200;

/// The user's own work: the server's rows with the wishes on top.
pub(crate) fn work(db: &Connection, me: UserId) -> Result<Work> {
    let mut presence = PresenceInfo::default();
    {
        let mut statement = db.prepare_cached("SELECT presence, schedule FROM user WHERE id = ?1")?;
        let mut rows = statement.query([Blob(me)])?;
        if let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let schedule: Option<String> = row.get(1)?;
            presence.presence = Presence::from_name(&name).ok_or(Error::BadValue("user.presence"))?;
            presence.schedule = schedule.map(|json| serde_json::from_str(&json)).transpose()?;
        }
    }
    let mut queues: Vec<MyQueue> = db
        .prepare_cached("SELECT id, name, logged_in, take_first FROM queue WHERE id > x'' AND member = 1")?
        .query_map([], |row| {
            Ok(MyQueue {
                queue: row.get::<_, Blob<_>>(0)?.0,
                name: row.get(1)?,
                logged_in: row.get(2)?,
                take_first: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    queues.sort_by_cached_key(|queue| (queue.name.to_lowercase(), *queue.queue.as_bytes()));
    for wish in wish::all(db)? {
        match wish {
            CommandBody::Presence(wish) => presence.presence = wish.presence,
            CommandBody::Schedule(wish) => presence.schedule = wish.schedule,
            CommandBody::QueueLogin(wish) => {
                for queue in queues.iter_mut().filter(|queue| queue.queue == wish.queue) {
                    queue.logged_in = wish.logged_in;
                }
            }
            _ => {}
        }
    }
    Ok(Work { presence, queues })
}

/// Whether every word of what was typed begins a word of the name, or all of it the extension.
pub(super) fn matches(typed: &[String], whole: &str, name: &str, extension: Option<&str>) -> bool {
    let words = words(name);
    typed.iter().all(|typed| words.iter().any(|word| word.starts_with(typed.as_str())))
        || (!whole.is_empty() && extension.is_some_and(|extension| extension.starts_with(whole)))
}

/// The words of a text, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(Into::into).collect()
}

/// The users, queues and groups that match what was typed.
pub(crate) fn transfer_targets(db: &Connection, me: UserId, query: &str) -> Result<Vec<TransferTargetRow>> {
    let (typed, whole) = (words(query), query.trim());
    let mut out: Vec<(u8, String, TransferTargetRow)> = Vec::new();
    let mut add = |row: TransferTargetRow| {
        if matches(&typed, whole, &row.name, row.extension.as_deref()) {
            let rank = match row.presence {
                Some(Presence::Available) => 0,
                None => 1,
                Some(Presence::Away) => 2,
                Some(Presence::OffShift) => 3,
            };
            out.push((rank, row.name.to_lowercase(), row));
        }
    };
    let mut statement = db.prepare_cached(
        "SELECT u.id, u.name, u.extension, u.presence, g.name FROM user u LEFT JOIN user_group g ON g.id = u.group_id
         WHERE u.id > x'' AND u.id <> ?1 AND u.disabled = 0",
    )?;
    let mut rows = statement.query(params![Blob(me)])?;
    while let Some(row) = rows.next()? {
        let presence: String = row.get(3)?;
        add(TransferTargetRow {
            target: TransferTarget::User(row.get::<_, Blob<_>>(0)?.0),
            name: row.get(1)?,
            extension: row.get(2)?,
            presence: Some(Presence::from_name(&presence).ok_or(Error::BadValue("user.presence"))?),
            detail: row.get(4)?,
        });
    }
    let plain = |target, name| TransferTargetRow { target, name, extension: None, presence: None, detail: None };
    let mut statement = db.prepare_cached("SELECT id, name FROM queue WHERE id > x''")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        add(plain(TransferTarget::Queue(row.get::<_, Blob<_>>(0)?.0), row.get(1)?));
    }
    let mut statement = db.prepare_cached("SELECT id, name FROM user_group WHERE id > x''")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        add(plain(TransferTarget::Group(row.get::<_, Blob<_>>(0)?.0), row.get(1)?));
    }
    out.sort_by(|a, b| (a.0, &a.1, a.2.target).cmp(&(b.0, &b.1, b.2.target)));
    out.truncate(MAX_TARGETS);
    Ok(out.into_iter().map(|(_, _, row)| row).collect())
}

/// The alarms, the oldest first.
pub(crate) fn alarms(db: &Connection, limit: u32) -> Result<Vec<AlarmRow>> {
    let mut statement = db.prepare_cached(
        "SELECT a.chat, a.kind, n.name, n.kind, q.name, a.since FROM alarm a INDEXED BY alarm_since
         LEFT JOIN channel n ON n.id = a.channel LEFT JOIN queue q ON q.id = a.queue
         WHERE a.since > -9223372036854775807 ORDER BY a.since, a.chat LIMIT ?1",
    )?;
    let mut rows = statement.query([limit])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, channel): (String, Option<String>) = (row.get(1)?, row.get(3)?);
        out.push(AlarmRow {
            chat: row.get::<_, Blob<_>>(0)?.0,
            kind: AlarmKind::from_name(&kind).unwrap_or(AlarmKind::Unknown),
            channel_name: row.get(2)?,
            channel_kind: channel.as_deref().and_then(ChannelKind::from_name),
            queue_name: row.get(4)?,
            since: row.get(5)?,
        });
    }
    Ok(out)
}

fn name(db: &Connection, sql: &str, id: &[u8]) -> Result<Option<String>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get(0)?),
        None => None,
    })
}

pub(crate) fn channel_name(db: &Connection, id: ChannelId) -> Result<Option<String>> {
    name(db, "SELECT name FROM channel WHERE id = ?1", id.as_bytes())
}

pub(crate) fn queue_name(db: &Connection, id: QueueId) -> Result<Option<String>> {
    name(db, "SELECT name FROM queue WHERE id = ?1", id.as_bytes())
}

pub(crate) fn group_name(db: &Connection, id: GroupId) -> Result<Option<String>> {
    name(db, "SELECT name FROM user_group WHERE id = ?1", id.as_bytes())
}

/// A block with the names that this device knows.
pub(crate) fn block_row(db: &Connection, block: WireBlock) -> Result<BlockRow> {
    Ok(BlockRow {
        id: block.id,
        address: block.address,
        visitors: block.visitors,
        chat: block.chat,
        channel_name: channel_name(db, block.channel)?,
        by_name: collection::user_name(db, block.by)?,
        created_at: block.created_at,
        expires_at: block.expires_at,
    })
}

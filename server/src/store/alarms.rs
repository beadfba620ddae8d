//! Waiting chats that nobody looks after (F75): who manages them is told, until somebody does.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::collection::{AlarmKind, AlarmRow, Collection};
use switchboard_protocol::ids::{ChatId, GroupId, QueueId};

use super::StoreError;
use super::chats::ChatRow;
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;

/// An alarm with what decides who sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The alarm.
    pub row: AlarmRow,
    /// Since when it is over.
    pub over_at: Option<UnixMillis>,
    /// The group that answers for the chat.
    pub group: Option<GroupId>,
}

fn alarm(row: &rusqlite::Row<'_>) -> rusqlite::Result<Alarm> {
    let kind: String = row.get(1)?;
    Ok(Alarm {
        row: AlarmRow {
            chat: row.id(0)?,
            kind: AlarmKind::from_name(&kind).ok_or_else(|| bad_name(1, "kind of alarm"))?,
            since: row.get(2)?,
            channel: row.id(4)?,
            queue: row.maybe_id(5)?,
        },
        over_at: row.get(3)?,
        group: row.maybe_id(6)?,
    })
}

/// The alarms that changed since a revision, also those that are over.
pub(super) fn since(connection: &Connection, rev: u64) -> Result<Vec<Alarm>, StoreError> {
    let mut query = connection.sql(
        "SELECT alarms.chat_id, alarms.kind, alarms.since, alarms.over_at, chats.channel_id, alarms.queue_id, \
         alarms.group_id FROM alarms JOIN chats ON chats.id = alarms.chat_id WHERE alarms.rev > ?1 ORDER BY alarms.rev",
    )?;
    let rows = query.query_map([int(rev)], alarm)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The alarms in force, the oldest first.
pub fn in_force(connection: &Connection) -> Result<Vec<Alarm>, StoreError> {
    let mut query = connection.sql(
        "SELECT alarms.chat_id, alarms.kind, alarms.since, alarms.over_at, chats.channel_id, alarms.queue_id, \
         alarms.group_id FROM alarms JOIN chats ON chats.id = alarms.chat_id WHERE alarms.over_at IS NULL ORDER BY alarms.since",
    )?;
    let rows = query.query_map([], alarm)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is wrong with a chat, if something is.
fn wrong(connection: &Connection, chat: &ChatRow) -> Result<Option<AlarmKind>, StoreError> {
    if chat.state != ChatState::Waiting {
        return Ok(None);
    }
    // The first candidate who looks is enough: most chats are looked after by the first one.
    let looking = connection
        .sql("SELECT 1 FROM chat_users WHERE chat_id = ?1 AND access > 0 AND ignored = 0 LIMIT 1")?
        .exists([Blob(chat.id)])?;
    if looking {
        return Ok(None);
    }
    let offered = connection
        .sql("SELECT 1 FROM chat_users WHERE chat_id = ?1 AND access > 0 LIMIT 1")?
        .exists([Blob(chat.id)])?;
    Ok(Some(if offered { AlarmKind::Ignored } else { AlarmKind::Unattended }))
}

/// Whether a waiting chat is offered to somebody and every one of them ignores it.
pub(super) fn ignored_by_all(connection: &Connection, chat: &ChatRow) -> Result<bool, StoreError> {
    Ok(wrong(connection, chat)? == Some(AlarmKind::Ignored))
}

/// Whether one of those to whom a waiting chat is offered ignores it.
fn ignored_by_one(connection: &Connection, chat: &ChatRow) -> Result<bool, StoreError> {
    Ok(chat.state == ChatState::Waiting
        && connection
            .sql("SELECT 1 FROM chat_users WHERE chat_id = ?1 AND access > 0 AND ignored = 1 LIMIT 1")?
            .exists([Blob(chat.id)])?)
}

/// The group whose managers answer for a chat: its queue's, else the group it waits in, else its channel's.
pub fn group_of(connection: &Connection, chat: ChatId) -> Result<Option<GroupId>, StoreError> {
    Ok(connection
        .sql(
            "SELECT coalesce(queues.group_id, chats.group_id, channels.group_id) FROM chats \
             JOIN channels ON channels.id = chats.channel_id LEFT JOIN queues ON queues.id = chats.queue_id \
             WHERE chats.id = ?1",
        )?
        .query_row([Blob(chat)], |row| row.maybe_id(0))
        .optional()?
        .flatten())
}

/// What was told of an alarm: its kind, the queue, and the group that decides who sees it.
type Told = (String, Option<QueueId>, Option<GroupId>);

impl Tx<'_> {
    /// Raises, changes or ends a chat's alarm by what holds now. To be called after every change of who is offered the chat,
    /// of who ignores it, of its state and of where it waits. Nothing is written when nothing changed.
    ///
    /// That all ignored a chat is alarmed also when it then went to others (F6), until it is taken or the customer writes
    /// again.
    pub(super) fn look_after(&mut self, chat: &ChatRow) -> Result<(), StoreError> {
        let mut wrong = wrong(self.sql, chat)?;
        let known: Option<Told> = self
            .sql
            .sql("SELECT kind, queue_id, group_id FROM alarms WHERE chat_id = ?1 AND over_at IS NULL")?
            .query_row([Blob(chat.id)], |row| Ok((row.get(0)?, row.maybe_id(1)?, row.maybe_id(2)?)))
            .optional()?;
        let was_ignored = known.as_ref().is_some_and(|(kind, ..)| kind == AlarmKind::Ignored.as_str());
        if wrong.is_none() && was_ignored && ignored_by_one(self.sql, chat)? {
            wrong = Some(AlarmKind::Ignored);
        }
        match (wrong, known) {
            (None, None) => Ok(()),
            (None, Some(_)) => self.end_alarm(chat.id),
            (Some(kind), known) => {
                let now = (kind.as_str().to_owned(), chat.queue, group_of(self.sql, chat.id)?);
                if known.as_ref() == Some(&now) { Ok(()) } else { self.raise_alarm(chat.id, kind, &now) }
            }
        }
    }

    fn raise_alarm(&mut self, chat: ChatId, kind: AlarmKind, (_, queue, group): &Told) -> Result<(), StoreError> {
        tracing::warn!(%chat, kind = kind.as_str(), "nobody looks after a waiting chat");
        let rev = self.next_rev(Collection::Alarms)?;
        // An alarm that only changes its kind or place goes on since when it was raised.
        self.sql
            .sql(
                "INSERT INTO alarms (chat_id, kind, queue_id, group_id, since, over_at, rev) \
                 VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6) \
                 ON CONFLICT (chat_id) DO UPDATE SET kind = excluded.kind, queue_id = excluded.queue_id, \
                 group_id = excluded.group_id, \
                 since = CASE WHEN alarms.over_at IS NULL THEN alarms.since ELSE excluded.since END, \
                 over_at = NULL, rev = excluded.rev",
            )?
            .execute((Blob(chat), kind.as_str(), queue.map(Blob), group.map(Blob), self.now, int(rev)))?;
        Ok(())
    }

    fn end_alarm(&mut self, chat: ChatId) -> Result<(), StoreError> {
        let rev = self.next_rev(Collection::Alarms)?;
        self.sql.sql("UPDATE alarms SET over_at = ?2, rev = ?3 WHERE chat_id = ?1")?.execute((
            Blob(chat),
            self.now,
            int(rev),
        ))?;
        Ok(())
    }

    /// Who may see which alarm changed with a user's role or group, or a queue's or channel's group: all in force are told
    /// anew; there are few.
    pub(super) fn retell_alarms(&mut self) -> Result<(), StoreError> {
        let alarms: Vec<ChatId> = {
            let mut query = self.sql.sql("SELECT chat_id FROM alarms WHERE over_at IS NULL ORDER BY since")?;
            query.query_map([], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        if alarms.is_empty() {
            return Ok(());
        }
        let rev = self.next_rev(Collection::Alarms)?;
        for chat in alarms {
            let group = group_of(self.sql, chat)?;
            self.sql.sql("UPDATE alarms SET group_id = ?2, rev = ?3 WHERE chat_id = ?1")?.execute((
                Blob(chat),
                group.map(Blob),
                int(rev),
            ))?;
        }
        Ok(())
    }
}

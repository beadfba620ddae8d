//! The rows of what the user did to chats, on their way to the server.

mod held;
mod pending;
mod settle;

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::value::RawValue;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::command::{CommandBody, CommandFrame, Reply, Transfer};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId};
use switchboard_protocol::message::MessageKind;

use super::{Blob, Changes, from_sql_u64, read_mark, to_sql_u64, unsent, wish};
use crate::error::{Error, Result};
use crate::model::{CommandKind, CommandOutcome, Outcome, UnsentId, UnsentReason, UnsentRow};
use crate::outbox::{Item, State, Step, choose, next};

pub(crate) use held::{next_release, overtaken, release_due, undo, undo_unsent};
pub(crate) use pending::{Pending, pending};
pub(crate) use settle::{caught_up, chat_gone, forgotten, passed, seen, settle};

/// A command in the outbox, without its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    ord: i64,
    pub(crate) id: CommandId,
    pub(crate) chat: ChatId,
    pub(crate) kind: CommandKind,
    pub(crate) state: State,
    sent: bool,
    orphan: bool,
    written_at: UnixMillis,
    seen: u64,
    held_until: Option<UnixMillis>,
    /// Where its event is, once it is accepted.
    seq: Option<u64>,
}

const COLUMNS: &str = "ord, id, chat, kind, state, sent, orphan, written_at, seen, held_until, seq";

fn read(row: &Row<'_>) -> Result<Entry> {
    let kind: String = row.get(3)?;
    Ok(Entry {
        ord: row.get(0)?,
        id: row.get::<_, Blob<_>>(1)?.0,
        chat: row.get::<_, Blob<_>>(2)?.0,
        kind: CommandKind::from_name(&kind).ok_or(Error::BadValue("outbox.kind"))?,
        state: State::from_sql(row.get(4)?).ok_or(Error::BadValue("outbox.state"))?,
        sent: row.get(5)?,
        orphan: row.get(6)?,
        written_at: row.get(7)?,
        seen: from_sql_u64(row.get(8)?),
        held_until: row.get(9)?,
        seq: row.get::<_, Option<i64>>(10)?.map(from_sql_u64),
    })
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Entry>> {
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// The whole outbox in order. By key, like everything that reads all of a queue.
fn all(db: &Connection) -> Result<Vec<Entry>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE ord > 0 ORDER BY ord"))?;
    collect(statement.query([])?)
}

fn of_chat(db: &Connection, chat: ChatId) -> Result<Vec<Entry>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE chat = ?1 ORDER BY ord"))?;
    collect(statement.query([Blob(chat)])?)
}

fn by_id(db: &Connection, id: CommandId) -> Result<Option<Entry>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?;
    let mut rows = statement.query([Blob(id)])?;
    rows.next()?.map(read).transpose()
}

/// What waits for the feed: looked at once a batch, because a row is there only for the moments between a tap and its
/// own event.
#[derive(Debug, Default)]
pub(crate) struct Awaiting {
    pub(crate) commands: HashSet<CommandId>,
    /// Their chats.
    pub(crate) chats: HashSet<ChatId>,
}

pub(crate) fn awaiting(db: &Connection) -> Result<Awaiting> {
    let mut out = Awaiting::default();
    for entry in all(db)? {
        out.commands.insert(entry.id);
        out.chats.insert(entry.chat);
    }
    Ok(out)
}

/// A command as the user gave it.
pub(crate) struct NewCommand<'a> {
    pub(crate) id: CommandId,
    pub(crate) chat: ChatId,
    pub(crate) body: &'a CommandBody,
    pub(crate) owner_epoch: u64,
    pub(crate) seen: u64,
    pub(crate) written_at: UnixMillis,
    /// Kept back until then.
    pub(crate) held_until: Option<UnixMillis>,
    /// A reply or a take of the waiting chat goes before it.
    pub(crate) follows: bool,
}

pub(crate) fn enqueue(tx: &Transaction<'_>, command: &NewCommand<'_>) -> Result<()> {
    let (text, body) = match command.body {
        CommandBody::Reply(reply) => (Some(reply.text.as_str()), None),
        body => (None, body.to_json()?),
    };
    let state = if command.held_until.is_some() { State::Held } else { State::Queued };
    tx.prepare_cached(
        "INSERT INTO outbox (id, chat, kind, state, text, owner_epoch, seen, written_at, sent, orphan, body,
             held_until, follows)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9, ?10, ?11)",
    )?
    .execute(params![
        Blob(command.id),
        Blob(command.chat),
        command.body.kind(),
        state.to_sql(),
        text,
        to_sql_u64(command.owner_epoch),
        to_sql_u64(command.seen),
        command.written_at,
        body,
        command.held_until,
        command.follows,
    ])?;
    Ok(())
}

/// A command as it goes to the server.
pub(crate) fn frame(
    id: CommandId,
    chat: ChatId,
    body: &CommandBody,
    owner_epoch: Option<u64>,
    seen: Option<u64>,
) -> Result<CommandFrame> {
    let json = body.to_json()?.map(RawValue::from_string).transpose()?;
    let chat = body.is_about_chat().then_some(chat);
    Ok(CommandFrame { id, kind: body.kind().to_owned(), chat, owner_epoch, seen, ask: false, body: json })
}

/// Marks those whose turn it is as in flight and gives their frames. Committed before a byte of them leaves, so that
/// after a kill it is known which the server may have.
pub(crate) fn take_sendable(tx: &Transaction<'_>, changes: &mut Changes) -> Result<Vec<CommandFrame>> {
    let entries = all(tx)?;
    let items: Vec<Item> =
        entries.iter().map(|entry| Item { chat: entry.chat, kind: entry.kind, state: entry.state }).collect();
    let mut frames = wish::take_sendable(tx)?;
    for entry in choose(&items).into_iter().filter_map(|index| entries.get(index)) {
        let Some(state) = step(entry, Step::Sent) else { continue };
        settle_epoch(tx, entry)?;
        frames.push(stored_frame(tx, entry)?);
        tx.prepare_cached("UPDATE outbox SET state = ?2, sent = 1 WHERE ord = ?1")?
            .execute(params![entry.ord, state.to_sql()])?;
        changes.chats.insert(entry.chat);
    }
    frames.extend(read_mark::take_sendable(tx)?);
    Ok(frames)
}

/// What was given behind this user's own reply or take of a waiting chat means the epoch that those made. They are in
/// the feed by now, and the chat's row says it.
fn settle_epoch(tx: &Transaction<'_>, entry: &Entry) -> Result<()> {
    tx.prepare_cached(
        "UPDATE outbox SET owner_epoch = owner_epoch + 1, follows = 0 WHERE ord = ?1 AND follows = 1 AND EXISTS
             (SELECT 1 FROM chat c WHERE c.id = outbox.chat AND c.mine = 1 AND c.owner_epoch = outbox.owner_epoch + 1)",
    )?
    .execute([entry.ord])?;
    Ok(())
}

fn stored_frame(tx: &Transaction<'_>, entry: &Entry) -> Result<CommandFrame> {
    let (text, body, owner_epoch, seen) = tx
        .prepare_cached("SELECT text, body, owner_epoch, seen FROM outbox WHERE ord = ?1")?
        .query_row([entry.ord], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get::<_, Option<String>>(1)?,
                from_sql_u64(row.get(2)?),
                from_sql_u64(row.get(3)?),
            ))
        })?;
    if entry.kind == CommandKind::Reply {
        let body = CommandBody::Reply(Reply { text: text.unwrap_or_default() });
        return frame(entry.id, entry.chat, &body, Some(owner_epoch), Some(seen));
    }
    let about_chat = entry.kind.is_about_chat();
    Ok(CommandFrame {
        id: entry.id,
        kind: entry.kind.as_str().to_owned(),
        chat: about_chat.then_some(entry.chat),
        owner_epoch: about_chat.then_some(owner_epoch),
        seen: about_chat.then_some(seen),
        ask: false,
        body: body.map(RawValue::from_string).transpose()?,
    })
}

/// What belongs to a stored command other than a reply.
fn body_of(db: &Connection, entry: &Entry) -> Result<CommandBody> {
    let json: Option<String> =
        db.prepare_cached("SELECT body FROM outbox WHERE ord = ?1")?.query_row([entry.ord], |row| row.get(0))?;
    let frame = CommandFrame {
        id: entry.id,
        kind: entry.kind.as_str().to_owned(),
        chat: Some(entry.chat),
        owner_epoch: None,
        seen: None,
        ask: false,
        body: json.map(RawValue::from_string).transpose()?,
    };
    CommandBody::parse(&frame).ok().flatten().ok_or(Error::BadValue("outbox.body"))
}

/// What is under way about a contact or a label, in the order in which it was done.
pub(crate) fn pending_about(db: &Connection, lane: [u8; 16]) -> Result<Vec<(CommandId, CommandBody, UnixMillis)>> {
    of_chat(db, ChatId::from_bytes(lane))?
        .into_iter()
        .filter(|entry| !entry.kind.is_about_chat())
        .map(|entry| Ok((entry.id, body_of(db, &entry)?, entry.written_at)))
        .collect()
}

/// Whether something was handed to a connection whose end was never noted.
pub(crate) fn any_in_flight(db: &Connection) -> Result<bool> {
    Ok(wish::any_in_flight(db)?
        || db.query_row(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE ord > 0 AND state = 1)
                 OR EXISTS (SELECT 1 FROM read_mark INDEXED BY read_mark_command WHERE command > x'')",
            [],
            |row| row.get(0),
        )?)
}

/// The connection ended: what was in flight goes again, under its id.
pub(crate) fn lost(tx: &Transaction<'_>) -> Result<Vec<ChatId>> {
    let mut chats = Vec::new();
    for entry in all(tx)? {
        if let Some(state) = step(&entry, Step::Lost) {
            set_state(tx, &entry, state)?;
            chats.push(entry.chat);
        }
    }
    read_mark::lost(tx)?;
    wish::lost(tx)?;
    Ok(chats)
}

fn step(entry: &Entry, step: Step) -> Option<State> {
    next(entry.state, step)
}

fn set_state(tx: &Transaction<'_>, entry: &Entry, state: State) -> Result<()> {
    tx.prepare_cached("UPDATE outbox SET state = ?2 WHERE ord = ?1")?.execute(params![entry.ord, state.to_sql()])?;
    Ok(())
}

fn remove(tx: &Transaction<'_>, entry: &Entry, changes: &mut Changes) -> Result<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE ord = ?1")?.execute([entry.ord])?;
    if entry.kind.is_about_chat() {
        changes.touched(entry.chat);
    } else {
        changes.about(entry.kind);
    }
    Ok(())
}

/// What a person typed into it: a reply's text, a transfer's note.
fn text_of(tx: &Transaction<'_>, entry: &Entry) -> Result<Option<String>> {
    match entry.kind {
        CommandKind::Reply => {
            Ok(tx.prepare_cached("SELECT text FROM outbox WHERE ord = ?1")?.query_row([entry.ord], |row| row.get(0))?)
        }
        CommandKind::Transfer => match body_of(tx, entry)? {
            CommandBody::Transfer(Transfer { note, .. }) => Ok(note),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

fn ended(entry: &Entry, outcome: Outcome) -> CommandOutcome {
    let chat = entry.kind.is_about_chat().then_some(entry.chat);
    CommandOutcome { id: entry.id, chat, kind: entry.kind, outcome }
}

/// Where a text goes that will not be sent. Commands without a text leave nothing.
fn keep_text(
    tx: &Transaction<'_>,
    entry: &Entry,
    contact_name: Option<&str>,
    reason: UnsentReason,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<()> {
    let Some(text) = text_of(tx, entry)? else { return Ok(()) };
    unsent::insert(
        tx,
        &UnsentRow {
            id: UnsentId::from(MessageId::from(entry.id)),
            chat: entry.chat,
            contact_name: contact_name.map(str::to_owned),
            kind: if entry.kind == CommandKind::Transfer { MessageKind::Note } else { MessageKind::Text },
            text,
            written_at: entry.written_at,
            unsent_at: now,
            reason,
            can_note_owner: false,
            noting_owner: false,
        },
    )?;
    changes.unsent = true;
    changes.chats.insert(entry.chat);
    Ok(())
}

fn contact_name(db: &Connection, chat: ChatId) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT contact_name FROM chat WHERE id = ?1")?
        .query_row([Blob(chat)], |row| row.get(0))
        .optional()?
        .flatten())
}

/// The user threw an unsent text away: its outcome is of no interest any more.
pub(crate) fn forget_orphan(tx: &Transaction<'_>, id: CommandId) -> Result<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE id = ?1 AND orphan = 1")?.execute([Blob(id)])?;
    Ok(())
}

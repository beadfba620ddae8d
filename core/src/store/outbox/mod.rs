//! The rows of what the user did to chats, on their way to the server.

mod held;
mod pending;
mod settle;
mod stale;

use std::collections::HashSet;

use rusqlite::{Connection, Row, Transaction, params};
use serde_json::value::RawValue;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::command::{CommandBody, CommandFrame, Reply, Say, Transfer};
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, MessageId, UserId};
use switchboard_protocol::message::MessageKind;

use super::{Blob, Changes, chat, contact, from_sql_u64, purge, read_mark, to_sql_u64, unsent, wish};
use crate::error::{Error, Result};
use crate::model::{CommandKind, CommandOutcome, Outcome, UnsentId, UnsentReason, UnsentRow};
use crate::outbox::{Item, State, Step, choose, next};

pub(crate) use held::{next_release, overtaken, release_due, undo, undo_unsent};
pub(crate) use pending::{Pending, pending};
pub(crate) use settle::{caught_up, chat_gone, forgotten, passed, rows_came, seen, settle};
pub(crate) use stale::{send_anyway, withdraw};

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
    /// Whether it had to wait for the network, and whether a person said to send it all the same.
    waited: Waited,
}

/// Whether a text had to wait for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    No,
    Yes,
    /// A person said to send it although it waited: its age does not matter any more.
    Waived,
}

const COLUMNS: &str = "ord, id, chat, kind, state, sent, orphan, written_at, seen, held_until, seq, waited";

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
        waited: match row.get::<_, i64>(11)? {
            0 => Waited::No,
            1 => Waited::Yes,
            _ => Waited::Waived,
        },
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

/// Whether a command of this kind is under way for the chat.
pub(crate) fn has(db: &Connection, chat: ChatId, kind: CommandKind) -> Result<bool> {
    Ok(of_chat(db, chat)?.iter().any(|entry| entry.kind == kind && !entry.orphan))
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
    /// There is no connection now.
    pub(crate) waits: bool,
    /// The unsent text that it hands over.
    pub(crate) unsent: Option<UnsentId>,
}

impl<'a> NewCommand<'a> {
    /// One that is not held and depends on nothing.
    pub(crate) fn plain(id: CommandId, chat: ChatId, body: &'a CommandBody, now: UnixMillis) -> Self {
        Self {
            id,
            chat,
            body,
            owner_epoch: 0,
            seen: 0,
            written_at: now,
            held_until: None,
            follows: false,
            waits: false,
            unsent: None,
        }
    }
}

pub(crate) fn enqueue(tx: &Transaction<'_>, command: &NewCommand<'_>) -> Result<()> {
    let (text, body) = match command.body {
        CommandBody::Reply(reply) => (Some(reply.text.as_str()), None),
        body => (None, body.to_json()?),
    };
    let state = if command.held_until.is_some() { State::Held } else { State::Queued };
    tx.prepare_cached(
        "INSERT INTO outbox (id, chat, kind, state, text, owner_epoch, seen, written_at, sent, orphan, body,
             held_until, follows, waited, unsent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9, ?10, ?11, ?12, ?13)",
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
        command.waits,
        command.unsent.map(Blob),
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
/// after a kill it is known which the server may have. `now` is the time of the device's clock.
pub(crate) fn take_sendable(
    now: UnixMillis,
) -> impl FnOnce(&Transaction<'_>, &mut Changes) -> Result<Vec<CommandFrame>> + Send {
    move |tx, changes| {
        let entries = all(tx)?;
        let items: Vec<Item> =
            entries.iter().map(|entry| Item { chat: entry.chat, kind: entry.kind, state: entry.state }).collect();
        let mut frames = wish::take_sendable(tx)?;
        for entry in choose(&items).into_iter().filter_map(|index| entries.get(index)) {
            let is_stale = stale::is_stale(tx, entry, now)?;
            if is_stale && !entry.sent {
                stale::ask_person(tx, entry, Step::GrewStale, changes)?;
                continue;
            }
            let Some(state) = step(entry, Step::Sent) else { continue };
            settle_epoch(tx, entry)?;
            let mut frame = stored_frame(tx, entry)?;
            // It may have arrived before it grew stale: only the server knows.
            frame.ask = is_stale;
            frames.push(frame);
            tx.prepare_cached("UPDATE outbox SET state = ?2, sent = 1, ask = ?3 WHERE ord = ?1")?.execute(params![
                entry.ord,
                state.to_sql(),
                is_stale
            ])?;
            changes.chats.insert(entry.chat);
        }
        frames.extend(read_mark::take_sendable(tx)?);
        Ok(frames)
    }
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
pub(super) fn body_of(db: &Connection, entry: &Entry) -> Result<CommandBody> {
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

/// Whether something was handed to a connection whose end was never noted, or was written for one that is no more.
pub(crate) fn any_in_flight(db: &Connection) -> Result<bool> {
    Ok(wish::any_in_flight(db)?
        || db.query_row(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE ord > 0 AND (state = 1 OR (state = 0 AND waited = 0)))
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
    // Now they wait for the network.
    tx.prepare_cached("UPDATE outbox SET waited = 1, ask = 0 WHERE ord > 0 AND state = 0 AND waited = 0")?
        .execute([])?;
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
    // The unsent text's row says whether it is under way.
    changes.unsent |= entry.kind == CommandKind::NoteToOwner;
    if !entry.kind.is_about_chat() {
        changes.about(entry.kind);
        return Ok(());
    }
    changes.touched(entry.chat);
    if chat::key(tx, entry.chat)?.is_none() {
        // It was the last that knew of a chat that left: a name, an address.
        purge::pending(tx)?;
    }
    Ok(())
}

/// What a person typed into it: a reply's text, a note's, a transfer's. What hands an unsent text over leaves it where
/// it is.
fn text_of(tx: &Transaction<'_>, entry: &Entry) -> Result<Option<String>> {
    match entry.kind {
        CommandKind::Reply => {
            Ok(tx.prepare_cached("SELECT text FROM outbox WHERE ord = ?1")?.query_row([entry.ord], |row| row.get(0))?)
        }
        CommandKind::Transfer => match body_of(tx, entry)? {
            CommandBody::Transfer(Transfer { note, .. }) => Ok(note),
            _ => Ok(None),
        },
        CommandKind::Note | CommandKind::Say => Ok(said(tx, entry)?.map(|said| said.text)),
        CommandKind::AddContactNote => match body_of(tx, entry)? {
            CommandBody::AddContactNote(add) => Ok(Some(add.text)),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// What is said by a note or among staff.
fn said(db: &Connection, entry: &Entry) -> Result<Option<Say>> {
    match body_of(db, entry)? {
        CommandBody::Note(say) | CommandBody::Say(say) => Ok(Some(say)),
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
            kind: match entry.kind {
                CommandKind::Transfer | CommandKind::Note | CommandKind::AddContactNote => MessageKind::Note,
                _ => MessageKind::Text,
            },
            text,
            written_at: entry.written_at,
            unsent_at: now,
            reason,
            can_note_owner: false,
            noting_owner: false,
        },
        // A note on a contact is for staff too: no chat has an owner who could be given it.
        matches!(entry.kind, CommandKind::Say | CommandKind::AddContactNote),
    )?;
    changes.unsent = true;
    changes.chats.insert(entry.chat);
    Ok(())
}

/// Under what name lists show the chat.
fn contact_name(db: &Connection, chat: ChatId) -> Result<Option<String>> {
    match chat::load(db, chat)? {
        Some(record) => record.title(db),
        // The lane of what is about a contact.
        None => Ok(contact::load(db, ContactId::from_bytes(*chat.as_bytes()))?.and_then(|contact| contact.name)),
    }
}

/// One of this user's texts that the server has not numbered.
pub(crate) struct PendingText {
    pub(crate) id: CommandId,
    pub(crate) kind: CommandKind,
    pub(crate) text: String,
    pub(crate) mentions: Vec<UserId>,
    pub(crate) written_at: UnixMillis,
    pub(crate) state: State,
    /// The last message that the user had seen.
    pub(crate) seen: u64,
}

/// The texts to a chat that are not in the feed yet, in the order in which they were written.
pub(crate) fn texts(db: &Connection, chat: ChatId) -> Result<Vec<PendingText>> {
    let mut out = Vec::new();
    for entry in of_chat(db, chat)?.into_iter().filter(|entry| entry.kind.is_text() && !entry.orphan) {
        let say = match entry.kind {
            CommandKind::Reply => {
                let text = db
                    .prepare_cached("SELECT text FROM outbox WHERE ord = ?1")?
                    .query_row([entry.ord], |row| row.get(0))?;
                Say { text, mentions: Vec::new() }
            }
            _ => said(db, &entry)?.ok_or(Error::BadValue("outbox.body"))?,
        };
        out.push(PendingText {
            id: entry.id,
            kind: entry.kind,
            text: say.text,
            mentions: say.mentions,
            written_at: entry.written_at,
            state: entry.state,
            seen: entry.seen,
        });
    }
    Ok(out)
}

/// The user threw an unsent text away: its outcome is of no interest any more.
pub(crate) fn forget_orphan(tx: &Transaction<'_>, id: CommandId) -> Result<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE id = ?1 AND orphan = 1")?.execute([Blob(id)])?;
    Ok(())
}

//! The rows of what the user did, on their way to the server.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::value::RawValue;
use switchboard_protocol::command::{CommandBody, CommandFrame, CommandResult, CommandStatus, Read, Reply};
use switchboard_protocol::event::GoneReason;
use switchboard_protocol::ids::{ChatId, CommandId, MessageId};
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::{Blob, Changes, from_sql_u64, to_sql_u64, unsent};
use crate::error::{Error, Result};
use crate::model::{CommandKind, CommandOutcome, Outcome, UnsentId, UnsentReason, UnsentRow};
use crate::outbox::{Item, State, Step, choose, next};

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
}

const COLUMNS: &str = "ord, id, chat, kind, state, sent, orphan, written_at";

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
pub(crate) fn awaiting(db: &Connection) -> Result<HashSet<CommandId>> {
    Ok(all(db)?.into_iter().map(|entry| entry.id).collect())
}

/// A command as the user gave it.
pub(crate) struct NewCommand<'a> {
    pub(crate) id: CommandId,
    pub(crate) chat: ChatId,
    pub(crate) kind: CommandKind,
    pub(crate) text: Option<&'a str>,
    pub(crate) owner_epoch: u64,
    pub(crate) seen: u64,
    pub(crate) written_at: UnixMillis,
}

pub(crate) fn enqueue(tx: &Transaction<'_>, command: &NewCommand<'_>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO outbox (id, chat, kind, state, text, owner_epoch, seen, written_at, sent, orphan)
         VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, 0, 0)",
    )?
    .execute(params![
        Blob(command.id),
        Blob(command.chat),
        command.kind.as_str(),
        command.text,
        to_sql_u64(command.owner_epoch),
        to_sql_u64(command.seen),
        command.written_at,
    ])?;
    Ok(())
}

/// A reply as it goes to the server.
pub(crate) fn reply_frame(
    id: CommandId,
    chat: ChatId,
    text: &str,
    owner_epoch: u64,
    seen: u64,
) -> Result<CommandFrame> {
    let body = CommandBody::Reply(Reply { text: text.to_owned() });
    frame(id, chat, &body, Some(owner_epoch), Some(seen))
}

fn frame(
    id: CommandId,
    chat: ChatId,
    body: &CommandBody,
    owner_epoch: Option<u64>,
    seen: Option<u64>,
) -> Result<CommandFrame> {
    let json = body.to_json()?.map(RawValue::from_string).transpose()?;
    Ok(CommandFrame { id, kind: body.kind().to_owned(), chat: Some(chat), owner_epoch, seen, body: json })
}

/// Marks those whose turn it is as in flight and gives their frames. Committed before a byte of them leaves, so that
/// after a kill it is known which the server may have.
pub(crate) fn take_sendable(tx: &Transaction<'_>, changes: &mut Changes) -> Result<Vec<CommandFrame>> {
    let entries = all(tx)?;
    let items: Vec<Item> =
        entries.iter().map(|entry| Item { chat: entry.chat, kind: entry.kind, state: entry.state }).collect();
    let mut frames = Vec::new();
    for entry in choose(&items).into_iter().filter_map(|index| entries.get(index)) {
        let Some(state) = step(entry, Step::Sent) else { continue };
        let (text, owner_epoch, seen) = tx
            .prepare_cached("SELECT text, owner_epoch, seen FROM outbox WHERE ord = ?1")?
            .query_row([entry.ord], |row| {
                Ok((row.get::<_, Option<String>>(0)?, from_sql_u64(row.get(1)?), from_sql_u64(row.get(2)?)))
            })?;
        frames.push(match entry.kind {
            CommandKind::Reply => reply_frame(entry.id, entry.chat, &text.unwrap_or_default(), owner_epoch, seen)?,
            CommandKind::Take => frame(entry.id, entry.chat, &CommandBody::Take, Some(owner_epoch), Some(seen))?,
        });
        tx.prepare_cached("UPDATE outbox SET state = ?2, sent = 1 WHERE ord = ?1")?
            .execute(params![entry.ord, state.to_sql()])?;
        changes.chats.insert(entry.chat);
    }
    frames.extend(take_reads(tx)?);
    Ok(frames)
}

fn take_reads(tx: &Transaction<'_>) -> Result<Vec<CommandFrame>> {
    let marks: Vec<(ChatId, i64)> = tx
        .prepare_cached(
            "SELECT chat, upto FROM read_mark INDEXED BY read_mark_waiting WHERE command IS NULL AND chat > x''
             LIMIT 32",
        )?
        .query_map([], |row| Ok((row.get::<_, Blob<_>>(0)?.0, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut frames = Vec::new();
    for (chat, upto) in marks {
        // A new id each time: reading is a maximum, so doing it twice is doing it once.
        let id = CommandId::new();
        tx.prepare_cached("UPDATE read_mark SET command = ?2, sent_upto = upto WHERE chat = ?1")?
            .execute(params![Blob(chat), Blob(id)])?;
        let body = CommandBody::Read(Read { upto: from_sql_u64(upto) });
        frames.push(frame(id, chat, &body, None, None)?);
    }
    Ok(frames)
}

/// Whether something was handed to a connection whose end was never noted.
pub(crate) fn any_in_flight(db: &Connection) -> Result<bool> {
    Ok(db.query_row(
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
    tx.prepare_cached(
        "UPDATE read_mark INDEXED BY read_mark_command SET command = NULL, sent_upto = NULL WHERE command > x''",
    )?
    .execute([])?;
    Ok(chats)
}

fn step(entry: &Entry, step: Step) -> Option<State> {
    next(entry.state, step)
}

fn set_state(tx: &Transaction<'_>, entry: &Entry, state: State) -> Result<()> {
    tx.prepare_cached("UPDATE outbox SET state = ?2 WHERE ord = ?1")?.execute(params![entry.ord, state.to_sql()])?;
    Ok(())
}

fn remove(tx: &Transaction<'_>, entry: &Entry) -> Result<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE ord = ?1")?.execute([entry.ord])?;
    Ok(())
}

fn text_of(tx: &Transaction<'_>, entry: &Entry) -> Result<String> {
    Ok(tx
        .prepare_cached("SELECT text FROM outbox WHERE ord = ?1")?
        .query_row([entry.ord], |row| row.get::<_, Option<String>>(0))?
        .unwrap_or_default())
}

fn ended(entry: &Entry, outcome: Outcome) -> CommandOutcome {
    CommandOutcome { id: entry.id, chat: entry.chat, kind: entry.kind, outcome }
}

/// Where a text goes that will not reach the customer.
fn keep_text(
    tx: &Transaction<'_>,
    entry: &Entry,
    contact_name: Option<&str>,
    reason: UnsentReason,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<()> {
    unsent::insert(
        tx,
        &UnsentRow {
            id: UnsentId::from(MessageId::from(entry.id)),
            chat: entry.chat,
            contact_name: contact_name.map(str::to_owned),
            text: text_of(tx, entry)?,
            written_at: entry.written_at,
            unsent_at: now,
            reason,
        },
    )?;
    changes.unsent = true;
    changes.chats.insert(entry.chat);
    Ok(())
}

/// The command's effect is in the feed, or the feed is past it.
pub(crate) fn seen(tx: &Transaction<'_>, id: CommandId, changes: &mut Changes) -> Result<Option<CommandOutcome>> {
    let Some(entry) = by_id(tx, id)? else { return Ok(None) };
    if step(&entry, Step::Seen).is_none() {
        return Ok(None);
    }
    remove(tx, &entry)?;
    if entry.orphan {
        // It did arrive, before the chat left: nothing is unsent.
        unsent::delete(tx, MessageId::from(id).into())?;
        changes.unsent = true;
    }
    changes.chats.insert(entry.chat);
    Ok((entry.state != State::Accepted).then(|| ended(&entry, Outcome::Applied)))
}

/// The feed is past everything that was accepted by earlier connections: what is still here had its event in a part
/// of the log that a snapshot jumped over.
pub(crate) fn caught_up(tx: &Transaction<'_>, changes: &mut Changes) -> Result<()> {
    for entry in all(tx)?.iter().filter(|entry| entry.state == State::Accepted) {
        seen(tx, entry.id, changes)?;
    }
    Ok(())
}

/// A server that was restored from a backup has lost what it accepted after it: a person decides.
pub(crate) fn forgotten(tx: &Transaction<'_>, now: UnixMillis, changes: &mut Changes) -> Result<Vec<CommandOutcome>> {
    let mut outcomes = Vec::new();
    for entry in all(tx)? {
        if step(&entry, Step::Forgotten).is_none() {
            continue;
        }
        if entry.kind == CommandKind::Reply {
            let name = contact_name(tx, entry.chat)?;
            keep_text(tx, &entry, name.as_deref(), UnsentReason::Unknown, now, changes)?;
        }
        remove(tx, &entry)?;
        outcomes.push(ended(&entry, Outcome::Failed(ErrorCode::Unknown)));
    }
    Ok(outcomes)
}

fn contact_name(db: &Connection, chat: ChatId) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT contact_name FROM chat WHERE id = ?1")?
        .query_row([Blob(chat)], |row| row.get(0))
        .optional()?
        .flatten())
}

/// The server answered a command. The outcomes are to be told after the commit; `cursor` is how far the feed is here.
pub(crate) fn settle(
    tx: &Transaction<'_>,
    result: &CommandResult,
    cursor: u64,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    let Some(entry) = by_id(tx, result.id)? else {
        settle_read(tx, result)?;
        return Ok(Vec::new());
    };
    let code = result.code.unwrap_or(ErrorCode::Unknown);
    match result.status {
        CommandStatus::Applied => {
            let Some(state) = step(&entry, Step::Applied) else { return Ok(Vec::new()) };
            set_state(tx, &entry, state)?;
            changes.chats.insert(entry.chat);
            let past = result.seq.is_some_and(|seq| seq <= cursor);
            if past || entry.orphan || entry.kind == CommandKind::Take {
                // Nothing more will come for it.
                seen(tx, entry.id, changes)?;
            }
            Ok(vec![ended(&entry, Outcome::Applied)])
        }
        CommandStatus::Retry => {
            if let Some(state) = step(&entry, Step::Retry) {
                set_state(tx, &entry, state)?;
                changes.chats.insert(entry.chat);
            }
            Ok(Vec::new())
        }
        CommandStatus::Conflict => refuse(tx, &entry, result.code.unwrap_or(ErrorCode::Taken), now, changes),
        CommandStatus::Rejected if is_refusal(code) => refuse(tx, &entry, code, now, changes),
        CommandStatus::Rejected => {
            if step(&entry, Step::Failed).is_none() {
                return Ok(Vec::new());
            }
            end_unsent(tx, &entry, UnsentReason::Failed(code), now, changes)?;
            Ok(vec![ended(&entry, Outcome::Failed(code))])
        }
    }
}

/// Codes that say that the chat is not this user's to answer; every other one is about this command alone.
fn is_refusal(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Taken | ErrorCode::StaleEpoch | ErrorCode::NotOwner | ErrorCode::NotFound)
}

/// Ends a command for good. A reply's refusal ends those behind it alike: they were written as its continuation, and
/// must not reach the customer without it.
fn refuse(
    tx: &Transaction<'_>,
    entry: &Entry,
    code: ErrorCode,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    if step(entry, Step::Refused).is_none() {
        return Ok(Vec::new());
    }
    let mut outcomes = vec![ended(entry, Outcome::Refused(code))];
    end_unsent(tx, entry, UnsentReason::Refused(code), now, changes)?;
    // What was written after the chat had left and come back does not continue an orphan.
    if entry.kind == CommandKind::Reply && !entry.orphan {
        for later in of_chat(tx, entry.chat)? {
            let follows = later.ord > entry.ord && later.kind == CommandKind::Reply && !later.orphan;
            if follows && later.state == State::Queued && step(&later, Step::Refused).is_some() {
                end_unsent(tx, &later, UnsentReason::Refused(code), now, changes)?;
                outcomes.push(ended(&later, Outcome::Refused(code)));
            }
        }
    }
    Ok(outcomes)
}

fn end_unsent(
    tx: &Transaction<'_>,
    entry: &Entry,
    reason: UnsentReason,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<()> {
    if entry.orphan {
        unsent::decide(tx, MessageId::from(entry.id).into(), reason)?;
        changes.unsent = true;
    } else if entry.kind == CommandKind::Reply {
        let name = contact_name(tx, entry.chat)?;
        keep_text(tx, entry, name.as_deref(), reason, now, changes)?;
    }
    changes.chats.insert(entry.chat);
    remove(tx, entry)
}

fn settle_read(tx: &Transaction<'_>, result: &CommandResult) -> Result<()> {
    if result.status != CommandStatus::Retry {
        // Done, or never to be done. What was read meanwhile goes as a command of its own.
        tx.prepare_cached("DELETE FROM read_mark WHERE command = ?1 AND upto = sent_upto")?
            .execute([Blob(result.id)])?;
    }
    tx.prepare_cached("UPDATE read_mark SET command = NULL, sent_upto = NULL WHERE command = ?1")?
        .execute([Blob(result.id)])?;
    Ok(())
}

/// The chat left the device: nothing of it is sent any more. Texts that the server cannot have are unsent; of those
/// that were on their way the answer is still awaited, so that none is lost and none is offered again that arrived.
pub(crate) fn chat_gone(
    tx: &Transaction<'_>,
    chat: ChatId,
    contact_name: Option<&str>,
    reason: GoneReason,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    let code = if reason == GoneReason::Taken { ErrorCode::Taken } else { ErrorCode::NotFound };
    let mut outcomes = Vec::new();
    for entry in of_chat(tx, chat)?.iter().filter(|entry| !entry.orphan) {
        match (entry.kind, entry.state) {
            (_, State::Accepted) => remove(tx, entry)?,
            (CommandKind::Reply, _) if entry.sent => {
                keep_text(tx, entry, contact_name, UnsentReason::Checking, now, changes)?;
                tx.prepare_cached("UPDATE outbox SET orphan = 1 WHERE ord = ?1")?.execute([entry.ord])?;
            }
            (CommandKind::Reply, _) => {
                keep_text(tx, entry, contact_name, UnsentReason::ChatGone, now, changes)?;
                remove(tx, entry)?;
                outcomes.push(ended(entry, Outcome::Refused(code)));
            }
            // Its answer comes by itself.
            (CommandKind::Take, State::InFlight) => {}
            (CommandKind::Take, _) => {
                remove(tx, entry)?;
                outcomes.push(ended(entry, Outcome::Refused(code)));
            }
        }
    }
    tx.prepare_cached("DELETE FROM read_mark WHERE chat = ?1")?.execute([Blob(chat)])?;
    Ok(outcomes)
}

/// The user read a chat up to here.
pub(crate) fn mark_read(tx: &Transaction<'_>, chat: ChatId, upto: u64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO read_mark (chat, upto) VALUES (?1, ?2)
         ON CONFLICT (chat) DO UPDATE SET upto = max(upto, excluded.upto)",
    )?
    .execute(params![Blob(chat), to_sql_u64(upto)])?;
    Ok(())
}

/// How far the user has read, where the server may not know it yet.
pub(crate) fn read_mark(db: &Connection, chat: ChatId) -> Result<Option<u64>> {
    Ok(db
        .prepare_cached("SELECT upto FROM read_mark WHERE chat = ?1")?
        .query_row([Blob(chat)], |row| row.get::<_, i64>(0))
        .optional()?
        .map(from_sql_u64))
}

/// The user threw an unsent text away: its outcome is of no interest any more.
pub(crate) fn forget_orphan(tx: &Transaction<'_>, id: CommandId) -> Result<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE id = ?1 AND orphan = 1")?.execute([Blob(id)])?;
    Ok(())
}

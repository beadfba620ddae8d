//! How far the user has read, where the server does not know it yet: one merged row a chat, outside of the queue.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use switchboard_protocol::command::{CommandBody, CommandFrame, CommandResult, CommandStatus, Read};
use switchboard_protocol::ids::{ChatId, CommandId};

use super::outbox::frame;
use super::{Blob, from_sql_u64, to_sql_u64};
use crate::error::Result;

/// The user read a chat up to here.
pub(crate) fn put(tx: &Transaction<'_>, chat: ChatId, upto: u64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO read_mark (chat, upto) VALUES (?1, ?2)
         ON CONFLICT (chat) DO UPDATE SET upto = max(upto, excluded.upto)",
    )?
    .execute(params![Blob(chat), to_sql_u64(upto)])?;
    Ok(())
}

/// How far the user has read, where the server may not know it yet.
pub(crate) fn upto(db: &Connection, chat: ChatId) -> Result<Option<u64>> {
    Ok(db
        .prepare_cached("SELECT upto FROM read_mark WHERE chat = ?1")?
        .query_row([Blob(chat)], |row| row.get::<_, i64>(0))
        .optional()?
        .map(from_sql_u64))
}

/// Marks those that are not on their way as such, and gives their frames.
pub(crate) fn take_sendable(tx: &Transaction<'_>) -> Result<Vec<CommandFrame>> {
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

/// The server answered one.
pub(crate) fn settle(tx: &Transaction<'_>, result: &CommandResult) -> Result<()> {
    if result.status != CommandStatus::Retry {
        // Done, or never to be done. What was read meanwhile goes as a command of its own.
        tx.prepare_cached("DELETE FROM read_mark WHERE command = ?1 AND upto = sent_upto")?
            .execute([Blob(result.id)])?;
    }
    tx.prepare_cached("UPDATE read_mark SET command = NULL, sent_upto = NULL WHERE command = ?1")?
        .execute([Blob(result.id)])?;
    Ok(())
}

/// The connection ended: what was on its way goes again.
pub(crate) fn lost(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached(
        "UPDATE read_mark INDEXED BY read_mark_command SET command = NULL, sent_upto = NULL WHERE command > x''",
    )?
    .execute([])?;
    Ok(())
}

/// The chat left the device.
pub(crate) fn forget(tx: &Transaction<'_>, chat: ChatId) -> Result<()> {
    tx.prepare_cached("DELETE FROM read_mark WHERE chat = ?1")?.execute([Blob(chat)])?;
    Ok(())
}

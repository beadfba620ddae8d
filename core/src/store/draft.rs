//! The text that was begun in a chat's composer.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::ids::ChatId;

use super::Blob;
use crate::error::Result;

pub(crate) fn load(db: &Connection, chat: ChatId) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT text FROM draft WHERE chat = ?1")?
        .query_row([Blob(chat)], |row| row.get(0))
        .optional()?)
}

pub(crate) fn save(tx: &Transaction<'_>, chat: ChatId, text: &str, now: UnixMillis) -> Result<()> {
    if text.is_empty() {
        tx.prepare_cached("DELETE FROM draft WHERE chat = ?1")?.execute([Blob(chat)])?;
    } else {
        tx.prepare_cached(
            "INSERT INTO draft (chat, text, written_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (chat) DO UPDATE SET text = excluded.text, written_at = excluded.written_at",
        )?
        .execute(params![Blob(chat), text, now])?;
    }
    Ok(())
}

/// Removes a chat's draft and gives it back with the time it was written.
pub(crate) fn take(tx: &Transaction<'_>, chat: ChatId) -> Result<Option<(String, UnixMillis)>> {
    Ok(tx
        .prepare_cached("DELETE FROM draft WHERE chat = ?1 RETURNING text, written_at")?
        .query_row([Blob(chat)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

//! The lines that stay of chats that this user passed on.

use rusqlite::{Connection, Transaction, params};
use switchboard_protocol::chat::PassedOn;
use switchboard_protocol::ids::ChatId;
use switchboard_protocol::transfer::TransferTarget;

use super::{Blob, purge};
use crate::error::{Error, Result};
use crate::model::TargetKind;

/// The kind of a target as it stands in SQL.
pub(crate) const fn kind_to_sql(target: TransferTarget) -> &'static str {
    match target {
        TransferTarget::User(_) => "user",
        TransferTarget::Queue(_) => "queue",
        TransferTarget::Group(_) => "group",
    }
}

pub(crate) fn kind_from_sql(kind: &str) -> Result<TargetKind> {
    Ok(match kind {
        "user" => TargetKind::User,
        "queue" => TargetKind::Queue,
        "group" => TargetKind::Group,
        _ => return Err(Error::BadValue("passed_on.to_kind")),
    })
}

/// Keeps a line, in the place of an earlier one of the chat.
pub(crate) fn put(tx: &Transaction<'_>, line: &PassedOn) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO passed_on (chat, channel_kind, contact_name, to_kind, to_name, at, hidden)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6,
             EXISTS (SELECT 1 FROM outbox o WHERE o.chat = ?1 AND o.kind = 'delete'))
         ON CONFLICT (chat) DO UPDATE SET channel_kind = excluded.channel_kind, contact_name = excluded.contact_name,
             to_kind = excluded.to_kind, to_name = excluded.to_name, at = excluded.at, hidden = excluded.hidden",
    )?
    .execute(params![
        Blob(line.chat),
        line.channel_kind.as_str(),
        line.contact_name,
        kind_to_sql(line.to),
        line.to_name,
        line.at,
    ])?;
    Ok(())
}

/// Shows a line no longer, or again. False: there is none.
pub(crate) fn hide(tx: &Transaction<'_>, chat: ChatId, hidden: bool) -> Result<bool> {
    Ok(tx.prepare_cached("UPDATE passed_on SET hidden = ?2 WHERE chat = ?1")?.execute(params![Blob(chat), hidden])? > 0)
}

/// Removes a line. False: there is none.
pub(crate) fn remove(tx: &Transaction<'_>, chat: ChatId) -> Result<bool> {
    let removed = tx.prepare_cached("DELETE FROM passed_on WHERE chat = ?1")?.execute([Blob(chat)])? > 0;
    if removed {
        // It held a person's name.
        purge::pending(tx)?;
    }
    Ok(removed)
}

/// The chats of all lines.
pub(crate) fn chats(db: &Connection) -> Result<Vec<ChatId>> {
    let mut statement = db.prepare_cached("SELECT chat FROM passed_on WHERE chat > x''")?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(row.get::<_, Blob<_>>(0)?.0);
    }
    Ok(out)
}

//! What is kept back for a moment, and taken back.

use rusqlite::{Connection, Transaction, params};
use switchboard_protocol::ids::{ChatId, CommandId};
use switchboard_protocol::limits::UNDO_MS;
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::{Entry, by_id, contact_name, ended, keep_text, of_chat, remove, settle, step};
use crate::error::Result;
use crate::model::{CommandKind, CommandOutcome, Outcome, UnsentReason};
use crate::outbox::{State, Step};
use crate::store::Changes;

/// Whether no socket ever had it.
fn is_unsent(entry: &Entry) -> bool {
    !entry.sent && matches!(entry.state, State::Held | State::Queued)
}

/// Takes a command back. `None`: there is none, it cannot be undone, or the server may have it.
pub(crate) fn undo(
    tx: &Transaction<'_>,
    id: CommandId,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Option<CommandOutcome>> {
    let Some(entry) = by_id(tx, id)? else { return Ok(None) };
    if !entry.kind.can_be_undone() || !is_unsent(&entry) {
        return Ok(None);
    }
    take_back(tx, &entry, now, changes)
}

fn take_back(
    tx: &Transaction<'_>,
    entry: &Entry,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Option<CommandOutcome>> {
    if step(entry, Step::Undone).is_none() {
        return Ok(None);
    }
    // A transfer's note: nobody will get it, and it is not lost either.
    let name = contact_name(tx, entry.chat)?;
    keep_text(tx, entry, name.as_deref(), UnsentReason::Draft, now, changes)?;
    remove(tx, entry, changes)?;
    Ok(Some(ended(entry, Outcome::Undone)))
}

/// The user does something else with the chat: what is still held makes way for it, and so does what would have ended
/// the chat and was never sent. `unarchive` says that an archiving makes way too.
pub(crate) fn undo_unsent(
    tx: &Transaction<'_>,
    chat: ChatId,
    unarchive: bool,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    let mut outcomes = Vec::new();
    for entry in of_chat(tx, chat)?.iter().filter(|entry| entry.kind.can_be_undone() && is_unsent(entry)) {
        let ends = matches!(entry.kind, CommandKind::Transfer | CommandKind::DealtWith);
        if entry.state == State::Held || ends || (unarchive && entry.kind == CommandKind::Archive) {
            outcomes.extend(take_back(tx, entry, now, changes)?);
        }
    }
    Ok(outcomes)
}

fn all_held(db: &Connection) -> Result<Vec<(i64, UnixMillis, ChatId)>> {
    Ok(db
        .prepare_cached(
            "SELECT ord, held_until, chat FROM outbox INDEXED BY outbox_held
             WHERE state = 4 AND held_until > -9223372036854775807",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, super::Blob<ChatId>>(2)?.0)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Whether the time for taking it back is over. A clock that was set back does not hold it longer than it was meant.
fn is_due(held_until: UnixMillis, now: UnixMillis) -> bool {
    held_until <= now || held_until > now.saturating_add_unsigned(UNDO_MS)
}

/// Lets go what can no longer be taken back. Whether there was any.
pub(crate) fn release_due(tx: &Transaction<'_>, now: UnixMillis, changes: &mut Changes) -> Result<bool> {
    let mut any = false;
    for (ord, held_until, chat) in all_held(tx)? {
        if is_due(held_until, now) {
            tx.prepare_cached("UPDATE outbox SET state = ?2, held_until = NULL WHERE ord = ?1")?
                .execute(params![ord, State::Queued.to_sql()])?;
            changes.touched(chat);
            any = true;
        }
    }
    Ok(any)
}

/// When the next one is let go; at once for what is due.
pub(crate) fn next_release(db: &Connection, now: UnixMillis) -> Result<Option<UnixMillis>> {
    Ok(all_held(db)?.into_iter().map(|(_, until, _)| if is_due(until, now) { now } else { until }).min())
}

/// The customer wrote: what would put the chat away and was not sent yet was decided without knowing that.
pub(crate) fn overtaken(
    tx: &Transaction<'_>,
    chat: ChatId,
    inbound_no: u64,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    let mut outcomes = Vec::new();
    for entry in of_chat(tx, chat)? {
        let puts_away = matches!(
            entry.kind,
            CommandKind::DealtWith
                | CommandKind::End
                | CommandKind::Archive
                | CommandKind::Ignore
                | CommandKind::Snooze
        );
        if puts_away && is_unsent(&entry) && entry.seen < inbound_no {
            outcomes.extend(settle::refuse(tx, &entry, ErrorCode::NewMessage, now, changes)?);
        }
    }
    Ok(outcomes)
}

//! Replies whose time has passed: they are not sent before a person says so.

use rusqlite::{Transaction, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::ids::CommandId;
use switchboard_protocol::limits::STALE_MS;

use super::{Entry, Waited, by_id, ended, remove, set_state, step, text_of};
use crate::error::Result;
use crate::model::{CommandKind, CommandOutcome, Outcome};
use crate::outbox::{State, Step};
use crate::store::{Changes, chat, draft, to_sql_u64};

/// Whether a person is to be asked before it goes: it waited too long, or the customer wrote while it waited.
pub(super) fn is_stale(tx: &Transaction<'_>, entry: &Entry, now: UnixMillis) -> Result<bool> {
    // What was written in a chat that left and came back is not this chat's any more; only its outcome is awaited.
    if entry.kind != CommandKind::Reply || entry.orphan {
        return Ok(false);
    }
    let is_old = entry.waited != Waited::Waived && now.saturating_sub(entry.written_at) > STALE_MS.cast_signed();
    if is_old || entry.waited == Waited::No {
        return Ok(is_old);
    }
    Ok(chat::load(tx, entry.chat)?.is_some_and(|record| record.last_inbound_no > entry.seen))
}

/// From here on it waits for a person. No server has it.
pub(super) fn ask_person(tx: &Transaction<'_>, entry: &Entry, by: Step, changes: &mut Changes) -> Result<()> {
    if let Some(state) = step(entry, by) {
        tx.prepare_cached("UPDATE outbox SET state = ?2, sent = 0, ask = 0 WHERE ord = ?1")?
            .execute(params![entry.ord, state.to_sql()])?;
        changes.touched(entry.chat);
    }
    Ok(())
}

/// A person says to send it as it is. False: there is none that asks.
pub(crate) fn send_anyway(tx: &Transaction<'_>, id: CommandId, changes: &mut Changes) -> Result<bool> {
    let Some(entry) = by_id(tx, id)? else { return Ok(false) };
    let Some(state) = step(&entry, Step::SentAnyway) else { return Ok(false) };
    let inbound = chat::load(tx, entry.chat)?.map_or(0, |record| record.last_inbound_no);
    set_state(tx, &entry, state)?;
    tx.prepare_cached("UPDATE outbox SET waited = 2, seen = max(seen, ?2) WHERE ord = ?1")?
        .execute(params![entry.ord, to_sql_u64(inbound)])?;
    changes.touched(entry.chat);
    Ok(true)
}

/// Takes a text that no server has back into the composer, in front of what was begun there. What the composer then
/// holds; `None`: there is no such text any more, or it may be on its way.
pub(crate) fn withdraw(
    tx: &Transaction<'_>,
    id: CommandId,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Option<(String, CommandOutcome)>> {
    let Some(entry) = by_id(tx, id)? else { return Ok(None) };
    // A note is not put where it would be sent to the customer.
    let comes_back = matches!(entry.kind, CommandKind::Reply | CommandKind::Say);
    let is_here = matches!(entry.state, State::Queued | State::Asking) && !entry.sent && !entry.orphan;
    if !comes_back || !is_here || step(&entry, Step::Undone).is_none() {
        return Ok(None);
    }
    let Some(mut text) = text_of(tx, &entry)? else { return Ok(None) };
    if let Some(begun) = draft::load(tx, entry.chat)? {
        text.push('\n');
        text.push_str(&begun);
    }
    draft::save(tx, entry.chat, &text, now)?;
    remove(tx, &entry, changes)?;
    Ok(Some((text, ended(&entry, Outcome::Undone))))
}

/// Whether the server answered a question: it never had this command.
pub(super) fn was_asked(tx: &Transaction<'_>, entry: &Entry) -> Result<bool> {
    Ok(tx.prepare_cached("SELECT ask FROM outbox WHERE ord = ?1")?.query_row([entry.ord], |row| row.get(0))?)
}

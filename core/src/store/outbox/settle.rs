//! How commands end: by the feed, by an answer, by their chat leaving.

use rusqlite::{Transaction, params};
use switchboard_protocol::collection::Collection;
use switchboard_protocol::command::{CommandResult, CommandStatus};
use switchboard_protocol::event::GoneReason;
use switchboard_protocol::ids::{ChatId, CommandId, MessageId};
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::{Entry, all, by_id, contact_name, ended, keep_text, of_chat, pending, remove, set_state, stale, step};
use crate::error::Result;
use crate::model::{CommandKind, CommandOutcome, Outcome, UnsentReason};
use crate::outbox::{State, Step};
use crate::store::{Changes, chat, internal, passed_on, read_mark, to_sql_u64, unsent, wish};

/// The command's effect is in the feed, or the feed is past it.
pub(crate) fn seen(tx: &Transaction<'_>, id: CommandId, changes: &mut Changes) -> Result<Option<CommandOutcome>> {
    let Some(entry) = by_id(tx, id)? else { return Ok(None) };
    if shown_by(entry.kind).is_some() {
        let Some(state) = step(&entry, Step::Applied) else { return Ok(None) };
        set_state(tx, &entry, state)?;
        return Ok(Some(ended(&entry, Outcome::Applied)));
    }
    done(tx, &entry, changes)
}

/// The collection whose rows show what a command did. Until they come it stands on top of the old ones, so that nothing
/// is taken back on the screen for a moment.
const fn shown_by(kind: CommandKind) -> Option<Collection> {
    match kind {
        CommandKind::EditContact
        | CommandKind::LabelContact
        | CommandKind::MergeContacts
        | CommandKind::PartContact => Some(Collection::Contacts),
        CommandKind::AddContactNote | CommandKind::DeleteContactNote => Some(Collection::ContactNotes),
        CommandKind::SaveLabel | CommandKind::DeleteLabel => Some(Collection::Labels),
        _ => None,
    }
}

/// Rows of a collection came: what was accepted before them is in them.
pub(crate) fn rows_came(tx: &Transaction<'_>, collection: Collection, changes: &mut Changes) -> Result<()> {
    let here = |entry: &&Entry| entry.state == State::Accepted && shown_by(entry.kind) == Some(collection);
    for entry in all(tx)?.iter().filter(here) {
        done(tx, entry, changes)?;
    }
    Ok(())
}

/// Nothing more will come for it.
fn done(tx: &Transaction<'_>, entry: &Entry, changes: &mut Changes) -> Result<Option<CommandOutcome>> {
    if step(entry, Step::Seen).is_none() {
        return Ok(None);
    }
    let id = entry.id;
    handed_over(tx, entry, changes)?;
    remove(tx, entry, changes)?;
    if entry.kind == CommandKind::Delete {
        passed_on::remove(tx, entry.chat)?;
    }
    if entry.orphan {
        // It did arrive, before the chat left: nothing is unsent.
        unsent::delete(tx, MessageId::from(id).into())?;
        changes.unsent = true;
    }
    Ok((entry.state != State::Accepted).then(|| ended(entry, Outcome::Applied)))
}

/// The server has the note that an unsent text was made into: nothing is unsent any more.
fn handed_over(tx: &Transaction<'_>, entry: &Entry, changes: &mut Changes) -> Result<()> {
    if entry.kind == CommandKind::NoteToOwner {
        tx.prepare_cached("DELETE FROM unsent WHERE id = (SELECT o.unsent FROM outbox o WHERE o.ord = ?1)")?
            .execute([entry.ord])?;
        changes.unsent = true;
    }
    Ok(())
}

/// The feed is past everything that was accepted by earlier connections: what is still here had its event in a part
/// of the log that a snapshot jumped over.
pub(crate) fn caught_up(tx: &Transaction<'_>, changes: &mut Changes) -> Result<()> {
    for entry in all(tx)?.iter().filter(|entry| entry.state == State::Accepted) {
        done(tx, entry, changes)?;
    }
    Ok(())
}

/// The feed is past the events of these: what a row of it caused was withdrawn before it came here, with its chat.
/// Whether there were any.
pub(crate) fn passed(tx: &Transaction<'_>, cursor: u64, changes: &mut Changes) -> Result<bool> {
    let mut any = false;
    let past = |entry: &&Entry| {
        let passed = entry.seq.is_some_and(|seq| seq <= cursor);
        passed && entry.state == State::Accepted && shown_by(entry.kind).is_none()
    };
    for entry in all(tx)?.iter().filter(past) {
        seen(tx, entry.id, changes)?;
        any = true;
    }
    Ok(any)
}

/// A server that was restored from a backup has lost what it accepted after it: a person decides. Those with a text are
/// asked about apart: the snapshot may show that theirs is there.
pub(crate) fn forgotten(
    tx: &Transaction<'_>,
    with_text: bool,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    let mut outcomes = Vec::new();
    for entry in all(tx)? {
        let has_text = entry.kind.is_text() || entry.kind == CommandKind::Transfer;
        if has_text != with_text || step(&entry, Step::Forgotten).is_none() {
            continue;
        }
        let name = contact_name(tx, entry.chat)?;
        keep_text(tx, &entry, name.as_deref(), UnsentReason::Unknown, now, changes)?;
        remove(tx, &entry, changes)?;
        outcomes.push(ended(&entry, Outcome::Failed(ErrorCode::Unknown)));
    }
    Ok(outcomes)
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
        if let Some(outcome) = wish::settle(tx, result, changes)? {
            return Ok(vec![outcome]);
        }
        read_mark::settle(tx, result)?;
        return Ok(Vec::new());
    };
    let code = result.code.unwrap_or(ErrorCode::Unknown);
    match result.status {
        CommandStatus::Applied => {
            let Some(state) = step(&entry, Step::Applied) else { return Ok(Vec::new()) };
            tx.prepare_cached("UPDATE outbox SET state = ?2, seq = ?3 WHERE ord = ?1")?.execute(params![
                entry.ord,
                state.to_sql(),
                result.seq.map(to_sql_u64)
            ])?;
            changes.touched(entry.chat);
            handed_over(tx, &entry, changes)?;
            let past = match result.seq {
                Some(seq) => seq <= cursor,
                // It caused nothing: there was nothing to do. A text always causes its message.
                None => !entry.kind.is_text(),
            };
            if past || entry.orphan {
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
        CommandStatus::Rejected if code == ErrorCode::NotReceived && stale::was_asked(tx, &entry)? => {
            if !entry.orphan {
                stale::ask_person(tx, &entry, Step::NotReceived, changes)?;
                return Ok(Vec::new());
            }
            // Its chat left while the server was being asked.
            end_unsent(tx, &entry, UnsentReason::ChatGone, now, changes)?;
            Ok(vec![ended(&entry, Outcome::Refused(ErrorCode::NotFound))])
        }
        CommandStatus::Conflict => refuse(tx, &entry, result.code.unwrap_or(ErrorCode::Taken), now, changes),
        // The line that it was to remove is not there.
        CommandStatus::Rejected if entry.kind == CommandKind::Delete && code == ErrorCode::NotFound => {
            passed_on::remove(tx, entry.chat)?;
            refuse(tx, &entry, code, now, changes)
        }
        CommandStatus::Rejected if is_refusal(code) => refuse(tx, &entry, code, now, changes),
        CommandStatus::Rejected => {
            if step(&entry, Step::Failed).is_none() {
                return Ok(Vec::new());
            }
            end_unsent(tx, &entry, UnsentReason::Failed(code), now, changes)?;
            let mut outcomes = vec![ended(&entry, Outcome::Failed(code))];
            // Without the answer before it, the chat is not dealt with.
            outcomes.extend(end_behind(tx, &entry, code, now, changes, |kind| {
                matches!(kind, CommandKind::DealtWith | CommandKind::End)
            })?);
            outcomes.extend(never_opened(tx, &entry, code, now, changes)?);
            Ok(outcomes)
        }
    }
}

/// Codes that say that the chat does not stand as the user saw it; every other one is about this command alone.
fn is_refusal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Taken
            | ErrorCode::StaleEpoch
            | ErrorCode::NotOwner
            | ErrorCode::NotFound
            | ErrorCode::TakeFirst
            | ErrorCode::NewMessage
            | ErrorCode::ChatClosed
            | ErrorCode::NotWaiting
    )
}

/// Ends a command for good. A reply's refusal ends those behind it alike: they were written as its continuation, and
/// must not reach the customer without it.
pub(super) fn refuse(
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
    outcomes.extend(end_behind(tx, entry, code, now, changes, |kind| {
        matches!(
            kind,
            CommandKind::Reply | CommandKind::Transfer | CommandKind::DealtWith | CommandKind::End | CommandKind::Block
        )
    })?);
    outcomes.extend(never_opened(tx, entry, code, now, changes)?);
    Ok(outcomes)
}

/// A staff chat that was begun here and that the server will not open: what was said in it becomes unsent, and a group is
/// none.
fn never_opened(
    tx: &Transaction<'_>,
    entry: &Entry,
    code: ErrorCode,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    let mut outcomes = Vec::new();
    if !matches!(entry.kind, CommandKind::CreateGroup | CommandKind::OpenDirect) {
        return Ok(outcomes);
    }
    for later in of_chat(tx, entry.chat)?.iter().filter(|later| later.ord > entry.ord && !later.orphan) {
        if step(later, Step::Refused).is_some() {
            end_unsent(tx, later, UnsentReason::Refused(code), now, changes)?;
            outcomes.push(ended(later, Outcome::Refused(code)));
        }
    }
    if entry.kind == CommandKind::CreateGroup {
        internal::drop_unmade(tx, entry.chat, now, changes)?;
    }
    Ok(outcomes)
}

/// Ends what was queued behind a reply.
fn end_behind(
    tx: &Transaction<'_>,
    entry: &Entry,
    code: ErrorCode,
    now: UnixMillis,
    changes: &mut Changes,
    concerned: impl Fn(CommandKind) -> bool,
) -> Result<Vec<CommandOutcome>> {
    let mut outcomes = Vec::new();
    // What was written after the chat had left and come back does not continue an orphan.
    if entry.kind != CommandKind::Reply || entry.orphan {
        return Ok(outcomes);
    }
    for later in of_chat(tx, entry.chat)? {
        let follows = later.ord > entry.ord && concerned(later.kind) && !later.orphan;
        let waits = matches!(later.state, State::Queued | State::Held | State::Asking);
        if follows && waits && step(&later, Step::Refused).is_some() {
            end_unsent(tx, &later, UnsentReason::Refused(code), now, changes)?;
            outcomes.push(ended(&later, Outcome::Refused(code)));
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
    } else {
        let name = contact_name(tx, entry.chat)?;
        keep_text(tx, entry, name.as_deref(), reason, now, changes)?;
    }
    remove(tx, entry, changes)?;
    match entry.kind {
        // What the user wished after it still holds.
        CommandKind::Snooze => chat::snooze(tx, entry.chat, pending(tx, entry.chat)?.snoozed.flatten())?,
        CommandKind::Delete => _ = passed_on::hide(tx, entry.chat, false)?,
        _ => {}
    }
    Ok(())
}

/// The chat left the device: nothing of it is sent any more. Texts that the server cannot have are unsent; of those
/// that were on their way the answer is still awaited, so that none is lost and none is offered again that arrived.
///
/// `by` is the command that made it leave: its own end follows.
pub(crate) fn chat_gone(
    tx: &Transaction<'_>,
    chat: ChatId,
    contact_name: Option<&str>,
    reason: GoneReason,
    by: Option<CommandId>,
    now: UnixMillis,
    changes: &mut Changes,
) -> Result<Vec<CommandOutcome>> {
    let code = if reason == GoneReason::Taken { ErrorCode::Taken } else { ErrorCode::NotFound };
    let mut outcomes = Vec::new();
    for entry in of_chat(tx, chat)?.iter().filter(|entry| !entry.orphan && Some(entry.id) != by) {
        match (entry.kind, entry.state) {
            // It goes to who has the chat, and not to the chat that was here.
            (CommandKind::NoteToOwner, _) => {}
            (_, State::Accepted) => remove(tx, entry, changes)?,
            (kind, _) if entry.sent && (kind.is_text() || kind == CommandKind::Transfer) => {
                keep_text(tx, entry, contact_name, UnsentReason::Checking, now, changes)?;
                tx.prepare_cached("UPDATE outbox SET orphan = 1 WHERE ord = ?1")?.execute([entry.ord])?;
            }
            // Its answer comes by itself.
            (CommandKind::Take, State::InFlight) => {}
            (kind, _) if kind != CommandKind::Take && entry.sent => {}
            // Of a chat that was deleted here there may be a line that goes too.
            (CommandKind::Delete, _) => {}
            _ => {
                keep_text(tx, entry, contact_name, UnsentReason::ChatGone, now, changes)?;
                remove(tx, entry, changes)?;
                outcomes.push(ended(entry, Outcome::Refused(code)));
            }
        }
    }
    read_mark::forget(tx, chat)?;
    Ok(outcomes)
}

//! Where lists show a chat, and when it comes back to where it was.

use rusqlite::{Connection, Transaction, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::ids::ChatId;

use crate::error::{Error, Result};
use crate::store::outbox::{self, Pending};
use crate::store::{Blob, Changes};

/// Where lists show a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Recents,
    Archive,
    Snoozed,
    /// Ignored, or being deleted.
    Nowhere,
}

impl Place {
    pub(crate) const fn to_sql(self) -> i64 {
        match self {
            Place::Recents => 0,
            Place::Archive => 1,
            Place::Snoozed => 2,
            Place::Nowhere => 3,
        }
    }

    pub(crate) fn from_sql(place: i64) -> Result<Place> {
        Ok(match place {
            0 => Place::Recents,
            1 => Place::Archive,
            2 => Place::Snoozed,
            3 => Place::Nowhere,
            _ => return Err(Error::BadValue("chat.place")),
        })
    }
}

/// What of a chat's row decides about its place.
pub(super) struct Placing {
    pub(super) state: ChatState,
    pub(super) archived: bool,
    pub(super) ignored: bool,
    pub(super) snoozed: bool,
    /// Nothing was ever said in it.
    pub(super) empty: bool,
}

/// The place of a chat with this row and this outbox. A snooze that is over is none: the timer removes it.
pub(super) fn place(row: &Placing, pending: &Pending) -> Place {
    let Placing { state, archived, ignored, snoozed, empty } = *row;
    let ignored = (ignored || pending.ignored) && state == ChatState::Waiting && !pending.takes;
    // A chat with a colleague is one when something is said in it.
    let unspoken = state == ChatState::Internal && empty && !pending.says && !pending.creates;
    if pending.deleted || pending.leaves || unspoken {
        Place::Nowhere
    } else if pending.passed_to.is_some() {
        Place::Archive
    } else if ignored {
        Place::Nowhere
    } else if pending.archived.unwrap_or(archived) {
        Place::Archive
    } else if snoozed {
        Place::Snoozed
    } else {
        Place::Recents
    }
}

/// Decides anew where lists show the chats whose outbox changed. Every transaction ends with it.
pub(crate) fn place_touched(tx: &Transaction<'_>, changes: &mut Changes) -> Result<()> {
    for id in changes.unplaced.drain() {
        let mut statement = tx.prepare_cached(
            "SELECT key, state, archived, ignored, snoozed_until IS NOT NULL, place, last_no = 0 FROM chat
             WHERE id = ?1",
        )?;
        let mut rows = statement.query([Blob(id)])?;
        let Some(row) = rows.next()? else { continue };
        let state: String = row.get(1)?;
        let state = ChatState::from_name(&state).ok_or(Error::BadValue("chat.state"))?;
        let pending = outbox::pending(tx, id)?;
        let placing =
            Placing { state, archived: row.get(2)?, ignored: row.get(3)?, snoozed: row.get(4)?, empty: row.get(6)? };
        let place = place(&placing, &pending);
        if place.to_sql() != row.get::<_, i64>(5)? {
            tx.prepare_cached("UPDATE chat SET place = ?2 WHERE key = ?1")?
                .execute(params![row.get::<_, i64>(0)?, place.to_sql()])?;
        }
        changes.timers = true;
    }
    Ok(())
}

/// Puts a chat away until then, or ends that.
pub(crate) fn snooze(tx: &Transaction<'_>, id: ChatId, until: Option<UnixMillis>) -> Result<()> {
    tx.prepare_cached("UPDATE chat SET snoozed_until = ?2 WHERE id = ?1")?.execute(params![Blob(id), until])?;
    Ok(())
}

/// The earliest end of a snooze, by the server's clock.
pub(crate) fn next_wake(db: &Connection) -> Result<Option<UnixMillis>> {
    let mut statement = db.prepare_cached(
        "SELECT snoozed_until FROM chat INDEXED BY chat_wakes WHERE snoozed_until IS NOT NULL
         ORDER BY snoozed_until LIMIT 1",
    )?;
    let mut rows = statement.query([])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get(0)?),
        None => None,
    })
}

/// Brings back the chats whose time is over.
pub(crate) fn wake_due(tx: &Transaction<'_>, server_now: UnixMillis, changes: &mut Changes) -> Result<()> {
    let due: Vec<ChatId> = tx
        .prepare_cached("SELECT id FROM chat INDEXED BY chat_wakes WHERE snoozed_until <= ?1")?
        .query_map([server_now], |row| Ok(row.get::<_, Blob<_>>(0)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in due {
        snooze(tx, id, None)?;
        changes.touched(id);
    }
    Ok(())
}

//! What grows and is not needed for ever: feed rows, events that nobody refers to, old results, codes and notices. In
//! small bites, each a write like any other, so that nobody waits behind the job.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::event::GoneReason;
use switchboard_protocol::ids::{ChatId, UserId};

use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use super::{StoreError, chats, notices};

/// Rows that one bite may look at.
const BITE: u32 = 500;
/// How long a command's result is kept.
pub const RESULT_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How much of a feed is kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Rows since this time.
    pub since: UnixMillis,
    /// The newest this many rows.
    pub rows: u64,
}

/// The user after this one, in the order of ids: how the job walks over all of them.
pub fn next_user(connection: &Connection, after: Option<UserId>) -> Result<Option<UserId>, StoreError> {
    let after = after.map_or([0; 16], |user| *user.as_bytes());
    Ok(connection
        .sql("SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT 1")?
        .query_row([after], |row| row.id(0))
        .optional()?)
}

/// Closed chats, and lines of chats that were passed on, that a user has kept for longer than phones do; at most a bite of
/// each.
pub fn expired(connection: &Connection, user: UserId, before: UnixMillis) -> Result<Vec<ChatId>, StoreError> {
    let mut query = connection.sql(
        "SELECT chats.id FROM chat_users JOIN chats ON chats.id = chat_users.chat_id \
         WHERE chat_users.user_id = ?1 AND chat_users.access > 0 AND chats.state = 'closed' AND chats.closed_at < ?2 \
         LIMIT ?3",
    )?;
    let mut chats: Vec<ChatId> =
        query.query_map((Blob(user), before, BITE), |row| row.id(0))?.collect::<Result<_, _>>()?;
    let mut query = connection.sql("SELECT chat_id FROM passed_on WHERE user_id = ?1 AND at < ?2 LIMIT ?3")?;
    for chat in query.query_map((Blob(user), before, BITE), |row| row.id(0))? {
        chats.push(chat?);
    }
    Ok(chats)
}

impl Tx<'_> {
    /// Takes what [`expired`] found from the user's phones; the server keeps the chats. What reopened since stays.
    pub fn expire(&mut self, user: UserId, found: &[ChatId]) -> Result<(), StoreError> {
        let before = self.now.saturating_sub(self.rules.keep_ms());
        for &id in found {
            let chat = chats::must(self.sql, id)?;
            let over = chat.state == ChatState::Closed && chat.closed_at.is_some_and(|closed| closed < before);
            let sees = chats::visible(self.sql, id, user)?;
            // Who sees a chat again has no line of it.
            if (over && sees) || (!sees && self.remove_passed_on(user, id, before)?) {
                self.gone(&chat, &[user], GoneReason::Expired)?;
            }
        }
        Ok(())
    }

    /// Drops the oldest rows of a user's feed that need not be kept, and raises its floor. Whether there may be more.
    pub fn prune_feed(&mut self, user: UserId, keep: Keep) -> Result<bool, StoreError> {
        let head = self
            .sql
            .sql("SELECT head FROM users WHERE id = ?1")?
            .query_row([Blob(user)], |row| row.count(0))
            .optional()?
            .unwrap_or(0);
        let beyond = head.saturating_sub(keep.rows);
        // Times rise with the numbers of a feed, so what may go is a run at its beginning.
        let floor: Option<i64> = self
            .sql
            .sql(
                "SELECT max(seq) FROM (SELECT seq, at FROM feed WHERE user_id = ?1 ORDER BY seq LIMIT ?2) AS oldest \
                 WHERE at < ?3 OR seq <= ?4",
            )?
            .query_row((Blob(user), BITE, keep.since, int(beyond)), |row| row.get(0))?;
        let Some(floor) = floor else { return Ok(false) };
        let dropped =
            self.sql.sql("DELETE FROM feed WHERE user_id = ?1 AND seq <= ?2")?.execute((Blob(user), floor))?;
        self.sql.sql("UPDATE users SET floor = ?2 WHERE id = ?1")?.execute((Blob(user), floor))?;
        Ok(dropped >= BITE as usize)
    }

    /// Looks at the events after `after` and removes those that no feed refers to any more: pruned by time, or withdrawn
    /// from everybody. Where to go on; `None` at the end.
    pub fn prune_events(&mut self, after: i64) -> Result<Option<i64>, StoreError> {
        let ids: Vec<i64> = {
            let mut query = self.sql.sql("SELECT id FROM events WHERE id > ?1 ORDER BY id LIMIT ?2")?;
            query.query_map((after, BITE), |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        let mut remove =
            self.sql.sql("DELETE FROM events WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM feed WHERE event_id = ?1)")?;
        for id in &ids {
            remove.execute([id])?;
        }
        Ok(ids.last().copied().filter(|_| ids.len() == BITE as usize))
    }

    /// Removes results, codes and notices whose time is over. Whether there may be more.
    pub fn prune_rest(&mut self, told_notices: i64) -> Result<bool, StoreError> {
        let results = self
            .sql
            .sql("DELETE FROM commands WHERE id IN (SELECT id FROM commands WHERE at < ?1 ORDER BY at LIMIT ?2)")?
            .execute((self.now - RESULT_LIFE_MS, BITE))?;
        let codes = self
            .sql
            .sql(
                "DELETE FROM enrolments WHERE code_hash IN \
                 (SELECT code_hash FROM enrolments WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
            )?
            .execute((self.now, BITE))?;
        notices::forget(self.sql, told_notices)?;
        Ok(results >= BITE as usize || codes >= BITE as usize)
    }

    /// Proves that the database takes a write, and nothing else: for /readyz.
    pub fn touch(&mut self) -> Result<(), StoreError> {
        self.sql.sql("UPDATE logs SET created_at = created_at WHERE id = 1")?.execute([])?;
        Ok(())
    }
}

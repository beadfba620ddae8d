//! The members of queues as distributions see them: every pick is a step into an index.
//!
//! A membership holds copies of what the strategies go by; the functions here keep them.

use rusqlite::Connection;
use switchboard_protocol::ids::{QueueId, UserId};

use super::StoreError;
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use crate::routing::roster::{Roster, Step, Walk, next_lot};

/// The members of a queue who are there.
pub(super) struct SqlRoster<'a> {
    sql: &'a Connection,
    queue: QueueId,
}

impl<'a> SqlRoster<'a> {
    pub fn new(sql: &'a Connection, queue: QueueId) -> SqlRoster<'a> {
        SqlRoster { sql, queue }
    }
}

impl Roster for SqlRoster<'_> {
    type Error = StoreError;

    fn has(&mut self, user: UserId) -> Result<bool, StoreError> {
        Ok(self
            .sql
            .sql("SELECT 1 FROM queue_members WHERE queue_id = ?1 AND user_id = ?2 AND eligible = 1")?
            .exists((Blob(self.queue), Blob(user)))?)
    }

    fn everyone(&mut self) -> Result<Vec<UserId>, StoreError> {
        let mut query = self.sql.sql("SELECT user_id FROM queue_members WHERE queue_id = ?1 AND eligible = 1")?;
        Ok(query.query_map([Blob(self.queue)], |row| row.id(0))?.collect::<Result<_, _>>()?)
    }

    fn walk(&mut self, walk: Walk, n: usize) -> Result<Vec<Step>, StoreError> {
        let n = int(n as u64);
        let (mut query, from) = match walk {
            Walk::Order { after } => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members WHERE queue_id = ?1 AND eligible = 1 AND position > ?2 \
                     ORDER BY position, user_id LIMIT ?3",
                )?,
                after,
            ),
            Walk::Lots { from } => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members WHERE queue_id = ?1 AND eligible = 1 AND shuffle >= ?2 \
                     ORDER BY shuffle, user_id LIMIT ?3",
                )?,
                from,
            ),
            Walk::LeastBusy => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members WHERE queue_id = ?1 AND eligible = 1 AND open_chats >= ?2 \
                     ORDER BY open_chats, name, user_id LIMIT ?3",
                )?,
                i64::MIN,
            ),
            Walk::LongestIdle => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members \
                     WHERE queue_id = ?1 AND eligible = 1 AND last_reply_at >= ?2 \
                     ORDER BY last_reply_at, name, user_id LIMIT ?3",
                )?,
                i64::MIN,
            ),
        };
        let step = |row: &rusqlite::Row<'_>| Ok(Step { user: row.id(0)?, position: row.get(1)? });
        Ok(query.query_map((Blob(self.queue), from, n), step)?.collect::<Result<_, _>>()?)
    }

    fn served(&mut self) -> Result<i64, StoreError> {
        Ok(self.sql.sql("SELECT served FROM queues WHERE id = ?1")?.query_row([Blob(self.queue)], |row| row.get(0))?)
    }

    fn serve(&mut self, position: i64) -> Result<(), StoreError> {
        self.sql.sql("UPDATE queues SET served = ?2 WHERE id = ?1")?.execute((Blob(self.queue), position))?;
        Ok(())
    }

    fn draw(&mut self) -> Result<i64, StoreError> {
        let drawn = self
            .sql
            .sql("UPDATE queues SET served = served + 1 WHERE id = ?1 RETURNING served")?
            .query_row([Blob(self.queue)], |row| row.get(0))?;
        Ok(next_lot(drawn))
    }

    fn set_lot(&mut self, user: UserId, lot: i64) -> Result<(), StoreError> {
        self.sql.sql("UPDATE queue_members SET shuffle = ?3 WHERE queue_id = ?1 AND user_id = ?2")?.execute((
            Blob(self.queue),
            Blob(user),
            lot,
        ))?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Puts a user into a queue at this place of its order; a member moves there and stays logged in or out. The waiting
    /// chats are offered anew by [`Tx::reoffer_queue`], once all members are in.
    pub(super) fn enlist(&mut self, queue: QueueId, user: UserId, position: u64) -> Result<(), StoreError> {
        // Not out of the queue's lots, which would move round robin on.
        let lot = next_lot(int(position));
        self.sql
            .sql(
                "INSERT INTO queue_members (queue_id, user_id, position, shuffle, eligible, name, open_chats, \
                 last_reply_at) SELECT ?1, id, ?3, ?4, disabled = 0 AND presence = 'available', name, open_chats, \
                 last_reply_at FROM users WHERE id = ?2 \
                 ON CONFLICT (queue_id, user_id) DO UPDATE SET position = excluded.position",
            )?
            .execute((Blob(queue), Blob(user), int(position), lot))?;
        Ok(())
    }

    /// A user owns so many chats more, or fewer: in the user's row and in every membership.
    pub(super) fn member_load(&mut self, user: UserId, open_chats_delta: i64) -> Result<(), StoreError> {
        let open: i64 = self
            .sql
            .sql("UPDATE users SET open_chats = max(open_chats + ?2, 0) WHERE id = ?1 RETURNING open_chats")?
            .query_row((Blob(user), open_chats_delta), |row| row.get(0))?;
        self.sql.sql("UPDATE queue_members SET open_chats = ?2 WHERE user_id = ?1")?.execute((Blob(user), open))?;
        Ok(())
    }

    /// A user replied to a customer just now: in the user's row and in every membership.
    pub(super) fn member_replied(&mut self, user: UserId) -> Result<(), StoreError> {
        let now = self.now;
        self.sql.sql("UPDATE users SET last_reply_at = ?2 WHERE id = ?1")?.execute((Blob(user), now))?;
        self.sql.sql("UPDATE queue_members SET last_reply_at = ?2 WHERE user_id = ?1")?.execute((Blob(user), now))?;
        Ok(())
    }

    /// Copies into a user's memberships whether the user is there, and the name.
    pub(super) fn refresh_memberships(&mut self, user: UserId) -> Result<(), StoreError> {
        self.sql
            .sql(
                "UPDATE queue_members SET \
                 eligible = logged_in AND (SELECT disabled = 0 AND presence = 'available' FROM users WHERE id = ?1), \
                 name = (SELECT name FROM users WHERE id = ?1) WHERE user_id = ?1",
            )?
            .execute([Blob(user)])?;
        Ok(())
    }
}

//! What time alone does: chats widen, return, leave their owners; users' own hours begin and end.
//!
//! Each chat's and each user's next moment stands in an indexed column, set anew with every change that may move it.

use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::ids::{ChatId, UserId};

use super::chats::{self, ChatRow};
use super::effects::Effect;
use super::offers::owner_state;
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use super::{StoreError, alarms, queues};
use crate::routing::Distribution;
use crate::routing::due::{self, Act, Place};
use crate::routing::hours::Hours;

/// More than time can have to do to one chat at one moment; a chat that asks for more is left for the next round.
const MOST_ACTS: usize = 4;

impl Tx<'_> {
    /// To be called at the end of whatever changes a chat: what time asks for at once is done (a customer who wrote to an
    /// owner off shift, F40), a chat that all candidates ignore widens (F6), the alarm follows, and the chat's clock is set.
    pub(super) fn tend(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        let mut next = self.next_act(chat)?;
        for _ in 0..MOST_ACTS {
            let Some((_, act)) = next.filter(|(at, _)| *at <= self.now) else { break };
            self.act(chat, act)?;
            next = self.next_act(chat)?;
        }
        if !chat.widened && alarms::ignored_by_all(self.sql, chat)? {
            // Told before others get it: managers look until it is taken or the customer writes again.
            self.look_after(chat)?;
            self.widen(chat)?;
            next = self.next_act(chat)?;
        }
        self.look_after(chat)?;
        self.set_due(chat, next.map(|(at, _)| at))
    }

    fn act(&mut self, chat: &mut ChatRow, act: Act) -> Result<(), StoreError> {
        match act {
            Act::Widen => self.widen(chat),
            Act::Return => self.return_transfer(chat),
            Act::Release(reason) => self.release_by_route(chat, reason),
        }
    }

    /// What time does to a chat next.
    fn next_act(&self, chat: &ChatRow) -> Result<Option<(UnixMillis, Act)>, StoreError> {
        let place = match (chat.state, chat.owner, chat.waiting_since) {
            (ChatState::Waiting, _, Some(since)) => Place::Waiting { since, widened: chat.widened },
            (ChatState::Owned, Some(owner), _) => {
                if chat.unanswered_since.is_none() && chat.transferred_by.is_none() {
                    // Nothing is asked of the owner, which is how most owned chats are.
                    return Ok(None);
                }
                // Who took it is not to blame for how long the customer had waited before.
                let since = chat.owned_since;
                let unanswered_since =
                    chat.unanswered_since.map(|unanswered| since.map_or(unanswered, |since| unanswered.max(since)));
                Place::Owned { owner: owner_state(self.sql, owner)?, unanswered_since }
            }
            _ => return Ok(None),
        };
        let settings = match chat.queue {
            Some(queue) => queues::settings(self.sql, queue)?.unwrap_or_default(),
            None => Default::default(),
        };
        let hours = match (&settings.hours, settings.release_after_ms) {
            (Some(hours), Some(_)) => Hours::new(hours)
                .inspect_err(|error| tracing::warn!(%error, "a queue's stored hours cannot be used: it counts as open"))
                .ok(),
            _ => None,
        };
        let case = due::Case {
            place,
            transferred_at: chat.transferred_by.and(chat.transferred_at),
            transfer_return_ms: self.rules.transfer_return(),
            // It is offered to everyone already.
            widen_after_ms: settings.widen_after_ms.filter(|_| settings.distribution != Distribution::Everyone),
            release_after_ms: settings.release_after_ms,
            hours: hours.as_ref(),
        };
        Ok(due::next(case, self.now))
    }

    /// Writes when time does something to the chat next.
    fn set_due(&mut self, chat: &mut ChatRow, due: Option<UnixMillis>) -> Result<(), StoreError> {
        if due == chat.due_at {
            return Ok(());
        }
        chat.due_at = due;
        self.sql.sql("UPDATE chats SET due_at = ?2 WHERE id = ?1")?.execute((Blob(chat.id), due))?;
        if let Some(at) = due {
            self.effect(Effect::Due { at });
        }
        Ok(())
    }

    /// Does what is due, to at most `limit` users and as many chats; when to come again. At once means now or earlier.
    pub fn run_due(&mut self, limit: usize) -> Result<Option<UnixMillis>, StoreError> {
        // People first: whom a chat is offered to depends on who is there.
        let users: Vec<UserId> = {
            let mut query = self.sql.sql(
                "SELECT id FROM users WHERE presence_due IS NOT NULL AND presence_due <= ?1 ORDER BY presence_due LIMIT ?2",
            )?;
            query.query_map((self.now, int(limit as u64)), |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        for user in users {
            self.refresh_user(user)?;
        }
        let chats: Vec<ChatId> = {
            let mut query = self
                .sql
                .sql("SELECT id FROM chats WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2")?;
            query.query_map((self.now, int(limit as u64)), |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        for chat in chats {
            let mut chat = chats::must(self.sql, chat)?;
            self.tend(&mut chat)?;
        }
        let users = self
            .sql
            .sql("SELECT min(presence_due) FROM users WHERE presence_due IS NOT NULL")?
            .query_row([], |row| row.get::<_, Option<i64>>(0))?;
        let chats = self
            .sql
            .sql("SELECT min(due_at) FROM chats WHERE due_at IS NOT NULL")?
            .query_row([], |row| row.get::<_, Option<i64>>(0))?;
        Ok([users, chats].into_iter().flatten().min())
    }
}

//! Sessions: a stretch of a chat from a customer's message (or a transfer out of the archive) to Dealt with, End, Block or
//! Delete.

use switchboard_protocol::chat::ChatState;
use switchboard_protocol::ids::UserId;

use super::StoreError;
use super::chats::ChatRow;
use super::sql::{Blob, Sql, int};
use super::writer::Tx;

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// By Dealt with.
    DealtWith,
    /// The visitor was told.
    Ended,
    /// The visitor was shut out.
    Blocked,
    /// Its owner deleted the chat.
    Deleted,
}

impl Ending {
    const fn as_str(self) -> &'static str {
        match self {
            Ending::DealtWith => "dealt_with",
            Ending::Ended => "ended",
            Ending::Blocked => "blocked",
            Ending::Deleted => "deleted",
        }
    }
}

impl Tx<'_> {
    /// A new chat's first session.
    pub(super) fn first_session(&mut self, chat: &ChatRow) -> Result<(), StoreError> {
        self.insert_session(chat)
    }

    /// A closed chat begins its next session; the caller says whose it is and saves the row.
    pub(super) fn open_session(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        chat.session += 1;
        chat.diverted = false;
        chat.widened = false;
        self.insert_session(chat)
    }

    fn insert_session(&mut self, chat: &ChatRow) -> Result<(), StoreError> {
        self.sql.sql("INSERT INTO sessions (chat_id, no, opened_at) VALUES (?1, ?2, ?3)")?.execute((
            Blob(chat.id),
            int(chat.session),
            self.now,
        ))?;
        Ok(())
    }

    /// Closes the chat's session: nobody owns it any more, and `by` had it last. The row is saved.
    pub(super) fn close_session(&mut self, chat: &mut ChatRow, by: UserId, ending: Ending) -> Result<(), StoreError> {
        self.sql
            .sql("UPDATE sessions SET closed_at = ?3, closed_by = ?4, ending = ?5 WHERE chat_id = ?1 AND no = ?2")?
            .execute((Blob(chat.id), int(chat.session), self.now, Blob(by), ending.as_str()))?;
        if chat.owner.is_some() {
            self.set_owner(chat, None)?;
        }
        chat.state = ChatState::Closed;
        chat.waiting_since = None;
        chat.unanswered_since = None;
        chat.transferred_by = None;
        chat.transferred_at = None;
        chat.last_owner = Some(by);
        chat.closed_at = Some(self.now);
        self.save_hands(chat)
    }
}

//! What a user does with a chat for oneself alone: archive, ignore, snooze, delete.

use rusqlite::OptionalExtension;
use switchboard_protocol::chat::{ChatState, UserChat};
use switchboard_protocol::command::CommandResult;
use switchboard_protocol::event::{EventBody, Gone, GoneReason};
use switchboard_protocol::ids::{ChatId, CommandId, UserId};
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::{Acting, Command, applied, conflict, rejected};
use crate::store::StoreError;
use crate::store::chats::{self, Access, ChatRow};
use crate::store::sessions::Ending;
use crate::store::sql::{Blob, Sql};
use crate::store::writer::Tx;

/// How far ahead a chat can be snoozed: a year, and the day that a leap year has more.
const MAX_SNOOZE_MS: i64 = 366 * 24 * 60 * 60 * 1000;

/// Whether a chat can be snoozed until then.
pub(in crate::store) fn is_snooze(now: UnixMillis, until: UnixMillis) -> bool {
    until > now && until <= now.saturating_add(MAX_SNOOZE_MS)
}

/// Whether the customer wrote after what the user had seen: a chat must not be put away behind a message's back, and a
/// phone sends what can be undone some seconds after the tap.
fn overtaken(command: &Command, acting: &Acting) -> bool {
    command.seen.is_some_and(|seen| acting.chat.last_inbound_no > seen)
}

impl Tx<'_> {
    /// Writes a user's own part and tells the user's devices.
    pub(super) fn change_own_part(
        &mut self,
        chat: &ChatRow,
        user: UserId,
        mine: UserChat,
        command: CommandId,
    ) -> Result<u64, StoreError> {
        self.set_own_part(chat.id, user, mine)?;
        let event = self.event(chat.id, chat.rev, &EventBody::UserChat(mine), Some(command))?;
        self.append(user, &event)
    }

    fn put(
        &mut self,
        user: UserId,
        command: &Command,
        acting: &Acting,
        mine: UserChat,
    ) -> Result<CommandResult, StoreError> {
        if mine == acting.mine {
            return Ok(applied(command.id, None, None));
        }
        let seq = self.change_own_part(&acting.chat, user, mine, command.id)?;
        Ok(applied(command.id, Some(seq), None))
    }

    /// F43, F45: out of Recents, or back; the owner stays.
    pub(super) fn archive(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        archived: bool,
    ) -> Result<CommandResult, StoreError> {
        if archived && overtaken(command, &acting) {
            return Ok(conflict(command.id, &acting.chat, ErrorCode::NewMessage));
        }
        self.put(user, command, &acting, UserChat { archived, ..acting.mine })
    }

    /// F68: not to be seen for a while. The end is the phone's to keep.
    pub(super) fn snooze(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        until: Option<UnixMillis>,
    ) -> Result<CommandResult, StoreError> {
        if until.is_some_and(|until| !is_snooze(self.now, until)) {
            return Ok(rejected(command.id, ErrorCode::BadTime));
        }
        if until.is_some() && overtaken(command, &acting) {
            return Ok(conflict(command.id, &acting.chat, ErrorCode::NewMessage));
        }
        self.put(user, command, &acting, UserChat { snoozed_until: until, ..acting.mine })
    }

    /// F6: a waiting chat is hidden from this user until the customer writes again. One that all ignore is offered to more,
    /// and if those ignore it too, managers are alarmed.
    pub(super) fn ignore(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
    ) -> Result<CommandResult, StoreError> {
        if acting.chat.state != ChatState::Waiting || acting.access != Access::Candidate {
            return Ok(rejected(command.id, ErrorCode::NotWaiting));
        }
        if overtaken(command, &acting) {
            return Ok(conflict(command.id, &acting.chat, ErrorCode::NewMessage));
        }
        let result = self.put(user, command, &acting, UserChat { ignored: true, ..acting.mine })?;
        let mut chat = acting.chat;
        self.tend(&mut chat)?;
        Ok(result)
    }

    /// F45: the chat leaves this user; the server keeps its history. An owned one is closed first.
    pub(super) fn delete(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
    ) -> Result<CommandResult, StoreError> {
        if acting.access == Access::Owner && overtaken(command, &acting) {
            // Nobody would ever read what the customer wrote meanwhile.
            return Ok(conflict(command.id, &acting.chat, ErrorCode::NewMessage));
        }
        let mut chat = acting.chat;
        if acting.access == Access::Owner {
            self.close_session(&mut chat, user, Ending::Deleted)?;
        }
        let gone = Gone { reason: GoneReason::Deleted, passed_on: None };
        let seq = self.leave(&chat, user, gone, Some(command.id))?;
        if acting.access == Access::Candidate {
            self.remove_candidate(&mut chat, user)?;
        } else {
            self.tend(&mut chat)?;
        }
        Ok(applied(command.id, Some(seq), None))
    }

    /// The line of a chat that was passed on, and that the user does not see, is removed. `None`: there is no such line.
    pub(super) fn delete_line(
        &mut self,
        user: UserId,
        command: &Command,
        chat: ChatId,
    ) -> Result<Option<CommandResult>, StoreError> {
        let removed = self
            .sql
            .sql("DELETE FROM passed_on WHERE user_id = ?1 AND chat_id = ?2 RETURNING at")?
            .query_row((Blob(user), Blob(chat)), |row| row.get::<_, i64>(0))
            .optional()?;
        if removed.is_none() {
            return Ok(None);
        }
        let chat = chats::must(self.sql, chat)?;
        let gone = Gone { reason: GoneReason::Deleted, passed_on: None };
        let seq = self.leave(&chat, user, gone, Some(command.id))?;
        Ok(Some(applied(command.id, Some(seq), None)))
    }
}

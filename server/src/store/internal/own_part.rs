//! What a member does with a staff chat for oneself alone: archive, snooze, delete.

use switchboard_protocol::chat::UserChat;
use switchboard_protocol::command::{CommandResult, CommandStatus};
use switchboard_protocol::event::{EventBody, GoneReason};
use switchboard_protocol::ids::UserId;
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::InternalRow;
use crate::store::StoreError;
use crate::store::commands::{Command, applied, is_snooze, rejected};
use crate::store::sql::{Blob, Sql, int};
use crate::store::writer::Tx;

/// A colleague wrote meanwhile.
fn overtaken(command: &Command) -> CommandResult {
    CommandResult { status: CommandStatus::Conflict, ..rejected(command.id, ErrorCode::NewMessage) }
}

impl Tx<'_> {
    /// Whether a colleague wrote after what the user had seen: a chat must not be put away behind a message's back, and a
    /// phone sends what can be undone some seconds after the tap.
    fn is_overtaken(&self, user: UserId, command: &Command, chat: &InternalRow) -> Result<bool, StoreError> {
        let Some(seen) = command.seen.filter(|seen| *seen < chat.last_no) else { return Ok(false) };
        Ok(self
            .sql
            .sql("SELECT 1 FROM messages WHERE chat_id = ?1 AND no > ?2 AND kind = 0 AND author_id <> ?3 LIMIT 1")?
            .exists((Blob(chat.id), int(seen), Blob(user)))?)
    }

    /// Writes a member's own part and tells the member's devices; its place in the feed, if anything changed.
    pub(super) fn put_internal(
        &mut self,
        user: UserId,
        command: &Command,
        chat: &InternalRow,
        before: UserChat,
        mine: UserChat,
    ) -> Result<Option<u64>, StoreError> {
        if mine == before {
            return Ok(None);
        }
        self.set_own_part(chat.id, user, mine)?;
        let event = self.event(chat.id, chat.rev, &EventBody::UserChat(mine), Some(command.id))?;
        self.append(user, &event).map(Some)
    }

    /// F43, F45: out of Recents, or back.
    pub(super) fn archive_internal(
        &mut self,
        user: UserId,
        command: &Command,
        chat: &InternalRow,
        mine: UserChat,
        archived: bool,
    ) -> Result<CommandResult, StoreError> {
        if archived && self.is_overtaken(user, command, chat)? {
            return Ok(overtaken(command));
        }
        let seq = self.put_internal(user, command, chat, mine, UserChat { archived, ..mine })?;
        Ok(applied(command.id, seq, None))
    }

    /// F68: not to be seen for a while, or until a colleague writes.
    pub(super) fn snooze_internal(
        &mut self,
        user: UserId,
        command: &Command,
        chat: &InternalRow,
        mine: UserChat,
        until: Option<UnixMillis>,
    ) -> Result<CommandResult, StoreError> {
        if until.is_some_and(|until| !is_snooze(self.now, until)) {
            return Ok(rejected(command.id, ErrorCode::BadTime));
        }
        if until.is_some() && self.is_overtaken(user, command, chat)? {
            return Ok(overtaken(command));
        }
        let seq = self.put_internal(user, command, chat, mine, UserChat { snoozed_until: until, ..mine })?;
        Ok(applied(command.id, seq, None))
    }

    /// F45: a direct chat leaves this user, with all that was said until now; the other one keeps it. A group is left.
    pub(super) fn delete_internal(
        &mut self,
        user: UserId,
        command: &Command,
        chat: &InternalRow,
    ) -> Result<CommandResult, StoreError> {
        if !chat.is_direct() {
            return Ok(rejected(command.id, ErrorCode::InternalChat));
        }
        if self.is_overtaken(user, command, chat)? {
            return Ok(overtaken(command));
        }
        let seq = self.leave_internal(chat, user, GoneReason::Deleted, Some(command.id))?;
        Ok(applied(command.id, Some(seq), None))
    }
}

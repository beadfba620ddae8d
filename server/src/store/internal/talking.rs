//! What is said among staff, and who has read it.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::UserChat;
use switchboard_protocol::command::{CommandResult, Say};
use switchboard_protocol::event::{EventBody, StatusRaised};
use switchboard_protocol::ids::{MessageId, UserId};
use switchboard_protocol::message::{Message, MessageStatus};

use super::{InternalRow, is_enabled, other_of};
use crate::store::StoreError;
use crate::store::chats;
use crate::store::commands::{Command, applied, check_mentions, check_text, rejected};
use crate::store::sql::{Blob, Columns, Sql, int};
use crate::store::writer::Tx;

impl Tx<'_> {
    /// F2: a text to all who are in the chat. A direct chat that the other one deleted, or never had, is theirs again.
    pub(super) fn say(
        &mut self,
        user: UserId,
        command: &Command,
        mut chat: InternalRow,
        say: &Say,
    ) -> Result<CommandResult, StoreError> {
        if let Some(code) = check_text(&say.text).or_else(|| check_mentions(&say.mentions)) {
            return Ok(rejected(command.id, code));
        }
        if chat.is_direct()
            && let Some(other) = other_of(self.sql, &chat, user)?
        {
            if is_enabled(self.sql, other)? != Some(true) {
                return Ok(rejected(command.id, ErrorCode::UserDisabled));
            }
            if !chats::visible(self.sql, chat.id, other)? {
                let mine = self.readmit(chat.id, other, chat.last_no)?;
                self.open_internal(&chat, &[(other, mine)], chat.last_no, None)?;
            }
        }
        let message = Message {
            id: MessageId::from(command.id),
            no: chat.last_no + 1,
            author: self.author(user)?,
            text: say.text.clone(),
            private: false,
            mentions: self.mentioned(chat.id, user, &say.mentions)?,
            activity: None,
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        self.add_internal_message(&mut chat, &message)?;
        // The phones of the others do this by themselves when the message comes ([`UserChat::woken`]); no event says so.
        self.sql
            .sql(
                "UPDATE chat_users SET archived = 0, ignored = 0, snoozed_until = NULL WHERE chat_id = ?1 AND access > 0 \
                 AND user_id <> ?2 AND (archived = 1 OR ignored = 1 OR snoozed_until IS NOT NULL)",
            )?
            .execute((Blob(chat.id), Blob(user)))?;
        let seq = self.tell_members(&chat, user, &message, false, command.id)?;
        self.set_author_seq(command.id, seq)?;
        // Who says something has read what was said before. The phones know it from the message; no event says so.
        self.sql.sql("UPDATE chat_users SET read_upto = ?3 WHERE chat_id = ?1 AND user_id = ?2")?.execute((
            Blob(chat.id),
            Blob(user),
            int(message.no),
        ))?;
        self.raise_staff_read(&mut chat)?;
        Ok(applied(command.id, seq, None))
    }

    /// F57: a member has read up to a message, on any device; the highest counts.
    pub(super) fn read_internal(
        &mut self,
        user: UserId,
        command: &Command,
        mut chat: InternalRow,
        mine: UserChat,
        upto: u64,
    ) -> Result<CommandResult, StoreError> {
        let upto = upto.min(chat.last_no).max(mine.read_upto);
        let seq = self.put_internal(user, command, &chat, mine, UserChat { read_upto: upto, ..mine })?;
        if seq.is_some() {
            self.raise_staff_read(&mut chat)?;
        }
        Ok(applied(command.id, seq, None))
    }

    /// What every member has read is told to all of them. One whose account is disabled reads nothing any more, and holds up
    /// nobody; alone nobody has readers.
    pub(super) fn raise_staff_read(&mut self, chat: &mut InternalRow) -> Result<(), StoreError> {
        let (readers, upto) = self
            .sql
            .sql(
                "SELECT count(*), coalesce(min(CASE WHEN from_no > read_upto THEN from_no ELSE read_upto END), 0) \
                 FROM chat_users JOIN users ON users.id = chat_users.user_id \
                 WHERE chat_users.chat_id = ?1 AND chat_users.access > 0 AND users.disabled = 0",
            )?
            .query_row([Blob(chat.id)], |row| Ok((row.count(0)?, row.count(1)?)))?;
        if readers < 2 || upto <= chat.staff_read_upto {
            return Ok(());
        }
        let from = chat.staff_read_upto + 1;
        chat.staff_read_upto = upto;
        self.sql.sql("UPDATE chats SET staff_read_upto = ?2 WHERE id = ?1")?.execute((Blob(chat.id), int(upto)))?;
        let changed = self
            .sql
            .sql("UPDATE messages SET status = ?4 WHERE chat_id = ?1 AND no BETWEEN ?2 AND ?3 AND kind = 0 AND status < ?4")?
            .execute((Blob(chat.id), int(from), int(upto), MessageStatus::Read.rank()))?;
        if changed == 0 {
            return Ok(());
        }
        let raised = StatusRaised { outbound: true, from, upto, status: MessageStatus::Read };
        let event = self.event(chat.id, chat.rev, &EventBody::Status(raised), None)?;
        let users = chats::seeing(self.sql, chat.id)?;
        self.append_to(&users, &event)?;
        Ok(())
    }
}

//! F66: notes among those who see a customer's chat, and whom texts and notes mention.

use switchboard_protocol::command::{CommandResult, NoteToOwner, Say};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, UserId};
use switchboard_protocol::message::{Message, MessageStatus};
use switchboard_protocol::{ErrorCode, limits, template};

use super::{Acting, Command, applied, rejected};
use crate::store::StoreError;
use crate::store::chats::{self, Access, ChatRow};
use crate::store::sql::{Blob, Sql, int};
use crate::store::writer::Tx;

/// Whether a text can be stored: not empty, not too long.
fn check_size(text: &str) -> Option<ErrorCode> {
    if text.trim().is_empty() {
        return Some(ErrorCode::EmptyText);
    }
    (text.len() > limits::MAX_TEXT_BYTES).then_some(ErrorCode::TextTooLong)
}

/// Whether a text can be sent; F24: one in which a template's variable is left cannot.
pub(in crate::store) fn check_text(text: &str) -> Option<ErrorCode> {
    check_size(text).or_else(|| (!template::unfilled(text).is_empty()).then_some(ErrorCode::UnfilledVariable))
}

/// Whether there are not too many mentions.
pub(in crate::store) fn check_mentions(mentions: &[UserId]) -> Option<ErrorCode> {
    (mentions.len() > limits::MAX_MENTIONS).then_some(ErrorCode::BadRequest)
}

impl Tx<'_> {
    /// Those of the mentioned who see the chat, each once, and not the author.
    pub(in crate::store) fn mentioned(
        &self,
        chat: ChatId,
        author: UserId,
        given: &[UserId],
    ) -> Result<Vec<UserId>, StoreError> {
        let mut kept = Vec::new();
        for &user in given {
            if user != author && !kept.contains(&user) && chats::visible(self.sql, chat, user)? {
                kept.push(user);
            }
        }
        Ok(kept)
    }

    /// Keeps where the author's own feed shows what the author wrote: a repeated command is answered with it.
    pub(in crate::store) fn set_author_seq(&mut self, command: CommandId, seq: Option<u64>) -> Result<(), StoreError> {
        self.sql
            .sql("UPDATE messages SET author_seq = ?2 WHERE id = ?1 AND author > 0")?
            .execute((Blob(command), seq.map(int)))?;
        Ok(())
    }

    /// A note to those who see the chat. It answers nobody and moves no clock.
    pub(super) fn note(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        note: &Say,
    ) -> Result<CommandResult, StoreError> {
        if let Some(code) = check_text(&note.text).or_else(|| check_mentions(&note.mentions)) {
            return Ok(rejected(command.id, code));
        }
        let mentions = self.mentioned(acting.chat.id, user, &note.mentions)?;
        self.write_note(user, command, acting.chat, &note.text, mentions)
    }

    /// F64: what could not be sent any more goes to those who have the chat now, from anybody who once saw it. The text was
    /// refused perhaps because of a variable in it: here it goes as it is.
    pub(super) fn note_to_owner(
        &mut self,
        user: UserId,
        command: &Command,
        id: ChatId,
        note: &NoteToOwner,
    ) -> Result<CommandResult, StoreError> {
        let chat = match chats::access(self.sql, id, user)? {
            None => None,
            Some((Access::Member, _)) => return Ok(rejected(command.id, ErrorCode::InternalChat)),
            Some(_) => chats::load(self.sql, id)?,
        };
        let Some(chat) = chat else { return Ok(rejected(command.id, ErrorCode::NotFound)) };
        if let Some(code) = check_size(&note.text) {
            return Ok(rejected(command.id, code));
        }
        self.write_note(user, command, chat, &note.text, Vec::new())
    }

    fn write_note(
        &mut self,
        user: UserId,
        command: &Command,
        mut chat: ChatRow,
        text: &str,
        mentions: Vec<UserId>,
    ) -> Result<CommandResult, StoreError> {
        let message = Message {
            id: MessageId::from(command.id),
            no: chat.last_no + 1,
            author: self.author(user)?,
            text: text.to_owned(),
            private: true,
            mentions,
            activity: None,
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        self.add_message(&mut chat, &message, None, None)?;
        let mut users = chats::seeing(self.sql, chat.id)?;
        let sees = users.contains(&user);
        if sees {
            // The last one's place is what is answered.
            users.retain(|other| *other != user);
            users.push(user);
        }
        let seq = self.tell_message(&chat, &users, &message, false, Some(command.id))?.filter(|_| sees);
        self.set_author_seq(command.id, seq)?;
        Ok(applied(command.id, seq, None))
    }
}

//! Passing a chat on: to a user, who owns it at once, or to a queue or group, where it waits.

use rusqlite::OptionalExtension;
use switchboard_protocol::chat::PassedOn;
use switchboard_protocol::command::{CommandResult, Transfer};
use switchboard_protocol::event::{Gone, GoneReason};
use switchboard_protocol::ids::UserId;
use switchboard_protocol::message::Activity;
use switchboard_protocol::transfer::TransferTarget;
use switchboard_protocol::{ErrorCode, limits};

use super::{Acting, Command, Hold, applied, hold, rejected};
use crate::store::StoreError;
use crate::store::sql::{Blob, Sql};
use crate::store::writer::Tx;

impl Tx<'_> {
    /// F26 to F29: by the owner, by a candidate while it waits, and by the last owner out of the archive, which begins a new
    /// session.
    pub(super) fn transfer(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        transfer: &Transfer,
    ) -> Result<CommandResult, StoreError> {
        let note = transfer.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
        if note.is_some_and(|note| note.len() > limits::MAX_TEXT_BYTES) {
            return Ok(rejected(command.id, ErrorCode::TextTooLong));
        }
        if command.owner_epoch.is_none() {
            return Ok(rejected(command.id, ErrorCode::BadRequest));
        }
        let held = match hold(user, command, &acting) {
            Ok(held) => held,
            Err(answer) => return Ok(answer),
        };
        let name = match self.transfer_target(user, transfer.to)? {
            Ok(name) => name,
            Err(code) => return Ok(rejected(command.id, code)),
        };
        let mut chat = acting.chat;
        if held == Hold::Reader {
            self.open_session(&mut chat)?;
        }
        let author = self.author(user)?;
        let mut news = Vec::new();
        if let Some(note) = note {
            news.push(self.add_note(&mut chat, author.clone(), note)?);
        }
        let activity = Activity::Transferred { to: transfer.to, name: name.clone() };
        news.push(self.add_activity(&mut chat, author, activity)?);

        // The sender first: who gets the chat next is looked for among the others.
        let line = PassedOn {
            chat: chat.id,
            channel_kind: chat.channel_kind,
            contact_name: chat.contact.name.clone(),
            to: transfer.to,
            to_name: name,
            at: self.now,
        };
        let gone = Gone { reason: GoneReason::Transferred, passed_on: Some(line.clone()) };
        let seq = self.leave(&chat, user, gone, Some(command.id))?;
        self.add_passed_on(user, &line)?;
        self.offer_transfer(&mut chat, transfer.to, user, news)?;
        Ok(applied(command.id, Some(seq), Some(chat.owner_epoch)))
    }

    /// The target's name, or why it is none. Presence does not matter: who is away finds the chat when back.
    fn transfer_target(&self, sender: UserId, target: TransferTarget) -> Result<Result<String, ErrorCode>, StoreError> {
        let found: Option<(String, bool)> = match target {
            TransferTarget::User(user) if user == sender => return Ok(Err(ErrorCode::TransferToSelf)),
            TransferTarget::User(user) => self
                .sql
                .sql("SELECT name, disabled FROM users WHERE id = ?1")?
                .query_row([Blob(user)], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?,
            TransferTarget::Queue(queue) => self
                .sql
                .sql("SELECT name, 0 FROM queues WHERE id = ?1")?
                .query_row([Blob(queue)], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?,
            TransferTarget::Group(group) => self
                .sql
                .sql("SELECT name, 0 FROM groups WHERE id = ?1")?
                .query_row([Blob(group)], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?,
        };
        Ok(match found {
            None => Err(ErrorCode::NotFound),
            Some((_, true)) => Err(ErrorCode::UserDisabled),
            Some((name, false)) => Ok(name),
        })
    }
}

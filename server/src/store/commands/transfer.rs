//! Passing a chat on: to a user, who owns it at once, or to a queue or group, where it waits.

use rusqlite::OptionalExtension;
use switchboard_protocol::chat::{ChatState, UserChat};
use switchboard_protocol::command::{CommandResult, Transfer};
use switchboard_protocol::event::{EventBody, Gone, GoneReason};
use switchboard_protocol::ids::UserId;
use switchboard_protocol::message::Activity;
use switchboard_protocol::transfer::{PassedOn, TransferTarget};
use switchboard_protocol::{ErrorCode, limits};

use super::{Acting, Command, Hold, applied, hold, rejected};
use crate::routing::Route;
use crate::store::StoreError;
use crate::store::chats::{self, Access, ChatRow};
use crate::store::offers;
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
        let mut others = chats::seeing(self.sql, chat.id)?;
        others.retain(|other| *other != user);
        if held == Hold::Reader {
            self.open_session(&mut chat)?;
        }
        let author = self.author(user)?;
        if let Some(note) = note {
            // Whoever loses the chat by this need not read it; whoever gets the chat finds it there.
            self.add_note(&mut chat, author.clone(), note)?;
        }
        match transfer.to {
            TransferTarget::User(to) => self.set_owner(&mut chat, Some(to))?,
            TransferTarget::Queue(_) | TransferTarget::Group(_) => {
                if chat.owner.is_some() || held == Hold::Reader {
                    // A reply that was written in the session before fits nothing in the new one.
                    self.set_owner(&mut chat, None)?;
                }
                chat.state = ChatState::Waiting;
                chat.waiting_since = Some(self.now);
                chat.waited_before = false;
                chat.closed_at = None;
                chat.widened = false;
                (chat.queue, chat.group) = match transfer.to {
                    TransferTarget::Queue(queue) => (Some(queue), None),
                    TransferTarget::Group(group) => (None, Some(group)),
                    TransferTarget::User(_) => (chat.queue, chat.group),
                };
                chat.diverted = !self.is_route(&chat, transfer.to)?;
            }
        }
        chat.transferred_by = Some(user);
        chat.transferred_at = Some(self.now);
        self.save_hands(&mut chat)?;
        self.add_activity(&mut chat, author, Activity::Transferred { to: transfer.to, name: name.clone() })?;

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
        self.gone(&chat, &others, GoneReason::Transferred)?;
        match transfer.to {
            TransferTarget::User(to) => {
                self.open_for_one(&chat, to, Access::Owner)?;
                self.tend(&mut chat)?;
            }
            TransferTarget::Queue(_) | TransferTarget::Group(_) => self.offer_transfer(&mut chat)?,
        }
        Ok(applied(command.id, Some(seq), Some(chat.owner_epoch)))
    }

    /// Opens the chat on one user's devices, with what the user has read of it before.
    pub(in crate::store) fn open_for_one(
        &mut self,
        chat: &ChatRow,
        user: UserId,
        access: Access,
    ) -> Result<(), StoreError> {
        let mine = self.grant(chat.id, user, access)?;
        let body = EventBody::ChatOpened(chats::opened(self.sql, chat)?);
        let event = self.event(chat.id, chat.rev, &body, None)?;
        self.append(user, &event)?;
        if mine != UserChat::default() {
            let event = self.event(chat.id, chat.rev, &EventBody::UserChat(mine), None)?;
            self.append(user, &event)?;
        }
        Ok(())
    }

    /// Whether a chat that goes there follows its channel's route.
    fn is_route(&self, chat: &ChatRow, target: TransferTarget) -> Result<bool, StoreError> {
        Ok(match (offers::route(self.sql, chat.channel)?, target) {
            (Some(Route::Queue(route)), TransferTarget::Queue(queue)) => route == queue,
            (Some(Route::Group(route)), TransferTarget::Group(group)) => route == group,
            _ => false,
        })
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

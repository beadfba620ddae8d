//! What the user does. Each is in the store, safe from a power cut, when its method returns.

use std::sync::Arc;

use switchboard_protocol::command::{CommandBody, Reply};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId};
use switchboard_protocol::limits::{MAX_INBOUND_FRAME_BYTES, MAX_TEXT_BYTES};
use switchboard_protocol::{ClientFrame, ErrorCode, template};
use tokio::sync::oneshot;

use super::Core;
use crate::error::{CoreError, Error, Result};
use crate::model::{CommandKind, CommandOutcome, ConnectionState, UnsentId};
use crate::shared::blocking;
use crate::store::outbox::NewCommand;
use crate::store::{Changes, Durability, chat, draft, outbox, read_mark, unsent};
use crate::sync::driver::Order;

/// Whether this can be sent: a text, not too long, with every variable of a template filled.
pub(super) fn check_text(text: &str) -> Result<(), CoreError> {
    if text.trim().is_empty() {
        return Err(CoreError::Rejected(ErrorCode::EmptyText));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(CoreError::Rejected(ErrorCode::TextTooLong));
    }
    if !template::unfilled(text).is_empty() {
        return Err(CoreError::Rejected(ErrorCode::UnfilledVariable));
    }
    Ok(())
}

impl Core {
    /// A transaction of the user's doing.
    pub(super) async fn act<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>, &mut Changes) -> Result<T> + Send + 'static,
    ) -> Result<T, CoreError> {
        let store = Arc::clone(&self.shared().store);
        self.run(blocking(move || store.write(Durability::Full, work))).await
    }

    /// One that puts something into the outbox. The network side is told by the task that commits it, so also when the
    /// caller does not wait for it.
    pub(super) async fn act_and_send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>, &mut Changes) -> Result<T> + Send + 'static,
    ) -> Result<T, CoreError> {
        let (core, store) = (self.clone(), Arc::clone(&self.shared().store));
        self.run(async move {
            let done = blocking(move || store.write(Durability::Full, work)).await?;
            core.order(Order::OutboxChanged);
            Ok(done)
        })
        .await
    }

    /// Queues a command that is about no chat: those of one lane, a contact's or a label's id, go in the order in which
    /// they were given.
    pub(crate) async fn act_about(&self, lane: [u8; 16], body: CommandBody) -> Result<CommandId, CoreError> {
        let (id, now) = (CommandId::new(), self.shared().clock.now_ms());
        let kind = CommandKind::from_name(body.kind()).ok_or(CoreError::Unexpected)?;
        self.act_and_send(move |tx, changes| {
            let lane = ChatId::from_bytes(lane);
            let frame = ClientFrame::Command(outbox::frame(id, lane, &body, None, None)?);
            if frame.to_json()?.len() > MAX_INBOUND_FRAME_BYTES {
                return Err(CoreError::Rejected(ErrorCode::TextTooLong).into());
            }
            outbox::enqueue(tx, &NewCommand::plain(id, lane, &body, now))?;
            changes.about(kind);
            Ok(id)
        })
        .await
    }

    /// Whether what is written now has to wait for the network.
    pub(super) fn waits(&self) -> bool {
        self.connection() != ConnectionState::Online
    }

    /// Tells how commands ended that the user's own doing ended.
    pub(super) fn tell(&self, outcomes: &[CommandOutcome]) {
        for outcome in outcomes {
            self.shared().hub.command_ended(outcome);
        }
    }

    /// Sends a text to the customer; a candidate's first one takes the chat. The text is in the outbox when this
    /// returns, and the composer's draft is gone if it was this text. What becomes of it arrives through the lists.
    pub async fn reply(&self, chat: ChatId, text: &str) -> Result<MessageId, CoreError> {
        check_text(text)?;
        let (id, now) = (CommandId::new(), self.shared().clock.now_ms());
        let waits = self.waits();
        let (text, body) = (text.to_owned(), CommandBody::Reply(Reply { text: text.to_owned() }));
        let undone = self
            .act_and_send(move |tx, changes| {
                let record = chat::load(tx, chat)?.ok_or(CoreError::NotFound)?;
                if record.is_internal() {
                    return Err(CoreError::Rejected(ErrorCode::InternalChat).into());
                }
                let (owner_epoch, seen) = (record.owner_epoch, record.last_no);
                // JSON can make six bytes of one. A frame that the server would close the connection for must not be
                // queued: it would be sent again for ever.
                let frame = ClientFrame::Command(outbox::frame(id, chat, &body, Some(owner_epoch), Some(seen))?);
                if frame.to_json()?.len() > MAX_INBOUND_FRAME_BYTES {
                    return Err(CoreError::Rejected(ErrorCode::TextTooLong).into());
                }
                // Who goes on writing does not want what was done a moment ago.
                let undone = outbox::undo_unsent(tx, chat, false, now, changes)?;
                let command = NewCommand { owner_epoch, seen, waits, ..NewCommand::plain(id, chat, &body, now) };
                outbox::enqueue(tx, &command)?;
                if draft::load(tx, chat)?.is_some_and(|draft| draft == text) {
                    draft::save(tx, chat, "", now)?;
                }
                changes.touched(chat);
                Ok(undone)
            })
            .await?;
        self.tell(&undone);
        Ok(id.into())
    }

    /// Takes the chat without a reply.
    pub async fn take(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        let (id, now) = (CommandId::new(), self.shared().clock.now_ms());
        let undone = self
            .act_and_send(move |tx, changes| {
                let record = chat::load(tx, chat)?.ok_or(CoreError::NotFound)?;
                if record.is_internal() {
                    return Err(CoreError::Rejected(ErrorCode::InternalChat).into());
                }
                let undone = outbox::undo_unsent(tx, chat, false, now, changes)?;
                let command = NewCommand {
                    owner_epoch: record.owner_epoch,
                    seen: record.last_no,
                    ..NewCommand::plain(id, chat, &CommandBody::Take, now)
                };
                outbox::enqueue(tx, &command)?;
                changes.touched(chat);
                Ok(undone)
            })
            .await?;
        self.tell(&undone);
        Ok(id)
    }

    /// The user has read the chat up to this message. Counts here at once, and on the server when it can be reached.
    pub async fn mark_read(&self, chat: ChatId, upto: u64) -> Result<(), CoreError> {
        let me = self.shared().me().ok_or(CoreError::SignInAgain)?;
        self.act_and_send(move |tx, changes| {
            let mut record = chat::load(tx, chat)?.ok_or(CoreError::NotFound)?;
            let upto = upto.min(record.last_no);
            if upto <= record.read_upto {
                return Ok(());
            }
            record.read_upto = upto;
            record.count_unread(tx, me)?;
            record.save(tx)?;
            read_mark::put(tx, chat, upto)?;
            changes.chats.insert(chat);
            Ok(())
        })
        .await
    }

    /// Tells the others that this user is typing, or stopped. To be repeated every 3 s while it lasts.
    pub fn typing(&self, chat: ChatId, typing: bool) {
        self.order(Order::Typing(chat, typing));
    }

    /// Gets older messages of a chat from the server. Whether there are still older ones.
    pub async fn fetch_older(&self, chat: ChatId) -> Result<bool, CoreError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::FetchOlder(chat, answer));
        // Dropped unanswered: nothing runs.
        answered.await.unwrap_or(Err(CoreError::Offline))
    }

    /// Keeps the text that stands in a chat's composer; an empty one removes it.
    pub async fn set_draft(&self, chat: ChatId, text: &str) -> Result<(), CoreError> {
        let (text, now) = (text.to_owned(), self.shared().clock.now_ms());
        self.act(move |tx, changes| {
            if chat::key(tx, chat)?.is_none() {
                return Err(CoreError::NotFound.into());
            }
            draft::save(tx, chat, &text, now)?;
            changes.chats.insert(chat);
            Ok(())
        })
        .await
    }

    /// Throws an unsent text away.
    pub async fn delete_unsent(&self, id: UnsentId) -> Result<(), CoreError> {
        self.act(move |tx, changes| {
            let chat = unsent::chat_of(tx, id)?.ok_or(Error::Public(CoreError::NotFound))?;
            unsent::delete(tx, id)?;
            outbox::forget_orphan(tx, CommandId::from(MessageId::from_bytes(*id.as_bytes())))?;
            changes.unsent = true;
            changes.chats.insert(chat);
            Ok(())
        })
        .await
    }
}

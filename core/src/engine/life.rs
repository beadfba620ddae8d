//! What the user does with a chat beside answering it. Each is in the store, safe from a power cut, when its method
//! returns, and shown as done. What the server thinks of it arrives as a [`crate::CommandOutcome`]; a refusal brings the
//! chat back to where it was.

use rusqlite::Transaction;
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::command::{AddContact, CommandBody, Snooze, Transfer};
use switchboard_protocol::ids::{ChatId, CommandId};
use switchboard_protocol::limits::{
    MAX_EMAIL_BYTES, MAX_INBOUND_FRAME_BYTES, MAX_NAME_BYTES, MAX_PHONE_BYTES, MAX_TEXT_BYTES, UNDO_MS,
};
use switchboard_protocol::transfer::TransferTarget;
use switchboard_protocol::{ClientFrame, ErrorCode, UnixMillis};

use super::Core;
use crate::error::{CoreError, Result};
use crate::model::{CommandKind, NewContact};
use crate::store::chat::ChatRecord;
use crate::store::outbox::NewCommand;
use crate::store::{chat, collection, outbox, passed_on};

/// The longest time for which a chat can be put away.
const MAX_SNOOZE_MS: i64 = 366 * 24 * 60 * 60 * 1000;

pub(super) fn refused<T>(code: ErrorCode) -> Result<T> {
    Err(CoreError::Rejected(code).into())
}

impl Core {
    /// Queues a command about a chat that is here. `check` says whether the chat allows it.
    pub(super) async fn command(
        &self,
        chat: ChatId,
        body: CommandBody,
        check: impl FnOnce(&Transaction<'_>, &ChatRecord, &outbox::Pending) -> Result<()> + Send + 'static,
    ) -> Result<CommandId, CoreError> {
        let (id, now) = (CommandId::new(), self.shared().clock.now_ms());
        let kind = CommandKind::from_name(body.kind()).ok_or(CoreError::Unexpected)?;
        let undone = self
            .act_and_send(move |tx, changes| {
                let record = chat::load(tx, chat)?.ok_or(CoreError::NotFound)?;
                check_sort(&record, kind)?;
                // What was done a moment ago and can still be taken back makes way for what is done now.
                let undone = match body {
                    CommandBody::AddContact(_) | CommandBody::LabelChat(_) | CommandBody::Note(_) => Vec::new(),
                    _ => outbox::undo_unsent(tx, chat, kind == CommandKind::Unarchive, now, changes)?,
                };
                let pending = outbox::pending(tx, chat)?;
                if pending.ends() {
                    return refused(ErrorCode::ChatClosed);
                }
                check(tx, &record, &pending)?;
                enqueue(tx, id, &record, chat, &body, kind, &pending, now)?;
                if let CommandBody::Snooze(snooze) = &body {
                    chat::snooze(tx, chat, snooze.until)?;
                }
                changes.touched(chat);
                Ok(undone)
            })
            .await?;
        self.tell(&undone);
        Ok(id)
    }

    /// Passes the chat on: by its owner, by a candidate while it waits, by its last owner when it is closed. The note
    /// is for the next one; the customer never gets it. Can be undone.
    pub async fn transfer(
        &self,
        chat: ChatId,
        target: TransferTarget,
        note: Option<&str>,
    ) -> Result<CommandId, CoreError> {
        let note = note.map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned);
        if note.as_ref().is_some_and(|note| note.len() > MAX_TEXT_BYTES) {
            return Err(CoreError::Rejected(ErrorCode::TextTooLong));
        }
        let me = self.shared().me().ok_or(CoreError::SignInAgain)?;
        if target == TransferTarget::User(me) {
            return Err(CoreError::Rejected(ErrorCode::TransferToSelf));
        }
        self.command(chat, CommandBody::Transfer(Transfer { to: target, note }), move |tx, record, pending| {
            if !(record.state != ChatState::Owned || record.mine || pending.takes) {
                return refused(ErrorCode::NotOwner);
            }
            match collection::target(tx, target)? {
                None => Err(CoreError::NotFound.into()),
                Some(target) if target.disabled => refused(ErrorCode::UserDisabled),
                Some(_) => Ok(()),
            }
        })
        .await
    }

    /// Closes the session and archives the chat. Can be undone; refused with `new_message` when the customer wrote
    /// meanwhile.
    pub async fn dealt_with(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        self.command(chat, CommandBody::DealtWith, |_, record, pending| check_open(record, pending)).await
    }

    /// Closes a website chat's session and tells the visitor. To be asked about first: it cannot be undone.
    pub async fn end_session(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        self.command(chat, CommandBody::End, |_, record, pending| {
            if record.channel_kind != Some(ChannelKind::LiveChat) {
                return refused(ErrorCode::NotLiveChat);
            }
            check_open(record, pending)
        })
        .await
    }

    /// Closes a website chat's session and shuts the visitor's address out, on all website channels, for a time. To be
    /// asked about first, with [`Core::sharing`]: it cannot be undone from here.
    pub async fn block(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        self.command(chat, CommandBody::Block, |_, record, pending| {
            if record.channel_kind != Some(ChannelKind::LiveChat) {
                return refused(ErrorCode::NotLiveChat);
            }
            if record.contact_known {
                return refused(ErrorCode::KnownContact);
            }
            match record.state {
                ChatState::Closed => refused(ErrorCode::ChatClosed),
                _ if record.mine || pending.takes => Ok(()),
                _ => refused(ErrorCode::NotOwner),
            }
        })
        .await
    }

    /// Takes the chat out of Recents; its owner stays. Can be undone.
    pub async fn archive(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        self.command(chat, CommandBody::Archive, |_, _, _| Ok(())).await
    }

    /// Brings the chat back to Recents.
    pub async fn unarchive(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        self.command(chat, CommandBody::Unarchive, |_, _, _| Ok(())).await
    }

    /// Hides a waiting chat from this user until the customer writes again. Can be undone.
    pub async fn ignore(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        self.command(chat, CommandBody::Ignore, |_, record, pending| {
            if record.state != ChatState::Waiting || pending.takes {
                return refused(ErrorCode::NotWaiting);
            }
            Ok(())
        })
        .await
    }

    /// Puts the chat away until this time of the server's clock, or until the customer writes; without a time it
    /// comes back now.
    pub async fn snooze(&self, chat: ChatId, until: Option<UnixMillis>) -> Result<CommandId, CoreError> {
        let now = self.server_now();
        if until.is_some_and(|until| until <= now || until.saturating_sub(now) > MAX_SNOOZE_MS) {
            return Err(CoreError::Rejected(ErrorCode::BadTime));
        }
        self.command(chat, CommandBody::Snooze(Snooze { until }), |_, _, _| Ok(())).await
    }

    /// Removes the chat, or the line of one that was passed on, for this user; an owned chat is closed first. To be
    /// asked about first: it cannot be undone.
    pub async fn delete(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        let (id, now) = (CommandId::new(), self.shared().clock.now_ms());
        let undone = self
            .act_and_send(move |tx, changes| {
                let undone = outbox::undo_unsent(tx, chat, false, now, changes)?;
                match chat::load(tx, chat)? {
                    Some(record) => {
                        if record.is_group() {
                            // It is left.
                            return refused(ErrorCode::InternalChat);
                        }
                        let pending = outbox::pending(tx, chat)?;
                        enqueue(tx, id, &record, chat, &CommandBody::Delete, CommandKind::Delete, &pending, now)?;
                    }
                    None if passed_on::hide(tx, chat, true)? => {
                        outbox::enqueue(tx, &NewCommand::plain(id, chat, &CommandBody::Delete, now))?;
                    }
                    None => return Err(CoreError::NotFound.into()),
                }
                changes.touched(chat);
                Ok(undone)
            })
            .await?;
        self.tell(&undone);
        Ok(id)
    }

    /// Adds the chat's person to the contacts, which ends the question what to do with an unknown one for everybody.
    pub async fn add_contact(&self, chat: ChatId, contact: NewContact) -> Result<CommandId, CoreError> {
        let clean = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let contact = AddContact {
            name: contact.name.trim().to_owned(),
            email: clean(contact.email),
            phone: clean(contact.phone),
        };
        let bad_email = |email: &String| email.len() > MAX_EMAIL_BYTES || !email.contains('@');
        if contact.name.is_empty()
            || contact.name.len() > MAX_NAME_BYTES
            || contact.email.as_ref().is_some_and(bad_email)
            || contact.phone.as_ref().is_some_and(|phone| phone.len() > MAX_PHONE_BYTES)
        {
            return Err(CoreError::Rejected(ErrorCode::BadContact));
        }
        self.command(chat, CommandBody::AddContact(contact), |_, _, _| Ok(())).await
    }

    /// Takes back what was done and not sent yet: a transfer, Dealt with, Archive or Ignore within [`crate::UNDO_MS`],
    /// or later while there is no network. False: it is too late.
    pub async fn undo(&self, command: CommandId) -> Result<bool, CoreError> {
        let now = self.shared().clock.now_ms();
        let undone = self.act_and_send(move |tx, changes| outbox::undo(tx, command, now, changes)).await?;
        self.tell(undone.as_slice());
        Ok(undone.is_some())
    }
}

/// Whether a command of this kind is one for chats of this sort: customers', or among staff.
pub(super) fn check_sort(record: &ChatRecord, kind: CommandKind) -> Result<()> {
    use CommandKind as Kind;
    let of_both = matches!(kind, Kind::Archive | Kind::Unarchive | Kind::Snooze | Kind::Delete);
    let of_staff = matches!(kind, Kind::Say | Kind::RenameGroup | Kind::AddMembers | Kind::RemoveMember | Kind::Leave);
    match (record.is_internal(), of_staff) {
        _ if of_both => Ok(()),
        (true, false) => refused(ErrorCode::InternalChat),
        (false, true) => refused(ErrorCode::CustomerChat),
        (true, true) | (false, false) => Ok(()),
    }
}

/// Whether the session can be closed by this user.
fn check_open(record: &ChatRecord, pending: &outbox::Pending) -> Result<()> {
    match record.state {
        ChatState::Internal => refused(ErrorCode::InternalChat),
        ChatState::Closed => refused(ErrorCode::ChatClosed),
        ChatState::Owned if !record.mine && !pending.takes => refused(ErrorCode::NotOwner),
        ChatState::Owned | ChatState::Waiting => Ok(()),
    }
}

#[allow(clippy::too_many_arguments, reason = "one place that all commands go through")]
fn enqueue(
    tx: &Transaction<'_>,
    id: CommandId,
    record: &ChatRecord,
    chat: ChatId,
    body: &CommandBody,
    kind: CommandKind,
    pending: &outbox::Pending,
    now: UnixMillis,
) -> Result<()> {
    // JSON can make six bytes of one, and a frame that is too long would be sent again for ever.
    let frame = outbox::frame(id, chat, body, Some(record.owner_epoch), Some(record.last_no))?;
    if ClientFrame::Command(frame).to_json()?.len() > MAX_INBOUND_FRAME_BYTES {
        return refused(ErrorCode::TextTooLong);
    }
    outbox::enqueue(
        tx,
        &NewCommand {
            id,
            chat,
            body,
            owner_epoch: record.owner_epoch,
            seen: record.last_no,
            written_at: now,
            held_until: kind.can_be_undone().then(|| now.saturating_add_unsigned(UNDO_MS)),
            follows: pending.takes && record.state == ChatState::Waiting,
            waits: false,
            unsent: None,
        },
    )
}

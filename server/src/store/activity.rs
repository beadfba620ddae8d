//! What is told of a chat beside its texts: lines of its life, notes, and that it leaves somebody.

use switchboard_protocol::event::{EventBody, Gone, MessageAdded};
use switchboard_protocol::ids::{CommandId, MessageId, UserId};
use switchboard_protocol::message::{Activity, Author, Message, MessageStatus};
use switchboard_protocol::widget::WidgetEvent;

use super::StoreError;
use super::chats::{Access, ChatRow};
use super::sql::{Blob, Sql};
use super::writer::Tx;

/// What the visitor sees of something that happened; none for what is the staff's own business.
pub(super) fn visitor_event(author: &Author, activity: &Activity) -> Option<WidgetEvent> {
    use switchboard_protocol::transfer::TransferTarget;
    match activity {
        Activity::Taken => match author {
            Author::User { name, .. } => Some(WidgetEvent::Joined { name: name.clone() }),
            Author::Contact | Author::System => None,
        },
        Activity::Assigned { name, .. } => Some(WidgetEvent::Joined { name: name.clone() }),
        Activity::Transferred { to: TransferTarget::User(_), name } => {
            Some(WidgetEvent::PassedOn { name: Some(name.clone()) })
        }
        Activity::Transferred { .. } => Some(WidgetEvent::PassedOn { name: None }),
        Activity::Returned { name, .. } => name.clone().map(|name| WidgetEvent::PassedOn { name: Some(name) }),
        Activity::Ended => Some(WidgetEvent::Ended),
        Activity::Rated { stars, .. } => Some(WidgetEvent::Rated { stars: *stars }),
        // That a session was dealt with, or the visitor blocked, is not for the visitor to read.
        Activity::Released { .. }
        | Activity::DealtWith
        | Activity::Blocked
        | Activity::GroupCreated { .. }
        | Activity::GroupRenamed { .. }
        | Activity::MembersAdded { .. }
        | Activity::MemberRemoved { .. }
        | Activity::MemberLeft
        | Activity::Unknown => None,
    }
}

impl Tx<'_> {
    /// A user as the author of something.
    pub(super) fn author(&self, user: UserId) -> Result<Author, StoreError> {
        Ok(Author::User { id: user, name: self.user_name(user)? })
    }

    pub(super) fn user_name(&self, user: UserId) -> Result<String, StoreError> {
        Ok(self.sql.sql("SELECT name FROM users WHERE id = ?1")?.query_row([Blob(user)], |row| row.get(0))?)
    }

    /// Something happened: a line of the chat. Who is told is up to the caller ([`Tx::tell_message`]), after the chat's row was
    /// saved; a `chat_opened` that follows holds it by itself.
    pub(super) fn add_activity(
        &mut self,
        chat: &mut ChatRow,
        author: Author,
        activity: Activity,
    ) -> Result<Message, StoreError> {
        let message = Message {
            id: MessageId::new(),
            no: chat.last_no + 1,
            author,
            text: String::new(),
            private: false,
            mentions: Vec::new(),
            activity: Some(activity),
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        self.add_message(chat, &message, None, None)?;
        Ok(message)
    }

    /// A word among staff, which the customer never gets. Who is told is up to the caller.
    pub(super) fn add_note(&mut self, chat: &mut ChatRow, author: Author, text: &str) -> Result<Message, StoreError> {
        let message = Message {
            id: MessageId::new(),
            no: chat.last_no + 1,
            author,
            text: text.to_owned(),
            private: true,
            mentions: Vec::new(),
            activity: None,
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        self.add_message(chat, &message, None, None)?;
        Ok(message)
    }

    /// One event with a message, and with the chat's row if that changed, for these users; the last one's place in its feed.
    pub(super) fn tell_message(
        &mut self,
        chat: &ChatRow,
        users: &[UserId],
        message: &Message,
        with_row: bool,
        command: Option<CommandId>,
    ) -> Result<Option<u64>, StoreError> {
        if users.is_empty() {
            return Ok(None);
        }
        let body = EventBody::Message(MessageAdded {
            message: message.clone(),
            chat: with_row.then(|| chat.public()),
            internal: None,
        });
        let event = self.event(chat.id, chat.rev, &body, command)?;
        self.append_to(users, &event)
    }

    /// The chat leaves one user, by the user's own doing: what the command answers with. [`Tx::gone`] is for the others.
    pub(super) fn leave(
        &mut self,
        chat: &ChatRow,
        user: UserId,
        gone: Gone,
        command: Option<CommandId>,
    ) -> Result<u64, StoreError> {
        self.grant(chat.id, user, Access::None)?;
        self.withdraw(&[user], chat.id)?;
        // Stored after the withdrawal, which would otherwise take it too.
        let event = self.event(chat.id, chat.rev, &EventBody::Gone(gone), command)?;
        self.append(user, &event)
    }
}

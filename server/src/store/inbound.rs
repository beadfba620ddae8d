//! A visitor's side: the first message makes contact and chat, and every message is one transaction with all that it
//! causes.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::chat::{ChatState, Visit};
use switchboard_protocol::contact::{Identity, IdentityKind};
use switchboard_protocol::event::{EventBody, MessageAdded, StatusRaised};
use switchboard_protocol::ids::{ChatId, ContactId, MessageId};
use switchboard_protocol::message::{Author, Message, MessageStatus};
use switchboard_protocol::widget::{
    WidgetAccepted, WidgetAuthor, WidgetMessage, WidgetSend, WidgetServerFrame, WidgetStatus,
};
use switchboard_protocol::{ErrorCode, UnixMillis, limits};

use super::StoreError;
use super::activity::visitor_event;
use super::chats::{self, ChatRow};
use super::effects::{VisitorFrame, VisitorKey};
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use super::{blocks, contacts, queues, visitors};
use crate::routing::QueueSettings;
use crate::routing::hours::Hours;

/// What became of a visitor's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It is stored, now or when it came the first time.
    Accepted {
        /// The answer.
        accepted: WidgetAccepted,
        /// Whether this made the visitor's chat: new visitors are throttled by address.
        first: bool,
    },
    /// It cannot be stored.
    Refused(ErrorCode),
}

/// What a widget's connection starts from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitorState {
    /// The conversation, if there is one.
    pub chat: Option<ChatId>,
    /// The last line of it that the visitor sees.
    pub last_no: u64,
    /// What the visitor has read, of both sides.
    pub read_upto: u64,
    /// What arrived in the visitor's browser.
    pub delivered_upto: u64,
    /// What staff have read.
    pub staff_read_upto: u64,
    /// The contact's name.
    pub name: Option<String>,
    /// The contact's address.
    pub email: Option<String>,
}

/// The chat of a visitor.
pub(super) fn chat_of(connection: &Connection, key: VisitorKey) -> Result<Option<ChatId>, StoreError> {
    Ok(connection
        .sql("SELECT chat_id FROM visitors WHERE channel_id = ?1 AND id = ?2")?
        .query_row((Blob(key.channel), Blob(key.visitor)), |row| row.id(0))
        .optional()?)
}

/// What a widget's connection starts from.
pub fn visitor_state(connection: &Connection, key: VisitorKey) -> Result<VisitorState, StoreError> {
    let Some(id) = chat_of(connection, key)? else { return Ok(VisitorState::default()) };
    let chat = chats::must(connection, id)?;
    Ok(VisitorState {
        chat: Some(id),
        last_no: visitors::last_visible(connection, id)?,
        read_upto: chat.customer_read_upto,
        delivered_upto: chat.customer_delivered_upto,
        staff_read_upto: chat.staff_read_upto,
        name: chat.contact.name,
        email: chat.contact.email,
    })
}

/// The frames of a conversation after a message, oldest first.
pub fn visitor_messages(
    connection: &Connection,
    chat: ChatId,
    after: u64,
    n: u32,
) -> Result<Vec<VisitorFrame>, StoreError> {
    chats::messages_after(connection, chat, after, n)?
        .into_iter()
        .map(|(message, client_id)| visitor_frame(&message, client_id))
        .collect()
}

/// A message as the visitor sees it: own messages under the widget's id; notes, and what is the staff's own business, not at
/// all.
pub(super) fn visitor_frame(message: &Message, client_id: Option<MessageId>) -> Result<VisitorFrame, StoreError> {
    if !visitors::is_visible(message) {
        return Ok(VisitorFrame { no: message.no, json: None });
    }
    let frame = WidgetServerFrame::Message(WidgetMessage {
        no: message.no,
        id: client_id.unwrap_or(message.id),
        author: match &message.author {
            Author::Contact => WidgetAuthor::Visitor,
            Author::User { name, .. } => WidgetAuthor::Operator { name: name.clone() },
            Author::System => WidgetAuthor::System,
        },
        text: message.text.clone(),
        event: message.activity.as_ref().and_then(|activity| visitor_event(&message.author, activity)),
        sent_at: message.sent_at,
        status: message.status,
    });
    Ok(VisitorFrame { no: message.no, json: Some(frame_json(&frame)?) })
}

pub(super) fn frame_json(frame: &WidgetServerFrame) -> Result<Arc<str>, StoreError> {
    frame.to_json().map(Arc::from).map_err(|error| StoreError::Unexpected(error.to_string()))
}

/// The frames that tell a returning widget how far its conversation's messages got while it was away.
pub fn visitor_statuses(state: &VisitorState) -> Result<Vec<Arc<str>>, StoreError> {
    [
        (false, state.staff_read_upto, MessageStatus::Read),
        (true, state.delivered_upto, MessageStatus::Delivered),
        (true, state.read_upto, MessageStatus::Read),
    ]
    .into_iter()
    .filter(|(_, upto, _)| *upto > 0)
    .map(|(outbound, upto, status)| {
        frame_json(&WidgetServerFrame::Status(WidgetStatus { outbound, from: 1, upto, status }))
    })
    .collect()
}

/// A field of the pre-chat form: trimmed, and nothing when empty.
fn form_field(value: Option<&str>, most: usize) -> Result<Option<String>, ErrorCode> {
    match value.map(str::trim) {
        None | Some("") => Ok(None),
        Some(value) if value.len() <= most && !value.chars().any(char::is_control) => Ok(Some(value.to_owned())),
        Some(_) => Err(ErrorCode::BadRequest),
    }
}

/// What is wrong with a message before anything is looked up.
pub fn check_send(send: &WidgetSend) -> Result<(), ErrorCode> {
    if send.text.trim().is_empty() {
        return Err(ErrorCode::EmptyText);
    }
    if send.text.len() > limits::MAX_TEXT_BYTES {
        return Err(ErrorCode::TextTooLong);
    }
    form_field(send.name.as_deref(), limits::MAX_NAME_BYTES)?;
    form_field(send.email.as_deref(), limits::MAX_EMAIL_BYTES)?;
    Ok(())
}

fn message_added(message: &Message) -> EventBody {
    EventBody::Message(MessageAdded { message: message.clone(), chat: None, internal: None })
}

/// What is known of a customer who writes, beside the text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Customer<'a> {
    /// The network address, as addresses are blocked.
    pub address: Option<&'a str>,
    /// The phone number, of who writes from one: it stands in the contact from the first message on.
    pub phone: Option<&'a str>,
    /// Where a website's visitor is.
    pub visit: Option<&'a Visit>,
}

/// A queue's hours, checked when they were set; what cannot be read counts as always open.
fn office(settings: &QueueSettings) -> Option<Hours> {
    settings.checked_hours().unwrap_or_else(|error| {
        tracing::error!(%error, "a queue's hours cannot be read");
        None
    })
}

impl Tx<'_> {
    /// Stores a customer's message with everything that it causes.
    pub fn receive_visitor_message(&mut self, key: VisitorKey, send: &WidgetSend) -> Result<Received, StoreError> {
        self.receive_from(key, None, send)
    }

    /// The same, for a customer who has an address: what is blocked is not stored.
    pub fn receive_from(
        &mut self,
        key: VisitorKey,
        address: Option<&str>,
        send: &WidgetSend,
    ) -> Result<Received, StoreError> {
        self.receive(key, Customer { address, ..Customer::default() }, send)
    }

    /// The same, for a visitor of whom the browser says more.
    pub fn receive_visit(
        &mut self,
        key: VisitorKey,
        address: Option<&str>,
        visit: &Visit,
        send: &WidgetSend,
    ) -> Result<Received, StoreError> {
        self.receive(key, Customer { address, visit: Some(visit), ..Customer::default() }, send)
    }

    /// The same, with all that a channel says of who writes.
    pub(super) fn receive(
        &mut self,
        key: VisitorKey,
        customer: Customer<'_>,
        send: &WidgetSend,
    ) -> Result<Received, StoreError> {
        let Customer { address, phone, visit } = customer;
        if let Err(code) = check_send(send) {
            return Ok(Received::Refused(code));
        }
        let name = form_field(send.name.as_deref(), limits::MAX_NAME_BYTES).unwrap_or_default();
        let email = form_field(send.email.as_deref(), limits::MAX_EMAIL_BYTES).unwrap_or_default();
        let chat = chat_of(self.sql, key)?;
        // What was stored before the block is answered as then.
        if let Some(chat) = chat
            && let Some(known) = self.known_visitor_message(chat, send)?
        {
            return Ok(known);
        }
        if blocks::blocked(self.sql, key, address, self.now)?.is_some() {
            return Ok(Received::Refused(ErrorCode::Blocked));
        }
        let (mut chat, first) = match chat {
            Some(chat) => (chats::must(self.sql, chat)?, false),
            None => (self.new_visitor_chat(key, name.as_deref(), email.as_deref(), phone)?, true),
        };
        self.seen_at(key, address)?;
        if !first {
            self.complete_contact(&mut chat, name, email)?;
        }
        let elsewhere = self.note_visit(&mut chat, visit, first)?;
        let message = Message {
            id: MessageId::new(),
            no: chat.last_no + 1,
            author: Author::Contact,
            text: send.text.clone(),
            private: false,
            mentions: Vec::new(),
            activity: None,
            sent_at: self.now,
            status: MessageStatus::Delivered,
        };
        chat.last_inbound_no = message.no;
        let asked_before = chat.unanswered_since.is_some();
        chat.unanswered_since.get_or_insert(self.now);
        self.add_message(&mut chat, &message, Some(send.id), None)?;
        if first {
            self.open_by_route(&mut chat)?;
        } else {
            self.bring_back(&mut chat, &message, asked_before, elsewhere)?;
        }
        self.answer_out_of_office(&mut chat)?;
        let accepted = WidgetAccepted { id: send.id, no: message.no, sent_at: message.sent_at };
        Ok(Received::Accepted { accepted, first })
    }

    /// F32: where the visitor is. Whether that is something new; the row has a revision for it then.
    fn note_visit(&mut self, chat: &mut ChatRow, visit: Option<&Visit>, first: bool) -> Result<bool, StoreError> {
        let Some(visit) = visit.filter(|visit| chat.visit.as_ref() != Some(*visit)) else { return Ok(false) };
        let json = serde_json::to_string(visit).map_err(|error| StoreError::Unexpected(error.to_string()))?;
        self.sql.sql("UPDATE chats SET visit = ?2 WHERE id = ?1")?.execute((Blob(chat.id), json))?;
        chat.visit = Some(visit.clone());
        if !first {
            self.save_hands(chat)?;
        }
        Ok(!first)
    }

    /// A further message of a known conversation: back into Recents of all who see it, and to whoever is to answer it.
    /// `asked_before`: an earlier message waits for an answer already.
    /// `elsewhere`: the chat's row says something new of where the visitor is.
    fn bring_back(
        &mut self,
        chat: &mut ChatRow,
        message: &Message,
        asked_before: bool,
        elsewhere: bool,
    ) -> Result<(), StoreError> {
        // The phones do this by themselves when the message comes ([`UserChat::woken`]); no event says so.
        let woken = self
            .sql
            .sql(
                "UPDATE chat_users SET archived = 0, ignored = 0, snoozed_until = NULL WHERE chat_id = ?1 AND access > 0 \
                 AND (archived = 1 OR ignored = 1 OR snoozed_until IS NOT NULL)",
            )?
            .execute([Blob(chat.id)])?;
        // F39: it was dealt with, so it begins anew.
        if chat.state == ChatState::Closed {
            return self.reopen(chat, message.clone());
        }
        let row = elsewhere.then(|| chat.public());
        let added = MessageAdded { message: message.clone(), chat: row, internal: None };
        let told = self.tell_seeing(chat, &EventBody::Message(added))?;
        if chat.state == ChatState::Waiting && !told {
            return self.offer_again(chat);
        }
        // F38: an owned chat stays with its owner, unless the queue wants otherwise (F40). A further question in one that
        // waits moves no clock.
        let as_before = asked_before && woken == 0 && chat.state == ChatState::Waiting;
        if as_before { Ok(()) } else { self.tend(chat) }
    }

    /// F69: who writes outside the hours is told so, once until they have been open again.
    fn answer_out_of_office(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        let Some(queue) = chat.queue else { return Ok(()) };
        // Most queues have none, and every message comes by here.
        let replies = self
            .sql
            .sql("SELECT 1 FROM queues WHERE id = ?1 AND out_of_office IS NOT NULL AND hours IS NOT NULL")?
            .exists([Blob(queue)])?;
        if !replies {
            return Ok(());
        }
        let Some(settings) = queues::settings(self.sql, queue)? else { return Ok(()) };
        let Some(text) = settings.out_of_office.as_deref() else { return Ok(()) };
        let Some(hours) = office(&settings) else { return Ok(()) };
        let told = chat.out_of_office_at.is_some_and(|at| !hours.opened_between(at, self.now));
        if told || hours.is_open(self.now) {
            return Ok(());
        }
        let message = Message {
            id: MessageId::new(),
            no: chat.last_no + 1,
            author: Author::System,
            text: text.to_owned(),
            private: false,
            mentions: Vec::new(),
            activity: None,
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        chat.out_of_office_at = Some(self.now);
        self.add_message(chat, &message, None, None)?;
        self.tell_seeing(chat, &message_added(&message)).map(drop)
    }

    /// The same message again, or another one under its id.
    fn known_visitor_message(&mut self, chat: ChatId, send: &WidgetSend) -> Result<Option<Received>, StoreError> {
        let known: Option<(u64, UnixMillis, bool)> = self
            .sql
            .sql("SELECT no, sent_at, text = ?3 FROM messages WHERE chat_id = ?1 AND client_id = ?2")?
            .query_row((Blob(chat), Blob(send.id), send.text.as_str()), |row| {
                Ok((row.count(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        Ok(known.map(|(no, sent_at, same)| {
            if same {
                Received::Accepted { accepted: WidgetAccepted { id: send.id, no, sent_at }, first: false }
            } else {
                Received::Refused(ErrorCode::IdReuse)
            }
        }))
    }

    fn new_visitor_chat(
        &mut self,
        key: VisitorKey,
        name: Option<&str>,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Result<ChatRow, StoreError> {
        let (contact, chat) = (ContactId::new(), ChatId::new());
        self.sql
            .sql("INSERT INTO contacts (id, name, email, phone, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((Blob(contact), name, email, phone, self.now))?;
        self.sql
            .sql(
                "INSERT INTO chats (id, channel_id, contact_id, origin_contact_id, visitor_id, state, owner_epoch, \
                 waiting_since, rev, last_no, created_at) VALUES (?1, ?2, ?3, ?3, ?4, 'waiting', 0, ?5, 1, 0, ?5)",
            )?
            .execute((Blob(chat), Blob(key.channel), Blob(contact), Blob(key.visitor), self.now))?;
        self.sql
            .sql("INSERT INTO visitors (channel_id, id, chat_id, created_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute((Blob(key.channel), Blob(key.visitor), Blob(chat), self.now))?;
        let chat = chats::must(self.sql, chat)?;
        if let Some(identity) = contacts::channel_identity(chat.channel_kind, key.visitor, phone) {
            self.add_identity(contact, &identity)?;
        }
        if let Some(email) = email {
            self.add_identity(contact, &Identity { kind: IdentityKind::Email, value: email.to_owned() })?;
        }
        self.first_session(&chat)?;
        Ok(chat)
    }

    /// What the pre-chat form says is used where the contact has nothing yet.
    fn complete_contact(
        &mut self,
        chat: &mut ChatRow,
        name: Option<String>,
        email: Option<String>,
    ) -> Result<(), StoreError> {
        if name.is_none() && email.is_none() {
            return Ok(());
        }
        let origin = self
            .sql
            .sql("SELECT origin_contact_id FROM chats WHERE id = ?1")?
            .query_row([Blob(chat.id)], |row| row.id(0))?;
        if let Some((contact, true)) = self.complete_from(origin, name.as_deref(), email.as_deref())? {
            let of_contact = self.chats_of(contact)?;
            self.tell_chats(&of_contact, None)?;
            // Its row has another contact and a newer revision now.
            *chat = chats::must(self.sql, chat.id)?;
        }
        Ok(())
    }

    /// The visitor's browser got or showed staff's messages up to `upto`.
    pub fn visitor_progress(&mut self, key: VisitorKey, upto: u64, status: MessageStatus) -> Result<(), StoreError> {
        let Some(chat) = chat_of(self.sql, key)? else { return Ok(()) };
        if blocks::blocked(self.sql, key, None, self.now)?.is_some() {
            // Its connection is being closed; what was under way counts for nothing.
            return Ok(());
        }
        let chat = chats::must(self.sql, chat)?;
        let read = status == MessageStatus::Read;
        let upto = upto.min(chat.last_no);
        let before =
            if read { chat.customer_read_upto } else { chat.customer_delivered_upto.max(chat.customer_read_upto) };
        if upto <= before {
            return Ok(());
        }
        let statement = if read {
            "UPDATE chats SET customer_read_upto = ?2 WHERE id = ?1"
        } else {
            "UPDATE chats SET customer_delivered_upto = ?2 WHERE id = ?1"
        };
        self.sql.sql(statement)?.execute((Blob(chat.id), int(upto)))?;
        self.raise_status(&chat, StatusRaised { outbound: true, from: before + 1, upto, status })
    }
}

//! Customers who are played on stub channels: their messages come in as everybody's do.

use rusqlite::Connection;
use switchboard_protocol::event::StatusRaised;
use switchboard_protocol::message::MessageStatus;
use switchboard_protocol::widget::{WidgetMessage, WidgetSend, WidgetServerFrame};

use super::StoreError;
use super::chats;
use super::effects::VisitorKey;
use super::inbound::{self, Customer, Received};
use super::writer::Tx;

/// The messages of one read.
const PAGE: u32 = 200;

/// What a played customer has received and written, after a message, oldest first.
pub fn messages(connection: &Connection, key: VisitorKey, after: u64) -> Result<Vec<WidgetMessage>, StoreError> {
    let Some(chat) = inbound::visitor_state(connection, key)?.chat else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let mut after = after;
    loop {
        let page = inbound::visitor_messages(connection, chat, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.no;
        for frame in page {
            // What is not for the customer has a number and no frame.
            let Some(json) = frame.json else { continue };
            match WidgetServerFrame::parse(&json) {
                Ok(WidgetServerFrame::Message(message)) => found.push(message),
                Ok(_) => {}
                Err(error) => return Err(StoreError::Unexpected(error.to_string())),
            }
        }
    }
}

impl Tx<'_> {
    /// A played customer writes. The number that the customer writes from stands in the contact.
    pub fn receive_played(
        &mut self,
        key: VisitorKey,
        send: &WidgetSend,
        phone: Option<&str>,
    ) -> Result<Received, StoreError> {
        self.receive(key, Customer { phone, ..Customer::default() }, send)
    }

    /// What a provider reports of one message to a played customer. Whether there is such a message.
    pub fn played_status(&mut self, key: VisitorKey, no: u64, status: MessageStatus) -> Result<bool, StoreError> {
        let Some(chat) = inbound::visitor_state(self.sql, key)?.chat else { return Ok(false) };
        let chat = chats::must(self.sql, chat)?;
        let known = chats::messages_before(self.sql, chat.id, no.saturating_add(1), 1)?.0;
        if !known.iter().any(|message| message.no == no && is_outbound(message)) {
            return Ok(false);
        }
        match status {
            MessageStatus::Delivered | MessageStatus::Read => self.visitor_progress(key, no, status)?,
            status => self.raise_status(&chat, StatusRaised { outbound: true, from: no, upto: no, status })?,
        }
        Ok(true)
    }
}

fn is_outbound(message: &switchboard_protocol::message::Message) -> bool {
    use switchboard_protocol::message::{Author, MessageKind};
    message.kind() == MessageKind::Text && message.author != Author::Contact
}

//! A message is written into its chat, whoever it is of, and gets further on its way.

use switchboard_protocol::event::{EventBody, StatusRaised};
use switchboard_protocol::ids::{ChatId, MessageId};
use switchboard_protocol::message::{Author, Message, MessageKind};
use switchboard_protocol::widget::{WidgetServerFrame, WidgetStatus};

use super::StoreError;
use super::chats::{self, ChatRow};
use super::effects::Effect;
use super::inbound::{frame_json, visitor_frame};
use super::sql::{Blob, Sql, int};
use super::writer::Tx;

impl Tx<'_> {
    /// Adds a message to its chat and to the visitor's conversation. Who else is told is up to the caller.
    pub(super) fn add_message(
        &mut self,
        chat: &mut ChatRow,
        message: &Message,
        client_id: Option<MessageId>,
        author_epoch: Option<u64>,
    ) -> Result<(), StoreError> {
        self.store_message(chat.id, message, client_id, author_epoch)?;
        chat.last_no = message.no;
        self.save_progress(chat)?;
        if let Some(to) = chat.visitor_key() {
            self.effect(Effect::VisitorMessage { to, frame: visitor_frame(message, client_id)? });
        }
        Ok(())
    }

    /// Writes a message's row, of a customer's chat or of one among staff.
    pub(super) fn store_message(
        &mut self,
        chat: ChatId,
        message: &Message,
        client_id: Option<MessageId>,
        author_epoch: Option<u64>,
    ) -> Result<(), StoreError> {
        let json_error = |error: serde_json::Error| StoreError::Unexpected(error.to_string());
        let (author, author_id, author_name) = match &message.author {
            Author::Contact => (0, None, None),
            Author::User { id, name } => (1, Some(Blob(*id)), Some(name.as_str())),
            Author::System => (2, None, None),
        };
        let kind = match message.kind() {
            MessageKind::Text => 0,
            MessageKind::Note => 1,
            MessageKind::Activity => 2,
        };
        let activity = message.activity.as_ref().map(serde_json::to_string).transpose().map_err(json_error)?;
        let mentions = (!message.mentions.is_empty()).then(|| serde_json::to_string(&message.mentions));
        let mentions = mentions.transpose().map_err(json_error)?;
        self.sql
            .sql(
                "INSERT INTO messages (chat_id, no, id, kind, author, outbound, client_id, author_id, author_name, \
                 author_epoch, text, activity, sent_at, status, mentions) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute((
                Blob(chat),
                int(message.no),
                Blob(message.id),
                kind,
                author,
                kind == 0 && author > 0,
                client_id.map(Blob),
                author_id,
                author_name,
                author_epoch.map(int),
                message.text.as_str(),
                activity,
                message.sent_at,
                message.status.rank(),
                mentions,
            ))?;
        Ok(())
    }

    /// One event for all who see the chat now; whether anybody does.
    pub(super) fn tell_seeing(&mut self, chat: &ChatRow, body: &EventBody) -> Result<bool, StoreError> {
        let users = chats::seeing(self.sql, chat.id)?;
        if users.is_empty() {
            return Ok(false);
        }
        let event = self.event(chat.id, chat.rev, body, None)?;
        self.append_to(&users, &event)?;
        Ok(true)
    }

    /// Raises the status of messages in one direction, for all who see them; nothing is told when nothing rose.
    pub(super) fn raise_status(&mut self, chat: &ChatRow, raised: StatusRaised) -> Result<(), StoreError> {
        let changed = self
            .sql
            .sql(
                "UPDATE messages SET status = ?5 \
                 WHERE chat_id = ?1 AND no BETWEEN ?2 AND ?3 AND kind = 0 AND outbound = ?4 AND status < ?5",
            )?
            .execute((Blob(chat.id), int(raised.from), int(raised.upto), raised.outbound, raised.status.rank()))?;
        if changed == 0 {
            return Ok(());
        }
        if let Some(to) = chat.visitor_key() {
            let StatusRaised { outbound, from, upto, status } = raised;
            let frame = WidgetServerFrame::Status(WidgetStatus { outbound, from, upto, status });
            self.effect(Effect::VisitorStatus { to, json: frame_json(&frame)? });
        }
        self.tell_seeing(chat, &EventBody::Status(raised)).map(drop)
    }
}

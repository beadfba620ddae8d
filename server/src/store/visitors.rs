//! What a website's visitor is told beside the messages, and says beside them: office hours, and the rating of a session.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::event::{EventBody, MessageAdded};
use switchboard_protocol::ids::{ChannelId, ChatId, MessageId};
use switchboard_protocol::message::{Activity, Author, Message, MessageStatus};
use switchboard_protocol::widget::{WidgetAccepted, WidgetHours, WidgetRate};
use switchboard_protocol::{ErrorCode, UnixMillis, limits};

use super::StoreError;
use super::activity::visitor_event;
use super::chats::{self, ChatRow};
use super::effects::VisitorKey;
use super::inbound::{Received, chat_of};
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use super::{blocks, offers, queues};
use crate::routing::Route;

/// Lines read at a time in search of the last one that a visitor sees.
const PAGE: u32 = 8;

/// Whether somebody is there to answer on a channel, by the hours of the queue that it leads to.
pub fn hours(connection: &Connection, channel: ChannelId, now: UnixMillis) -> Result<WidgetHours, StoreError> {
    let always = WidgetHours { open: true, changes_at: None };
    let Some(Route::Queue(queue)) = offers::route(connection, channel)? else { return Ok(always) };
    let Some(settings) = queues::settings(connection, queue)? else { return Ok(always) };
    match settings.checked_hours() {
        Ok(Some(hours)) => Ok(WidgetHours { open: hours.is_open(now), changes_at: hours.next_change(now) }),
        Ok(None) => Ok(always),
        Err(error) => {
            tracing::error!(%error, %queue, "a queue's hours cannot be read");
            Ok(always)
        }
    }
}

/// The last line of a chat that its visitor sees; 0 when there is none. Behind it stand at most a few of the staff's own.
pub(super) fn last_visible(connection: &Connection, chat: ChatId) -> Result<u64, StoreError> {
    let mut before = i64::MAX as u64;
    loop {
        let (lines, more) = chats::messages_before(connection, chat, before, PAGE)?;
        if let Some(line) = lines.iter().rfind(|line| is_visible(line)) {
            return Ok(line.no);
        }
        match lines.first() {
            Some(first) if more => before = first.no,
            _ => return Ok(0),
        }
    }
}

/// Whether a line is the visitor's to see: no note, and nothing that is the staff's own business.
pub(super) fn is_visible(message: &Message) -> bool {
    !message.private && message.activity.as_ref().is_none_or(|it| visitor_event(&message.author, it).is_some())
}

/// The word beside a rating: trimmed, and nothing when empty.
fn comment(rate: &WidgetRate) -> Option<&str> {
    rate.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty())
}

/// What is wrong with a rating before anything is looked up.
pub fn check_rate(rate: &WidgetRate) -> Result<(), ErrorCode> {
    let fits = comment(rate).is_none_or(|comment| comment.len() <= limits::MAX_COMMENT_BYTES);
    if (1..=5).contains(&rate.stars) && fits { Ok(()) } else { Err(ErrorCode::BadRating) }
}

impl Tx<'_> {
    /// The visitor rates the session that was ended, once: a line of the chat, and a part of the session.
    pub fn rate_session(
        &mut self,
        key: VisitorKey,
        address: Option<&str>,
        rate: &WidgetRate,
    ) -> Result<Received, StoreError> {
        if let Err(code) = check_rate(rate) {
            return Ok(Received::Refused(code));
        }
        let Some(chat) = chat_of(self.sql, key)? else { return Ok(Received::Refused(ErrorCode::BadRating)) };
        let comment = comment(rate);
        let activity = Activity::Rated { stars: rate.stars, comment: comment.map(str::to_owned) };
        if let Some(known) = self.known_rating(chat, rate.id, &activity)? {
            return Ok(known);
        }
        if blocks::blocked(self.sql, key, address, self.now)?.is_some() {
            return Ok(Received::Refused(ErrorCode::Blocked));
        }
        let mut chat = chats::must(self.sql, chat)?;
        if chat.state != ChatState::Closed || !self.store_rating(&chat, rate.stars, comment)? {
            return Ok(Received::Refused(ErrorCode::BadRating));
        }
        let message = Message {
            id: MessageId::new(),
            no: chat.last_no + 1,
            author: Author::Contact,
            text: String::new(),
            private: false,
            mentions: Vec::new(),
            activity: Some(activity),
            sent_at: self.now,
            status: MessageStatus::Delivered,
        };
        self.add_message(&mut chat, &message, Some(rate.id), None)?;
        let accepted = WidgetAccepted { id: rate.id, no: message.no, sent_at: message.sent_at };
        self.tell_seeing(&chat, &EventBody::Message(MessageAdded { message, chat: None, internal: None }))?;
        Ok(Received::Accepted { accepted, first: false })
    }

    /// The same rating again, or something else under its id.
    fn known_rating(&self, chat: ChatId, id: MessageId, activity: &Activity) -> Result<Option<Received>, StoreError> {
        let known: Option<(u64, UnixMillis, Option<String>)> = self
            .sql
            .sql("SELECT no, sent_at, activity FROM messages WHERE chat_id = ?1 AND client_id = ?2")?
            .query_row((Blob(chat), Blob(id)), |row| Ok((row.count(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        Ok(known.map(|(no, sent_at, stored)| {
            let stored = stored.and_then(|json| serde_json::from_str::<Activity>(&json).ok());
            if stored.as_ref() == Some(activity) {
                Received::Accepted { accepted: WidgetAccepted { id, no, sent_at }, first: false }
            } else {
                Received::Refused(ErrorCode::IdReuse)
            }
        }))
    }

    /// Whether the chat's last session was ended by End, and not rated yet: then it is now.
    fn store_rating(&mut self, chat: &ChatRow, stars: u8, comment: Option<&str>) -> Result<bool, StoreError> {
        let changed = self
            .sql
            .sql(
                "UPDATE sessions SET stars = ?3, comment = ?4 \
                 WHERE chat_id = ?1 AND no = ?2 AND ending = 'ended' AND stars IS NULL",
            )?
            .execute((Blob(chat.id), int(chat.session), stars, comment))?;
        Ok(changed == 1)
    }
}

//! The feed: one gapless order of events per user. Events are stored once; a feed row points to one.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::event::EventBody;
use switchboard_protocol::frame::Event;
use switchboard_protocol::ids::{ChatId, CommandId, FeedId, UserId};

use super::StoreError;
use super::effects::{Effect, EventTail};
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;

/// A stored event, ready to be given to users.
pub(super) struct StoredEvent {
    id: i64,
    tail: Arc<EventTail>,
}

/// The frame of an event behind its `seq`: made once, shared by all who get it.
fn tail(chat: ChatId, kind: &str, rev: u64, body: &str, command: Option<CommandId>) -> EventTail {
    let command = command.map(|id| format!(",\"command\":\"{id}\"")).unwrap_or_default();
    let json = format!("\"kind\":\"{kind}\",\"chat\":\"{chat}\",\"rev\":{rev},\"body\":{body}{command}}}");
    EventTail { chat, json: json.into_boxed_str() }
}

/// The frame of an event.
pub fn event_frame(seq: u64, tail: Option<&EventTail>) -> String {
    match tail {
        Some(tail) => format!("{{\"type\":\"event\",\"seq\":{seq},{}", tail.json),
        // What is left of an event whose content was withdrawn from this user.
        None => format!("{{\"type\":\"event\",\"seq\":{seq},\"kind\":\"{}\",\"rev\":0}}", Event::SKIP),
    }
}

impl Tx<'_> {
    /// Stores an event. Nobody has it yet.
    pub(super) fn event(
        &mut self,
        chat: ChatId,
        rev: u64,
        body: &EventBody,
        command: Option<CommandId>,
    ) -> Result<StoredEvent, StoreError> {
        let json = body.to_json().map_err(|error| StoreError::Unexpected(error.to_string()))?;
        self.sql
            .sql("INSERT INTO events (chat_id, kind, rev, body, command_id) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((Blob(chat), body.kind(), int(rev), json.as_str(), command.map(Blob)))?;
        let id = self.sql.last_insert_rowid();
        Ok(StoredEvent { id, tail: Arc::new(tail(chat, body.kind(), rev, &json, command)) })
    }

    /// Appends an event to a user's feed; its place there.
    pub(super) fn append(&mut self, user: UserId, event: &StoredEvent) -> Result<u64, StoreError> {
        Ok(self.append_to(&[user], event)?.unwrap_or(0))
    }

    /// Appends an event to the feeds of all these users; the last one's place there.
    pub(super) fn append_to(&mut self, users: &[UserId], event: &StoredEvent) -> Result<Option<u64>, StoreError> {
        let mut next = self.sql.sql("UPDATE users SET head = head + 1 WHERE id = ?1 RETURNING head")?;
        let mut insert = self.sql.sql("INSERT INTO feed (user_id, seq, event_id, at) VALUES (?1, ?2, ?3, ?4)")?;
        let mut last = None;
        for &user in users {
            let seq = next.query_row([Blob(user)], |row| row.count(0))?;
            insert.execute((Blob(user), int(seq), event.id, self.now))?;
            self.effects.push(Effect::Feed { user, seq, tail: event.tail.clone() });
            last = Some(seq);
        }
        Ok(last)
    }

    /// Takes the content of a chat out of these users' feeds: replay sends `skip` instead. What follows is up to the
    /// caller.
    ///
    /// Event by event, and the row's place before the row: as one statement SQLite walks through the user's whole feed
    /// (it has no idea that a chat has few events and a feed has many rows), which a test found.
    pub(super) fn withdraw(&mut self, users: &[UserId], chat: ChatId) -> Result<(), StoreError> {
        let events: Vec<i64> = {
            let mut query = self.sql.sql("SELECT id FROM events WHERE chat_id = ?1")?;
            query.query_map([Blob(chat)], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        let mut place = self.sql.sql("SELECT seq FROM feed WHERE event_id = ?1 AND user_id = ?2")?;
        let mut withdraw = self.sql.sql("UPDATE feed SET event_id = NULL WHERE user_id = ?1 AND seq = ?2")?;
        for &user in users {
            for event in &events {
                let found: Option<i64> = place.query_row((event, Blob(user)), |row| row.get(0)).optional()?;
                if let Some(seq) = found {
                    withdraw.execute((Blob(user), seq))?;
                }
            }
            self.effects.push(Effect::Withdrawn { user, chat });
        }
        Ok(())
    }
}

/// Which part of the log a user's feed holds, and which log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedState {
    /// The log.
    pub feed_id: FeedId,
    /// Rows at or below are gone.
    pub floor: u64,
    /// The newest row.
    pub head: u64,
}

/// The state of a user's feed.
pub fn state(connection: &Connection, user: UserId) -> Result<FeedState, StoreError> {
    let feed_id = feed_id(connection)?;
    let (floor, head) = connection
        .sql("SELECT floor, head FROM users WHERE id = ?1")?
        .query_row([Blob(user)], |row| Ok((row.count(0)?, row.count(1)?)))
        .optional()?
        .ok_or_else(|| StoreError::NotFound("user".into()))?;
    Ok(FeedState { feed_id, floor, head })
}

/// The identity of this database's log.
pub fn feed_id(connection: &Connection) -> Result<FeedId, StoreError> {
    Ok(connection.sql("SELECT feed_id FROM logs WHERE id = 1")?.query_row([], |row| row.id(0))?)
}

/// A row of a feed; the content is `None` when it was withdrawn.
pub type FeedRow = (u64, Option<Arc<EventTail>>);

/// Rows after a cursor, in order. Stops after `rows` of them or about `bytes` of content.
pub fn after(
    connection: &Connection,
    user: UserId,
    cursor: u64,
    rows: usize,
    bytes: usize,
) -> Result<Vec<FeedRow>, StoreError> {
    let mut query = connection.sql(
        "SELECT feed.seq, events.chat_id, events.kind, events.rev, events.body, events.command_id \
         FROM feed LEFT JOIN events ON events.id = feed.event_id \
         WHERE feed.user_id = ?1 AND feed.seq > ?2 ORDER BY feed.seq LIMIT ?3",
    )?;
    let mut found = query.query((Blob(user), int(cursor), int(rows as u64)))?;
    let mut result = Vec::new();
    let mut size = 0;
    while let Some(row) = found.next()? {
        let seq = row.count(0)?;
        let tail = match row.maybe_id(1)? {
            None => None,
            Some(chat) => {
                let (kind, body): (String, String) = (row.get(2)?, row.get(4)?);
                let tail = tail(chat, &kind, row.count(3)?, &body, row.maybe_id(5)?);
                size += tail.json.len();
                Some(Arc::new(tail))
            }
        };
        result.push((seq, tail));
        if size >= bytes {
            break;
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::ServerFrame;
    use switchboard_protocol::event::{Gone, GoneReason};

    #[test]
    fn a_frame_made_by_hand_is_the_protocols_own() {
        let chat = ChatId::new();
        let body = EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None });
        let json = body.to_json().unwrap();
        for command in [None, Some(CommandId::new())] {
            let ours = event_frame(7, Some(&tail(chat, body.kind(), 3, &json, command)));
            let frame = ServerFrame::Event(Event {
                seq: 7,
                kind: body.kind().into(),
                chat: Some(chat),
                rev: 3,
                body: Some(serde_json::value::RawValue::from_string(json.clone()).unwrap()),
                command,
            });
            assert_eq!(ours, frame.to_json().unwrap());
        }
        let skip = Event { seq: 8, kind: Event::SKIP.into(), chat: None, rev: 0, body: None, command: None };
        assert_eq!(event_frame(8, None), ServerFrame::Event(skip).to_json().unwrap());
    }
}

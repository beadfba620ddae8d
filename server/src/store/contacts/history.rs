//! A contact's history: what was said through every channel, with every user and department. It is read when it is asked
//! for, by who has the chat or is offered it.

use std::collections::BinaryHeap;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::contact::{HistoryEntry, HistoryPage};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::limits::HISTORY_PAGE;
use switchboard_protocol::message::Message;

use super::super::chats::{self, Access};
use super::super::sql::{Blob, Columns, Sql, bad_name};
use super::StoreError;

/// Where a page ended: entries below it are older. Times order entries of different chats, numbers those of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: UnixMillis,
    chat: [u8; 16],
    no: u64,
}

impl Place {
    fn to_text(self) -> String {
        format!("{}-{}-{}", self.at, uuid::Uuid::from_bytes(self.chat).simple(), self.no)
    }

    fn parse(text: &str) -> Option<Place> {
        let mut parts = text.splitn(3, '-');
        Some(Place {
            at: parts.next()?.parse().ok()?,
            chat: uuid::Uuid::try_parse(parts.next()?).ok()?.into_bytes(),
            no: parts.next()?.parse().ok()?,
        })
    }
}

/// What a request for history comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// A page.
    Page(HistoryPage),
    /// The user neither has the chat nor is offered it.
    NotFound,
    /// What was given as the end of the page before is none.
    BadCursor,
}

/// A chat of the contact, with the newest message of it that is not on a page yet.
struct Source {
    chat: ChatId,
    channel_kind: ChannelKind,
    channel: String,
    department: Option<String>,
    /// Newest first.
    messages: Vec<Message>,
    /// Messages below this number are not read yet.
    below: u64,
    /// As many are read at a time: who writes everywhere has many chats, and a page takes few of each.
    batch: u32,
}

/// A page of the history of a chat's contact, for a user who has the chat or is offered it.
pub fn history(
    connection: &Connection,
    user: UserId,
    chat: ChatId,
    before: Option<&str>,
) -> Result<History, StoreError> {
    let before = match before.map(Place::parse) {
        Some(None) => return Ok(History::BadCursor),
        Some(place) => place,
        None => None,
    };
    if !matches!(chats::access(connection, chat, user)?, Some((Access::Candidate | Access::Owner, _))) {
        return Ok(History::NotFound);
    }
    let Some(row) = chats::load(connection, chat)? else { return Ok(History::NotFound) };
    let mut sources = sources(connection, &chats_of(connection, row.contact.id)?, before)?;
    let mut newest = BinaryHeap::new();
    for (index, source) in sources.iter_mut().enumerate() {
        newest.extend(place(connection, source)?.map(|place| (place, index)));
    }
    let mut entries: Vec<HistoryEntry> = Vec::new();
    let mut end = None;
    while entries.len() < HISTORY_PAGE as usize {
        let Some((at, index)) = newest.pop() else { break };
        let Some(source) = sources.get_mut(index) else { break };
        if let Some(message) = source.messages.pop() {
            end = Some(at);
            entries.push(HistoryEntry {
                chat: source.chat,
                channel_kind: source.channel_kind,
                channel: source.channel.clone(),
                department: source.department.clone(),
                at: message.sent_at,
                message,
            });
        }
        newest.extend(place(connection, source)?.map(|place| (place, index)));
    }
    let next = if newest.is_empty() { None } else { end.map(Place::to_text) };
    Ok(History::Page(HistoryPage { entries, next }))
}

fn chats_of(connection: &Connection, contact: switchboard_protocol::ids::ContactId) -> Result<Vec<ChatId>, StoreError> {
    let mut query = connection.sql("SELECT id FROM chats WHERE contact_id = ?1")?;
    let found = query.query_map([Blob(contact)], |row| row.id(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The chats, each at the first message that belongs below `before`.
fn sources(connection: &Connection, of: &[ChatId], before: Option<Place>) -> Result<Vec<Source>, StoreError> {
    let mut sources = Vec::new();
    let batch = (2 * HISTORY_PAGE / u32::try_from(of.len().max(1)).unwrap_or(u32::MAX)).clamp(2, HISTORY_PAGE);
    for &chat in of {
        let found = connection
            .sql(
                "SELECT channels.kind, channels.name, coalesce(queues.name, groups.name), chats.last_no FROM chats \
                 JOIN channels ON channels.id = chats.channel_id LEFT JOIN queues ON queues.id = chats.queue_id \
                 LEFT JOIN groups ON groups.id = chats.group_id WHERE chats.id = ?1",
            )?
            .query_row([Blob(chat)], |row| {
                let kind: String = row.get(0)?;
                Ok(Source {
                    chat,
                    channel_kind: ChannelKind::from_name(&kind).ok_or_else(|| bad_name(0, "channel kind"))?,
                    channel: row.get(1)?,
                    department: row.get(2)?,
                    messages: Vec::new(),
                    below: row.count(3)?.saturating_add(1),
                    batch,
                })
            })
            .optional()?;
        let Some(mut source) = found else { continue };
        if let Some(before) = before {
            // Of the chat in which the page before ended the number says it; a clock that was set back cannot mislead it.
            let end = if before.chat == *chat.as_bytes() {
                before.no
            } else {
                first_at_or_after(connection, chat, before, source.below)?
            };
            source.below = source.below.min(end);
        }
        sources.push(source);
    }
    Ok(sources)
}

/// The lowest number of a chat whose message is not older than a place. Times rise with the numbers, so it is found by
/// halving: a few look-ups by key, however long the chat is.
fn first_at_or_after(connection: &Connection, chat: ChatId, before: Place, end: u64) -> Result<u64, StoreError> {
    let mut query = connection.sql("SELECT sent_at FROM messages WHERE chat_id = ?1 AND no = ?2")?;
    let (mut low, mut high) = (1, end);
    while low < high {
        let middle = low + (high - low) / 2;
        let at: Option<i64> =
            query.query_row((Blob(chat), super::super::sql::int(middle)), |row| row.get(0)).optional()?;
        let place = Place { at: at.unwrap_or(i64::MIN), chat: *chat.as_bytes(), no: middle };
        if place < before { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

/// The place of a source's next message, which is read if need be.
fn place(connection: &Connection, source: &mut Source) -> Result<Option<Place>, StoreError> {
    if source.messages.is_empty() && source.below > 1 {
        // Oldest first, so that the newest is taken from the end.
        let (messages, _) = chats::messages_before(connection, source.chat, source.below, source.batch)?;
        source.below = messages.first().map_or(1, |first| first.no);
        source.messages = messages;
    }
    Ok(source.messages.last().map(|message| Place {
        at: message.sent_at,
        chat: *source.chat.as_bytes(),
        no: message.no,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f31_a_cursor_survives_its_text_and_nothing_else_is_one() {
        let place = Place { at: 1_790_000_000_000, chat: *ChatId::new().as_bytes(), no: 7 };
        assert_eq!(Place::parse(&place.to_text()), Some(place));
        for odd in
            ["", "-", "1-2-3", "1", "x-00000000000000000000000000000000-1", "1-00-1", "9e9-..-", &"9".repeat(4_000)]
        {
            assert_eq!(Place::parse(odd), None, "{odd:.20}");
        }
    }
}

//! A chat's row, its messages, and who sees them.

use rusqlite::{Connection, OptionalExtension, Row};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, OpenedChat, UserChat};
use switchboard_protocol::contact::Contact;
use switchboard_protocol::ids::{ChannelId, ChatId, ContactId, QueueId, UserId, VisitorId};
use switchboard_protocol::limits;
use switchboard_protocol::message::{Author, Message, MessageStatus};

use super::StoreError;
use super::effects::VisitorKey;
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;

/// About how much text one frame of messages may carry. A frame may have 4 MiB; JSON can make six bytes of one.
const FRAME_TEXT_BYTES: usize = 512 * 1024;

/// What a user may do with a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Saw it once.
    None,
    /// It is offered to them.
    Candidate,
    /// It is theirs.
    Owner,
}

impl Access {
    const fn rank(self) -> i64 {
        self as i64
    }

    fn from_rank(rank: i64) -> Access {
        match rank {
            1 => Access::Candidate,
            2 => Access::Owner,
            _ => Access::None,
        }
    }
}

/// A chat's row as the database has it, with what only the server needs.
#[derive(Debug, Clone)]
pub(super) struct ChatRow {
    pub id: ChatId,
    pub channel: ChannelId,
    pub channel_kind: ChannelKind,
    pub queue: Option<QueueId>,
    pub contact: Contact,
    pub visitor: Option<VisitorId>,
    pub state: ChatState,
    pub owner: Option<UserId>,
    pub owner_epoch: u64,
    pub waited_before: bool,
    pub waiting_since: Option<UnixMillis>,
    pub rev: u64,
    pub last_no: u64,
    pub customer_delivered_upto: u64,
    pub customer_read_upto: u64,
    pub staff_read_upto: u64,
}

impl ChatRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<ChatRow> {
        let (kind, state): (String, String) = (row.get(2)?, row.get(8)?);
        Ok(ChatRow {
            id: row.id(0)?,
            channel: row.id(1)?,
            channel_kind: ChannelKind::from_name(&kind).ok_or_else(|| bad_name(2, "channel kind"))?,
            queue: row.maybe_id(3)?,
            contact: Contact {
                id: row.id::<ContactId>(4)?,
                name: row.get(5)?,
                email: row.get(6)?,
                phone: None,
                known: false,
            },
            visitor: row.maybe_id(7)?,
            state: ChatState::from_name(&state).ok_or_else(|| bad_name(8, "chat state"))?,
            owner: row.maybe_id(9)?,
            owner_epoch: row.count(10)?,
            waited_before: row.get(11)?,
            waiting_since: row.get(12)?,
            rev: row.count(13)?,
            last_no: row.count(14)?,
            customer_delivered_upto: row.count(15)?,
            customer_read_upto: row.count(16)?,
            staff_read_upto: row.count(17)?,
        })
    }

    /// The row as the users who see the chat get it.
    pub fn public(&self) -> Chat {
        Chat {
            id: self.id,
            rev: self.rev,
            channel: self.channel,
            channel_kind: self.channel_kind,
            queue: self.queue,
            group: None,
            contact: self.contact.clone(),
            state: self.state,
            owner: self.owner,
            owner_epoch: self.owner_epoch,
            waiting_since: self.waiting_since,
            session: 1,
        }
    }

    /// The browser on the other end.
    pub fn visitor_key(&self) -> Option<VisitorKey> {
        self.visitor.map(|visitor| VisitorKey { channel: self.channel, visitor })
    }
}

/// Reads a chat's row.
pub(super) fn load(connection: &Connection, chat: ChatId) -> Result<Option<ChatRow>, StoreError> {
    Ok(connection
        .sql(
            "SELECT chats.id, chats.channel_id, channels.kind, chats.queue_id, chats.contact_id, contacts.name, \
             contacts.email, chats.visitor_id, chats.state, chats.owner_id, chats.owner_epoch, chats.waited_before, \
             chats.waiting_since, chats.rev, chats.last_no, chats.customer_delivered_upto, chats.customer_read_upto, \
             chats.staff_read_upto \
             FROM chats JOIN channels ON channels.id = chats.channel_id \
             JOIN contacts ON contacts.id = chats.contact_id WHERE chats.id = ?1",
        )?
        .query_row([Blob(chat)], ChatRow::read)
        .optional()?)
}

/// A chat that must be there.
pub(super) fn must(connection: &Connection, chat: ChatId) -> Result<ChatRow, StoreError> {
    load(connection, chat)?.ok_or_else(|| StoreError::Unexpected("a chat that is referred to does not exist".into()))
}

/// What a user may do with a chat; `None` if the user never saw it.
pub(super) fn access(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<(Access, UserChat)>, StoreError> {
    Ok(connection
        .sql("SELECT access, read_upto, archived FROM chat_users WHERE chat_id = ?1 AND user_id = ?2")?
        .query_row((Blob(chat), Blob(user)), |row| {
            let mine = UserChat { read_upto: row.count(1)?, archived: row.get(2)?, ..UserChat::default() };
            Ok((Access::from_rank(row.get(0)?), mine))
        })
        .optional()?)
}

/// Who sees a chat now.
pub fn seeing(connection: &Connection, chat: ChatId) -> Result<Vec<UserId>, StoreError> {
    let mut query = connection.sql("SELECT user_id FROM chat_users WHERE chat_id = ?1 AND access > 0")?;
    let users = query.query_map([Blob(chat)], |row| row.id(0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// Whom a user's typing is shown to.
#[derive(Debug)]
pub struct TypingAudience {
    /// All who see the chat.
    pub users: Vec<UserId>,
    /// The visitor on its other end.
    pub visitor: Option<VisitorKey>,
    /// The name of the one who types.
    pub name: String,
}

/// Whom a user's typing in a chat is shown to; nobody if the user does not see it.
pub fn typing_audience(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<TypingAudience>, StoreError> {
    if !visible(connection, chat, user)? {
        return Ok(None);
    }
    let visitor = connection
        .sql("SELECT channel_id, visitor_id FROM chats WHERE id = ?1")?
        .query_row([Blob(chat)], |row| Ok((row.id(0)?, row.maybe_id(1)?)))
        .optional()?
        .and_then(|(channel, visitor)| visitor.map(|visitor| VisitorKey { channel, visitor }));
    let name = connection.sql("SELECT name FROM users WHERE id = ?1")?.query_row([Blob(user)], |row| row.get(0))?;
    Ok(Some(TypingAudience { users: seeing(connection, chat)?, visitor, name }))
}

/// Whether a user sees a chat now.
pub fn visible(connection: &Connection, chat: ChatId, user: UserId) -> Result<bool, StoreError> {
    Ok(access(connection, chat, user)?.is_some_and(|(access, _)| access != Access::None))
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let author: i64 = row.get(2)?;
    let (kind, activity): (i64, Option<String>) = (row.get(8)?, row.get(9)?);
    Ok(Message {
        id: row.id(0)?,
        no: row.count(1)?,
        author: match author {
            0 => Author::Contact,
            1 => Author::User { id: row.id(3)?, name: row.get(4)? },
            _ => Author::System,
        },
        text: row.get(5)?,
        private: kind == 1,
        activity: activity.map(|json| serde_json::from_str(&json).map_err(|_| bad_name(9, "activity"))).transpose()?,
        sent_at: row.get(6)?,
        status: MessageStatus::from_rank(row.get(7)?).ok_or_else(|| bad_name(7, "message status"))?,
    })
}

/// The newest messages below `before`, oldest first, at most `n` of them and about [`FRAME_TEXT_BYTES`] of text, and
/// whether there are older ones.
pub fn messages_before(
    connection: &Connection,
    chat: ChatId,
    before: u64,
    n: u32,
) -> Result<(Vec<Message>, bool), StoreError> {
    let mut query = connection.sql(
        "SELECT id, no, author, author_id, author_name, text, sent_at, status, kind, activity FROM messages \
         WHERE chat_id = ?1 AND no < ?2 ORDER BY no DESC LIMIT ?3",
    )?;
    let mut rows = query.query((Blob(chat), int(before), i64::from(n)))?;
    let mut messages = Vec::new();
    let mut size = 0;
    while let Some(row) = rows.next()? {
        let message = message(row)?;
        size += message.text.len();
        // At least one, so that a page always gets on.
        if size > FRAME_TEXT_BYTES && !messages.is_empty() {
            break;
        }
        messages.push(message);
    }
    messages.reverse();
    // Numbers have no gaps: there is something older unless the page begins with the first.
    let more = messages.first().is_some_and(|first| first.no > 1);
    Ok((messages, more))
}

/// The messages with `after < no`, oldest first, at most `n`: what a visitor's socket has yet to send.
pub(super) fn messages_after(
    connection: &Connection,
    chat: ChatId,
    after: u64,
    n: u32,
) -> Result<Vec<(Message, Option<switchboard_protocol::ids::MessageId>)>, StoreError> {
    let mut query = connection.sql(
        "SELECT id, no, author, author_id, author_name, text, sent_at, status, kind, activity, client_id FROM messages \
         WHERE chat_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3",
    )?;
    let rows = query.query_map((Blob(chat), int(after), i64::from(n)), |row| Ok((message(row)?, row.maybe_id(10)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A chat with its newest messages.
pub(super) fn opened(connection: &Connection, chat: &ChatRow) -> Result<OpenedChat, StoreError> {
    let (messages, more) =
        messages_before(connection, chat.id, chat.last_no.saturating_add(1), limits::OPENED_MESSAGES)?;
    Ok(OpenedChat { chat: chat.public(), messages, more })
}

/// A page of older messages for a user; `None` when the user does not see the chat.
pub fn page(
    connection: &Connection,
    user: UserId,
    chat: ChatId,
    before: u64,
    n: u32,
) -> Result<Option<(Vec<Message>, bool)>, StoreError> {
    if !visible(connection, chat, user)? {
        return Ok(None);
    }
    messages_before(connection, chat, before, n.clamp(1, limits::MAX_PAGE_MESSAGES)).map(Some)
}

impl Tx<'_> {
    /// Gives a user access to a chat. The user's own part (read, archived) survives an earlier loss; it is returned.
    pub(super) fn grant(&mut self, chat: ChatId, user: UserId, access: Access) -> Result<UserChat, StoreError> {
        Ok(self
            .sql
            .sql(
                "INSERT INTO chat_users (chat_id, user_id, access) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (chat_id, user_id) DO UPDATE SET access = excluded.access RETURNING read_upto, archived",
            )?
            .query_row((Blob(chat), Blob(user), access.rank()), |row| {
                Ok(UserChat { read_upto: row.count(0)?, archived: row.get(1)?, ..UserChat::default() })
            })?)
    }

    /// Writes what a change of hands may alter, under a new revision.
    pub(super) fn save_hands(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        chat.rev += 1;
        self.sql
            .sql(
                "UPDATE chats SET queue_id = ?2, state = ?3, owner_id = ?4, owner_epoch = ?5, waited_before = ?6, \
                 waiting_since = ?7, rev = ?8 WHERE id = ?1",
            )?
            .execute((
                Blob(chat.id),
                chat.queue.map(Blob),
                chat.state.as_str(),
                chat.owner.map(Blob),
                int(chat.owner_epoch),
                chat.waited_before,
                chat.waiting_since,
                int(chat.rev),
            ))?;
        Ok(())
    }
}

//! A chat's row, its messages, and who sees them.

use rusqlite::{Connection, OptionalExtension, Row};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, OpenedChat, UserChat, Visit};
use switchboard_protocol::contact::Contact;
use switchboard_protocol::ids::{ChannelId, ChatId, ContactId, GroupId, LabelId, QueueId, UserId, VisitorId};
use switchboard_protocol::limits;
use switchboard_protocol::message::{Author, Message, MessageStatus};

use super::effects::VisitorKey;
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;
use super::{StoreError, contacts};

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
    /// They had it last, and it is closed.
    Reader,
    /// It is a chat among staff, and they are in it.
    Member,
}

impl Access {
    pub const fn rank(self) -> i64 {
        self as i64
    }

    fn from_rank(rank: i64) -> Access {
        match rank {
            1 => Access::Candidate,
            2 => Access::Owner,
            3 => Access::Reader,
            4 => Access::Member,
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
    pub group: Option<GroupId>,
    /// Passed on to a queue or group other than by the channel's route.
    pub diverted: bool,
    pub contact: Contact,
    pub visitor: Option<VisitorId>,
    pub state: ChatState,
    pub owner: Option<UserId>,
    pub owner_epoch: u64,
    pub waited_before: bool,
    pub waiting_since: Option<UnixMillis>,
    pub rev: u64,
    pub last_no: u64,
    pub session: u64,
    pub last_inbound_no: u64,
    /// When the oldest customer message without an answer came.
    pub unanswered_since: Option<UnixMillis>,
    /// Offered to every member by now, whatever the distribution says.
    pub widened: bool,
    /// Who passed it on, until it is answered.
    pub transferred_by: Option<UserId>,
    pub transferred_at: Option<UnixMillis>,
    /// Of a closed chat: who had it last, and since when it is closed.
    pub last_owner: Option<UserId>,
    pub closed_at: Option<UnixMillis>,
    pub out_of_office_at: Option<UnixMillis>,
    /// When the clock does something to it next, as it is stored; [`Tx::tend`] changes it.
    pub due_at: Option<UnixMillis>,
    /// Since when its owner has it.
    pub owned_since: Option<UnixMillis>,
    pub labels: Vec<LabelId>,
    /// Where the visitor was when writing last.
    pub visit: Option<Visit>,
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
                phone: row.get(18)?,
                known: row.get(19)?,
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
            group: row.maybe_id(20)?,
            diverted: row.get(21)?,
            session: row.count(22)?,
            last_inbound_no: row.count(23)?,
            unanswered_since: row.get(24)?,
            widened: row.get(25)?,
            transferred_by: row.maybe_id(26)?,
            transferred_at: row.get(27)?,
            last_owner: row.maybe_id(28)?,
            closed_at: row.get(29)?,
            out_of_office_at: row.get(30)?,
            due_at: row.get(31)?,
            owned_since: row.get(32)?,
            labels: Vec::new(),
            visit: row
                .get::<_, Option<String>>(33)?
                .map(|json| serde_json::from_str(&json).map_err(|_| bad_name(33, "visit")))
                .transpose()?,
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
            group: self.group,
            contact: self.contact.clone(),
            state: self.state,
            owner: self.owner,
            owner_epoch: self.owner_epoch,
            waiting_since: self.waiting_since,
            session: self.session,
            labels: self.labels.clone(),
            visit: self.visit.clone(),
        }
    }

    /// The browser on the other end.
    pub fn visitor_key(&self) -> Option<VisitorKey> {
        self.visitor.map(|visitor| VisitorKey { channel: self.channel, visitor })
    }
}

/// Reads a chat's row.
pub(super) fn load(connection: &Connection, chat: ChatId) -> Result<Option<ChatRow>, StoreError> {
    let row = connection
        .sql(
            "SELECT chats.id, chats.channel_id, channels.kind, chats.queue_id, chats.contact_id, contacts.name, \
             contacts.email, chats.visitor_id, chats.state, chats.owner_id, chats.owner_epoch, chats.waited_before, \
             chats.waiting_since, chats.rev, chats.last_no, chats.customer_delivered_upto, chats.customer_read_upto, \
             chats.staff_read_upto, contacts.phone, contacts.known, chats.group_id, chats.diverted, chats.session, \
             chats.last_inbound_no, chats.unanswered_since, chats.widened, chats.transferred_by, chats.transferred_at, \
             chats.last_owner_id, chats.closed_at, chats.out_of_office_at, chats.due_at, \
             chats.owned_since, chats.visit \
             FROM chats JOIN channels ON channels.id = chats.channel_id \
             JOIN contacts ON contacts.id = chats.contact_id WHERE chats.id = ?1",
        )?
        .query_row([Blob(chat)], ChatRow::read)
        .optional()?;
    let Some(mut row) = row else { return Ok(None) };
    row.labels = contacts::chat_labels(connection, chat)?;
    Ok(Some(row))
}

/// A chat that must be there.
pub(super) fn must(connection: &Connection, chat: ChatId) -> Result<ChatRow, StoreError> {
    load(connection, chat)?.ok_or_else(|| StoreError::Unexpected("a chat that is referred to does not exist".into()))
}

/// A user's own part of a chat, from four columns that follow each other.
fn own_part(row: &Row<'_>, first: usize) -> rusqlite::Result<UserChat> {
    Ok(UserChat {
        read_upto: row.count(first)?,
        archived: row.get(first + 1)?,
        ignored: row.get(first + 2)?,
        snoozed_until: row.get(first + 3)?,
    })
}

/// What a user may do with a chat; `None` if the user never saw it.
pub(super) fn access(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<(Access, UserChat)>, StoreError> {
    Ok(connection
        .sql(
            "SELECT access, read_upto, archived, ignored, snoozed_until FROM chat_users \
             WHERE chat_id = ?1 AND user_id = ?2",
        )?
        .query_row((Blob(chat), Blob(user)), |row| Ok((Access::from_rank(row.get(0)?), own_part(row, 1)?)))
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

/// Whom a user's typing in a chat is shown to; nobody if the user cannot write there.
pub fn typing_audience(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<TypingAudience>, StoreError> {
    let writes =
        matches!(access(connection, chat, user)?, Some((Access::Candidate | Access::Owner | Access::Member, _)));
    if !writes {
        return Ok(None);
    }
    let visitor = connection
        .sql("SELECT channel_id, visitor_id FROM chats WHERE id = ?1")?
        .query_row([Blob(chat)], |row| Ok((row.maybe_id(0)?, row.maybe_id(1)?)))
        .optional()?
        .and_then(|(channel, visitor)| Some(VisitorKey { channel: channel?, visitor: visitor? }));
    let name = connection.sql("SELECT name FROM users WHERE id = ?1")?.query_row([Blob(user)], |row| row.get(0))?;
    Ok(Some(TypingAudience { users: seeing(connection, chat)?, visitor, name }))
}

/// Whether a user sees a chat now.
pub fn visible(connection: &Connection, chat: ChatId, user: UserId) -> Result<bool, StoreError> {
    Ok(access(connection, chat, user)?.is_some_and(|(access, _)| access != Access::None))
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let author: i64 = row.get(2)?;
    let (kind, activity, mentions): (i64, Option<String>, Option<String>) = (row.get(8)?, row.get(9)?, row.get(10)?);
    let mentions =
        mentions.map(|json| serde_json::from_str(&json).map_err(|_| bad_name(10, "mentions"))).transpose()?;
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
        mentions: mentions.unwrap_or_default(),
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
    messages_between(connection, chat, 0, before, n)
}

/// The same, of the messages above `from`: what is at or below it counts as not there.
pub(super) fn messages_between(
    connection: &Connection,
    chat: ChatId,
    from: u64,
    before: u64,
    n: u32,
) -> Result<(Vec<Message>, bool), StoreError> {
    let mut query = connection.sql(
        "SELECT id, no, author, author_id, author_name, text, sent_at, status, kind, activity, mentions FROM messages \
         WHERE chat_id = ?1 AND no > ?4 AND no < ?2 ORDER BY no DESC LIMIT ?3",
    )?;
    let mut rows = query.query((Blob(chat), int(before), i64::from(n), int(from)))?;
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
    let more = messages.first().is_some_and(|first| first.no > from + 1);
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
        "SELECT id, no, author, author_id, author_name, text, sent_at, status, kind, activity, mentions, client_id \
         FROM messages WHERE chat_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3",
    )?;
    let rows = query.query_map((Blob(chat), int(after), i64::from(n)), |row| Ok((message(row)?, row.maybe_id(11)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A chat with its newest messages.
pub(super) fn opened(connection: &Connection, chat: &ChatRow) -> Result<OpenedChat, StoreError> {
    let (messages, more) =
        messages_before(connection, chat.id, chat.last_no.saturating_add(1), limits::OPENED_MESSAGES)?;
    Ok(OpenedChat { chat: chat.public(), messages, more })
}

/// A page of older messages for a user; `None` when the user does not see the chat. Of a chat among staff a member gets what
/// was written since joining.
pub fn page(
    connection: &Connection,
    user: UserId,
    chat: ChatId,
    before: u64,
    n: u32,
) -> Result<Option<(Vec<Message>, bool)>, StoreError> {
    let from = connection
        .sql("SELECT from_no FROM chat_users WHERE chat_id = ?1 AND user_id = ?2 AND access > 0")?
        .query_row((Blob(chat), Blob(user)), |row| row.count(0))
        .optional()?;
    let Some(from) = from else { return Ok(None) };
    messages_between(connection, chat, from, before, n.clamp(1, limits::MAX_PAGE_MESSAGES)).map(Some)
}

impl Tx<'_> {
    /// Gives a user access to a chat, or takes it. Of the user's own part what was read survives an earlier loss; what the
    /// user put away then is not put away now. It is returned.
    pub(super) fn grant(&mut self, chat: ChatId, user: UserId, access: Access) -> Result<UserChat, StoreError> {
        if access != Access::None {
            // The line of a chat that was passed on makes room for the chat itself.
            self.sql
                .sql("DELETE FROM passed_on WHERE user_id = ?1 AND chat_id = ?2")?
                .execute((Blob(user), Blob(chat)))?;
        }
        Ok(self
            .sql
            .sql(
                "INSERT INTO chat_users (chat_id, user_id, access) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (chat_id, user_id) DO UPDATE SET access = excluded.access, \
                 archived = CASE WHEN chat_users.access = 0 THEN 0 ELSE chat_users.archived END, \
                 ignored = CASE WHEN chat_users.access = 0 THEN 0 ELSE chat_users.ignored END, \
                 snoozed_until = CASE WHEN chat_users.access = 0 THEN NULL ELSE chat_users.snoozed_until END \
                 RETURNING read_upto, archived, ignored, snoozed_until",
            )?
            .query_row((Blob(chat), Blob(user), access.rank()), |row| own_part(row, 0))?)
    }

    /// Writes a user's own part of a chat that the user sees.
    pub(super) fn set_own_part(&mut self, chat: ChatId, user: UserId, mine: UserChat) -> Result<(), StoreError> {
        self.sql
            .sql(
                "UPDATE chat_users SET read_upto = ?3, archived = ?4, ignored = ?5, snoozed_until = ?6 \
                 WHERE chat_id = ?1 AND user_id = ?2",
            )?
            .execute((Blob(chat), Blob(user), int(mine.read_upto), mine.archived, mine.ignored, mine.snoozed_until))?;
        Ok(())
    }

    /// Every change of owner goes through here: the epoch rises by one, the counts of open chats follow, and a transfer that
    /// waited for an answer is over. With an owner the chat is `owned`; without one the caller says what it is from now on.
    /// The row is not saved.
    pub(super) fn set_owner(&mut self, chat: &mut ChatRow, owner: Option<UserId>) -> Result<(), StoreError> {
        if chat.owner != owner {
            if let Some(before) = chat.owner {
                self.member_load(before, -1)?;
            }
            if let Some(next) = owner {
                self.member_load(next, 1)?;
            }
        }
        chat.waited_before = chat.state == ChatState::Waiting && owner.is_some();
        chat.owner = owner;
        chat.owner_epoch += 1;
        chat.transferred_by = None;
        chat.transferred_at = None;
        chat.owned_since = owner.map(|_| self.now);
        if owner.is_some() {
            chat.state = ChatState::Owned;
            chat.waiting_since = None;
            chat.closed_at = None;
        }
        Ok(())
    }

    /// Writes what a change of hands may alter, under a new revision.
    pub(super) fn save_hands(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        chat.rev += 1;
        self.sql
            .sql(
                "UPDATE chats SET queue_id = ?2, group_id = ?3, diverted = ?4, state = ?5, owner_id = ?6, \
                 owner_epoch = ?7, waited_before = ?8, waiting_since = ?9, rev = ?10, session = ?11, \
                 unanswered_since = ?12, widened = ?13, transferred_by = ?14, transferred_at = ?15, \
                 last_owner_id = ?16, closed_at = ?17, owned_since = ?18 WHERE id = ?1",
            )?
            .execute(rusqlite::params![
                Blob(chat.id),
                chat.queue.map(Blob),
                chat.group.map(Blob),
                chat.diverted,
                chat.state.as_str(),
                chat.owner.map(Blob),
                int(chat.owner_epoch),
                chat.waited_before,
                chat.waiting_since,
                int(chat.rev),
                int(chat.session),
                chat.unanswered_since,
                chat.widened,
                chat.transferred_by.map(Blob),
                chat.transferred_at,
                chat.last_owner.map(Blob),
                chat.closed_at,
                chat.owned_since,
            ])?;
        Ok(())
    }

    /// Writes what a message may alter. No user sees any of it in the row, so its revision stays.
    pub(super) fn save_progress(&mut self, chat: &ChatRow) -> Result<(), StoreError> {
        self.sql
            .sql(
                "UPDATE chats SET last_no = ?2, last_inbound_no = ?3, unanswered_since = ?4, transferred_by = ?5, \
                 transferred_at = ?6, out_of_office_at = ?7 WHERE id = ?1",
            )?
            .execute((
                Blob(chat.id),
                int(chat.last_no),
                int(chat.last_inbound_no),
                chat.unanswered_since,
                chat.transferred_by.map(Blob),
                chat.transferred_at,
                chat.out_of_office_at,
            ))?;
        Ok(())
    }
}

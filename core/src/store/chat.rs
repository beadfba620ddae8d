//! A chat's row.

use rusqlite::{Connection, Row, Transaction, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, InternalChat, UserChat, Visit};
use switchboard_protocol::ids::{ChannelId, ChatId, ContactId, GroupId, LabelId, QueueId, UserId};
use switchboard_protocol::message::{Activity, Author, Message, MessageKind};

use super::message::{author_to_sql, is_mine, kind_to_sql};
use super::outbox::{self, Pending};
use super::{Blob, Changes, collection, from_sql_u64, to_sql_u64};
use crate::error::{Error, Result};

/// What a list shows of a message.
const PREVIEW_CHARS: usize = 140;

/// Where lists show a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Recents,
    Archive,
    Snoozed,
    /// Ignored, or being deleted.
    Nowhere,
}

impl Place {
    pub(crate) const fn to_sql(self) -> i64 {
        match self {
            Place::Recents => 0,
            Place::Archive => 1,
            Place::Snoozed => 2,
            Place::Nowhere => 3,
        }
    }

    pub(crate) fn from_sql(place: i64) -> Result<Place> {
        Ok(match place {
            0 => Place::Recents,
            1 => Place::Archive,
            2 => Place::Snoozed,
            3 => Place::Nowhere,
            _ => return Err(Error::BadValue("chat.place")),
        })
    }
}

/// What of a chat's row decides about its place.
struct Placing {
    state: ChatState,
    archived: bool,
    ignored: bool,
    snoozed: bool,
    /// Nothing was ever said in it.
    empty: bool,
}

/// The place of a chat with this row and this outbox. A snooze that is over is none: the timer removes it.
fn place(row: &Placing, pending: &Pending) -> Place {
    let Placing { state, archived, ignored, snoozed, empty } = *row;
    let ignored = (ignored || pending.ignored) && state == ChatState::Waiting && !pending.takes;
    // A chat with a colleague is one when something is said in it.
    let unspoken = state == ChatState::Internal && empty && !pending.says && !pending.creates;
    if pending.deleted || pending.leaves || unspoken {
        Place::Nowhere
    } else if pending.passed_to.is_some() {
        Place::Archive
    } else if ignored {
        Place::Nowhere
    } else if pending.archived.unwrap_or(archived) {
        Place::Archive
    } else if snoozed {
        Place::Snoozed
    } else {
        Place::Recents
    }
}

/// A chat's row with what the lists need of its messages.
#[derive(Clone)]
pub(crate) struct ChatRecord {
    pub(crate) key: i64,
    pub(crate) rev: u64,
    channel: Option<ChannelId>,
    /// None of a staff chat.
    pub(crate) channel_kind: Option<ChannelKind>,
    queue: Option<QueueId>,
    group: Option<GroupId>,
    contact: Option<ContactId>,
    pub(crate) contact_name: Option<String>,
    contact_email: Option<String>,
    contact_phone: Option<String>,
    pub(crate) contact_known: bool,
    visit: Option<String>,
    /// Of a staff group.
    name: Option<String>,
    /// The other one of a direct chat.
    pub(crate) direct_with: Option<UserId>,
    /// As the server gave them, to be written; `None`: they are what they were.
    members: Option<Vec<UserId>>,
    labels: Option<Vec<LabelId>>,
    pub(crate) state: ChatState,
    owner: Option<UserId>,
    pub(crate) mine: bool,
    pub(crate) owner_epoch: u64,
    waiting_since: Option<UnixMillis>,
    session: u64,
    pub(crate) archived: bool,
    pub(crate) ignored: bool,
    pub(crate) snoozed_until: Option<UnixMillis>,
    place: Place,
    pub(crate) read_upto: u64,
    pub(crate) unread: i64,
    pub(crate) first_at: i64,
    pub(crate) more: bool,
    pub(crate) last_no: u64,
    last_at: i64,
    /// Of the newest text or note.
    last_said_at: i64,
    last_kind: i64,
    last_author: Option<i64>,
    last_author_id: Option<UserId>,
    last_mine: bool,
    last_preview: String,
    /// The newest message that mentions this user.
    mentioned_no: u64,
    /// Whether staff wrote to the customer in this session.
    replied: bool,
    /// Whether a customer's text is the last one between customer and staff, and the newest of them.
    unanswered: bool,
    /// The newest text of the customer; in a staff chat of a colleague.
    pub(crate) last_inbound_no: u64,
}

/// The server's row of a chat.
#[derive(Clone, Copy)]
pub(crate) enum ServerRow<'a> {
    Customer(&'a Chat),
    Internal(&'a InternalChat),
}

impl ServerRow<'_> {
    pub(crate) fn id(&self) -> ChatId {
        match self {
            ServerRow::Customer(chat) => chat.id,
            ServerRow::Internal(chat) => chat.id,
        }
    }

    fn rev(&self) -> u64 {
        match self {
            ServerRow::Customer(chat) => chat.rev,
            ServerRow::Internal(chat) => chat.rev,
        }
    }
}

const SELECT: &str = "SELECT key, id, rev, channel, channel_kind, queue, contact, contact_name, contact_email, state, \
    owner, mine, owner_epoch, waiting_since, archived, read_upto, unread, first_at, more, last_no, last_at, \
    last_author, last_mine, last_preview, group_id, contact_phone, contact_known, session, ignored, snoozed_until, \
    place, last_said_at, last_kind, replied, unanswered, last_inbound_no, visit, name, direct_with, last_author_id, \
    mentioned_no FROM chat WHERE id = ?1";

fn read(row: &Row<'_>) -> Result<ChatRecord> {
    let kind: Option<String> = row.get(4)?;
    let kind =
        kind.map(|kind| ChannelKind::from_name(&kind).ok_or(Error::BadValue("chat.channel_kind"))).transpose()?;
    let state: String = row.get(9)?;
    Ok(ChatRecord {
        key: row.get(0)?,
        rev: from_sql_u64(row.get(2)?),
        channel: row.get::<_, Option<Blob<_>>>(3)?.map(|id| id.0),
        channel_kind: kind,
        queue: row.get::<_, Option<Blob<_>>>(5)?.map(|id| id.0),
        group: row.get::<_, Option<Blob<_>>>(24)?.map(|id| id.0),
        contact: row.get::<_, Option<Blob<_>>>(6)?.map(|id| id.0),
        contact_name: row.get(7)?,
        contact_email: row.get(8)?,
        contact_phone: row.get(25)?,
        contact_known: row.get(26)?,
        visit: row.get(36)?,
        name: row.get(37)?,
        direct_with: row.get::<_, Option<Blob<_>>>(38)?.map(|id| id.0),
        members: None,
        labels: None,
        state: ChatState::from_name(&state).ok_or(Error::BadValue("chat.state"))?,
        owner: row.get::<_, Option<Blob<_>>>(10)?.map(|id| id.0),
        mine: row.get(11)?,
        owner_epoch: from_sql_u64(row.get(12)?),
        waiting_since: row.get(13)?,
        session: from_sql_u64(row.get(27)?),
        archived: row.get(14)?,
        ignored: row.get(28)?,
        snoozed_until: row.get(29)?,
        place: Place::from_sql(row.get(30)?)?,
        read_upto: from_sql_u64(row.get(15)?),
        unread: row.get(16)?,
        first_at: row.get(17)?,
        more: row.get(18)?,
        last_no: from_sql_u64(row.get(19)?),
        last_at: row.get(20)?,
        last_said_at: row.get(31)?,
        last_kind: row.get(32)?,
        last_author: row.get(21)?,
        last_author_id: row.get::<_, Option<Blob<_>>>(39)?.map(|id| id.0),
        mentioned_no: from_sql_u64(row.get(40)?),
        last_mine: row.get(22)?,
        last_preview: row.get(23)?,
        replied: row.get(33)?,
        unanswered: row.get(34)?,
        last_inbound_no: from_sql_u64(row.get(35)?),
    })
}

pub(crate) fn load(db: &Connection, id: ChatId) -> Result<Option<ChatRecord>> {
    let mut statement = db.prepare_cached(SELECT)?;
    let mut rows = statement.query([Blob(id)])?;
    rows.next()?.map(read).transpose()
}

/// A chat's key in this store.
pub(crate) fn key(db: &Connection, id: ChatId) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT key FROM chat WHERE id = ?1")?;
    let mut rows = statement.query([Blob(id)])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get(0)?),
        None => None,
    })
}

/// Every chat that is here.
pub(crate) fn ids(db: &Connection) -> Result<Vec<ChatId>> {
    let mut statement = db.prepare_cached("SELECT id FROM chat WHERE key > 0")?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(row.get::<_, Blob<_>>(0)?.0);
    }
    Ok(out)
}

/// Makes a row for a chat that is not here yet; what it says is still to be filled in.
pub(crate) fn insert(tx: &Transaction<'_>, id: ChatId) -> Result<ChatRecord> {
    tx.prepare_cached(
        "INSERT INTO chat (id, rev, state, mine, owner_epoch, wait_key, archived, read_upto, unread, first_at, more,
             last_no, last_at, last_mine, last_preview, place)
         VALUES (?1, 0, 'closed', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, '', 3)",
    )?
    .execute([Blob(id)])?;
    Ok(ChatRecord {
        key: tx.last_insert_rowid(),
        rev: 0,
        channel: None,
        channel_kind: None,
        queue: None,
        group: None,
        contact: None,
        contact_name: None,
        contact_email: None,
        contact_phone: None,
        contact_known: false,
        visit: None,
        name: None,
        direct_with: None,
        members: None,
        labels: None,
        state: ChatState::Closed,
        owner: None,
        mine: false,
        owner_epoch: 0,
        waiting_since: None,
        session: 0,
        archived: false,
        ignored: false,
        snoozed_until: None,
        place: Place::Nowhere,
        read_upto: 0,
        unread: 0,
        first_at: 0,
        more: false,
        last_no: 0,
        last_at: 0,
        last_said_at: 0,
        last_kind: 0,
        last_author: None,
        last_author_id: None,
        last_mine: false,
        last_preview: String::new(),
        mentioned_no: 0,
        replied: false,
        unanswered: false,
        last_inbound_no: 0,
    })
}

impl ChatRecord {
    /// Takes over the server's row unless it is older than the one that is here.
    pub(crate) fn update(&mut self, row: ServerRow<'_>, me: UserId) -> Result<bool> {
        if row.rev() < self.rev {
            return Ok(false);
        }
        self.replace(row, me)?;
        Ok(true)
    }

    /// Takes over the server's row.
    pub(crate) fn replace(&mut self, row: ServerRow<'_>, me: UserId) -> Result<()> {
        match row {
            ServerRow::Customer(chat) => self.replace_customer(chat, me),
            ServerRow::Internal(chat) => {
                self.replace_internal(chat, me);
                Ok(())
            }
        }
    }

    fn replace_customer(&mut self, chat: &Chat, me: UserId) -> Result<()> {
        self.rev = chat.rev;
        self.channel = Some(chat.channel);
        self.channel_kind = Some(chat.channel_kind);
        self.queue = chat.queue;
        self.group = chat.group;
        self.contact = Some(chat.contact.id);
        self.contact_name.clone_from(&chat.contact.name);
        self.contact_email.clone_from(&chat.contact.email);
        self.contact_phone.clone_from(&chat.contact.phone);
        self.contact_known = chat.contact.known;
        let visit = chat.visit.as_ref().filter(|visit| **visit != Visit::default());
        self.visit = visit.map(serde_json::to_string).transpose()?;
        self.labels = Some(chat.labels.clone());
        self.state = chat.state;
        self.owner = chat.owner;
        self.mine = chat.owner == Some(me);
        self.owner_epoch = chat.owner_epoch;
        self.waiting_since = chat.waiting_since;
        if chat.session > self.session {
            self.session = chat.session;
            self.replied = false;
        }
        Ok(())
    }

    fn replace_internal(&mut self, chat: &InternalChat, me: UserId) {
        self.rev = chat.rev;
        self.state = ChatState::Internal;
        self.name.clone_from(&chat.name);
        self.direct_with = chat.members.iter().copied().find(|member| chat.is_direct() && *member != me);
        self.members = Some(chat.members.clone());
    }

    /// Whether it is among staff.
    pub(crate) fn is_internal(&self) -> bool {
        self.state == ChatState::Internal
    }

    /// Whether it is a staff group.
    pub(crate) fn is_group(&self) -> bool {
        self.is_internal() && self.name.is_some()
    }

    /// Under what name lists show it.
    pub(crate) fn title(&self, db: &Connection) -> Result<Option<String>> {
        match (&self.contact_name, &self.name, self.direct_with) {
            (Some(name), ..) | (None, Some(name), _) => Ok(Some(name.clone())),
            (None, None, Some(user)) => collection::user_name(db, user),
            (None, None, None) => Ok(None),
        }
    }

    /// Something happened here that the server does not know yet: lists show it at this time.
    pub(crate) fn happened(&mut self, at: UnixMillis) {
        if self.last_no == 0 {
            self.last_at = self.last_at.max(at);
        }
    }

    /// When something last happened.
    pub(crate) fn last_at(&self) -> UnixMillis {
        self.last_at
    }

    /// Counts what the user has not read: the customer's texts, and in a staff chat those of the others.
    pub(crate) fn count_unread(&mut self, db: &Connection, me: UserId) -> Result<()> {
        let but = self.is_internal().then_some(me);
        self.unread = super::message::count_unread(db, self.key, self.read_upto, but)?;
        Ok(())
    }

    /// Whether this message is one that the user is to read and that brings the chat back: the customer's, and in a staff
    /// chat a colleague's.
    pub(crate) fn is_for(&self, message: &Message, me: UserId) -> bool {
        match &message.author {
            Author::Contact => message.is_inbound(),
            Author::User { id, .. } => self.is_internal() && message.kind() == MessageKind::Text && *id != me,
            Author::System => false,
        }
    }

    /// The user's own part, as the server has it.
    pub(crate) fn set_own(&mut self, own: &UserChat) {
        self.archived = own.archived;
        self.ignored = own.ignored;
        self.snoozed_until = own.snoozed_until;
    }

    /// The user's own part.
    fn own(&self) -> UserChat {
        UserChat {
            read_upto: self.read_upto,
            archived: self.archived,
            ignored: self.ignored,
            snoozed_until: self.snoozed_until,
        }
    }

    /// The customer wrote: the chat is back in Recents.
    pub(crate) fn wake(&mut self) {
        let woken = self.own().woken();
        self.set_own(&woken);
    }

    /// Forgets what it knew of its messages.
    pub(crate) fn clear_last(&mut self) {
        self.last_no = 0;
        self.last_at = 0;
        self.last_said_at = 0;
        self.last_kind = 0;
        self.last_author = None;
        self.last_author_id = None;
        self.last_mine = false;
        self.last_preview.clear();
        self.mentioned_no = 0;
        self.replied = false;
        self.unanswered = false;
        self.last_inbound_no = 0;
    }

    /// A message was stored; if it is the newest, lists show it.
    pub(crate) fn added(&mut self, message: &Message, me: UserId) {
        if message.no <= self.last_no {
            return;
        }
        self.last_no = message.no;
        self.last_at = message.sent_at;
        match message.kind() {
            MessageKind::Activity => {
                // A session ended; what follows is of the next one.
                if matches!(message.activity, Some(Activity::DealtWith | Activity::Ended | Activity::Blocked)) {
                    self.replied = false;
                    self.unanswered = false;
                }
                return;
            }
            MessageKind::Note => {}
            MessageKind::Text => match &message.author {
                Author::Contact => {
                    self.unanswered = true;
                    self.last_inbound_no = message.no;
                }
                Author::User { id, .. } if self.is_internal() => {
                    if *id != me {
                        self.last_inbound_no = message.no;
                    }
                }
                Author::User { .. } => {
                    self.unanswered = false;
                    self.replied = true;
                }
                // An out-of-office reply is no answer.
                Author::System => {}
            },
        }
        self.last_said_at = message.sent_at;
        self.last_kind = kind_to_sql(message.kind());
        self.last_author = Some(author_to_sql(&message.author));
        self.last_author_id = match &message.author {
            Author::User { id, .. } => Some(*id),
            Author::Contact | Author::System => None,
        };
        if message.mentions.contains(&me) {
            self.mentioned_no = message.no;
        }
        self.last_mine = is_mine(&message.author, me);
        self.last_preview = preview(&message.text);
    }

    /// Decides where lists show it.
    pub(crate) fn put(&mut self, pending: &Pending) {
        let row = Placing {
            state: self.state,
            archived: self.archived,
            ignored: self.ignored,
            snoozed: self.snoozed_until.is_some(),
            empty: self.last_no == 0,
        };
        self.place = place(&row, pending);
    }

    /// Writes the row, once for all that a batch of events did to it.
    pub(crate) fn save(&self, tx: &Transaction<'_>) -> Result<()> {
        let wait_key = match self.state {
            ChatState::Waiting => self.waiting_since.unwrap_or(self.last_at),
            ChatState::Owned | ChatState::Closed | ChatState::Internal => i64::MAX,
        };
        tx.prepare_cached(
            "UPDATE chat SET rev = ?2, channel = ?3, channel_kind = ?4, queue = ?5, contact = ?6, contact_name = ?7,
                 contact_email = ?8, state = ?9, owner = ?10, mine = ?11, owner_epoch = ?12, waiting_since = ?13,
                 wait_key = ?14, archived = ?15, read_upto = ?16, unread = ?17, first_at = ?18, more = ?19,
                 last_no = ?20, last_at = ?21, last_author = ?22, last_mine = ?23, last_preview = ?24, group_id = ?25,
                 contact_phone = ?26, contact_known = ?27, session = ?28, ignored = ?29, snoozed_until = ?30,
                 place = ?31, last_said_at = ?32, last_kind = ?33, replied = ?34, unanswered = ?35,
                 last_inbound_no = ?36, visit = ?37, name = ?38, direct_with = ?39, last_author_id = ?40,
                 mentioned_no = ?41
             WHERE key = ?1",
        )?
        .execute(params![
            self.key,
            to_sql_u64(self.rev),
            self.channel.map(Blob),
            self.channel_kind.map(ChannelKind::as_str),
            self.queue.map(Blob),
            self.contact.map(Blob),
            self.contact_name,
            self.contact_email,
            self.state.as_str(),
            self.owner.map(Blob),
            self.mine,
            to_sql_u64(self.owner_epoch),
            self.waiting_since,
            wait_key,
            self.archived,
            to_sql_u64(self.read_upto),
            self.unread,
            self.first_at,
            self.more,
            to_sql_u64(self.last_no),
            self.last_at,
            self.last_author,
            self.last_mine,
            self.last_preview,
            self.group.map(Blob),
            self.contact_phone,
            self.contact_known,
            to_sql_u64(self.session),
            self.ignored,
            self.snoozed_until,
            self.place.to_sql(),
            self.last_said_at,
            self.last_kind,
            self.replied,
            self.unanswered,
            to_sql_u64(self.last_inbound_no),
            self.visit,
            self.name,
            self.direct_with.map(Blob),
            self.last_author_id.map(Blob),
            to_sql_u64(self.mentioned_no),
        ])?;
        if let Some(labels) = &self.labels {
            save_ids(tx, "chat_label", "label", self.key, labels)?;
        }
        if let Some(members) = &self.members {
            save_ids(tx, "chat_member", "user", self.key, members)?;
        }
        Ok(())
    }
}

/// Writes a chat's list of ids unless it is there as it is.
fn save_ids<T: PartialEq + Copy>(
    tx: &Transaction<'_>,
    table: &'static str,
    column: &'static str,
    key: i64,
    ids: &[T],
) -> Result<()>
where
    Blob<T>: rusqlite::ToSql + rusqlite::types::FromSql,
{
    let here: Vec<T> = tx
        .prepare_cached(&format!("SELECT {column} FROM {table} WHERE chat_key = ?1 ORDER BY position"))?
        .query_map([key], |row| Ok(row.get::<_, Blob<T>>(0)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    if here == ids {
        return Ok(());
    }
    tx.prepare_cached(&format!("DELETE FROM {table} WHERE chat_key = ?1"))?.execute([key])?;
    let mut insert =
        tx.prepare_cached(&format!("INSERT INTO {table} (chat_key, position, {column}) VALUES (?1, ?2, ?3)"))?;
    for (position, id) in (0_i64..).zip(ids) {
        insert.execute(params![key, position, Blob(*id)])?;
    }
    Ok(())
}

/// Decides anew where lists show the chats whose outbox changed. Every transaction ends with it.
pub(crate) fn place_touched(tx: &Transaction<'_>, changes: &mut Changes) -> Result<()> {
    for id in changes.unplaced.drain() {
        let mut statement = tx.prepare_cached(
            "SELECT key, state, archived, ignored, snoozed_until IS NOT NULL, place, last_no = 0 FROM chat
             WHERE id = ?1",
        )?;
        let mut rows = statement.query([Blob(id)])?;
        let Some(row) = rows.next()? else { continue };
        let state: String = row.get(1)?;
        let state = ChatState::from_name(&state).ok_or(Error::BadValue("chat.state"))?;
        let pending = outbox::pending(tx, id)?;
        let placing =
            Placing { state, archived: row.get(2)?, ignored: row.get(3)?, snoozed: row.get(4)?, empty: row.get(6)? };
        let place = place(&placing, &pending);
        if place.to_sql() != row.get::<_, i64>(5)? {
            tx.prepare_cached("UPDATE chat SET place = ?2 WHERE key = ?1")?
                .execute(params![row.get::<_, i64>(0)?, place.to_sql()])?;
        }
        changes.timers = true;
    }
    Ok(())
}

/// Puts a chat away until then, or ends that.
pub(crate) fn snooze(tx: &Transaction<'_>, id: ChatId, until: Option<UnixMillis>) -> Result<()> {
    tx.prepare_cached("UPDATE chat SET snoozed_until = ?2 WHERE id = ?1")?.execute(params![Blob(id), until])?;
    Ok(())
}

/// The earliest end of a snooze, by the server's clock.
pub(crate) fn next_wake(db: &Connection) -> Result<Option<UnixMillis>> {
    let mut statement = db.prepare_cached(
        "SELECT snoozed_until FROM chat INDEXED BY chat_wakes WHERE snoozed_until IS NOT NULL
         ORDER BY snoozed_until LIMIT 1",
    )?;
    let mut rows = statement.query([])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get(0)?),
        None => None,
    })
}

/// Brings back the chats whose time is over.
pub(crate) fn wake_due(tx: &Transaction<'_>, server_now: UnixMillis, changes: &mut Changes) -> Result<()> {
    let due: Vec<ChatId> = tx
        .prepare_cached("SELECT id FROM chat INDEXED BY chat_wakes WHERE snoozed_until <= ?1")?
        .query_map([server_now], |row| Ok(row.get::<_, Blob<_>>(0)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in due {
        snooze(tx, id, None)?;
        changes.touched(id);
    }
    Ok(())
}

/// Removes the row with its members and labels. Its messages go before it.
pub(crate) fn delete(tx: &Transaction<'_>, key: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM chat_member WHERE chat_key = ?1")?.execute([key])?;
    tx.prepare_cached("DELETE FROM chat_label WHERE chat_key = ?1")?.execute([key])?;
    tx.prepare_cached("DELETE FROM chat WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// The beginning of a text on one line.
fn preview(text: &str) -> String {
    let mut out = String::new();
    let mut left = PREVIEW_CHARS;
    for word in text.split_whitespace() {
        if left == 0 {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
            left -= 1;
        }
        for c in word.chars().take(left) {
            out.push(c);
            left -= 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_a_preview_is_one_short_line() {
        assert_eq!(preview("  hello \n\t world "), "hello world");
        assert_eq!(preview(""), "");
        assert_eq!(preview(&"я".repeat(500)).chars().count(), PREVIEW_CHARS);
        assert!(preview(&"ab ".repeat(500)).chars().count() <= PREVIEW_CHARS);
    }
}

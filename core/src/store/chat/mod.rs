//! A chat's row.

mod place;
mod row;

use rusqlite::{Connection, Transaction};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, InternalChat, UserChat, Visit};
use switchboard_protocol::ids::{ChannelId, ChatId, ContactId, GroupId, LabelId, QueueId, UserId};
use switchboard_protocol::message::{Activity, Author, Message, MessageKind};

use place::{Placing, place};
use row::{SELECT, read};

use crate::error::Result;
use crate::store::message::{author_to_sql, is_mine, kind_to_sql};
use crate::store::outbox::Pending;
use crate::store::{Blob, collection};

pub(crate) use place::{Place, next_wake, place_touched, snooze, wake_due};

/// What a list shows of a message.
const PREVIEW_CHARS: usize = 140;

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
        self.unread = crate::store::message::count_unread(db, self.key, self.read_upto, but)?;
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

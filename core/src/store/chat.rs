//! A chat's row.

use rusqlite::{Connection, Row, Transaction, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState};
use switchboard_protocol::ids::{ChannelId, ChatId, ContactId, QueueId, UserId};
use switchboard_protocol::message::{Author, Message};

use super::message::{CONTACT, USER, is_mine};
use super::{Blob, from_sql_u64, to_sql_u64};
use crate::error::{Error, Result};

/// What a list shows of a message.
const PREVIEW_CHARS: usize = 140;

/// A chat's row with what the lists need of its messages.
#[derive(Clone)]
pub(crate) struct ChatRecord {
    pub(crate) key: i64,
    pub(crate) rev: u64,
    channel: ChannelId,
    channel_kind: ChannelKind,
    queue: Option<QueueId>,
    contact: ContactId,
    pub(crate) contact_name: Option<String>,
    contact_email: Option<String>,
    pub(crate) state: ChatState,
    owner: Option<UserId>,
    mine: bool,
    pub(crate) owner_epoch: u64,
    waiting_since: Option<UnixMillis>,
    pub(crate) archived: bool,
    pub(crate) read_upto: u64,
    pub(crate) unread: i64,
    pub(crate) first_at: i64,
    pub(crate) more: bool,
    pub(crate) last_no: u64,
    last_at: i64,
    last_author: Option<i64>,
    last_mine: bool,
    last_preview: String,
}

const SELECT: &str = "SELECT key, id, rev, channel, channel_kind, queue, contact, contact_name, contact_email, state, \
    owner, mine, owner_epoch, waiting_since, archived, read_upto, unread, first_at, more, last_no, last_at, \
    last_author, last_mine, last_preview FROM chat WHERE id = ?1";

fn read(row: &Row<'_>) -> Result<ChatRecord> {
    let kind: String = row.get(4)?;
    let state: String = row.get(9)?;
    Ok(ChatRecord {
        key: row.get(0)?,
        rev: from_sql_u64(row.get(2)?),
        channel: row.get::<_, Blob<_>>(3)?.0,
        channel_kind: ChannelKind::from_name(&kind).ok_or(Error::BadValue("chat.channel_kind"))?,
        queue: row.get::<_, Option<Blob<_>>>(5)?.map(|id| id.0),
        contact: row.get::<_, Blob<_>>(6)?.0,
        contact_name: row.get(7)?,
        contact_email: row.get(8)?,
        state: ChatState::from_name(&state).ok_or(Error::BadValue("chat.state"))?,
        owner: row.get::<_, Option<Blob<_>>>(10)?.map(|id| id.0),
        mine: row.get(11)?,
        owner_epoch: from_sql_u64(row.get(12)?),
        waiting_since: row.get(13)?,
        archived: row.get(14)?,
        read_upto: from_sql_u64(row.get(15)?),
        unread: row.get(16)?,
        first_at: row.get(17)?,
        more: row.get(18)?,
        last_no: from_sql_u64(row.get(19)?),
        last_at: row.get(20)?,
        last_author: row.get(21)?,
        last_mine: row.get(22)?,
        last_preview: row.get(23)?,
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

/// Makes a row for a chat that is not here yet.
pub(crate) fn insert(tx: &Transaction<'_>, chat: &Chat, me: UserId) -> Result<ChatRecord> {
    tx.prepare_cached(
        "INSERT INTO chat (id, rev, channel, channel_kind, queue, contact, contact_name, contact_email, state, owner,
             mine, owner_epoch, waiting_since, wait_key, archived, read_upto, unread, first_at, more, last_no, last_at,
             last_author, last_mine, last_preview)
         VALUES (?1, 0, ?2, ?3, NULL, ?4, NULL, NULL, 'closed', NULL, 0, 0, NULL, 0, 1, 0, 0, 0, 0, 0, 0, NULL, 0, '')",
    )?
    .execute(params![Blob(chat.id), Blob(chat.channel), chat.channel_kind.as_str(), Blob(chat.contact.id)])?;
    let mut record = ChatRecord {
        key: tx.last_insert_rowid(),
        rev: 0,
        channel: chat.channel,
        channel_kind: chat.channel_kind,
        queue: None,
        contact: chat.contact.id,
        contact_name: None,
        contact_email: None,
        state: chat.state,
        owner: None,
        mine: false,
        owner_epoch: 0,
        waiting_since: None,
        archived: false,
        read_upto: 0,
        unread: 0,
        first_at: 0,
        more: false,
        last_no: 0,
        last_at: 0,
        last_author: None,
        last_mine: false,
        last_preview: String::new(),
    };
    record.replace(chat, me);
    Ok(record)
}

impl ChatRecord {
    /// Takes over the server's row unless it is older than the one that is here.
    pub(crate) fn update(&mut self, chat: &Chat, me: UserId) -> bool {
        if chat.rev < self.rev {
            return false;
        }
        self.replace(chat, me);
        true
    }

    /// Takes over the server's row.
    pub(crate) fn replace(&mut self, chat: &Chat, me: UserId) {
        self.rev = chat.rev;
        self.channel = chat.channel;
        self.channel_kind = chat.channel_kind;
        self.queue = chat.queue;
        self.contact = chat.contact.id;
        self.contact_name.clone_from(&chat.contact.name);
        self.contact_email.clone_from(&chat.contact.email);
        self.state = chat.state;
        self.owner = chat.owner;
        self.mine = chat.owner == Some(me);
        self.owner_epoch = chat.owner_epoch;
        self.waiting_since = chat.waiting_since;
    }

    /// Forgets what it knew of its messages.
    pub(crate) fn clear_last(&mut self) {
        self.last_no = 0;
        self.last_at = 0;
        self.last_author = None;
        self.last_mine = false;
        self.last_preview.clear();
    }

    /// A message was stored; if it is the newest, lists show it.
    pub(crate) fn added(&mut self, message: &Message, me: UserId) {
        if message.no <= self.last_no {
            return;
        }
        self.last_no = message.no;
        self.last_at = message.sent_at;
        self.last_author = Some(if message.author == Author::Contact { CONTACT } else { USER });
        self.last_mine = is_mine(&message.author, me);
        self.last_preview = preview(&message.text);
    }

    /// Writes the row, once for all that a batch of events did to it.
    pub(crate) fn save(&self, tx: &Transaction<'_>) -> Result<()> {
        let wait_key = match self.state {
            ChatState::Waiting => self.waiting_since.unwrap_or(self.last_at),
            ChatState::Owned | ChatState::Closed => i64::MAX,
        };
        tx.prepare_cached(
            "UPDATE chat SET rev = ?2, channel = ?3, channel_kind = ?4, queue = ?5, contact = ?6, contact_name = ?7,
                 contact_email = ?8, state = ?9, owner = ?10, mine = ?11, owner_epoch = ?12, waiting_since = ?13,
                 wait_key = ?14, archived = ?15, read_upto = ?16, unread = ?17, first_at = ?18, more = ?19,
                 last_no = ?20, last_at = ?21, last_author = ?22, last_mine = ?23, last_preview = ?24
             WHERE key = ?1",
        )?
        .execute(params![
            self.key,
            to_sql_u64(self.rev),
            Blob(self.channel),
            self.channel_kind.as_str(),
            self.queue.map(Blob),
            Blob(self.contact),
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
        ])?;
        Ok(())
    }
}

/// Removes the row. Its messages go before it.
pub(crate) fn delete(tx: &Transaction<'_>, key: i64) -> Result<()> {
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

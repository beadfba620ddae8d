//! Messages and their place in the full-text index.

use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::{Connection, Row, Transaction, params};
use switchboard_protocol::ids::UserId;
use switchboard_protocol::message::{Author, Message, MessageKind, MessageStatus};

use super::{Blob, from_sql_u64, text};
use crate::error::{Error, Result};
use crate::model::AuthorKind;

pub(crate) const CONTACT: i64 = 0;
pub(crate) const USER: i64 = 1;
const SYSTEM: i64 = 2;

pub(crate) const fn author_to_sql(author: &Author) -> i64 {
    match author {
        Author::Contact => CONTACT,
        Author::User { .. } => USER,
        Author::System => SYSTEM,
    }
}

pub(crate) const fn kind_to_sql(kind: MessageKind) -> i64 {
    match kind {
        MessageKind::Text => 0,
        MessageKind::Note => 1,
        MessageKind::Activity => 2,
    }
}

pub(crate) fn kind_from_sql(kind: i64) -> Result<MessageKind> {
    Ok(match kind {
        0 => MessageKind::Text,
        1 => MessageKind::Note,
        2 => MessageKind::Activity,
        _ => return Err(Error::BadValue("message.kind")),
    })
}

/// Messages of one chat have 32 bits for their number.
const NO_BITS: u32 = 32;
const COUNTER_BITS: u32 = 20;

/// Where a message lies: neighbours in a chat are neighbours in the table. `None`: no chat grows that long.
pub(crate) fn pos(chat: i64, no: u64) -> Option<i64> {
    let no = u32::try_from(no).ok()?;
    Some((chat << NO_BITS) | i64::from(no))
}

/// The places of all messages of a chat: from, up to and without.
pub(crate) fn range(chat: i64) -> (i64, i64) {
    (chat << NO_BITS, (chat + 1) << NO_BITS)
}

/// The key of the chat that a message is in.
pub(crate) fn chat_of(pos: i64) -> i64 {
    pos >> NO_BITS
}

pub(crate) fn no_of(pos: i64) -> u64 {
    from_sql_u64(pos & ((1 << NO_BITS) - 1))
}

pub(crate) fn author_kind(author: i64) -> AuthorKind {
    match author {
        CONTACT => AuthorKind::Contact,
        SYSTEM => AuthorKind::System,
        _ => AuthorKind::User,
    }
}

pub(crate) fn is_mine(author: &Author, me: UserId) -> bool {
    matches!(author, Author::User { id, .. } if *id == me)
}

/// What a message's row in the index is numbered from. Its start and its steps mean nothing; it parts messages of one
/// millisecond.
static COUNTER: AtomicU32 = AtomicU32::new(0);

fn fts_row(sent_at: i64) -> i64 {
    let ms = sent_at.clamp(0, (1 << (63 - COUNTER_BITS)) - 1);
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed) & ((1 << COUNTER_BITS) - 1);
    (ms << COUNTER_BITS) | i64::from(counter)
}

/// Adds a message. False: it is there already, and only its status may have risen.
pub(crate) fn insert(tx: &Transaction<'_>, chat: i64, message: &Message) -> Result<bool> {
    let pos = pos(chat, message.no).ok_or(Error::BadAnswer("a message number beyond 32 bits".into()))?;
    let (author_id, author_name) = match &message.author {
        Author::Contact | Author::System => (None, None),
        Author::User { id, name } => (Some(Blob(*id)), Some(name.as_str())),
    };
    let author = author_to_sql(&message.author);
    let activity = message.activity.as_ref().map(serde_json::to_string).transpose()?;
    let mentions = (!message.mentions.is_empty()).then(|| serde_json::to_string(&message.mentions)).transpose()?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO message (pos, id, author, author_id, author_name, text, sent_at, status, fts, kind, activity,
             mentions)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (pos) DO NOTHING",
    )?;
    let fts = loop {
        let fts = fts_row(message.sent_at);
        let done = insert.execute(params![
            pos,
            Blob(message.id),
            author,
            author_id,
            author_name,
            message.text,
            message.sent_at,
            message.status.rank(),
            fts,
            kind_to_sql(message.kind()),
            activity,
            mentions,
        ]);
        match done {
            Ok(0) => {
                raise(tx, chat, author != CONTACT, message.no, message.no, message.status)?;
                return Ok(false);
            }
            Ok(_) => break fts,
            // Another message of this millisecond has the number, from a former run: the counter has moved on.
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE => {}
            Err(error) => return Err(error.into()),
        }
    };
    tx.prepare_cached("INSERT INTO message_fts (rowid, text) VALUES (?1, ?2)")?
        .execute(params![fts, text::indexed(&message.text)])?;
    Ok(true)
}

/// Raises the status of one direction's texts from `from` to `upto`; none is lowered.
pub(crate) fn raise(
    tx: &Transaction<'_>,
    chat: i64,
    outbound: bool,
    from: u64,
    upto: u64,
    status: MessageStatus,
) -> Result<bool> {
    let last = u64::from(u32::MAX);
    let (Some(from), Some(upto)) = (pos(chat, from.min(last)), pos(chat, upto.min(last))) else { return Ok(false) };
    let changed = tx
        .prepare_cached(
            "UPDATE message SET status = ?1 WHERE pos BETWEEN ?2 AND ?3 AND kind = 0
             AND (author > 0) = ?4 AND status < ?1",
        )?
        .execute(params![status.rank(), from, upto, outbound])?;
    Ok(changed > 0)
}

/// How many of the texts after `read_upto` are here that are for the user: the customer's, or in a staff chat those of
/// everybody `but` this user.
pub(crate) fn count_unread(db: &Connection, chat: i64, read_upto: u64, but: Option<UserId>) -> Result<i64> {
    let (from, to) = range(chat);
    let from = pos(chat, read_upto).unwrap_or(to).max(from);
    if let Some(me) = but {
        return Ok(db
            .prepare_cached(
                "SELECT count(*) FROM message
                 WHERE pos > ?1 AND pos < ?2 AND author = 1 AND kind = 0 AND author_id <> ?3",
            )?
            .query_row(params![from, to, Blob(me)], |row| row.get(0))?);
    }
    Ok(db
        .prepare_cached("SELECT count(*) FROM message WHERE pos > ?1 AND pos < ?2 AND author = 0 AND kind = 0")?
        .query_row(params![from, to], |row| row.get(0))?)
}

/// When the oldest message that is here was sent.
pub(crate) fn oldest(db: &Connection, chat: i64) -> Result<Option<(u64, i64)>> {
    let (from, to) = range(chat);
    let mut statement =
        db.prepare_cached("SELECT pos, sent_at FROM message WHERE pos > ?1 AND pos < ?2 ORDER BY pos LIMIT 1")?;
    let mut rows = statement.query(params![from, to])?;
    Ok(match rows.next()? {
        Some(row) => Some((no_of(row.get(0)?), row.get(1)?)),
        None => None,
    })
}

/// What the index has yet to forget, at the end of a transaction: text by text, or, where that is most of it, by being
/// made anew. Secure deletion works through the list of every word of a text; 10,000 texts took 6 s so, and 0.6 s to
/// index again.
#[derive(Default)]
pub(crate) struct Forgotten {
    texts: Vec<(i64, String)>,
    /// Too many to keep: the index is made anew.
    all: bool,
}

/// From here on it is asked which way is shorter.
const MANY: usize = 500;
/// More is not kept in memory.
const TOO_MANY: usize = 5_000;
/// How many texts can be indexed in the time that it takes to forget one.
const FORGET_COST: i64 = 8;

impl Forgotten {
    fn add(&mut self, fts: i64, text: &str) {
        if self.all {
            return;
        }
        if self.texts.len() >= TOO_MANY {
            self.all = true;
            self.texts = Vec::new();
            return;
        }
        self.texts.push((fts, text.to_owned()));
    }

    /// Makes the index forget. To be called before the transaction is committed.
    pub(crate) fn finish(&mut self, tx: &Transaction<'_>) -> Result<()> {
        if !self.all && self.texts.len() >= MANY {
            let left: i64 = tx.query_row("SELECT count(*) FROM message WHERE pos > 0", [], |row| row.get(0))?;
            self.all = left < self.texts.len() as i64 * FORGET_COST;
        }
        if self.all {
            rebuild_index(tx)?;
        } else {
            // A table without content forgets a text only when it is told the very text.
            let mut forget =
                tx.prepare_cached("INSERT INTO message_fts (message_fts, rowid, text) VALUES ('delete', ?1, ?2)")?;
            for (fts, text) in &self.texts {
                forget.execute(params![fts, text::indexed(text)])?;
            }
        }
        *self = Self::default();
        Ok(())
    }
}

fn rebuild_index(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("INSERT INTO message_fts (message_fts) VALUES ('delete-all')", [])?;
    let mut select = tx.prepare_cached("SELECT fts, text FROM message WHERE pos > 0 ORDER BY pos")?;
    let mut insert = tx.prepare_cached("INSERT INTO message_fts (rowid, text) VALUES (?1, ?2)")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let text = row.get_ref(1)?.as_str().map_err(|_| Error::BadValue("message.text"))?;
        insert.execute(params![row.get::<_, i64>(0)?, text::indexed(text)])?;
    }
    Ok(())
}

/// Removes those messages of a chat that are not to be kept. Whether there were any; the index forgets them at the end.
pub(crate) fn delete(
    tx: &Transaction<'_>,
    chat: i64,
    forgotten: &mut Forgotten,
    keep: impl Fn(u64, &Row<'_>) -> bool,
) -> Result<bool> {
    let (from, to) = range(chat);
    let mut select = tx.prepare_cached("SELECT pos, fts, text, id FROM message WHERE pos > ?1 AND pos < ?2")?;
    let mut gone = Vec::new();
    let mut rows = select.query(params![from, to])?;
    while let Some(row) = rows.next()? {
        let pos: i64 = row.get(0)?;
        if !keep(no_of(pos), row) {
            forgotten.add(row.get(1)?, row.get_ref(2)?.as_str().map_err(|_| Error::BadValue("message.text"))?);
            gone.push(pos);
        }
    }
    let mut remove = tx.prepare_cached("DELETE FROM message WHERE pos = ?1")?;
    for pos in &gone {
        remove.execute([pos])?;
    }
    Ok(!gone.is_empty())
}

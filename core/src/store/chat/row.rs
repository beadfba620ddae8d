//! A chat's row into the database and out of it.

use rusqlite::{Row, Transaction, params};
use switchboard_protocol::chat::{ChannelKind, ChatState};

use super::{ChatRecord, Place};
use crate::error::{Error, Result};
use crate::store::{Blob, from_sql_u64, to_sql_u64};

pub(super) const SELECT: &str = "SELECT key, id, rev, channel, channel_kind, queue, contact, contact_name, contact_email, state, \
    owner, mine, owner_epoch, waiting_since, archived, read_upto, unread, first_at, more, last_no, last_at, \
    last_author, last_mine, last_preview, group_id, contact_phone, contact_known, session, ignored, snoozed_until, \
    place, last_said_at, last_kind, replied, unanswered, last_inbound_no, visit, name, direct_with, last_author_id, \
    mentioned_no FROM chat WHERE id = ?1";

pub(super) fn read(row: &Row<'_>) -> Result<ChatRecord> {
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

impl ChatRecord {
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

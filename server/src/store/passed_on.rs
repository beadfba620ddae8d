//! The lines without content that stay with those who passed a chat on.

use rusqlite::Connection;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, PassedOn};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::transfer::TransferTarget;

use super::StoreError;
use super::sql::{Blob, Columns, Sql, bad_name};
use super::writer::Tx;

/// A transfer's target as two columns hold it.
const fn parts(target: &TransferTarget) -> (&'static str, &[u8; 16]) {
    match target {
        TransferTarget::User(id) => ("user", id.as_bytes()),
        TransferTarget::Queue(id) => ("queue", id.as_bytes()),
        TransferTarget::Group(id) => ("group", id.as_bytes()),
    }
}

/// The lines of a user.
pub(super) fn of(connection: &Connection, user: UserId) -> Result<Vec<PassedOn>, StoreError> {
    let mut query = connection.sql(
        "SELECT chat_id, channel_kind, contact_name, to_kind, to_id, to_name, at FROM passed_on WHERE user_id = ?1",
    )?;
    let rows = query.query_map([Blob(user)], |row| {
        let (channel_kind, to_kind): (String, String) = (row.get(1)?, row.get(3)?);
        Ok(PassedOn {
            chat: row.id(0)?,
            channel_kind: ChannelKind::from_name(&channel_kind).ok_or_else(|| bad_name(1, "channel kind"))?,
            contact_name: row.get(2)?,
            to: match to_kind.as_str() {
                "user" => TransferTarget::User(row.id(4)?),
                "queue" => TransferTarget::Queue(row.id(4)?),
                "group" => TransferTarget::Group(row.id(4)?),
                _ => return Err(bad_name(3, "transfer target")),
            },
            to_name: row.get(5)?,
            at: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Tx<'_> {
    /// Removes a user's line of a chat that was passed on before this time; whether there was one.
    pub(super) fn remove_passed_on(
        &mut self,
        user: UserId,
        chat: ChatId,
        before: UnixMillis,
    ) -> Result<bool, StoreError> {
        let removed = self
            .sql
            .sql("DELETE FROM passed_on WHERE user_id = ?1 AND chat_id = ?2 AND at < ?3")?
            .execute((Blob(user), Blob(chat), before))?;
        Ok(removed > 0)
    }

    /// Writes a user's line of a chat, in place of an older one.
    pub(super) fn add_passed_on(&mut self, user: UserId, line: &PassedOn) -> Result<(), StoreError> {
        let (kind, id) = parts(&line.to);
        self.sql
            .sql(
                "INSERT INTO passed_on (user_id, chat_id, channel_kind, contact_name, to_kind, to_id, to_name, at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                 ON CONFLICT (user_id, chat_id) DO UPDATE SET channel_kind = excluded.channel_kind, \
                 contact_name = excluded.contact_name, to_kind = excluded.to_kind, to_id = excluded.to_id, \
                 to_name = excluded.to_name, at = excluded.at",
            )?
            .execute((
                Blob(user),
                Blob(line.chat),
                line.channel_kind.as_str(),
                &line.contact_name,
                kind,
                id.as_slice(),
                &line.to_name,
                line.at,
            ))?;
        Ok(())
    }
}

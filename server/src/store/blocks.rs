//! Visitors who can no longer write: by the address that they wrote from, and by who they are.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::block::BlockRow;
use switchboard_protocol::ids::{BlockId, ChatId, UserId};

use super::StoreError;
use super::effects::{Effect, VisitorKey};
use super::sql::{Blob, Columns, Sql};
use super::writer::Tx;

/// Who wrote longer ago than this does not count as sharing an address.
const SHARING_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// A visitor's address and time are written again after this: often enough for the count, seldom enough for the disk.
const SEEN_MS: i64 = 60 * 60 * 1000;

/// The address that a visitor wrote from last.
pub(super) fn address(connection: &Connection, visitor: VisitorKey) -> Result<Option<String>, StoreError> {
    Ok(connection
        .sql("SELECT address FROM visitors WHERE channel_id = ?1 AND id = ?2")?
        .query_row((Blob(visitor.channel), Blob(visitor.visitor)), |row| row.get(0))
        .optional()?
        .flatten())
}

/// Until when messages from this address, or of this visitor, are not accepted; none: they are.
pub fn blocked(
    connection: &Connection,
    visitor: VisitorKey,
    address: Option<&str>,
    now: UnixMillis,
) -> Result<Option<UnixMillis>, StoreError> {
    let by_visitor: Option<UnixMillis> = connection
        .sql("SELECT max(expires_at) FROM blocks WHERE visitor_id = ?1 AND expires_at > ?2 AND lifted_at IS NULL")?
        .query_row((Blob(visitor.visitor), now), |row| row.get(0))?;
    let Some(address) = address else { return Ok(by_visitor) };
    let by_address: Option<UnixMillis> = connection
        .sql("SELECT max(expires_at) FROM blocks WHERE address = ?1 AND expires_at > ?2 AND lifted_at IS NULL")?
        .query_row((address, now), |row| row.get(0))?;
    Ok(by_visitor.max(by_address))
}

/// How many visitors wrote from an address of late.
fn visitors_of(connection: &Connection, address: &str, now: UnixMillis) -> Result<u32, StoreError> {
    Ok(connection
        .sql("SELECT count(DISTINCT id) FROM visitors WHERE address = ?1 AND seen_at >= ?2")?
        .query_row((address, now.saturating_sub(SHARING_MS)), |row| row.get(0))?)
}

/// How many visitors a block because of this chat would shut out; none: its visitor's address is not known.
pub fn sharing(connection: &Connection, chat: ChatId, now: UnixMillis) -> Result<Option<u32>, StoreError> {
    let visitor = connection
        .sql("SELECT channel_id, visitor_id FROM chats WHERE id = ?1")?
        .query_row([Blob(chat)], |row| Ok((row.maybe_id(0)?, row.maybe_id(1)?)))
        .optional()?;
    let Some((Some(channel), Some(visitor))) = visitor else { return Ok(None) };
    match address(connection, VisitorKey { channel, visitor })? {
        Some(address) => visitors_of(connection, &address, now).map(Some),
        None => Ok(None),
    }
}

fn block_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<BlockRow> {
    Ok(BlockRow {
        id: row.id(0)?,
        address: row.get(1)?,
        visitors: 0,
        chat: row.id(2)?,
        channel: row.id(3)?,
        by: row.id(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
    })
}

/// The blocks in force, those that end first first.
pub fn in_force(connection: &Connection, now: UnixMillis) -> Result<Vec<BlockRow>, StoreError> {
    let mut rows: Vec<BlockRow> = {
        let mut query = connection.sql(
            "SELECT id, address, chat_id, channel_id, by_id, created_at, expires_at FROM blocks \
             WHERE lifted_at IS NULL AND expires_at > ?1 ORDER BY expires_at",
        )?;
        query.query_map([now], block_row)?.collect::<Result<_, _>>()?
    };
    for row in &mut rows {
        row.visitors = visitors_of(connection, &row.address, now)?;
    }
    Ok(rows)
}

/// A block in force.
pub fn find(connection: &Connection, id: BlockId, now: UnixMillis) -> Result<Option<BlockRow>, StoreError> {
    let found = connection
        .sql(
            "SELECT id, address, chat_id, channel_id, by_id, created_at, expires_at FROM blocks \
             WHERE id = ?1 AND lifted_at IS NULL AND expires_at > ?2",
        )?
        .query_row((Blob(id), now), block_row)
        .optional()?;
    let Some(mut row) = found else { return Ok(None) };
    row.visitors = visitors_of(connection, &row.address, now)?;
    Ok(Some(row))
}

impl Tx<'_> {
    /// Shuts a visitor and the visitor's address out from the commit on.
    pub(super) fn add_block(
        &mut self,
        chat: ChatId,
        visitor: VisitorKey,
        address: &str,
        by: UserId,
    ) -> Result<(), StoreError> {
        let until = self.now.saturating_add(self.rules.block_ms());
        self.sql
            .sql(
                "INSERT INTO blocks (id, address, chat_id, channel_id, visitor_id, by_id, created_at, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute((
                Blob(BlockId::new()),
                address,
                Blob(chat),
                Blob(visitor.channel),
                Blob(visitor.visitor),
                Blob(by),
                self.now,
                until,
            ))?;
        self.effect(Effect::Blocked { address: Arc::from(address), visitor });
        Ok(())
    }

    /// Ends a block in force; by nobody when the command line does it.
    pub fn lift_block(&mut self, id: BlockId, by: Option<UserId>) -> Result<(), StoreError> {
        let lifted = self
            .sql
            .sql(
                "UPDATE blocks SET lifted_at = ?2, lifted_by = ?3 \
                 WHERE id = ?1 AND lifted_at IS NULL AND expires_at > ?2",
            )?
            .execute((Blob(id), self.now, by.map(Blob)))?;
        if lifted == 0 { Err(StoreError::NotFound("such block".into())) } else { Ok(()) }
    }

    /// Remembers where a visitor wrote from.
    pub(super) fn seen_at(&mut self, visitor: VisitorKey, address: Option<&str>) -> Result<(), StoreError> {
        let Some(address) = address else { return Ok(()) };
        self.sql
            .sql(
                "UPDATE visitors SET address = ?3, seen_at = ?4 WHERE channel_id = ?1 AND id = ?2 \
                 AND (address IS NOT ?3 OR seen_at IS NULL OR seen_at < ?5)",
            )?
            .execute((
                Blob(visitor.channel),
                Blob(visitor.visitor),
                address,
                self.now,
                self.now.saturating_sub(SEEN_MS),
            ))?;
        Ok(())
    }
}

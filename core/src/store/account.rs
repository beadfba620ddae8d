//! The signed-in device, and how far the store follows the server's log.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use switchboard_protocol::collection::Role;
use switchboard_protocol::device::SignedInUser;
use switchboard_protocol::ids::{DeviceId, FeedId};
use url::Url;

use super::{Blob, from_sql_u64, to_sql_u64};
use crate::error::{Error, Result};

/// The events that this build understands. To be raised with every kind that `EventBody::parse` learns: a store that
/// met an event which its app did not know then starts with a snapshot.
pub(crate) const EVENT_VERSION: i64 = 1;

/// A signed-in device. Not `Debug`: it holds the token.
#[derive(Clone)]
pub(crate) struct SignedInDevice {
    pub(crate) server: Url,
    pub(crate) user: SignedInUser,
    pub(crate) device: DeviceId,
    pub(crate) token: String,
}

pub(crate) fn load(db: &Connection) -> Result<Option<SignedInDevice>> {
    let row = db
        .prepare_cached("SELECT server, user, name, role, device, token FROM account WHERE one = 1")?
        .query_row([], |row| {
            let text = |index: usize| row.get::<_, String>(index);
            Ok((
                text(0)?,
                row.get::<_, Blob<_>>(1)?.0,
                text(2)?,
                text(3)?,
                row.get::<_, Blob<DeviceId>>(4)?.0,
                text(5)?,
            ))
        })
        .optional()?;
    let Some((server, id, name, role, device, token)) = row else { return Ok(None) };
    let server = Url::parse(&server).map_err(|_| Error::BadValue("account.server"))?;
    let role = Role::from_name(&role).ok_or(Error::BadValue("account.role"))?;
    Ok(Some(SignedInDevice { server, user: SignedInUser { id, name, role }, device, token }))
}

pub(crate) fn save(tx: &Transaction<'_>, account: &SignedInDevice) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO account (one, server, user, name, role, device, token) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (one) DO UPDATE SET server = excluded.server, user = excluded.user, name = excluded.name,
             role = excluded.role, device = excluded.device, token = excluded.token",
    )?
    .execute(params![
        account.server.as_str(),
        Blob(account.user.id),
        account.user.name,
        account.user.role.as_str(),
        Blob(account.device),
        account.token,
    ])?;
    Ok(())
}

/// How far the store follows the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) feed_id: Option<FeedId>,
    pub(crate) cursor: u64,
    /// The next connection is to bring a snapshot, although the log could be followed.
    pub(crate) want_snapshot: bool,
}

pub(crate) fn position(db: &Connection) -> Result<Position> {
    Ok(db.prepare_cached("SELECT feed_id, cursor, unknown_at, want_snapshot FROM sync WHERE one = 1")?.query_row(
        [],
        |row| {
            let unknown_at: Option<i64> = row.get(2)?;
            Ok(Position {
                feed_id: row.get::<_, Option<Blob<_>>>(0)?.map(|id| id.0),
                cursor: from_sql_u64(row.get(1)?),
                want_snapshot: row.get::<_, bool>(3)? || unknown_at.is_some_and(|version| version < EVENT_VERSION),
            })
        },
    )?)
}

pub(crate) fn set_cursor(tx: &Transaction<'_>, cursor: u64) -> Result<()> {
    tx.prepare_cached("UPDATE sync SET cursor = ?1 WHERE one = 1")?.execute([to_sql_u64(cursor)])?;
    Ok(())
}

/// The store equals the server's state at this place of this log.
pub(crate) fn set_position(tx: &Transaction<'_>, feed_id: FeedId, cursor: u64) -> Result<()> {
    tx.prepare_cached("UPDATE sync SET feed_id = ?1, cursor = ?2, unknown_at = NULL, want_snapshot = 0 WHERE one = 1")?
        .execute(params![Blob(feed_id), to_sql_u64(cursor)])?;
    Ok(())
}

/// An event of a kind that this build does not know was passed over.
pub(crate) fn mark_unknown(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached("UPDATE sync SET unknown_at = ?1 WHERE one = 1")?.execute([EVENT_VERSION])?;
    Ok(())
}

pub(crate) fn want_snapshot(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached("UPDATE sync SET want_snapshot = 1 WHERE one = 1")?.execute([])?;
    Ok(())
}

pub(crate) fn set_clock_offset(tx: &Transaction<'_>, offset: i64) -> Result<()> {
    tx.prepare_cached("UPDATE sync SET clock_offset = ?1 WHERE one = 1")?.execute([offset])?;
    Ok(())
}

pub(crate) fn clock_offset(db: &Connection) -> Result<i64> {
    Ok(db.prepare_cached("SELECT clock_offset FROM sync WHERE one = 1")?.query_row([], |row| row.get(0))?)
}

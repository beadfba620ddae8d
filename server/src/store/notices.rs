//! How a change by another process reaches a running server's sockets.
//!
//! The command line writes through the same functions as the server, in its own process. What such a transaction would
//! publish is left in the table `notices`, in the same transaction; the server looks there a few times a second (one
//! index look-up that finds nothing). `PRAGMA data_version` was the alternative: it also changes at each of the server's
//! own commits, and tells that something changed, not what.

use rusqlite::{Connection, Transaction};
use switchboard_protocol::collection::Collection;

use super::StoreError;
use super::effects::{Effect, Effects, VisitorFrame, VisitorKey};
use super::sql::{Blob, Columns, Sql, bad_name, int};

/// Leaves what a transaction changed for the server that runs beside this process.
pub(super) fn leave(transaction: &Transaction<'_>, effects: &[Effect]) -> Result<(), StoreError> {
    let mut insert = transaction.sql("INSERT INTO notices (kind, ref, name, value) VALUES (?1, ?2, ?3, ?4)")?;
    for effect in effects {
        match effect {
            Effect::Feed { user, seq: head, .. } | Effect::FeedGrew { user, head } => {
                insert.execute(("feed", Blob(*user), None::<&str>, Some(int(*head))))?
            }
            Effect::Changed { collection, rev } => {
                insert.execute(("changed", None::<&[u8]>, Some(collection.as_str()), Some(int(*rev))))?
            }
            Effect::Revoked { device, .. } => insert.execute(("revoked", Blob(*device), None::<&str>, None::<i64>))?,
            // A withdrawal is followed by the `gone` of the same user, and the ring is given up with it.
            Effect::Withdrawn { .. } => 0,
            Effect::VisitorMessage { to, frame: VisitorFrame { no: last_no, .. } }
            | Effect::VisitorGrew { to, last_no } => {
                insert.execute(("visitor", Blob(to.visitor), Some(to.channel.to_string()), Some(int(*last_no))))?
            }
            // How far staff have read is told again when the widget connects.
            Effect::VisitorStatus { .. } => 0,
            // Blocks are set by phones; the command line lifts them.
            Effect::Blocked { .. } => 0,
            Effect::Due { at } => insert.execute(("due", None::<&[u8]>, None::<&str>, Some(*at)))?,
        };
    }
    Ok(())
}

/// The newest notice: a server that starts has nothing to tell of older ones.
pub fn newest(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.sql("SELECT coalesce(max(id), 0) FROM notices")?.query_row([], |row| row.get(0))?)
}

/// The notices after this one, as effects, and the newest of them.
pub fn after(connection: &Connection, last: i64) -> Result<(Effects, i64), StoreError> {
    let mut newest = last;
    let mut effects = Effects::new();
    let mut query =
        connection.sql("SELECT id, kind, ref, name, value FROM notices WHERE id > ?1 ORDER BY id LIMIT 1000")?;
    let mut rows = query.query([last])?;
    while let Some(row) = rows.next()? {
        newest = row.get(0)?;
        let kind: String = row.get(1)?;
        match kind.as_str() {
            "feed" => effects.push(Effect::FeedGrew { user: row.id(2)?, head: row.count(4)? }),
            "changed" => {
                let name: String = row.get(3)?;
                if let Some(collection) = Collection::from_name(&name) {
                    effects.push(Effect::Changed { collection, rev: row.count(4)? });
                }
            }
            "due" => effects.push(Effect::Due { at: row.get(4)? }),
            "visitor" => {
                let channel: String = row.get(3)?;
                let channel = channel.parse().map_err(|_| bad_name(3, "channel"))?;
                let to = VisitorKey { channel, visitor: row.id(2)? };
                effects.push(Effect::VisitorGrew { to, last_no: row.count(4)? });
            }
            "revoked" => {
                let device = row.id(2)?;
                if let Some(user) = super::devices::user_of(connection, device)? {
                    effects.push(Effect::Revoked { device, user });
                }
            }
            // Of a newer command line: nothing that this server could tell its sockets.
            _ => {}
        }
    }
    Ok((effects, newest))
}

/// Removes notices that were told. The newest stays: were the table empty, SQLite would give its number out again.
pub(super) fn forget(transaction: &Transaction<'_>, told: i64) -> Result<usize, StoreError> {
    Ok(transaction.sql("DELETE FROM notices WHERE id < ?1")?.execute([told])?)
}

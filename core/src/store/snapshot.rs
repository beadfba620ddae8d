//! The parts of a snapshot while it comes in.

use rusqlite::{Connection, Transaction};
use switchboard_protocol::frame::SnapshotPart;

use super::purge;
use crate::error::Result;

/// Keeps a part until the snapshot is complete.
pub(crate) fn stage(tx: &Transaction<'_>, part: &str) -> Result<()> {
    // Whatever becomes of it, it will be deleted, and may hold what the user never sees again.
    purge::pending(tx)?;
    tx.prepare_cached("INSERT INTO snapshot_part (json) VALUES (?1)")?.execute([part])?;
    Ok(())
}

pub(crate) fn any_staged(db: &Connection) -> Result<bool> {
    Ok(db.query_row("SELECT EXISTS (SELECT 1 FROM snapshot_part WHERE n > 0)", [], |row| row.get(0))?)
}

/// Forgets what came in.
pub(crate) fn drop_stage(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached("DELETE FROM snapshot_part WHERE n > 0")?.execute([])?;
    Ok(())
}

/// Hands out the parts one by one, in order.
pub(crate) fn for_each(tx: &Transaction<'_>, mut each: impl FnMut(SnapshotPart) -> Result<()>) -> Result<()> {
    let mut statement = tx.prepare_cached("SELECT json FROM snapshot_part WHERE n > 0 ORDER BY n")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let json = row.get_ref(0)?.as_str().map_err(|_| crate::error::Error::BadValue("snapshot_part.json"))?;
        each(serde_json::from_str(json)?)?;
    }
    Ok(())
}

//! What the user wants of the own work: one row a name, merged, so that the last wish wins. It goes outside of the
//! queue, one at a time a name, and survives a kill.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::value::RawValue;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::command::{CommandBody, CommandFrame, CommandResult, CommandStatus};
use switchboard_protocol::ids::CommandId;

use super::{Blob, Changes, collection};
use crate::error::{Error, Result};
use crate::model::{CommandKind, CommandOutcome, Outcome};

fn kind(name: &str) -> Result<CommandKind> {
    CommandKind::from_name(name).ok_or(Error::BadValue("wish.kind"))
}

fn ended(id: CommandId, kind: CommandKind, outcome: Outcome) -> CommandOutcome {
    CommandOutcome { id, chat: None, kind, outcome }
}

/// Notes a wish. An earlier one of the name that was never sent is taken back; one that is on its way is awaited.
pub(crate) fn put(
    tx: &Transaction<'_>,
    name: &str,
    id: CommandId,
    body: &CommandBody,
) -> Result<Option<CommandOutcome>> {
    let before: Option<(CommandId, Option<CommandId>)> = tx
        .prepare_cached("SELECT id, in_flight FROM wish WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get::<_, Blob<_>>(0)?.0, row.get::<_, Option<Blob<_>>>(1)?.map(|id| id.0))))
        .optional()?;
    let json = body.to_json()?.unwrap_or_else(|| "{}".into());
    if before.is_some() {
        tx.prepare_cached(
            "UPDATE wish SET id = ?2, body = ?3, again = 0, ord = (SELECT max(ord) FROM wish) + 1 WHERE name = ?1",
        )?
        .execute(params![name, Blob(id), json])?;
    } else {
        tx.prepare_cached("INSERT INTO wish (name, kind, id, body, in_flight) VALUES (?1, ?2, ?3, ?4, NULL)")?
            .execute(params![name, body.kind(), Blob(id), json])?;
    }
    Ok(match before {
        Some((before, in_flight)) if in_flight != Some(before) => {
            Some(ended(before, kind(body.kind())?, Outcome::Undone))
        }
        _ => None,
    })
}

/// Marks those that are not on their way as such, and gives their frames in the order in which they were wished.
pub(crate) fn take_sendable(tx: &Transaction<'_>) -> Result<Vec<CommandFrame>> {
    let rows: Vec<(i64, CommandId, String, String)> = tx
        .prepare_cached("SELECT ord, id, kind, body FROM wish WHERE ord > 0 AND in_flight IS NULL ORDER BY ord")?
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, Blob<_>>(1)?.0, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut frames = Vec::new();
    for (ord, id, kind, body) in rows {
        tx.prepare_cached("UPDATE wish SET in_flight = id WHERE ord = ?1")?.execute([ord])?;
        let body = Some(RawValue::from_string(body)?);
        frames.push(CommandFrame { id, kind, chat: None, owner_epoch: None, seen: None, ask: false, body });
    }
    Ok(frames)
}

pub(crate) fn any_in_flight(db: &Connection) -> Result<bool> {
    Ok(db.query_row(
        "SELECT EXISTS (SELECT 1 FROM wish INDEXED BY wish_in_flight WHERE in_flight > x'')",
        [],
        |row| row.get(0),
    )?)
}

/// The connection ended: the last wishes go again, under their ids.
pub(crate) fn lost(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached(
        "UPDATE wish INDEXED BY wish_in_flight SET again = (in_flight = id), in_flight = NULL WHERE in_flight > x''",
    )?
    .execute([])?;
    Ok(())
}

/// The server answered one. `None`: it is no wish.
pub(crate) fn settle(
    tx: &Transaction<'_>,
    result: &CommandResult,
    changes: &mut Changes,
) -> Result<Option<CommandOutcome>> {
    let found: Option<(i64, CommandId, String, String, bool)> = tx
        .prepare_cached("SELECT ord, id, kind, body, again FROM wish INDEXED BY wish_in_flight WHERE in_flight = ?1")?
        .query_row([Blob(result.id)], |row| {
            Ok((row.get(0)?, row.get::<_, Blob<_>>(1)?.0, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((ord, id, name, body, again)) = found else { return Ok(None) };
    changes.names = true;
    let last = id == result.id;
    if last && result.status != CommandStatus::Retry {
        tx.prepare_cached("DELETE FROM wish WHERE ord = ?1")?.execute([ord])?;
    } else {
        tx.prepare_cached("UPDATE wish SET in_flight = NULL WHERE ord = ?1")?.execute([ord])?;
    }
    let code = result.code.unwrap_or(ErrorCode::Unknown);
    let outcome = match result.status {
        CommandStatus::Retry => return Ok(None),
        CommandStatus::Applied => Outcome::Applied,
        CommandStatus::Conflict => Outcome::Refused(code),
        CommandStatus::Rejected => Outcome::Failed(code),
    };
    if last && !again && outcome == Outcome::Applied {
        // The server's rows follow by a pull; until then this is what they will say. Not of one that went twice: the
        // rows that this connection began with may be newer than what it did.
        let frame = CommandFrame {
            id,
            kind: name.clone(),
            chat: None,
            owner_epoch: None,
            seen: None,
            ask: false,
            body: Some(RawValue::from_string(body)?),
        };
        if let Ok(Some(body)) = CommandBody::parse(&frame) {
            collection::foresee(tx, &body)?;
        }
    }
    Ok(Some(ended(result.id, kind(&name)?, outcome)))
}

/// The wishes as commands.
pub(crate) fn all(db: &Connection) -> Result<Vec<CommandBody>> {
    let mut statement = db.prepare_cached("SELECT id, kind, body FROM wish WHERE ord > 0 ORDER BY ord")?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let frame = CommandFrame {
            id: row.get::<_, Blob<_>>(0)?.0,
            kind: row.get(1)?,
            chat: None,
            owner_epoch: None,
            seen: None,
            ask: false,
            body: Some(RawValue::from_string(row.get(2)?)?),
        };
        out.extend(CommandBody::parse(&frame).map_err(|_| Error::BadValue("wish.body"))?);
    }
    Ok(out)
}

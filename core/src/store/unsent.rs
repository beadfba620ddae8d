//! Texts that did not reach the customer.

use rusqlite::{Connection, Row, Transaction, params};
use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{ChatId, CommandId};

use super::Blob;
use super::message::{kind_from_sql, kind_to_sql};
use crate::error::{Error, Result};
use crate::model::{UnsentId, UnsentReason, UnsentRow};

fn reason_to_sql(reason: UnsentReason) -> (&'static str, Option<&'static str>) {
    match reason {
        UnsentReason::Refused(code) => ("refused", Some(code.as_str())),
        UnsentReason::Failed(code) => ("failed", Some(code.as_str())),
        UnsentReason::ChatGone => ("chat_gone", None),
        UnsentReason::Checking => ("checking", None),
        UnsentReason::Unknown => ("unknown", None),
        UnsentReason::Draft => ("draft", None),
    }
}

fn reason_from_sql(reason: &str, code: Option<&str>) -> Result<UnsentReason> {
    let code = || code.map_or(ErrorCode::Unknown, ErrorCode::from_code);
    Ok(match reason {
        "refused" => UnsentReason::Refused(code()),
        "failed" => UnsentReason::Failed(code()),
        "chat_gone" => UnsentReason::ChatGone,
        "checking" => UnsentReason::Checking,
        "unknown" => UnsentReason::Unknown,
        "draft" => UnsentReason::Draft,
        _ => return Err(Error::BadValue("unsent.reason")),
    })
}

/// Keeps a text, `internal` when it was for staff. One that is kept already stays as it is.
pub(crate) fn insert(tx: &Transaction<'_>, row: &UnsentRow, internal: bool) -> Result<()> {
    let (reason, code) = reason_to_sql(row.reason);
    tx.prepare_cached(
        "INSERT INTO unsent (id, chat, contact_name, text, written_at, unsent_at, reason, code, kind, internal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING",
    )?
    .execute(params![
        Blob(row.id),
        Blob(row.chat),
        row.contact_name,
        row.text,
        row.written_at,
        row.unsent_at,
        reason,
        code,
        kind_to_sql(row.kind),
        internal,
    ])?;
    Ok(())
}

/// What was being checked is decided.
pub(crate) fn decide(tx: &Transaction<'_>, id: UnsentId, reason: UnsentReason) -> Result<()> {
    let (reason, code) = reason_to_sql(reason);
    tx.prepare_cached("UPDATE unsent SET reason = ?2, code = ?3 WHERE id = ?1")?.execute(params![
        Blob(id),
        reason,
        code
    ])?;
    Ok(())
}

/// False: there is none with this id.
pub(crate) fn delete(tx: &Transaction<'_>, id: UnsentId) -> Result<bool> {
    Ok(tx.prepare_cached("DELETE FROM unsent WHERE id = ?1")?.execute([Blob(id)])? > 0)
}

/// The chat that an unsent text was written in.
pub(crate) fn chat_of(db: &Connection, id: UnsentId) -> Result<Option<ChatId>> {
    let mut statement = db.prepare_cached("SELECT chat FROM unsent WHERE id = ?1")?;
    let mut rows = statement.query([Blob(id)])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get::<_, Blob<_>>(0)?.0),
        None => None,
    })
}

/// The command that hands a text to the chat's owner waits in the outbox, which is asked by its chat.
const SELECT: &str = "SELECT n.id, n.chat, n.contact_name, n.text, n.written_at, n.unsent_at, n.reason, n.code, n.kind, \
    n.internal, EXISTS (SELECT 1 FROM outbox o WHERE o.chat = n.chat AND o.unsent = n.id) FROM unsent n";

/// The newest first.
pub(crate) fn newest(db: &Connection, limit: u32) -> Result<Vec<UnsentRow>> {
    // By key, though all are wanted: a walk along a range is what the tests tell from a scan.
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE n.ord > 0 ORDER BY n.ord DESC LIMIT ?1"))?;
    let mut rows = statement.query([limit])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// One of them, with whether it was for staff.
pub(crate) fn load(db: &Connection, id: UnsentId) -> Result<Option<(UnsentRow, bool)>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE n.id = ?1"))?;
    let mut rows = statement.query([Blob(id)])?;
    Ok(match rows.next()? {
        Some(row) => Some((read(row)?, row.get(9)?)),
        None => None,
    })
}

/// The command that hands it to the chat's owner, if one is under way.
pub(crate) fn handing_over(db: &Connection, id: UnsentId, chat: ChatId) -> Result<Option<CommandId>> {
    let mut statement = db.prepare_cached("SELECT id FROM outbox WHERE chat = ?1 AND unsent = ?2")?;
    let mut rows = statement.query(params![Blob(chat), Blob(id)])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get::<_, Blob<_>>(0)?.0),
        None => None,
    })
}

fn read(row: &Row<'_>) -> Result<UnsentRow> {
    let reason: String = row.get(6)?;
    let code: Option<String> = row.get(7)?;
    let reason = reason_from_sql(&reason, code.as_deref())?;
    let (internal, noting_owner): (bool, bool) = (row.get(9)?, row.get(10)?);
    Ok(UnsentRow {
        id: row.get::<_, Blob<_>>(0)?.0,
        chat: row.get::<_, Blob<_>>(1)?.0,
        contact_name: row.get(2)?,
        kind: kind_from_sql(row.get(8)?)?,
        text: row.get(3)?,
        written_at: row.get(4)?,
        unsent_at: row.get(5)?,
        reason,
        // While it is being checked it may have arrived where it was meant to.
        can_note_owner: !internal && !noting_owner && reason != UnsentReason::Checking,
        noting_owner,
    })
}

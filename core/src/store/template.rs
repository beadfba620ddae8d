//! Templates and their place in their full-text index.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use switchboard_protocol::collection::{CollectionRow, TemplateRow};

use super::{Blob, text, to_sql_u64};
use crate::error::Result;

/// Stores a row of the collection, or removes it. How often it was used stays.
pub(crate) fn store_row(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let id = row.id.as_bytes().as_slice();
    let Some(json) = &row.row else {
        if let Some(key) = key(tx, id)? {
            tx.prepare_cached("DELETE FROM template_fts WHERE rowid = ?1")?.execute([key])?;
            tx.prepare_cached("DELETE FROM template WHERE key = ?1")?.execute([key])?;
        }
        return Ok(());
    };
    let TemplateRow { id, edition, template } = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO template (id, group_id, category, language, title, text, keywords, edition)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET group_id = excluded.group_id, category = excluded.category,
             language = excluded.language, title = excluded.title, text = excluded.text,
             keywords = excluded.keywords, edition = excluded.edition",
    )?
    .execute(params![
        Blob(id),
        template.group.map(Blob),
        template.category,
        template.language,
        template.title,
        template.text,
        template.keywords,
        to_sql_u64(edition),
    ])?;
    let Some(key) = key(tx, id.as_bytes())? else { return Ok(()) };
    tx.prepare_cached("DELETE FROM template_fts WHERE rowid = ?1")?.execute([key])?;
    tx.prepare_cached("INSERT INTO template_fts (rowid, title, keywords, text) VALUES (?1, ?2, ?3, ?4)")?.execute(
        params![key, text::indexed(&template.title), text::indexed(&template.keywords), text::indexed(&template.text)],
    )?;
    Ok(())
}

fn key(db: &Connection, id: &[u8]) -> Result<Option<i64>> {
    Ok(db.prepare_cached("SELECT key FROM template WHERE id = ?1")?.query_row([id], |row| row.get(0)).optional()?)
}

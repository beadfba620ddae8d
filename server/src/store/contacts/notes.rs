//! Notes on contacts.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::collection::{Collection, ContactNoteRow};
use switchboard_protocol::command::AddContactNote;
use switchboard_protocol::ids::{CommandId, ContactId, NoteId, UserId};
use switchboard_protocol::{ErrorCode, limits};

use super::super::collections::{PAGE_ROWS, Page};
use super::super::people;
use super::super::sql::{Blob, Columns, Sql, int};
use super::super::writer::Tx;
use super::{StoreError, parts, root};
use crate::rights::Action;

/// The notes that changed after a revision; one on a merged contact stands at the one it is a part of.
pub(in crate::store) fn notes_since(connection: &Connection, rev: u64, page: &mut Page) -> Result<(), StoreError> {
    let mut query = connection.sql(
        "SELECT id, contact_id, author_id, author_name, text, at, deleted_at IS NOT NULL, rev FROM contact_notes \
         WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    )?;
    let found = query.query_map((int(rev), PAGE_ROWS), |row| {
        let note = ContactNoteRow {
            id: row.id(0)?,
            contact: row.id(1)?,
            author: row.id(2)?,
            author_name: row.get(3)?,
            text: row.get(4)?,
            at: row.get(5)?,
        };
        Ok((note, row.get::<_, bool>(6)?, row.count(7)?))
    })?;
    for note in found {
        let (mut note, deleted, rev) = note?;
        if let Some(root) = root(connection, note.contact)? {
            note.contact = root.id;
        }
        if !page.push(rev, note.id.as_bytes(), (!deleted).then_some(&note))? {
            break;
        }
    }
    Ok(())
}

impl Tx<'_> {
    /// F32: writes a note on a saved contact.
    pub(in crate::store) fn add_contact_note(
        &mut self,
        user: UserId,
        command: CommandId,
        note: &AddContactNote,
    ) -> Result<Option<ErrorCode>, StoreError> {
        if note.text.trim().is_empty() {
            return Ok(Some(ErrorCode::EmptyText));
        }
        if note.text.len() > limits::MAX_TEXT_BYTES {
            return Ok(Some(ErrorCode::TextTooLong));
        }
        let Some(contact) = root(self.sql, note.contact)?.filter(|contact| contact.known) else {
            return Ok(Some(ErrorCode::UnknownContact));
        };
        let mut has = 0;
        for part in parts(self.sql, contact.id)? {
            has += self
                .sql
                .sql("SELECT count(*) FROM contact_notes WHERE contact_id = ?1 AND deleted_at IS NULL")?
                .query_row([Blob(part)], |row| row.count(0))?;
        }
        if has >= limits::MAX_CONTACT_NOTES as u64 {
            return Ok(Some(ErrorCode::TooMany));
        }
        // Its command's answer is remembered, but not for ever.
        let id = NoteId::from(command);
        if self.sql.sql("SELECT 1 FROM contact_notes WHERE id = ?1")?.exists([Blob(id)])? {
            return Ok(Some(ErrorCode::IdReuse));
        }
        let rev = self.next_rev(Collection::ContactNotes)?;
        let name = self.user_name(user)?;
        self.sql
            .sql(
                "INSERT INTO contact_notes (id, contact_id, author_id, author_name, text, at, rev) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((Blob(id), Blob(contact.id), Blob(user), name, &note.text, self.now, int(rev)))?;
        Ok(None)
    }

    /// Removes a note: by its author, or by a system owner.
    pub(in crate::store) fn delete_contact_note(
        &mut self,
        user: UserId,
        note: NoteId,
    ) -> Result<Option<ErrorCode>, StoreError> {
        let author: Option<UserId> = self
            .sql
            .sql("SELECT author_id FROM contact_notes WHERE id = ?1")?
            .query_row([Blob(note)], |row| row.id(0))
            .optional()?;
        let Some(author) = author else { return Ok(Some(ErrorCode::NotFound)) };
        let Some(actor) = people::actor(self.sql, user)? else { return Ok(Some(ErrorCode::Forbidden)) };
        if author != user && !actor.may(Action::System, None) {
            return Ok(Some(ErrorCode::Forbidden));
        }
        // Also of one that is deleted already: the phone that did it once more waits for a row.
        let rev = self.next_rev(Collection::ContactNotes)?;
        self.sql
            .sql("UPDATE contact_notes SET text = '', deleted_at = coalesce(deleted_at, ?2), rev = ?3 WHERE id = ?1")?
            .execute((Blob(note), self.now, int(rev)))?;
        Ok(None)
    }

    /// The notes of these contacts stand elsewhere now.
    pub(super) fn touch_notes(&mut self, contacts: &[ContactId]) -> Result<(), StoreError> {
        let mut notes: Vec<NoteId> = Vec::new();
        for &contact in contacts {
            let mut query =
                self.sql.sql("SELECT id FROM contact_notes WHERE contact_id = ?1 AND deleted_at IS NULL")?;
            let found = query.query_map([Blob(contact)], |row| row.id(0))?;
            notes.extend(found.collect::<Result<Vec<NoteId>, _>>()?);
        }
        let first = self.next_revs(Collection::ContactNotes, notes.len())?;
        for (rev, note) in (first..).zip(notes) {
            self.sql.sql("UPDATE contact_notes SET rev = ?2 WHERE id = ?1")?.execute((Blob(note), int(rev)))?;
        }
        Ok(())
    }
}

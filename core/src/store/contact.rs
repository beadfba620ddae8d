//! Saved contacts and the notes on them: the rows of their collections, and what the outbox will do to them.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::collection::{CollectionRow, ContactNoteRow, ContactRow, MergedContact};
use switchboard_protocol::command::{CommandBody, CommandFrame, EditContact};
use switchboard_protocol::contact::{Identity, IdentityKind, email_key, phone_key};
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, LabelId, NoteId, UserId};

use super::{Blob, text};
use crate::error::{Error, Result};

/// What a contact's row holds as JSON.
#[derive(Default, Serialize, Deserialize)]
struct Detail {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    identities: Vec<Identity>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<LabelId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    merged: Vec<MergedContact>,
}

/// Stores a row of the collection, or removes it.
pub(crate) fn store_row(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else { return remove(tx, ContactId::from_bytes(*row.id.as_bytes())) };
    let mut row: ContactRow = serde_json::from_str(json.get())?;
    let before = key(tx, row.id)?;
    let keys = keys(&row);
    let (name, address) = text::indexed_person(
        row.name.as_deref().unwrap_or_default(),
        [row.email.as_deref(), row.phone.as_deref()]
            .into_iter()
            .flatten()
            .chain(row.identities.iter().filter(|identity| is_address(identity.kind)).map(|it| it.value.as_str())),
    );
    let detail = Detail {
        identities: std::mem::take(&mut row.identities),
        labels: std::mem::take(&mut row.labels),
        merged: std::mem::take(&mut row.merged),
    };
    tx.prepare_cached(
        "INSERT INTO contact (id, name, email, phone, detail) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, phone = excluded.phone,
             detail = excluded.detail",
    )?
    .execute(params![Blob(row.id), row.name, row.email, row.phone, serde_json::to_string(&detail)?])?;
    let key = match before {
        Some(key) => {
            forget_words(tx, row.id, key)?;
            key
        }
        None => tx.last_insert_rowid(),
    };
    tx.prepare_cached("INSERT INTO contact_fts (rowid, name, address) VALUES (?1, ?2, ?3)")?
        .execute(params![key, name, address])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO contact_key (kind, key, contact) VALUES (?1, ?2, ?3) ON CONFLICT (kind, key, contact) DO NOTHING",
    )?;
    for (kind, key) in keys {
        insert.execute(params![kind, key, Blob(row.id)])?;
    }
    Ok(())
}

fn remove(tx: &Transaction<'_>, id: ContactId) -> Result<()> {
    if let Some(key) = key(tx, id)? {
        forget_words(tx, id, key)?;
        tx.prepare_cached("DELETE FROM contact WHERE key = ?1")?.execute([key])?;
    }
    Ok(())
}

fn forget_words(tx: &Transaction<'_>, id: ContactId, key: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM contact_fts WHERE rowid = ?1")?.execute([key])?;
    tx.prepare_cached("DELETE FROM contact_key WHERE contact = ?1")?.execute([Blob(id)])?;
    Ok(())
}

fn key(db: &Connection, id: ContactId) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached("SELECT key FROM contact WHERE id = ?1")?
        .query_row([Blob(id)], |row| row.get(0))
        .optional()?)
}

/// The addresses and numbers in what a contact's row holds as JSON.
pub(super) fn addresses(detail: &str) -> Result<Vec<String>> {
    let detail: Detail = serde_json::from_str(detail)?;
    Ok(detail.identities.into_iter().filter(|identity| is_address(identity.kind)).map(|it| it.value).collect())
}

/// Whether a person knows it: ids of browsers and pages are nobody's to type.
const fn is_address(kind: IdentityKind) -> bool {
    matches!(kind, IdentityKind::Phone | IdentityKind::Email | IdentityKind::Whatsapp)
}

/// By what the same person is found, of the fields and the identities.
pub(crate) fn same_person_keys(
    email: Option<&str>,
    phone: Option<&str>,
    identities: &[Identity],
) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&'static str, String)> = Vec::new();
    let mut add = |kind, key: Option<String>| {
        if let Some(key) = key
            && !out.iter().any(|known| known.0 == kind && known.1 == key)
        {
            out.push((kind, key));
        }
    };
    add("phone", phone.and_then(phone_key));
    for identity in identities.iter().filter(|it| matches!(it.kind, IdentityKind::Phone | IdentityKind::Whatsapp)) {
        add("phone", phone_key(&identity.value));
    }
    add("email", email.and_then(email_key));
    for identity in identities.iter().filter(|it| it.kind == IdentityKind::Email) {
        add("email", email_key(&identity.value));
    }
    out
}

fn keys(row: &ContactRow) -> Vec<(&'static str, String)> {
    let mut out = same_person_keys(row.email.as_deref(), row.phone.as_deref(), &row.identities);
    out.extend(row.merged.iter().map(|part| ("part", part.id.to_string())));
    out
}

/// The saved contacts with this key.
pub(crate) fn with_key(db: &Connection, kind: &str, key: &str, limit: u32) -> Result<Vec<ContactId>> {
    let mut statement =
        db.prepare_cached("SELECT contact FROM contact_key WHERE kind = ?1 AND key = ?2 ORDER BY contact LIMIT ?3")?;
    let mut rows = statement.query(params![kind, key, limit])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(row.get::<_, Blob<_>>(0)?.0);
    }
    Ok(out)
}

/// The contact that this one was merged into, if it was.
pub(crate) fn root_of_part(db: &Connection, part: ContactId) -> Result<Option<ContactId>> {
    Ok(with_key(db, "part", &part.to_string(), 1)?.first().copied())
}

/// A saved contact as the server has it.
pub(crate) fn load(db: &Connection, id: ContactId) -> Result<Option<ContactRow>> {
    let mut statement = db.prepare_cached("SELECT name, email, phone, detail FROM contact WHERE id = ?1")?;
    let mut rows = statement.query([Blob(id)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let detail: Detail =
        serde_json::from_str(row.get_ref(3)?.as_str().map_err(|_| Error::BadValue("contact.detail"))?)?;
    Ok(Some(ContactRow {
        id,
        name: row.get(0)?,
        email: row.get(1)?,
        phone: row.get(2)?,
        identities: detail.identities,
        labels: detail.labels,
        merged: detail.merged,
    }))
}

/// The contact of a chat that is here, as the chat shows it.
pub(crate) fn of_chats(db: &Connection, id: ContactId) -> Result<Option<ContactRow>> {
    let mut statement = db.prepare_cached(
        "SELECT contact_name, contact_email, contact_phone FROM chat INDEXED BY chat_contact
         WHERE contact = ?1 ORDER BY last_at DESC LIMIT 1",
    )?;
    let mut rows = statement.query([Blob(id)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(ContactRow { name: row.get(0)?, email: row.get(1)?, phone: row.get(2)?, ..empty(id) }))
}

/// A contact of which nothing is known.
pub(crate) const fn empty(id: ContactId) -> ContactRow {
    ContactRow {
        id,
        name: None,
        email: None,
        phone: None,
        identities: Vec::new(),
        labels: Vec::new(),
        merged: Vec::new(),
    }
}

/// The chats of a contact that are here, with when something last happened in each.
pub(crate) fn chats(db: &Connection, id: ContactId) -> Result<Vec<(i64, ChatId)>> {
    let mut statement = db.prepare_cached("SELECT last_at, id FROM chat INDEXED BY chat_contact WHERE contact = ?1")?;
    let mut rows = statement.query([Blob(id)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push((row.get(0)?, row.get::<_, Blob<_>>(1)?.0));
    }
    Ok(out)
}

/// Stores a row of the notes' collection, or removes it.
pub(crate) fn store_note(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM contact_note WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let note: ContactNoteRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO contact_note (id, contact, author, author_name, text, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET contact = excluded.contact, author = excluded.author,
             author_name = excluded.author_name, text = excluded.text, at = excluded.at",
    )?
    .execute(params![
        Blob(note.id),
        Blob(note.contact),
        Blob(note.author),
        note.author_name,
        note.text,
        note.at
    ])?;
    Ok(())
}

/// The notes on a contact as the server has them, the newest first.
pub(crate) fn notes(db: &Connection, contact: ContactId) -> Result<Vec<ContactNoteRow>> {
    let mut statement = db.prepare_cached(
        "SELECT id, author, author_name, text, at FROM contact_note INDEXED BY contact_note_of
         WHERE contact = ?1 ORDER BY at DESC, id DESC",
    )?;
    let mut rows = statement.query([Blob(contact)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(ContactNoteRow {
            id: row.get::<_, Blob<_>>(0)?.0,
            contact,
            author: row.get::<_, Blob<_>>(1)?.0,
            author_name: row.get(2)?,
            text: row.get(3)?,
            at: row.get(4)?,
        });
    }
    Ok(out)
}

/// Whose note it is, and on whom.
pub(crate) fn note(db: &Connection, id: NoteId) -> Result<Option<(ContactId, UserId)>> {
    let mut statement = db.prepare_cached("SELECT contact, author FROM contact_note WHERE id = ?1")?;
    let mut rows = statement.query([Blob(id)])?;
    Ok(match rows.next()? {
        Some(row) => Some((row.get::<_, Blob<_>>(0)?.0, row.get::<_, Blob<_>>(1)?.0)),
        None => None,
    })
}

/// What is in the outbox for contacts and labels, in the order in which it was given: the command, what it does, and when
/// it was given. Add contact stands as a change of the chat's contact.
pub(crate) fn pending(db: &Connection) -> Result<Vec<(CommandId, CommandBody, UnixMillis)>> {
    let mut statement = db.prepare_cached(
        "SELECT o.id, o.kind, o.body, o.written_at, c.contact FROM outbox o LEFT JOIN chat c ON c.id = o.chat
         WHERE o.ord > 0 AND o.orphan = 0 AND o.kind IN ('add_contact', 'edit_contact', 'label_contact',
             'add_contact_note', 'delete_contact_note', 'merge_contacts', 'part_contact', 'save_label', 'delete_label')
         ORDER BY o.ord",
    )?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id: CommandId = row.get::<_, Blob<_>>(0)?.0;
        let body: Option<String> = row.get(2)?;
        let frame = CommandFrame {
            id,
            kind: row.get(1)?,
            chat: None,
            owner_epoch: None,
            seen: None,
            ask: false,
            body: body.map(RawValue::from_string).transpose()?,
        };
        let body = CommandBody::parse(&frame).ok().flatten().ok_or(Error::BadValue("outbox.body"))?;
        let body = match (body, row.get::<_, Option<Blob<ContactId>>>(4)?) {
            (CommandBody::AddContact(add), Some(contact)) => CommandBody::EditContact(EditContact {
                contact: contact.0,
                name: Some(add.name),
                email: add.email,
                phone: add.phone,
            }),
            (body, _) => body,
        };
        out.push((id, body, row.get(3)?));
    }
    Ok(out)
}

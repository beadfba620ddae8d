//! Contacts: the people the company talks to, by what channels know them, what staff note of them, and which of them are
//! one person.
//!
//! A contact that was merged keeps its row, identities, notes and labels, and says whose part it is; so a parting has
//! nothing to guess. Only its chats name the contact at the root, because they are read all the time.

mod edit;
mod history;
mod labels;
mod merge;
mod notes;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{Collection, ContactRow, MergedContact};
use switchboard_protocol::contact::{Identity, IdentityKind};
use switchboard_protocol::event::EventBody;
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, LabelId, UserId, VisitorId};

pub(super) use edit::clean_phone;
pub use history::{History, history};
pub(super) use labels::{chat_labels, labels_since};
pub(super) use notes::notes_since;

use super::collections::{PAGE_ROWS, Page};
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;
use super::{StoreError, chats};

/// A contact's own row.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub id: ContactId,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub known: bool,
    pub merged_into: Option<ContactId>,
    pub rev: u64,
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        id: row.id(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        phone: row.get(3)?,
        known: row.get(4)?,
        merged_into: row.maybe_id(5)?,
        rev: row.count(6)?,
    })
}

/// A contact's own row.
pub(super) fn load(connection: &Connection, contact: ContactId) -> Result<Option<Stored>, StoreError> {
    Ok(connection
        .sql("SELECT id, name, email, phone, known, merged_into, rev FROM contacts WHERE id = ?1")?
        .query_row([Blob(contact)], read)
        .optional()?)
}

/// The contact that this one is a part of now; itself, if it is no part.
pub(super) fn root(connection: &Connection, contact: ContactId) -> Result<Option<Stored>, StoreError> {
    let mut at = load(connection, contact)?;
    while let Some(parent) = at.as_ref().and_then(|stored| stored.merged_into) {
        at = load(connection, parent)?;
    }
    Ok(at)
}

/// A contact and all that are parts of it, itself first.
pub(super) fn parts(connection: &Connection, contact: ContactId) -> Result<Vec<ContactId>, StoreError> {
    let mut all = vec![contact];
    let mut next = 0;
    while let Some(&part) = all.get(next) {
        let mut query = connection.sql("SELECT id FROM contacts WHERE merged_into = ?1 ORDER BY merged_at, id")?;
        let found: Vec<ContactId> = query.query_map([Blob(part)], |row| row.id(0))?.collect::<Result<_, _>>()?;
        all.extend(found);
        next += 1;
    }
    Ok(all)
}

/// Whether a user may work with a contact: it is saved, or the user sees a chat of it.
fn visible(connection: &Connection, user: UserId, contact: &Stored) -> Result<bool, StoreError> {
    Ok(contact.known
        || connection
            .sql(
                "SELECT 1 FROM chats JOIN chat_users ON chat_users.chat_id = chats.id AND chat_users.user_id = ?2 \
                 WHERE chats.contact_id = ?1 AND chat_users.access > 0",
            )?
            .exists((Blob(contact.id), Blob(user)))?)
}

/// The row of a saved contact that is no part of another one.
fn row(connection: &Connection, stored: &Stored) -> Result<ContactRow, StoreError> {
    let (mut identities, mut labels, mut merged) = (Vec::new(), Vec::<LabelId>::new(), Vec::new());
    for part in parts(connection, stored.id)? {
        let mut query =
            connection.sql("SELECT kind, value FROM contact_identities WHERE contact_id = ?1 ORDER BY kind, value")?;
        let found = query.query_map([Blob(part)], |row| {
            let kind: String = row.get(0)?;
            let kind = IdentityKind::from_name(&kind).ok_or_else(|| bad_name(0, "identity kind"))?;
            Ok(Identity { kind, value: row.get(1)? })
        })?;
        for identity in found {
            let identity = identity?;
            if !identities.contains(&identity) {
                identities.push(identity);
            }
        }
        for label in labels::contact_labels(connection, part)? {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        if part != stored.id
            && let Some(part) = load(connection, part)?
        {
            merged.push(MergedContact { id: part.id, name: part.name });
        }
    }
    Ok(ContactRow {
        id: stored.id,
        name: stored.name.clone(),
        email: stored.email.clone(),
        phone: stored.phone.clone(),
        identities,
        labels,
        merged,
    })
}

/// The saved contacts that changed after a revision.
pub(super) fn contacts_since(connection: &Connection, rev: u64, page: &mut Page) -> Result<(), StoreError> {
    let mut query = connection.sql(
        "SELECT id, name, email, phone, known, merged_into, rev FROM contacts INDEXED BY contacts_by_rev \
         WHERE rev > 0 AND rev > ?1 ORDER BY rev LIMIT ?2",
    )?;
    let found = query.query_map((int(rev), PAGE_ROWS), read)?;
    for stored in found {
        let stored = stored?;
        let shown = stored.known && stored.merged_into.is_none();
        let value = if shown { Some(row(connection, &stored)?) } else { None };
        if !page.push(stored.rev, stored.id.as_bytes(), value.as_ref())? {
            break;
        }
    }
    Ok(())
}

/// By what a channel of this kind knows a customer.
pub(super) fn channel_identity(kind: ChannelKind, visitor: VisitorId, phone: Option<&str>) -> Option<Identity> {
    let identity = |kind, value: String| Some(Identity { kind, value });
    // As a database writes it, and as the migration found the ones of before.
    let visitor = || visitor.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    match (kind, phone) {
        (ChannelKind::LiveChat, _) => identity(IdentityKind::Visitor, visitor()),
        (ChannelKind::Whatsapp, Some(phone)) => identity(IdentityKind::Whatsapp, phone.to_owned()),
        (ChannelKind::Sms, Some(phone)) => identity(IdentityKind::Phone, phone.to_owned()),
        (ChannelKind::Messenger, Some(psid)) => identity(IdentityKind::Messenger, psid.to_owned()),
        (ChannelKind::Messenger, None) => identity(IdentityKind::Messenger, visitor()),
        (ChannelKind::Whatsapp | ChannelKind::Sms, None) => None,
    }
}

impl Tx<'_> {
    /// Notes by what a person is known.
    pub(super) fn add_identity(&mut self, contact: ContactId, identity: &Identity) -> Result<(), StoreError> {
        self.sql
            .sql(
                "INSERT INTO contact_identities (contact_id, kind, value) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (contact_id, kind, value) DO NOTHING",
            )?
            .execute((Blob(contact), identity.kind.as_str(), &identity.value))?;
        Ok(())
    }

    /// A contact's place in the collection, because something that its row shows changed. One that was never saved has none.
    pub(super) fn touch_contact(&mut self, contact: ContactId) -> Result<(), StoreError> {
        let listed =
            self.sql.sql("SELECT 1 FROM contacts WHERE id = ?1 AND (known = 1 OR rev > 0)")?.exists([Blob(contact)])?;
        if !listed {
            return Ok(());
        }
        let rev = self.next_rev(Collection::Contacts)?;
        self.sql.sql("UPDATE contacts SET rev = ?2 WHERE id = ?1")?.execute((Blob(contact), int(rev)))?;
        Ok(())
    }

    /// What a contact's chats show of it changed: all who see one of these are told. The place of the event of `own` in its
    /// user's feed, which carries the command's id.
    pub(super) fn tell_chats(
        &mut self,
        of_contact: &[ChatId],
        own: Option<(ChatId, UserId, CommandId)>,
    ) -> Result<Option<u64>, StoreError> {
        let mut seq = None;
        for &id in of_contact {
            let mut chat = chats::must(self.sql, id)?;
            self.save_hands(&mut chat)?;
            let body = EventBody::Chat(chat.public());
            let mut seeing = chats::seeing(self.sql, id)?;
            if let Some((own, user, command)) = own
                && own == id
            {
                seeing.retain(|other| *other != user);
                let event = self.event(id, chat.rev, &body, Some(command))?;
                seq = Some(self.append(user, &event)?);
            }
            if !seeing.is_empty() {
                let event = self.event(id, chat.rev, &body, None)?;
                self.append_to(&seeing, &event)?;
            }
        }
        Ok(seq)
    }

    /// The chats that name this contact.
    pub(super) fn chats_of(&self, contact: ContactId) -> Result<Vec<ChatId>, StoreError> {
        let mut query = self.sql.sql("SELECT id FROM chats WHERE contact_id = ?1")?;
        let found = query.query_map([Blob(contact)], |row| row.id(0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

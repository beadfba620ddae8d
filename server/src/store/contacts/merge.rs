//! Two contacts are one person, and are parted again.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::command::MergeContacts;
use switchboard_protocol::contact::{Identity, IdentityKind};
use switchboard_protocol::ids::{ChatId, ContactId, UserId};

use super::super::sql::{Blob, Columns, Sql};
use super::super::writer::Tx;
use super::{StoreError, Stored, load, parts, root, visible};

/// Which of a contact's fields it gave to the one that it was merged into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gave {
    name: bool,
    email: bool,
    phone: bool,
}

impl Tx<'_> {
    /// F32: `merged` becomes a part of `kept`, with its chats; what `kept` does not have it takes from it.
    pub(in crate::store) fn merge_contacts(
        &mut self,
        user: UserId,
        merge: &MergeContacts,
    ) -> Result<Option<ErrorCode>, StoreError> {
        let (Some(kept), Some(merged)) = (load(self.sql, merge.kept)?, load(self.sql, merge.merged)?) else {
            return Ok(Some(ErrorCode::NotFound));
        };
        // Itself, a part of itself, and what is somebody else's part already.
        if kept.id == merged.id || kept.merged_into.is_some() || merged.merged_into.is_some() {
            return Ok(Some(ErrorCode::BadMerge));
        }
        if !kept.known {
            return Ok(Some(ErrorCode::UnknownContact));
        }
        if !visible(self.sql, user, &merged)? {
            return Ok(Some(ErrorCode::NotFound));
        }
        let gave = Gave {
            name: kept.name.is_none() && merged.name.is_some(),
            email: kept.email.is_none() && merged.email.is_some(),
            phone: kept.phone.is_none() && merged.phone.is_some(),
        };
        self.sql
            .sql(
                "UPDATE contacts SET merged_into = ?2, merged_at = ?3, gave_name = ?4, gave_email = ?5, gave_phone = ?6 \
                 WHERE id = ?1",
            )?
            .execute((Blob(merged.id), Blob(kept.id), self.now, gave.name, gave.email, gave.phone))?;
        self.set_fields(
            kept.id,
            kept.name.clone().or_else(|| merged.name.clone()),
            kept.email.clone().or_else(|| merged.email.clone()),
            kept.phone.clone().or_else(|| merged.phone.clone()),
        )?;
        let moved = self.chats_of(merged.id)?;
        self.move_chats(&moved, kept.id)?;
        // Those that it had show perhaps a new address.
        let all = if gave.name || gave.email || gave.phone { self.chats_of(kept.id)? } else { moved };
        self.contacts_changed(&kept, &merged, &all)
    }

    /// F32: a part becomes a contact of its own again, with the chats, notes, labels and identities that it brought.
    pub(in crate::store) fn part_contact(&mut self, contact: ContactId) -> Result<Option<ErrorCode>, StoreError> {
        let Some(part) = load(self.sql, contact)? else { return Ok(Some(ErrorCode::NotFound)) };
        let Some(parent) = part.merged_into else { return Ok(Some(ErrorCode::BadMerge)) };
        let Some(top) = root(self.sql, parent)? else { return Ok(Some(ErrorCode::BadMerge)) };
        self.take_back(&part)?;
        self.sql
            .sql(
                "UPDATE contacts SET merged_into = NULL, merged_at = NULL, gave_name = 0, gave_email = 0, gave_phone = 0 \
                 WHERE id = ?1",
            )?
            .execute([Blob(contact)])?;
        let mut moved: Vec<ChatId> = Vec::new();
        for origin in parts(self.sql, contact)? {
            let mut query = self.sql.sql("SELECT id FROM chats WHERE origin_contact_id = ?1")?;
            let found = query.query_map([Blob(origin)], |row| row.id(0))?;
            moved.extend(found.collect::<Result<Vec<ChatId>, _>>()?);
        }
        self.move_chats(&moved, contact)?;
        let mut all = moved;
        all.extend(self.chats_of(top.id)?);
        self.contacts_changed(&top, &part, &all)
    }

    /// The fields that a part gave leave the contacts above it, as far as nobody changed them there.
    fn take_back(&mut self, part: &Stored) -> Result<(), StoreError> {
        let mut child = part.clone();
        while let Some(parent) = child.merged_into.map(|id| load(self.sql, id)).transpose()?.flatten() {
            let gave = self
                .sql
                .sql("SELECT gave_name, gave_email, gave_phone FROM contacts WHERE id = ?1")?
                .query_row([Blob(child.id)], |row| {
                    Ok(Gave { name: row.get(0)?, email: row.get(1)?, phone: row.get(2)? })
                })?;
            let keep = |gave: bool, theirs: &Option<String>, ours: &Option<String>| {
                if gave && theirs == ours { None } else { theirs.clone() }
            };
            let name = keep(gave.name, &parent.name, &part.name);
            let email = keep(gave.email, &parent.email, &part.email);
            let phone = keep(gave.phone, &parent.phone, &part.phone);
            if (&name, &email, &phone) == (&parent.name, &parent.email, &parent.phone) {
                return Ok(());
            }
            self.set_fields(parent.id, name, email, phone)?;
            child = parent;
        }
        Ok(())
    }

    /// What customers say of themselves is used where the contact from which they come has nothing yet, and goes on to those
    /// above it that have nothing either: so it is parted with what it came with. The contact on top; whether its own
    /// fields changed.
    pub(in crate::store) fn complete_from(
        &mut self,
        origin: ContactId,
        name: Option<&str>,
        email: Option<&str>,
    ) -> Result<Option<(ContactId, bool)>, StoreError> {
        let Some(mut at) = load(self.sql, origin)? else { return Ok(None) };
        let (mut name, mut email) = (name, email);
        let mut news = false;
        loop {
            name = name.filter(|_| at.name.is_none());
            email = email.filter(|_| at.email.is_none());
            let takes = name.is_some() || email.is_some();
            if takes {
                let own = |own: &Option<String>, new: Option<&str>| own.clone().or_else(|| new.map(str::to_owned));
                self.set_fields(at.id, own(&at.name, name), own(&at.email, email), at.phone.clone())?;
            }
            if let Some(email) = email.filter(|_| at.id == origin) {
                self.add_identity(origin, &Identity { kind: IdentityKind::Email, value: email.to_owned() })?;
            }
            news |= takes;
            let Some(parent) = at.merged_into.map(|id| load(self.sql, id)).transpose()?.flatten() else {
                if news {
                    self.touch_contact(at.id)?;
                }
                return Ok(Some((at.id, takes)));
            };
            let gave = (name.is_some() && parent.name.is_none(), email.is_some() && parent.email.is_none());
            if gave != (false, false) {
                self.sql
                    .sql("UPDATE contacts SET gave_name = gave_name | ?2, gave_email = gave_email | ?3 WHERE id = ?1")?
                    .execute((Blob(at.id), gave.0, gave.1))?;
            }
            at = parent;
        }
    }

    /// Somebody wrote other fields into a contact than it had: these are nobody's gift, whatever its parts had given.
    pub(super) fn keep_fields(&mut self, before: &Stored, after: [Option<&str>; 3]) -> Result<(), StoreError> {
        let stays = |before: &Option<String>, after: Option<&str>| before.as_deref() == after;
        let [name, email, phone] = after;
        self.sql
            .sql(
                "UPDATE contacts SET gave_name = gave_name & ?2, gave_email = gave_email & ?3, \
                 gave_phone = gave_phone & ?4 WHERE merged_into = ?1",
            )?
            .execute((
                Blob(before.id),
                stays(&before.name, name),
                stays(&before.email, email),
                stays(&before.phone, phone),
            ))?;
        Ok(())
    }

    fn set_fields(
        &mut self,
        contact: ContactId,
        name: Option<String>,
        email: Option<String>,
        phone: Option<String>,
    ) -> Result<(), StoreError> {
        self.sql.sql("UPDATE contacts SET name = ?2, email = ?3, phone = ?4 WHERE id = ?1")?.execute((
            Blob(contact),
            name,
            email,
            phone,
        ))?;
        Ok(())
    }

    fn move_chats(&mut self, chats: &[ChatId], to: ContactId) -> Result<(), StoreError> {
        for &chat in chats {
            self.sql.sql("UPDATE chats SET contact_id = ?2 WHERE id = ?1")?.execute((Blob(chat), Blob(to)))?;
        }
        Ok(())
    }

    /// Two contacts changed in one another's favour: rows, notes and chats are told.
    fn contacts_changed(
        &mut self,
        top: &Stored,
        part: &Stored,
        chats: &[ChatId],
    ) -> Result<Option<ErrorCode>, StoreError> {
        self.touch_contact(top.id)?;
        self.touch_contact(part.id)?;
        let notes_of = parts(self.sql, part.id)?;
        self.touch_notes(&notes_of)?;
        self.tell_chats(chats, None)?;
        Ok(None)
    }
}

//! What is saved of a person: name, e-mail address, phone number.

use switchboard_protocol::command::EditContact;
use switchboard_protocol::contact::{Identity, IdentityKind};
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, UserId};
use switchboard_protocol::{ErrorCode, limits};

use super::super::people::{clean_email, clean_name};
use super::super::sql::{Blob, Sql};
use super::super::writer::Tx;
use super::{StoreError, Stored, root, visible};

/// A phone number as people write it; nothing is made of it but a call.
pub(in crate::store) fn clean_phone(phone: &str) -> Option<String> {
    let phone = phone.trim();
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let others = phone.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c));
    (digits > 0 && others && phone.len() <= limits::MAX_PHONE_BYTES).then(|| phone.to_owned())
}

/// A field as it shall be: what is absent stays, what is empty is removed. `None`: it cannot be used.
fn field(
    before: Option<&String>,
    given: Option<&str>,
    clean: impl Fn(&str) -> Option<String>,
) -> Option<Option<String>> {
    match given.map(str::trim) {
        None => Some(before.cloned()),
        Some("") => Some(None),
        Some(given) => clean(given).map(Some),
    }
}

impl Tx<'_> {
    /// F32: changes what is saved of a person, and saves who was not. `Err`: why not.
    pub(in crate::store) fn edit_contact(
        &mut self,
        user: UserId,
        edit: &EditContact,
    ) -> Result<Option<ErrorCode>, StoreError> {
        let Some(before) = root(self.sql, edit.contact)? else { return Ok(Some(ErrorCode::NotFound)) };
        if !visible(self.sql, user, &before)? {
            return Ok(Some(ErrorCode::NotFound));
        }
        let name = field(before.name.as_ref(), edit.name.as_deref(), |name| clean_name(name).ok());
        let email = field(before.email.as_ref(), edit.email.as_deref(), clean_email);
        let phone = field(before.phone.as_ref(), edit.phone.as_deref(), clean_phone);
        let (Some(Some(name)), Some(email), Some(phone)) = (name, email, phone) else {
            return Ok(Some(ErrorCode::BadContact));
        };
        self.save_contact(&before, &name, email, phone, None)?;
        Ok(None)
    }

    /// Writes a contact's fields, makes it a saved one, and tells all who see a chat of it. The place of the acting user's
    /// own event.
    pub(in crate::store) fn save_contact(
        &mut self,
        before: &Stored,
        name: &str,
        email: Option<String>,
        phone: Option<String>,
        own: Option<(ChatId, UserId, CommandId)>,
    ) -> Result<Option<u64>, StoreError> {
        let same =
            before.known && before.name.as_deref() == Some(name) && before.email == email && before.phone == phone;
        if same {
            // The row comes all the same: a phone shows its command on top of the old one until a newer one is there.
            self.touch_contact(before.id)?;
            return Ok(None);
        }
        self.sql.sql("UPDATE contacts SET name = ?2, email = ?3, phone = ?4, known = 1 WHERE id = ?1")?.execute((
            Blob(before.id),
            name,
            &email,
            &phone,
        ))?;
        self.keep_fields(before, [Some(name), email.as_deref(), phone.as_deref()])?;
        self.change_identity(before.id, IdentityKind::Email, before.email.as_deref(), email.as_deref())?;
        self.change_identity(before.id, IdentityKind::Phone, before.phone.as_deref(), phone.as_deref())?;
        self.touch_contact(before.id)?;
        let chats = self.chats_of(before.id)?;
        self.tell_chats(&chats, own)
    }

    /// An address or number took the place of another one. What a channel knows the person by stays.
    fn change_identity(
        &mut self,
        contact: ContactId,
        kind: IdentityKind,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        if let Some(before) = before {
            let by_channel = kind == IdentityKind::Phone
                && self
                    .sql
                    .sql(
                        "SELECT 1 FROM chats JOIN channels ON channels.id = chats.channel_id \
                         WHERE chats.origin_contact_id = ?1 AND channels.kind = 'sms'",
                    )?
                    .exists([Blob(contact)])?;
            if !by_channel {
                self.sql
                    .sql("DELETE FROM contact_identities WHERE contact_id = ?1 AND kind = ?2 AND value = ?3")?
                    .execute((Blob(contact), kind.as_str(), before))?;
            }
        }
        match after {
            Some(after) => self.add_identity(contact, &Identity { kind, value: after.to_owned() }),
            None => Ok(()),
        }
    }
}

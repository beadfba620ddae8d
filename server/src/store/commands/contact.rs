//! Add contact: who wrote is known from then on, to everybody.

use switchboard_protocol::command::{AddContact, CommandResult};
use switchboard_protocol::contact::Contact;
use switchboard_protocol::event::EventBody;
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::{ErrorCode, limits};

use super::{Acting, Command, applied, rejected};
use crate::store::StoreError;
use crate::store::chats;
use crate::store::people::{clean_email, clean_name};
use crate::store::sql::{Blob, Columns, Sql};
use crate::store::writer::Tx;

/// A phone number as people write it; nothing is made of it but a call.
fn clean_phone(phone: &str) -> Option<String> {
    let phone = phone.trim();
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let others = phone.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c));
    (digits > 0 && others && phone.len() <= limits::MAX_PHONE_BYTES).then(|| phone.to_owned())
}

/// What is given, cleaned: an empty field counts as not given. `None`: it cannot be used.
fn cleaned(given: Option<&str>, clean: impl Fn(&str) -> Option<String>) -> Option<Option<String>> {
    match given.map(str::trim) {
        None | Some("") => Some(None),
        Some(given) => clean(given).map(Some),
    }
}

impl Tx<'_> {
    /// F6: saves the person and ends the prompt for all; it does not take the chat.
    pub(super) fn add_contact(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        given: &AddContact,
    ) -> Result<CommandResult, StoreError> {
        let bad = || Ok(rejected(command.id, ErrorCode::BadContact));
        let Ok(name) = clean_name(&given.name) else { return bad() };
        let Some(email) = cleaned(given.email.as_deref(), clean_email) else { return bad() };
        let Some(phone) = cleaned(given.phone.as_deref(), clean_phone) else { return bad() };
        let before = acting.chat.contact;
        let after = Contact {
            id: before.id,
            name: Some(name),
            email: email.or_else(|| before.email.clone()),
            phone: phone.or_else(|| before.phone.clone()),
            known: true,
        };
        if after == before {
            return Ok(applied(command.id, None, None));
        }
        self.sql.sql("UPDATE contacts SET name = ?2, email = ?3, phone = ?4, known = 1 WHERE id = ?1")?.execute((
            Blob(after.id),
            &after.name,
            &after.email,
            &after.phone,
        ))?;
        let of_contact: Vec<ChatId> = {
            let mut query = self.sql.sql("SELECT id FROM chats WHERE contact_id = ?1")?;
            query.query_map([Blob(after.id)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        let mut seq = None;
        for id in of_contact {
            let mut chat = chats::must(self.sql, id)?;
            self.save_hands(&mut chat)?;
            let body = EventBody::Chat(chat.public());
            let mut seeing = chats::seeing(self.sql, id)?;
            if id == acting.chat.id {
                seeing.retain(|other| *other != user);
                let event = self.event(id, chat.rev, &body, Some(command.id))?;
                seq = Some(self.append(user, &event)?);
            }
            if !seeing.is_empty() {
                let event = self.event(id, chat.rev, &body, None)?;
                self.append_to(&seeing, &event)?;
            }
        }
        Ok(applied(command.id, seq, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f6_a_phone_number_is_digits_and_what_people_put_between_them() {
        assert_eq!(clean_phone(" +49 (30) 901-820 ").as_deref(), Some("+49 (30) 901-820"));
        for bad in ["", "call me", "++--", "1;2", &"1".repeat(33)] {
            assert_eq!(clean_phone(bad), None, "{bad}");
        }
        assert_eq!(cleaned(Some(" "), clean_phone), Some(None));
        assert_eq!(cleaned(Some("x"), clean_phone), None);
    }
}

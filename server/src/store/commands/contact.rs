//! Add contact: who wrote is known from then on, to everybody.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::command::{AddContact, CommandResult};
use switchboard_protocol::ids::UserId;

use super::{Acting, Command, applied, rejected};
use crate::store::StoreError;
use crate::store::contacts::{self, clean_phone};
use crate::store::people::{clean_email, clean_name};
use crate::store::writer::Tx;

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
        let Some(before) = contacts::root(self.sql, acting.chat.contact.id)? else { return bad() };
        let (email, phone) = (email.or_else(|| before.email.clone()), phone.or_else(|| before.phone.clone()));
        let own = Some((acting.chat.id, user, command.id));
        let seq = self.save_contact(&before, &name, email, phone, own)?;
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

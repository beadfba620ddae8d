//! Small forms that belong to another screen: a name, a note, a contact, a label.

use crossterm::event::{KeyCode, KeyEvent};
use switchboard_core::{ChatId, ContactId, LabelId, UserId};

use super::{App, DeskEffect, Effect, Overlay, Question};

/// What is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The name of a new staff group of these.
    GroupName(Vec<UserId>),
    /// Another name of a staff group.
    Rename(ChatId),
    /// A note on a contact.
    ContactNote(ContactId),
    /// What is known of a contact.
    Contact(ContactId),
    /// A label; none: a new one.
    Label(Option<LabelId>),
}

impl App {
    pub(super) fn entry_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        if key.code == KeyCode::Esc {
            return self.close();
        }
        let Some(Overlay::Entry(entry, form)) = &mut self.overlay else { return Vec::new() };
        if !form.key(key) {
            return Vec::new();
        }
        let text = form.text(0).to_owned();
        let done = match entry {
            Entry::GroupName(_) | Entry::Rename(_) | Entry::ContactNote(_) if text.is_empty() => {
                form.error = Some("There is nothing in it yet.".into());
                None
            }
            Entry::GroupName(members) => {
                let effect = DeskEffect::CreateGroup(text, std::mem::take(members));
                // Over the choice of its members, which is done as well.
                self.overlay = None;
                return vec![effect.into()];
            }
            Entry::Rename(chat) => Some(DeskEffect::RenameGroup(*chat, text)),
            Entry::ContactNote(contact) => Some(DeskEffect::AddContactNote(*contact, text)),
            Entry::Contact(contact) => App::contact_entered(form, *contact),
            Entry::Label(label) => App::label_entered(form, *label),
        };
        let Some(done) = done else { return Vec::new() };
        let mut effects = vec![done.into()];
        effects.extend(self.close());
        effects
    }

    /// Asks something over what is on the screen.
    pub(super) fn question(&mut self, question: Question) -> Vec<Effect> {
        self.cover(Overlay::Ask(question));
        Vec::new()
    }

    /// What a yes to a question about the desk does; none: it is not one of those.
    pub(super) fn desk_answer(&mut self, question: &Question) -> Option<Vec<Effect>> {
        let effect = match question {
            Question::Leave { chat, .. } => {
                // The chat leaves with its members' screen.
                self.overlay = None;
                self.below.clear();
                let mut effects = vec![DeskEffect::Leave(*chat).into()];
                if self.focus == super::Focus::Chat {
                    effects.extend(self.leave_chat());
                }
                return Some(effects);
            }
            Question::RemoveMember { chat, user, .. } => DeskEffect::RemoveMember(*chat, *user),
            Question::Merge { kept, merged, .. } => DeskEffect::Merge(*kept, *merged),
            Question::Part { contact, .. } => DeskEffect::Part(*contact),
            Question::DeleteNote(note) => DeskEffect::DeleteContactNote(*note),
            Question::DeleteLabel { label, .. } => DeskEffect::DeleteLabel(*label),
            Question::DeleteTemplate { id, edition, .. } => DeskEffect::DeleteTemplate(*id, *edition),
            Question::Stale { message, .. } => DeskEffect::SendAnyway(*message),
            _ => return None,
        };
        let mut effects = vec![effect.into()];
        effects.extend(self.close());
        Some(effects)
    }
}

//! What the desk asks of the core beside the chats themselves, and what comes back: staff, templates, contacts, labels,
//! settings.

use switchboard_core::{
    ChatId, Colleague, ContactCard, ContactEdit, ContactHit, ContactId, DeskPart, FilledTemplate, History,
    HistoryCursor, Information, LabelChoice, LabelId, MessageId, NoteId, Notification, NotificationSettings, Sound,
    Template, TemplateId, TemplatePicker, TemplateQuery, UnsentId, UserId,
};

use super::{App, Effect, Overlay};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskEffect {
    /// Whom a text in this chat can mention.
    Mentionable(ChatId),
    /// Say something in a staff chat.
    Say(ChatId, String),
    /// Write a note that the customer never gets.
    Note(ChatId, String),
    /// Send a reply that asked first.
    SendAnyway(MessageId),
    /// Take a reply back into the composer.
    Withdraw(ChatId, MessageId),
    /// Give an unsent text to the chat's owner.
    ToOwner(UnsentId),
    /// Find colleagues.
    Colleagues(String),
    /// Open the chat with a colleague.
    Direct(UserId),
    /// Make a staff group.
    CreateGroup(String, Vec<UserId>),
    /// Who is in a staff chat.
    Members(ChatId),
    /// Give a staff group another name.
    RenameGroup(ChatId, String),
    /// Bring colleagues into a staff group.
    AddMembers(ChatId, Vec<UserId>),
    /// Take a colleague out of a staff group.
    RemoveMember(ChatId, UserId),
    /// Leave a staff group.
    Leave(ChatId),
    /// The templates of a picker.
    Templates(TemplateQuery),
    /// A template's text for a chat.
    Fill(ChatId, TemplateId),
    /// Make a template, or change one of this edition.
    SaveTemplate(Option<(TemplateId, u64)>, Template),
    /// Delete a template of this edition.
    DeleteTemplate(TemplateId, u64),
    /// What is known of a chat's contact.
    Information(ChatId),
    /// What is saved of a contact.
    Card(ContactId),
    /// A page of a contact's history.
    History(ChatId, Option<HistoryCursor>),
    /// Change a contact.
    EditContact(ContactId, ContactEdit),
    /// Write a note on a contact.
    AddContactNote(ContactId, String),
    /// Remove a note on a contact.
    DeleteContactNote(NoteId),
    /// Make one contact of two: the first stays.
    Merge(ContactId, ContactId),
    /// Part a merged contact again.
    Part(ContactId),
    /// Find contacts.
    FindContacts(String),
    /// The labels to choose from.
    Labels,
    /// Give a chat a label, or take it off.
    LabelChat(ChatId, LabelId, bool),
    /// Give a contact a label, or take it off.
    LabelContact(ContactId, LabelId, bool),
    /// Make a label or change one: name, colour, whether it is the whole company's.
    SaveLabel(Option<LabelId>, String, String, bool),
    /// Delete a label.
    DeleteLabel(LabelId),
    /// The settings of this device.
    Settings,
    /// Change them.
    SetSettings(NotificationSettings),
    /// Let a sound be heard.
    Ring(Sound),
    /// Let the terminal notify: its window is not in front.
    Outside(String),
}

impl From<DeskEffect> for Effect {
    fn from(effect: DeskEffect) -> Effect {
        Effect::Desk(effect)
    }
}

/// What came back, or happened.
#[derive(Debug)]
pub enum DeskNews {
    /// A part of the desk is to be read again.
    Changed(DeskPart),
    /// Whom a text in this chat can mention.
    Mentionable(ChatId, Vec<Colleague>),
    /// A note could not even be stored: it goes back where it was written.
    NoteNotSent(ChatId, String, String),
    /// What the composer holds after a reply was taken back.
    Withdrawn(ChatId, String),
    /// Colleagues for this query.
    Colleagues(String, Vec<Colleague>),
    /// Who is in a staff chat.
    Members(ChatId, Vec<Colleague>),
    /// A staff chat to be opened.
    Opened(ChatId),
    /// The templates for this query.
    Templates(TemplateQuery, Box<TemplatePicker>),
    /// A template's text for this chat.
    Filled(ChatId, FilledTemplate),
    /// Whether a template was saved or deleted, and why not.
    TemplateDone(Result<(), String>),
    /// What is known of a chat's contact.
    Information(ChatId, Box<Information>),
    /// What is saved of a contact.
    Card(ContactId, Box<ContactCard>),
    /// A page of a contact's history.
    History(ChatId, Result<History, String>),
    /// Contacts for this query.
    Contacts(String, Vec<ContactHit>),
    /// The labels to choose from.
    Labels(Vec<LabelChoice>),
    /// The settings of this device.
    Settings(NotificationSettings),
    /// Something happened that is to be seen and heard.
    Notified(Notification),
}

impl App {
    pub(super) fn desk_news(&mut self, news: DeskNews) -> Vec<Effect> {
        match news {
            DeskNews::Changed(part) => return self.part_changed(part),
            DeskNews::Mentionable(chat, people) => {
                if let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) {
                    open.mentionable = people;
                }
            }
            DeskNews::NoteNotSent(chat, text, why) => {
                if let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) {
                    open.put_back_note(&text);
                }
                self.note(why);
            }
            DeskNews::Withdrawn(chat, text) => {
                if let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) {
                    if open.noting {
                        open.toggle_note();
                    }
                    open.composer.set(&text);
                    open.draft_dirty = false;
                }
            }
            DeskNews::Colleagues(query, rows) => return self.colleagues_came(&query, rows),
            DeskNews::Members(chat, rows) => self.members_came(chat, rows),
            DeskNews::Opened(chat) => return self.staff_chat_opened(chat),
            DeskNews::Templates(query, picker) => self.templates_came(query, *picker),
            DeskNews::Filled(chat, filled) => return self.template_filled(chat, &filled),
            DeskNews::TemplateDone(done) => return self.template_done(done),
            DeskNews::Information(chat, information) => self.information_came(chat, *information),
            DeskNews::Card(contact, card) => self.card_came(contact, *card),
            DeskNews::History(chat, page) => self.history_came(chat, page),
            DeskNews::Contacts(query, rows) => self.contacts_came(&query, rows),
            DeskNews::Labels(rows) => self.labels_came(rows),
            DeskNews::Settings(settings) => self.settings_came(settings),
            DeskNews::Notified(notification) => return self.notified(notification),
        }
        Vec::new()
    }

    /// Reads again what is on the screen of this part, also under another dialog.
    fn part_changed(&mut self, part: DeskPart) -> Vec<Effect> {
        let shown = self.overlay.iter().chain(&self.below);
        shown
            .filter_map(|overlay| match (part, overlay) {
                (DeskPart::Templates, Overlay::Templates(view)) => Some(DeskEffect::Templates(view.query()).into()),
                (DeskPart::Contacts | DeskPart::Labels, Overlay::Info(view)) => Some(view.ask()),
                (DeskPart::Labels, Overlay::Labels(_)) => Some(DeskEffect::Labels.into()),
                (DeskPart::Notifications, Overlay::Settings(_)) => Some(DeskEffect::Settings.into()),
                _ => None,
            })
            .collect()
    }
}

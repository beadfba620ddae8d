//! How what is asked of the desk is done.

use std::io::Write;

use switchboard_core::{ChatId, CoreError};

use super::Watch;
use crate::app::{DeskEffect, DeskNews, Msg, SEARCH_LIMIT};
use crate::timeline::mentioned;
use crate::words;

impl Watch {
    fn desk(&self, news: DeskNews) {
        self.tell(Msg::Desk(news));
    }

    /// Whom this text mentions, of those whom it can.
    fn mentions(&self, chat: ChatId, text: &str) -> Result<Vec<switchboard_core::UserId>, CoreError> {
        if !text.contains('@') {
            return Ok(Vec::new());
        }
        Ok(mentioned(text, &self.core.mentionable(chat)?))
    }

    async fn say(&self, chat: ChatId, text: &str) -> Result<(), CoreError> {
        let mentions = self.mentions(chat, text)?;
        self.core.say(chat, text, &mentions).await?;
        Ok(())
    }

    async fn write_note(&self, chat: ChatId, text: &str) -> Result<(), CoreError> {
        let mentions = self.mentions(chat, text)?;
        self.core.note(chat, text, &mentions).await?;
        Ok(())
    }

    pub(super) async fn perform_desk(&mut self, effect: DeskEffect) -> Result<(), CoreError> {
        let core = self.core.clone();
        match effect {
            DeskEffect::Mentionable(chat) => self.desk(DeskNews::Mentionable(chat, core.mentionable(chat)?)),
            DeskEffect::Say(chat, text) => match self.say(chat, &text).await {
                Ok(()) => core.set_draft(chat, "").await?,
                Err(error) => self.tell(Msg::NotSent(chat, text, words::error(&error))),
            },
            DeskEffect::Note(chat, text) => match self.write_note(chat, &text).await {
                Ok(()) => {}
                Err(error) => self.desk(DeskNews::NoteNotSent(chat, text, words::error(&error))),
            },
            DeskEffect::SendAnyway(message) => core.send_anyway(message).await?,
            DeskEffect::Withdraw(chat, message) => {
                let text = core.withdraw(message).await?;
                self.desk(DeskNews::Withdrawn(chat, text));
            }
            DeskEffect::ToOwner(unsent) => {
                core.unsent_to_owner(unsent).await?;
                self.tell(Msg::Note("It goes to the owner as a note.".into()));
            }
            DeskEffect::Colleagues(query) => {
                let rows = core.colleagues(&query)?;
                self.desk(DeskNews::Colleagues(query, rows));
            }
            DeskEffect::Direct(user) => self.desk(DeskNews::Opened(core.direct_chat(user)?)),
            DeskEffect::CreateGroup(name, members) => {
                self.desk(DeskNews::Opened(core.create_group(&name, &members).await?));
            }
            DeskEffect::Members(chat) => self.desk(DeskNews::Members(chat, core.members(chat)?)),
            DeskEffect::RenameGroup(chat, name) => drop(core.rename_group(chat, &name).await?),
            DeskEffect::AddMembers(chat, members) => {
                core.add_members(chat, &members).await?;
                self.desk(DeskNews::Members(chat, core.members(chat)?));
            }
            DeskEffect::RemoveMember(chat, user) => {
                core.remove_member(chat, user).await?;
                self.desk(DeskNews::Members(chat, core.members(chat)?));
            }
            DeskEffect::Leave(chat) => drop(core.leave_group(chat).await?),
            DeskEffect::Templates(query) => {
                let picker = core.templates(&query)?;
                self.desk(DeskNews::Templates(query, Box::new(picker)));
            }
            DeskEffect::Fill(chat, template) => {
                self.desk(DeskNews::Filled(chat, core.fill_template(chat, template)?));
            }
            DeskEffect::SaveTemplate(id, template) => self.ask(move |core| async move {
                let done = match id {
                    Some((id, edition)) => core.change_template(id, edition, template).await,
                    None => core.create_template(template).await.map(drop),
                };
                template_done(done)
            }),
            DeskEffect::DeleteTemplate(id, edition) => {
                self.ask(move |core| async move { template_done(core.delete_template(id, edition).await) });
            }
            DeskEffect::Information(chat) => {
                self.desk(DeskNews::Information(chat, Box::new(core.information(chat)?)));
            }
            DeskEffect::Card(contact) => self.desk(DeskNews::Card(contact, Box::new(core.contact(contact)?))),
            DeskEffect::History(chat, older) => self.ask(move |core| async move {
                let page = core.history(chat, older).await;
                Msg::Desk(DeskNews::History(chat, page.map_err(|error| words::error(&error))))
            }),
            DeskEffect::EditContact(contact, edit) => drop(core.edit_contact(contact, edit).await?),
            DeskEffect::AddContactNote(contact, text) => drop(core.add_contact_note(contact, &text).await?),
            DeskEffect::DeleteContactNote(note) => drop(core.delete_contact_note(note).await?),
            DeskEffect::Merge(kept, merged) => drop(core.merge_contacts(kept, merged).await?),
            DeskEffect::Part(contact) => drop(core.part_contact(contact).await?),
            DeskEffect::FindContacts(query) => {
                let found = core.search(&query, SEARCH_LIMIT)?;
                self.desk(DeskNews::Contacts(query, found.contacts));
            }
            DeskEffect::Labels => self.desk(DeskNews::Labels(core.labels()?)),
            DeskEffect::LabelChat(chat, label, on) => drop(core.label_chat(chat, label, on).await?),
            DeskEffect::LabelContact(contact, label, on) => drop(core.label_contact(contact, label, on).await?),
            DeskEffect::SaveLabel(label, name, color, company) => {
                core.save_label(label, &name, &color, company).await?;
            }
            DeskEffect::DeleteLabel(label) => drop(core.delete_label(label).await?),
            DeskEffect::Settings => self.desk(DeskNews::Settings(core.notification_settings()?)),
            DeskEffect::SetSettings(settings) => core.set_notification_settings(settings).await?,
            // A terminal has one sound; which one it stands for is on the screen.
            DeskEffect::Ring(_) => out("\x07"),
            // Many terminals show this as a notification of the system (OSC 9); the others pass over it.
            DeskEffect::Outside(words) => out(&format!("\x1b]9;{words}\x07")),
        }
        Ok(())
    }
}

/// To the terminal itself, beside what is drawn.
fn out(bytes: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(bytes.as_bytes()).and_then(|()| out.flush());
}

fn template_done(done: Result<(), CoreError>) -> Msg {
    Msg::Desk(DeskNews::TemplateDone(done.map_err(|error| words::error(&error))))
}

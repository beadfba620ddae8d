//! Contacts, labels and the Information screen. What is changed here is shown at once and waits in the outbox; what the
//! server thinks of it arrives as a [`crate::CommandOutcome`].

use std::sync::Arc;

use rusqlite::Connection;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::block::CHATS_PATH;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::collection::Role;
use switchboard_protocol::command::{
    AddContactNote, CommandBody, DeleteContactNote, DeleteLabel, EditContact, LabelChat, LabelContact, MergeContacts,
    PartContact, SaveLabel,
};
use switchboard_protocol::contact::{HISTORY, HistoryPage};
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, LabelId, NoteId, UserId};
use switchboard_protocol::limits::{
    MAX_CONTACT_NOTES, MAX_EMAIL_BYTES, MAX_LABELS, MAX_NAME_BYTES, MAX_PHONE_BYTES, MAX_SHORT_NAME_BYTES,
    MAX_TEXT_BYTES,
};

use super::Core;
use super::life::refused;
use crate::error::{CoreError, Result};
use crate::model::{ContactCard, ContactEdit, History, HistoryCursor, HistoryRow, Information, LabelChoice};
use crate::shared::blocking;
use crate::store::information::Contacts;
use crate::store::label::{self, Asker, Labels};
use crate::store::timeline;

impl Core {
    /// Who is signed in, and as what.
    fn user(&self) -> Result<(UserId, Role), CoreError> {
        let device = self.shared().account().ok_or(CoreError::SignInAgain)?;
        Ok((device.user.id, device.user.role))
    }

    /// Reads one state of the store, away from the caller's thread.
    async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, UserId, Role) -> Result<T> + Send + 'static,
    ) -> Result<T, CoreError> {
        let (me, role) = self.user()?;
        let store = Arc::clone(&self.shared().store);
        self.run(blocking(move || store.read_consistent(|db| work(db, me, role)))).await
    }

    /// The Information screen of a customer's chat: what can be done, what is known, who it perhaps is.
    pub fn information(&self, chat: ChatId) -> Result<Information, CoreError> {
        let (me, _) = self.user()?;
        let found = self.shared().store.read_consistent(|db| Contacts::load(db, me)?.information(chat))?;
        found.ok_or(CoreError::NotFound)
    }

    /// A saved contact, with what is still in the outbox. Of one that was merged, the one it is a part of.
    pub fn contact(&self, contact: ContactId) -> Result<ContactCard, CoreError> {
        let (me, _) = self.user()?;
        let found = self.shared().store.read_consistent(|db| Contacts::load(db, me)?.card(contact))?;
        found.ok_or(CoreError::NotFound)
    }

    /// Changes a contact's fields: a saved one's, or one's of a chat on this device, who is saved by this. It has a name
    /// in the end, and an e-mail address has an @; otherwise `bad_contact`.
    pub async fn edit_contact(&self, contact: ContactId, edit: ContactEdit) -> Result<CommandId, CoreError> {
        let clean = |text: Option<String>| text.map(|text| text.trim().to_owned());
        let (name, email, phone) = (clean(edit.name), clean(edit.email), clean(edit.phone));
        let bad_email = |email: &String| !email.is_empty() && (email.len() > MAX_EMAIL_BYTES || !email.contains('@'));
        if name.as_ref().is_some_and(|name| name.is_empty() || name.len() > MAX_NAME_BYTES)
            || email.as_ref().is_some_and(bad_email)
            || phone.as_ref().is_some_and(|phone| phone.len() > MAX_PHONE_BYTES)
        {
            return Err(CoreError::Rejected(ErrorCode::BadContact));
        }
        let named = name.is_some();
        let root = self
            .look(move |db, me, _| {
                let contacts = Contacts::load(db, me)?;
                let root = contacts.root(contact)?;
                if !contacts.is_saved(root)? && !contacts.is_here(contact)? {
                    return refused(ErrorCode::UnknownContact);
                }
                if !named && contacts.name(root)?.is_none() {
                    return refused(ErrorCode::BadContact);
                }
                Ok(root)
            })
            .await?;
        let edit = EditContact { contact: root, name, email, phone };
        self.act_about(*root.as_bytes(), CommandBody::EditContact(edit)).await
    }

    /// Gives a saved contact a label, or takes it off.
    pub async fn label_contact(&self, contact: ContactId, label: LabelId, on: bool) -> Result<CommandId, CoreError> {
        let root = self
            .look(move |db, me, role| {
                let contacts = Contacts::load(db, me)?;
                let root = saved(&contacts, contact)?;
                may_give(label::asker(db, me, role)?, contacts.labels(), label, on, &contacts.label_ids(root)?)?;
                Ok(root)
            })
            .await?;
        let body = CommandBody::LabelContact(LabelContact { contact: root, label, on });
        self.act_about(*root.as_bytes(), body).await
    }

    /// Gives a customer's chat a label, or takes it off.
    pub async fn label_chat(&self, chat: ChatId, label: LabelId, on: bool) -> Result<CommandId, CoreError> {
        let (me, role) = self.user()?;
        self.command(chat, CommandBody::LabelChat(LabelChat { label, on }), move |tx, record, _| {
            if record.state == ChatState::Internal {
                return refused(ErrorCode::InternalChat);
            }
            let asker = label::asker(tx, me, role)?;
            let mut has = label::of_chat(tx, record.key)?;
            for change in label::pending_of_chat(tx, chat)? {
                label::switch(&mut has, change.label, change.on);
            }
            may_give(asker, &Labels::load(tx, asker.group)?, label, on, &has)
        })
        .await
    }

    /// Writes a note on a saved contact. The note's id is the command's.
    pub async fn add_contact_note(&self, contact: ContactId, text: &str) -> Result<NoteId, CoreError> {
        if text.trim().is_empty() {
            return Err(CoreError::Rejected(ErrorCode::EmptyText));
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(CoreError::Rejected(ErrorCode::TextTooLong));
        }
        let root = self
            .look(move |db, me, _| {
                let contacts = Contacts::load(db, me)?;
                let root = saved(&contacts, contact)?;
                if contacts.count_notes(root)? >= MAX_CONTACT_NOTES {
                    return refused(ErrorCode::TooMany);
                }
                Ok(root)
            })
            .await?;
        let body = CommandBody::AddContactNote(AddContactNote { contact: root, text: text.to_owned() });
        Ok(self.act_about(*root.as_bytes(), body).await?.into())
    }

    /// Removes a note of this user; a system owner may remove any.
    pub async fn delete_contact_note(&self, note: NoteId) -> Result<CommandId, CoreError> {
        let root = self
            .look(move |db, me, role| {
                let contacts = Contacts::load(db, me)?;
                let Some((contact, author)) = contacts.note(note)? else { return Err(CoreError::NotFound.into()) };
                if author != me && label::asker(db, me, role)?.role != Role::SystemOwner {
                    return refused(ErrorCode::Forbidden);
                }
                contacts.root(contact)
            })
            .await?;
        self.act_about(*root.as_bytes(), CommandBody::DeleteContactNote(DeleteContactNote { note })).await
    }

    /// Makes one contact of two: `kept`, which is saved, gets what `merged` has; that one is saved too, or its chat is
    /// on this device. [`Core::part_contact`] parts them again.
    pub async fn merge_contacts(&self, kept: ContactId, merged: ContactId) -> Result<CommandId, CoreError> {
        self.look(move |db, me, _| {
            let contacts = Contacts::load(db, me)?;
            if kept == merged || contacts.root(kept)? != kept || contacts.root(merged)? != merged {
                return refused(ErrorCode::BadMerge);
            }
            if !contacts.is_saved(kept)? || !(contacts.is_saved(merged)? || contacts.is_here(merged)?) {
                return refused(ErrorCode::UnknownContact);
            }
            Ok(())
        })
        .await?;
        let body = CommandBody::MergeContacts(MergeContacts { kept, merged });
        self.act_about(*kept.as_bytes(), body).await
    }

    /// Parts a contact that was merged into another one: each is of its own again.
    pub async fn part_contact(&self, merged: ContactId) -> Result<CommandId, CoreError> {
        let root = self
            .look(move |db, me, _| {
                let contacts = Contacts::load(db, me)?;
                let root = contacts.root(merged)?;
                // In the lane of the contact that it is a part of: behind the merge, if that still waits there.
                if root == merged { refused(ErrorCode::BadMerge) } else { Ok(root) }
            })
            .await?;
        self.act_about(*root.as_bytes(), CommandBody::PartContact(PartContact { contact: merged })).await
    }

    /// The labels that this user can give, by name.
    pub fn labels(&self) -> Result<Vec<LabelChoice>, CoreError> {
        let (me, role) = self.user()?;
        Ok(self.shared().store.read_consistent(|db| {
            let asker = label::asker(db, me, role)?;
            Ok(Labels::load(db, asker.group)?.choices(asker))
        })?)
    }

    /// Makes a label of the own group, or changes one; `company`: of the whole company, for system owners. The name is
    /// the only one of its group, the colour is `#rrggbb`; otherwise `bad_label`.
    pub async fn save_label(
        &self,
        label: Option<LabelId>,
        name: &str,
        color: &str,
        company: bool,
    ) -> Result<LabelId, CoreError> {
        let (name, color) = (name.trim().to_owned(), color.trim().to_ascii_lowercase());
        if name.is_empty() || name.len() > MAX_SHORT_NAME_BYTES || !is_color(&color) {
            return Err(CoreError::Rejected(ErrorCode::BadLabel));
        }
        let id = label.unwrap_or_else(LabelId::new);
        let save = SaveLabel { label: id, name, color, company };
        let save = self
            .look(move |db, me, role| {
                let asker = label::asker(db, me, role)?;
                if company && asker.role != Role::SystemOwner {
                    return refused(ErrorCode::Forbidden);
                }
                let labels = Labels::load(db, asker.group)?;
                let changed = labels.get(id);
                if label.is_some() && !changed.is_some_and(|row| asker.edits(row)) {
                    return refused(ErrorCode::BadLabel);
                }
                let group = if company { None } else { changed.and_then(|row| row.group).or(asker.group) };
                if labels.has_name(&save.name, group, id) {
                    return refused(ErrorCode::BadLabel);
                }
                Ok(save)
            })
            .await?;
        self.act_about(*id.as_bytes(), CommandBody::SaveLabel(save)).await?;
        Ok(id)
    }

    /// Removes a label from everything that has it. To be asked about first.
    pub async fn delete_label(&self, label: LabelId) -> Result<CommandId, CoreError> {
        self.look(move |db, me, role| {
            let asker = label::asker(db, me, role)?;
            match Labels::load(db, asker.group)?.get(label) {
                Some(row) if asker.edits(row) => Ok(()),
                _ => refused(ErrorCode::BadLabel),
            }
        })
        .await?;
        self.act_about(*label.as_bytes(), CommandBody::DeleteLabel(DeleteLabel { label })).await
    }

    /// A page of what this chat's contact wrote and was told, with every user and department and through every channel,
    /// the newest first; `older`: the page after [`History::next`]. For the chat's owner and candidates. Needs the
    /// network; nothing of it is stored.
    pub async fn history(&self, chat: ChatId, older: Option<HistoryCursor>) -> Result<History, CoreError> {
        let name = self
            .look(move |db, me, _| {
                let information = Contacts::load(db, me)?.information(chat)?.ok_or(CoreError::NotFound)?;
                Ok(information.name)
            })
            .await?;
        let core = self.clone();
        self.run(async move {
            let device = core.shared().account().ok_or(CoreError::SignInAgain)?;
            let path = format!("{CHATS_PATH}/{chat}/{HISTORY}");
            let query: Vec<(&str, &str)> = older.iter().map(|cursor| ("before", cursor.as_str())).collect();
            let page: HistoryPage =
                core.shared().http()?.get_with(&device.server, &path, &query, &device.token).await?;
            let entries = page.entries.into_iter().map(|entry| HistoryRow {
                chat: entry.chat,
                channel_kind: entry.channel_kind,
                channel: entry.channel,
                department: entry.department,
                row: timeline::shown(entry.message, name.as_deref(), device.user.id),
            });
            Ok(History { entries: entries.collect(), next: page.next.map(HistoryCursor::new) })
        })
        .await
    }
}

/// The saved contact that this one is now.
fn saved(contacts: &Contacts<'_>, contact: ContactId) -> Result<ContactId> {
    let root = contacts.root(contact)?;
    if contacts.is_saved(root)? { Ok(root) } else { refused(ErrorCode::UnknownContact) }
}

/// Whether a user may put this label on what has these, or take it off.
fn may_give(asker: Asker, labels: &Labels, label: LabelId, on: bool, has: &[LabelId]) -> Result<()> {
    if !on || has.contains(&label) {
        return Ok(());
    }
    if !labels.get(label).is_some_and(|row| asker.gives(row)) {
        return refused(ErrorCode::BadLabel);
    }
    if has.len() >= MAX_LABELS { refused(ErrorCode::TooMany) } else { Ok(()) }
}

fn is_color(color: &str) -> bool {
    color.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

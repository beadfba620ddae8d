//! The Information screen, contacts with their notes, labels and merges, and the history of a contact.
//!
//! What is changed here waits in the outbox like everything else, and shows at once as changed. Ask again when the
//! [`DeskListener`](crate::listeners::DeskListener) names `Contacts` or `Labels`.

use switchboard_core as core;
use switchboard_core::{ChatId, CommandId, ContactId, LabelId, NoteId};

use crate::engine::SwitchboardCore;
use crate::errors::SwitchboardError;
use crate::records::{ContactCard, ContactEdit, History, Information, LabelChoice};
use crate::runtime::{complete, complete_blocking};

#[uniffi::export]
impl SwitchboardCore {
    /// The Information screen of a customer's chat: what can be done, what is known, who it perhaps is.
    pub async fn information(&self, chat: ChatId) -> Result<Information, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.information(chat).map(Information::from)).await
    }

    /// A saved contact. Of one that was merged, the one it is a part of.
    pub async fn contact(&self, contact: ContactId) -> Result<ContactCard, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.contact(contact).map(ContactCard::from)).await
    }

    /// Changes the fields of a saved contact, or saves the contact of a chat on this device by it. Refused with
    /// `BadContact` without a name in the end, or for an e-mail address without an @.
    pub async fn edit_contact(&self, contact: ContactId, edit: ContactEdit) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.edit_contact(contact, edit.into()).await }).await
    }

    /// Gives a saved contact a label, or takes it off.
    pub async fn label_contact(
        &self,
        contact: ContactId,
        label: LabelId,
        on: bool,
    ) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.label_contact(contact, label, on).await }).await
    }

    /// Gives a customer's chat a label, or takes it off.
    pub async fn label_chat(&self, chat: ChatId, label: LabelId, on: bool) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.label_chat(chat, label, on).await }).await
    }

    /// Writes a note on a saved contact, for all staff.
    pub async fn add_contact_note(&self, contact: ContactId, text: String) -> Result<NoteId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.add_contact_note(contact, &text).await }).await
    }

    /// Removes a note of one's own; system owners remove every note. Ask first.
    pub async fn delete_contact_note(&self, note: NoteId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.delete_contact_note(note).await }).await
    }

    /// Makes one contact of two: `kept`, a saved one, gets the chats, and the fields that it lacks; `merged` becomes a
    /// part of it. Refused with `BadMerge` for a contact and itself or a part of it. `part_contact` takes it back.
    pub async fn merge_contacts(&self, kept: ContactId, merged: ContactId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.merge_contacts(kept, merged).await }).await
    }

    /// Parts a contact that was merged: one of the card's `merged`. Each has the chats again that were its own.
    pub async fn part_contact(&self, contact: ContactId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.part_contact(contact).await }).await
    }

    /// The labels that this user can give: the company's and the own group's, by name.
    pub async fn labels(&self) -> Result<Vec<LabelChoice>, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.labels().map(|rows| rows.into_iter().map(LabelChoice::from).collect::<Vec<_>>()))
            .await
    }

    /// Makes a label of the own group, or changes one. `company`: of the whole company, for system owners. The name is
    /// the only one of its group and the colour is `#rrggbb`; otherwise `BadLabel`.
    pub async fn save_label(
        &self,
        label: Option<LabelId>,
        name: String,
        color: String,
        company: bool,
    ) -> Result<LabelId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.save_label(label, &name, &color, company).await }).await
    }

    /// Removes a label from everything that has it. Ask first.
    pub async fn delete_label(&self, label: LabelId) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.delete_label(label).await }).await
    }

    /// A page of what this chat's contact wrote and was told, with every user and department and through every channel,
    /// the newest first; `older` is the `next` of the page before. For the chat's owner and candidates. Needs the
    /// network; nothing of it is stored on the device, and an app must not store it either.
    #[uniffi::method(default(older = None))]
    pub async fn history(&self, chat: ChatId, older: Option<String>) -> Result<History, SwitchboardError> {
        let core = self.core();
        let cursor = older.map(core::HistoryCursor::new);
        complete(async move { core.history(chat, cursor).await.map(History::from) }).await
    }
}

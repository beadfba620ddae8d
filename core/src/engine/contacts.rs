//! Contacts, labels and the Information screen.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{ChatId, CommandId, ContactId, LabelId, NoteId};

use super::Core;
use crate::error::CoreError;
use crate::model::{ContactCard, ContactEdit, History, HistoryCursor, Information, LabelChoice};

impl Core {
    /// The Information screen of a customer's chat: what can be done, what is known, who it perhaps is.
    pub fn information(&self, chat: ChatId) -> Result<Information, CoreError> {
        let _ = chat;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// A saved contact, with what is still in the outbox.
    pub fn contact(&self, contact: ContactId) -> Result<ContactCard, CoreError> {
        let _ = contact;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Changes a contact's fields: a saved one's, or one's of a chat on this device, who is saved by this.
    pub async fn edit_contact(&self, contact: ContactId, edit: ContactEdit) -> Result<CommandId, CoreError> {
        let _ = (contact, edit);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Gives a saved contact a label, or takes it off.
    pub async fn label_contact(&self, contact: ContactId, label: LabelId, on: bool) -> Result<CommandId, CoreError> {
        let _ = (contact, label, on);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Gives a customer's chat a label, or takes it off.
    pub async fn label_chat(&self, chat: ChatId, label: LabelId, on: bool) -> Result<CommandId, CoreError> {
        let _ = (chat, label, on);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Writes a note on a saved contact.
    pub async fn add_contact_note(&self, contact: ContactId, text: &str) -> Result<NoteId, CoreError> {
        let _ = (contact, text);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Removes a note of this user.
    pub async fn delete_contact_note(&self, note: NoteId) -> Result<CommandId, CoreError> {
        let _ = note;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Makes one contact of two: `kept` gets what `merged` has. [`Core::part_contact`] parts them again.
    pub async fn merge_contacts(&self, kept: ContactId, merged: ContactId) -> Result<CommandId, CoreError> {
        let _ = (kept, merged);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Parts a contact that was merged into another one.
    pub async fn part_contact(&self, merged: ContactId) -> Result<CommandId, CoreError> {
        let _ = merged;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// The labels that this user can give, by name.
    pub fn labels(&self) -> Result<Vec<LabelChoice>, CoreError> {
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Makes a label of the own group, or changes one; `company`: of the whole company, for system owners.
    pub async fn save_label(
        &self,
        label: Option<LabelId>,
        name: &str,
        color: &str,
        company: bool,
    ) -> Result<LabelId, CoreError> {
        let _ = (label, name, color, company);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Removes a label from everything that has it.
    pub async fn delete_label(&self, label: LabelId) -> Result<CommandId, CoreError> {
        let _ = label;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// A page of what this chat's contact wrote and was told, with every user and department, the newest first. Needs
    /// the network; nothing of it is stored.
    pub async fn history(&self, chat: ChatId, older: Option<HistoryCursor>) -> Result<History, CoreError> {
        let _ = (chat, older);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }
}

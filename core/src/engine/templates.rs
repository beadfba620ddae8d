//! Templates: picked and filled on this device, made and changed on the server.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{ChatId, TemplateId};
use switchboard_protocol::template::Template;

use super::Core;
use crate::error::CoreError;
use crate::model::{FilledTemplate, TemplatePicker, TemplateQuery};

impl Core {
    /// The templates for a picker: search, tab and language combine, and with a chat its customer's language and the
    /// likely answers come first. Needs no network.
    pub fn templates(&self, query: &TemplateQuery) -> Result<TemplatePicker, CoreError> {
        let _ = query;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// A template's text for the chat's composer, its variables filled with what is known on this device. Counts as a
    /// use of it. Nothing is sent.
    pub fn fill_template(&self, chat: ChatId, template: TemplateId) -> Result<FilledTemplate, CoreError> {
        let _ = (chat, template);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Makes a template: of the own group for those who manage it, of any or of the whole company for system owners.
    /// Needs the network; the template is in the picker when this returns.
    pub async fn create_template(&self, template: Template) -> Result<TemplateId, CoreError> {
        let _ = template;
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Changes a template that was looked at in this edition; `changed` when somebody else was faster. Needs the
    /// network.
    pub async fn change_template(&self, id: TemplateId, edition: u64, template: Template) -> Result<(), CoreError> {
        let _ = (id, edition, template);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }

    /// Deletes a template that was looked at in this edition. Needs the network.
    pub async fn delete_template(&self, id: TemplateId, edition: u64) -> Result<(), CoreError> {
        let _ = (id, edition);
        Err(CoreError::Rejected(ErrorCode::Unsupported))
    }
}

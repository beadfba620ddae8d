//! Templates: picked and filled without a network, made and changed with one.

use switchboard_core::{ChatId, TemplateId};

use crate::engine::SwitchboardCore;
use crate::errors::SwitchboardError;
use crate::records::{FilledTemplate, Template, TemplatePicker, TemplateQuery};
use crate::runtime::{complete, complete_blocking};

#[uniffi::export]
impl SwitchboardCore {
    /// What a picker shows: search, tab and language combine, and with a chat its customer's language and the likely
    /// answers come first. From this device's store, so it can be asked at every letter. Ask again when the
    /// `DeskListener` names `Templates`.
    pub async fn templates(&self, query: TemplateQuery) -> Result<TemplatePicker, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.templates(&query.into()).map(TemplatePicker::from)).await
    }

    /// A template's text for the chat's composer, its variables filled with what is known on this device. Counts as a use
    /// of it, and sends nothing: put the text into the composer, where the user may change it.
    pub async fn fill_template(&self, chat: ChatId, template: TemplateId) -> Result<FilledTemplate, SwitchboardError> {
        let core = self.core();
        complete_blocking(move || core.fill_template(chat, template).map(FilledTemplate::from)).await
    }

    /// Makes a template: for one of the picker's `groups`, which say whose it is; without a group it is the whole
    /// company's, and refused with `Forbidden` to all but system owners. `InvalidInput` names what is wrong with it. Needs the network; the template
    /// is in the picker when this returns.
    pub async fn create_template(&self, template: Template) -> Result<TemplateId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.create_template(template.into()).await }).await
    }

    /// Changes a template that was looked at in this edition; refused with `Changed` when somebody else was faster.
    /// Needs the network.
    pub async fn change_template(
        &self,
        id: TemplateId,
        edition: u64,
        template: Template,
    ) -> Result<(), SwitchboardError> {
        let core = self.core();
        complete(async move { core.change_template(id, edition, template.into()).await }).await
    }

    /// Deletes a template that was looked at in this edition; refused with `Changed` when somebody changed it. Ask first.
    /// Needs the network.
    pub async fn delete_template(&self, id: TemplateId, edition: u64) -> Result<(), SwitchboardError> {
        let core = self.core();
        complete(async move { core.delete_template(id, edition).await }).await
    }
}

/// The variables that a template's text may hold, each in double braces, for the editor's help.
#[uniffi::export]
pub fn template_variables() -> Vec<String> {
    switchboard_core::VARIABLES.iter().map(|&name| name.to_owned()).collect()
}

//! Templates: picked and filled on this device, made and changed on the server.

use std::sync::Arc;

use switchboard_protocol::collection::TemplateRow;
use switchboard_protocol::ids::{ChatId, TemplateId};
use switchboard_protocol::template::{TEMPLATES_PATH, Template, TemplateEdit};

use super::Core;
use crate::error::{CoreError, Result};
use crate::model::{FilledTemplate, TemplatePicker, TemplateQuery};
use crate::shared::blocking;
use crate::store::{Durability, template};
use crate::views::DeskPart;

impl Core {
    /// The templates for a picker: search, tab and language combine, and with a chat its customer's language and the
    /// likely answers come first. Needs no network.
    pub fn templates(&self, query: &TemplateQuery) -> Result<TemplatePicker, CoreError> {
        let device = self.shared().account().ok_or(CoreError::SignInAgain)?;
        Ok(self.shared().store.templates(query, device.user.id, device.user.role)?)
    }

    /// A template's text for the chat's composer, its variables filled with what is known on this device. Counts as a
    /// use of it. Nothing is sent.
    pub fn fill_template(&self, chat: ChatId, template: TemplateId) -> Result<FilledTemplate, CoreError> {
        let user = self.shared().account().ok_or(CoreError::SignInAgain)?.user;
        let store = &self.shared().store;
        let filled = store.read_consistent(|db| template::fill(db, chat, template, user.id, &user.name))?;
        // The composer does not wait for the count.
        let (store, now) = (Arc::clone(store), self.shared().clock.now_ms());
        self.runtime()?.spawn_blocking(move || {
            let counted = store.write(Durability::Normal, |tx, _| template::took(tx, template, now));
            if let Err(error) = counted {
                tracing::warn!(%error, "the use of a template was not counted");
            }
        });
        Ok(filled)
    }

    /// Makes a template: of the own group for those who manage it; system owners of any, or without a group of the whole
    /// company. Needs the network; the template is in the picker when this returns.
    pub async fn create_template(&self, template: Template) -> Result<TemplateId, CoreError> {
        let template = checked(template)?;
        let core = self.clone();
        self.run(async move {
            let edit = TemplateEdit { edition: None, template };
            core.send_template(reqwest::Method::POST, TEMPLATES_PATH, &edit).await
        })
        .await
    }

    /// Changes a template that was looked at in this edition; `changed` when somebody else was faster. Needs the
    /// network.
    pub async fn change_template(&self, id: TemplateId, edition: u64, template: Template) -> Result<(), CoreError> {
        let template = checked(template)?;
        let core = self.clone();
        self.run(async move {
            let edit = TemplateEdit { edition: Some(edition), template };
            core.send_template(reqwest::Method::PUT, &format!("{TEMPLATES_PATH}/{id}"), &edit).await?;
            Ok(())
        })
        .await
    }

    /// Deletes a template that was looked at in this edition. Needs the network.
    pub async fn delete_template(&self, id: TemplateId, edition: u64) -> Result<(), CoreError> {
        let core = self.clone();
        self.run(async move {
            let device = core.shared().account().ok_or(CoreError::SignInAgain)?;
            let (path, edition) = (format!("{TEMPLATES_PATH}/{id}"), edition.to_string());
            let query = [("edition", edition.as_str())];
            core.shared().http()?.delete_with(&device.server, &path, &query, &device.token).await?;
            core.store_template(Told::Gone(id)).await
        })
        .await
    }

    /// Sends a template and stores the server's row at once; the collection brings it again.
    async fn send_template(&self, method: reqwest::Method, path: &str, edit: &TemplateEdit) -> Result<TemplateId> {
        let device = self.shared().account().ok_or(CoreError::SignInAgain)?;
        let row: TemplateRow = self.shared().http()?.send(method, &device.server, path, &device.token, edit).await?;
        let id = row.id;
        self.store_template(Told::Row(row)).await?;
        Ok(id)
    }

    async fn store_template(&self, told: Told) -> Result<()> {
        let store = Arc::clone(&self.shared().store);
        blocking(move || {
            store.write(Durability::Normal, |tx, changes| {
                changes.desk.insert(DeskPart::Templates);
                match told {
                    Told::Row(row) => template::put(tx, &row),
                    Told::Gone(id) => template::remove(tx, id),
                }
            })
        })
        .await
    }
}

/// What the server said of a template.
enum Told {
    Row(TemplateRow),
    Gone(TemplateId),
}

/// As it is stored: without spaces around the names. What is wrong with it is said before anything is sent.
fn checked(template: Template) -> Result<Template, CoreError> {
    let trimmed = |text: String| text.trim().to_owned();
    let named = |text: Option<String>| text.map(trimmed).filter(|text| !text.is_empty());
    let template = Template {
        group: template.group,
        category: named(template.category),
        language: named(template.language).map(|language| language.to_ascii_lowercase()),
        title: trimmed(template.title),
        text: trimmed(template.text),
        keywords: trimmed(template.keywords),
    };
    template.check().map_err(|error| CoreError::InvalidInput(error.to_string()))?;
    Ok(template)
}

//! The picker of templates: found, copied into the composer, and by who may, made and changed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{
    ChatId, FilledTemplate, Template, TemplateGroup, TemplateId, TemplateItem, TemplatePicker, TemplateQuery,
};

use super::dialogs::moved;
use super::{App, DeskEffect, Effect, Focus, Overlay, Question};
use crate::editor::{Edited, Editor};
use crate::form::Form;
use crate::text;

/// The picker as it stands over a chat.
#[derive(Debug)]
pub struct TemplatesView {
    /// The chat whose composer it is for.
    pub chat: ChatId,
    /// What stands in the search box.
    pub search: Editor,
    /// The tab; none: all.
    pub category: Option<String>,
    /// The language; none: all.
    pub language: Option<String>,
    /// What is shown.
    pub picker: Option<TemplatePicker>,
    /// The selected row.
    pub selected: usize,
}

/// The fields of a template's form, in their order.
const FIELDS: &[&str] = &["Title", "Category", "Language", "Keywords", "Text"];

/// A template being written.
#[derive(Debug)]
pub struct TemplateForm {
    /// Which, in which edition; none: a new one.
    pub id: Option<(TemplateId, u64)>,
    /// What it says.
    pub form: Form,
    /// For whom it can be.
    pub groups: Vec<TemplateGroup>,
    /// For whom it is, of those.
    pub group: usize,
    /// Whether the server was asked and has not answered.
    pub busy: bool,
}

impl TemplatesView {
    /// What is asked of the core.
    pub fn query(&self) -> TemplateQuery {
        TemplateQuery {
            search: self.search.text().to_owned(),
            category: self.category.clone(),
            language: self.language.clone(),
            chat: Some(self.chat),
        }
    }

    /// The selected template.
    pub fn item(&self) -> Option<&TemplateItem> {
        self.picker.as_ref()?.rows.get(self.selected)
    }
}

/// The choice after this one, of none and all of these; before it when `back`.
fn turned(now: Option<&String>, all: &[String], back: bool) -> Option<String> {
    let count = all.len() + 1;
    let place = now.and_then(|now| all.iter().position(|one| one == now)).map_or(0, |place| place + 1);
    let place = (place + if back { count - 1 } else { 1 }) % count;
    place.checked_sub(1).and_then(|place| all.get(place)).cloned()
}

impl App {
    pub(super) fn open_templates(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chat.as_ref().map(|open| open.id).filter(|_| self.composes()) else { return Vec::new() };
        let view =
            TemplatesView { chat, search: Editor::line(), category: None, language: None, picker: None, selected: 0 };
        let query = view.query();
        self.cover(Overlay::Templates(view));
        vec![DeskEffect::Templates(query).into()]
    }

    pub(super) fn templates_came(&mut self, query: TemplateQuery, picker: TemplatePicker) {
        for overlay in self.overlay.iter_mut().chain(&mut self.below) {
            if let Overlay::Templates(view) = overlay
                && view.query() == query
            {
                // What stands under the cursor stays under it when templates come and go.
                let chosen = view.item().map(|item| item.id).filter(|_| view.selected > 0);
                let place = chosen.and_then(|id| picker.rows.iter().position(|row| row.id == id));
                view.selected = place.unwrap_or(0);
                view.picker = Some(picker);
                return;
            }
        }
    }

    pub(super) fn templates_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Templates(view)) = &mut self.overlay else { return Vec::new() };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let (rows, categories, languages, can_create) = match &view.picker {
            Some(picker) => (picker.rows.len(), &picker.categories[..], &picker.languages[..], picker.can_create),
            None => (0, &[][..], &[][..], false),
        };
        if matches!(key.code, KeyCode::Up | KeyCode::Down) {
            view.selected = moved(key.code, view.selected, rows).unwrap_or(0);
            return Vec::new();
        }
        let changed = match key.code {
            KeyCode::Esc => return self.close(),
            KeyCode::Char('f') if control => return self.close(),
            KeyCode::Enter => {
                let chat = view.chat;
                return view.item().map(|item| DeskEffect::Fill(chat, item.id).into()).into_iter().collect();
            }
            KeyCode::Tab | KeyCode::BackTab => {
                view.category = turned(view.category.as_ref(), categories, key.code == KeyCode::BackTab);
                true
            }
            KeyCode::Char('l') if control => {
                view.language = turned(view.language.as_ref(), languages, false);
                true
            }
            KeyCode::Char('n') if control => {
                if can_create {
                    self.write_template(None);
                } else {
                    self.note("Managers and owners make templates.");
                }
                return Vec::new();
            }
            KeyCode::Char('e' | 'd') if control => {
                let Some(item) = view.item().cloned() else { return Vec::new() };
                if !item.can_edit {
                    self.note("This template is not yours to change.");
                } else if key.code == KeyCode::Char('e') {
                    self.write_template(Some(item));
                } else {
                    let (id, edition, title) = (item.id, item.edition, item.title);
                    return self.question(Question::DeleteTemplate { id, edition, title });
                }
                return Vec::new();
            }
            _ => view.search.key(key, usize::MAX / 2) == Edited::Changed,
        };
        if !changed {
            return Vec::new();
        }
        view.selected = 0;
        vec![DeskEffect::Templates(view.query()).into()]
    }

    /// The form of a new template, or of one that is changed.
    fn write_template(&mut self, item: Option<TemplateItem>) {
        let Some(Overlay::Templates(view)) = &self.overlay else { return };
        let groups = view.picker.as_ref().map(|picker| picker.groups.clone()).unwrap_or_default();
        let group = item.as_ref().and_then(|item| groups.iter().position(|group| group.group == item.group));
        let texts = match &item {
            Some(item) => [
                item.title.clone(),
                item.category.clone().unwrap_or_default(),
                item.language.clone().unwrap_or_default(),
                item.keywords.clone(),
                item.text.clone(),
            ],
            None => [
                String::new(),
                view.category.clone().unwrap_or_default(),
                view.language.clone().unwrap_or_default(),
                String::new(),
                String::new(),
            ],
        };
        let form = Form::tall(FIELDS, texts);
        let id = item.map(|item| (item.id, item.edition));
        self.cover(Overlay::Template(TemplateForm { id, form, groups, group: group.unwrap_or(0), busy: false }));
    }

    pub(super) fn template_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Template(view)) = &mut self.overlay else { return Vec::new() };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return self.close(),
            // One that is there stays with its group.
            KeyCode::Char('g') if control => {
                if view.id.is_none() {
                    view.group = (view.group + 1) % view.groups.len().max(1);
                }
                return Vec::new();
            }
            _ => {}
        }
        if view.busy || !view.form.key(key) {
            return Vec::new();
        }
        let text = |field: usize| view.form.text(field).to_owned();
        let some = |field: usize| Some(text(field)).filter(|text| !text.is_empty());
        let template = Template {
            group: view.groups.get(view.group).and_then(|group| group.group),
            category: some(1),
            language: some(2).map(|language| language.to_lowercase()),
            title: text(0),
            text: text(4),
            keywords: text(3),
        };
        if let Err(error) = template.check() {
            view.form.error = Some(format!("Not yet: {error}."));
            return Vec::new();
        }
        view.busy = true;
        vec![DeskEffect::SaveTemplate(view.id, template).into()]
    }

    /// A template was saved or deleted, or not.
    pub(super) fn template_done(&mut self, done: Result<(), String>) -> Vec<Effect> {
        match (done, &mut self.overlay) {
            (Err(why), Some(Overlay::Template(view))) => {
                view.busy = false;
                view.form.error = Some(why);
            }
            (Err(why), _) => self.note(why),
            (Ok(()), Some(Overlay::Template(_))) => {
                let effects = self.close();
                self.note("The template is saved.");
                return effects;
            }
            (Ok(()), _) => self.note("The template is deleted."),
        }
        Vec::new()
    }

    /// Copies a template into the composer of its chat. Nothing is sent by it.
    pub(super) fn template_filled(&mut self, chat: ChatId, filled: &FilledTemplate) -> Vec<Effect> {
        let composes = self.composes();
        let Some(open) = self.chat.as_mut().filter(|open| open.id == chat && composes) else { return Vec::new() };
        self.overlay = None;
        self.focus = Focus::Chat;
        open.composer.insert(&filled.text);
        if !text::gaps(open.composer.text()).is_empty() {
            self.note("Something is not known here: Tab goes to the gap.");
        }
        let mut effects = self.typed();
        effects.extend(self.read());
        effects
    }
}

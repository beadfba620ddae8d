//! Labels: given to chats and contacts, made, changed and deleted.

use crossterm::event::{KeyCode, KeyEvent};
use switchboard_core::{ChatId, ContactId, LabelChoice, LabelId, Role};

use super::dialogs::moved;
use super::{App, DeskEffect, Effect, Entry, Overlay, Question};
use crate::form::Form;

/// The colours to choose from by name; a colour may also be written as `#rrggbb`.
pub const COLORS: &[(&str, &str)] = &[
    ("red", "#d64545"),
    ("orange", "#d9822b"),
    ("yellow", "#d9b310"),
    ("green", "#3d9a50"),
    ("blue", "#3d7dd6"),
    ("purple", "#8a5cd6"),
    ("grey", "#7a7a7a"),
];

/// What labels are given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labelled {
    /// A customer's chat.
    Chat(ChatId),
    /// A saved contact.
    Contact(ContactId),
}

/// Choosing labels.
#[derive(Debug)]
pub struct LabelsView {
    /// For what.
    pub of: Labelled,
    /// The contact's name.
    pub name: String,
    /// The labels, once they are read.
    pub rows: Option<Vec<LabelChoice>>,
    /// The selected one.
    pub selected: usize,
}

impl App {
    pub(super) fn open_labels(&mut self, of: Labelled, name: String) -> Vec<Effect> {
        self.cover(Overlay::Labels(LabelsView { of, name, rows: None, selected: 0 }));
        vec![DeskEffect::Labels.into()]
    }

    pub(super) fn labels_came(&mut self, rows: Vec<LabelChoice>) {
        for overlay in self.overlay.iter_mut().chain(&mut self.below) {
            if let Overlay::Labels(view) = overlay {
                view.selected = view.selected.min(rows.len().saturating_sub(1));
                view.rows = Some(rows);
                return;
            }
        }
    }

    /// Whether it has this label now.
    pub fn has_label(&self, of: Labelled, label: LabelId) -> bool {
        match of {
            Labelled::Chat(chat) => {
                self.row_of(chat).is_some_and(|row| row.labels.iter().any(|other| other.label == label))
            }
            Labelled::Contact(contact) => self.overlay.iter().chain(&self.below).any(|overlay| match overlay {
                Overlay::Info(view) => view.saved().is_some_and(|card| {
                    card.contact == contact && card.labels.iter().any(|other| other.label == label)
                }),
                _ => false,
            }),
        }
    }

    pub(super) fn labels_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Labels(view)) = &mut self.overlay else { return Vec::new() };
        let rows = view.rows.as_deref().unwrap_or_default();
        if let Some(selected) = moved(key.code, view.selected, rows.len()) {
            view.selected = selected;
            return Vec::new();
        }
        let of = view.of;
        let here = rows.get(view.selected).cloned();
        match (key.code, here) {
            (KeyCode::Esc | KeyCode::Char('q' | '#'), _) => self.close(),
            (KeyCode::Enter | KeyCode::Char(' '), Some(row)) => {
                let on = !self.has_label(of, row.label);
                vec![
                    match of {
                        Labelled::Chat(chat) => DeskEffect::LabelChat(chat, row.label, on),
                        Labelled::Contact(contact) => DeskEffect::LabelContact(contact, row.label, on),
                    }
                    .into(),
                ]
            }
            (KeyCode::Char('n' | '+'), _) => {
                let color = rows_color(view.rows.as_deref().unwrap_or_default());
                self.write_label(None, String::new(), color.to_owned(), false);
                Vec::new()
            }
            (KeyCode::Char('e'), Some(row)) if row.can_edit => {
                let color =
                    COLORS.iter().find(|(_, color)| *color == row.color).map_or(row.color, |(name, _)| (*name).into());
                self.write_label(Some(row.label), row.name, color, row.group.is_none());
                Vec::new()
            }
            (KeyCode::Delete, Some(row)) if row.can_edit => {
                self.question(Question::DeleteLabel { label: row.label, name: row.name })
            }
            (KeyCode::Char('e') | KeyCode::Delete, Some(_)) => {
                self.note("This label is not yours to change.");
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn write_label(&mut self, label: Option<LabelId>, name: String, color: String, company: bool) {
        // Only a system owner's are the whole company's.
        let form = if self.role == Role::SystemOwner {
            let whole = if company || label.is_none() { "yes" } else { "no" };
            Form::new(&["Name", "Colour", "Company"], [name, color, whole.to_owned()])
        } else {
            Form::new(&["Name", "Colour"], [name, color])
        };
        self.cover(Overlay::Entry(Entry::Label(label), form));
    }

    /// What was entered in a label's form.
    pub(super) fn label_entered(form: &mut Form, label: Option<LabelId>) -> Option<DeskEffect> {
        if form.text(0).is_empty() {
            (form.field, form.error) = (0, Some("A label needs a name.".into()));
            return None;
        }
        let entered = form.text(1).to_lowercase();
        let color = COLORS.iter().find(|(name, _)| *name == entered).map_or(entered.as_str(), |(_, color)| *color);
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let names: Vec<&str> = COLORS.iter().map(|(name, _)| *name).collect();
            (form.field, form.error) = (1, Some(format!("A colour: {}, or #rrggbb.", names.join(", "))));
            return None;
        }
        let company = matches!(form.text(2).to_lowercase().as_str(), "yes" | "y");
        Some(DeskEffect::SaveLabel(label, form.text(0).to_owned(), color.to_owned(), company))
    }
}

/// A colour that no label has yet, if there is one.
fn rows_color(rows: &[LabelChoice]) -> &'static str {
    let free = COLORS.iter().find(|(_, color)| !rows.iter().any(|row| row.color == *color));
    free.map_or("grey", |(name, _)| *name)
}

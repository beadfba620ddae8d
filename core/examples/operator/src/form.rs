//! A form of one-line fields: a contact, the hours of a week.

use crossterm::event::{KeyCode, KeyEvent};

use crate::editor::{Edited, Editor};

/// Cells of a line of a field of several lines, where there is room for them.
pub const TALL_CELLS: usize = 50;

/// Fields with their names, and a cursor in one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The fields' names.
    pub names: &'static [&'static str],
    /// What is in them.
    pub fields: Vec<Editor>,
    /// The field with the cursor.
    pub field: usize,
    /// The field that takes several lines, if one does: always the last one.
    pub tall: bool,
    /// What is wrong with what was entered.
    pub error: Option<String>,
}

impl Form {
    /// A form with these texts in its fields; the cursor stands in the first one.
    pub fn new(names: &'static [&'static str], texts: impl IntoIterator<Item = String>) -> Form {
        let mut texts = texts.into_iter();
        let fields = names
            .iter()
            .map(|_| {
                let mut field = Editor::line();
                field.set(&texts.next().unwrap_or_default());
                field
            })
            .collect();
        Form { names, fields, field: 0, tall: false, error: None }
    }

    /// The form for the contacts, with what is known.
    pub fn contact(name: Option<&str>, email: Option<&str>, phone: Option<&str>) -> Form {
        let texts = [name, email, phone].map(|text| text.unwrap_or_default().to_owned());
        Form::new(&["Name", "E-mail", "Phone"], texts)
    }

    /// The same with a last field of several lines.
    pub fn tall(names: &'static [&'static str], texts: impl IntoIterator<Item = String>) -> Form {
        let mut form = Form::new(names, []);
        if let Some(last) = form.fields.last_mut() {
            *last = Editor::lines();
        }
        for (field, text) in form.fields.iter_mut().zip(texts) {
            field.set(&text);
        }
        Form { tall: true, ..form }
    }

    /// Whether the cursor stands in the field of several lines.
    pub fn is_tall(&self, field: usize) -> bool {
        self.tall && field + 1 == self.fields.len()
    }

    /// What is in a field, without spaces around it.
    pub fn text(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", |field| field.text().trim())
    }

    /// Handles a key; true when the form is sent.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let count = self.fields.len().max(1);
        let tall = self.is_tall(self.field);
        match key.code {
            KeyCode::Enter if key.modifiers.is_empty() || !tall => return true,
            // Within several lines the arrows move the cursor first.
            KeyCode::Up | KeyCode::Down if tall => {
                let moved = self.fields.get_mut(self.field).map(|field| field.key(key, TALL_CELLS));
                if moved == Some(Edited::Ignored) && key.code == KeyCode::Up {
                    self.field = (self.field + count - 1) % count;
                }
            }
            KeyCode::Tab | KeyCode::Down => self.field = (self.field + 1) % count,
            KeyCode::BackTab | KeyCode::Up => self.field = (self.field + count - 1) % count,
            _ => {
                if let Some(field) = self.fields.get_mut(self.field) {
                    field.key(key, usize::MAX / 2);
                    self.error = None;
                }
            }
        }
        false
    }

    /// Puts a pasted text into the field with the cursor.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.field) {
            field.insert(text.trim());
        }
    }
}

//! The search over messages, people and templates, and the unsent texts.

use crossterm::event::{KeyCode, KeyEvent};
use switchboard_core::SearchResults;

use super::dialogs::moved;
use super::{App, DeskEffect, Effect, Focus, Overlay};
use crate::editor::Edited;

/// The most people and templates that stand over the messages.
const FEW: usize = 3;

/// Something that was found, by its place in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A person.
    Contact(usize),
    /// A template.
    Template(usize),
    /// A message.
    Message(usize),
}

/// What a search shows, in its order: a few people and templates, then the messages.
pub fn found(results: &SearchResults) -> Vec<Found> {
    let contacts = (0..results.contacts.len().min(FEW)).map(Found::Contact);
    let templates = (0..results.templates.len().min(FEW)).map(Found::Template);
    contacts.chain(templates).chain((0..results.hits.len()).map(Found::Message)).collect()
}

impl App {
    pub(super) fn search_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Search(search)) = &mut self.overlay else { return Vec::new() };
        let rows = search.results.as_ref().map(|results| found(results)).unwrap_or_default();
        match key.code {
            KeyCode::Esc => self.close(),
            KeyCode::Up | KeyCode::Down => {
                search.selected = moved(key.code, search.selected, rows.len()).unwrap_or(0);
                Vec::new()
            }
            KeyCode::Enter => rows.get(search.selected).map_or_else(Vec::new, |row| self.follow(*row)),
            _ => match search.query.key(key, usize::MAX / 2) {
                Edited::Changed => vec![Effect::Search(search.query.text().to_owned())],
                _ => Vec::new(),
            },
        }
    }

    /// Goes to what was found.
    fn follow(&mut self, row: Found) -> Vec<Effect> {
        let Some(Overlay::Search(search)) = &self.overlay else { return Vec::new() };
        let Some(results) = &search.results else { return Vec::new() };
        let (chat, no) = match row {
            Found::Message(place) => match results.hits.get(place) {
                Some(hit) => (hit.chat, Some(hit.no)),
                None => return Vec::new(),
            },
            Found::Contact(place) => match results.contacts.get(place) {
                Some(hit) if hit.known && hit.chat.is_none() => {
                    let contact = hit.contact;
                    return self.open_card(contact);
                }
                Some(hit) => match hit.chat {
                    Some(chat) => (chat, None),
                    None => return Vec::new(),
                },
                None => return Vec::new(),
            },
            Found::Template(place) => {
                let Some(template) = results.templates.get(place).map(|hit| hit.template) else { return Vec::new() };
                let chat = self.chat.as_ref().map(|open| open.id).filter(|_| self.composes());
                let Some(chat) = chat else {
                    self.note("Open a chat first: a template is copied into its composer.");
                    return Vec::new();
                };
                return vec![DeskEffect::Fill(chat, template).into()];
            }
        };
        self.overlay = None;
        self.focus = Focus::Chat;
        self.selected = Some(chat);
        self.keep_in_view();
        let mut effects = self.open(chat, no);
        effects.extend(self.read());
        effects
    }

    pub(super) fn unsent_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Unsent { selected, deleting }) = &mut self.overlay else { return Vec::new() };
        let row = self.unsent.get(*selected);
        if std::mem::take(deleting) {
            return match (key.code, row) {
                (KeyCode::Char('y') | KeyCode::Enter, Some(row)) => vec![Effect::DeleteUnsent(row.id)],
                _ => Vec::new(),
            };
        }
        match (key.code, row) {
            (KeyCode::Esc | KeyCode::Char('q' | 'u'), _) => return self.close(),
            (KeyCode::Up | KeyCode::Char('k'), _) => *selected = selected.saturating_sub(1),
            (KeyCode::Down | KeyCode::Char('j'), _) => {
                *selected = (*selected + 1).min(self.unsent.len().saturating_sub(1));
            }
            (KeyCode::Char('c') | KeyCode::Enter, Some(row)) => return vec![Effect::Copy(row.text.clone())],
            (KeyCode::Char('d') | KeyCode::Delete, Some(_)) => *deleting = true,
            (KeyCode::Char('n'), Some(row)) if row.noting_owner => self.note("It is on its way to the owner."),
            (KeyCode::Char('n'), Some(row)) if row.can_note_owner => return vec![DeskEffect::ToOwner(row.id).into()],
            (KeyCode::Char('n'), Some(_)) => self.note("This text cannot be given to an owner: copy it."),
            _ => {}
        }
        Vec::new()
    }
}

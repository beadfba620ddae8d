//! The Information screen: what is known of a contact, notes, who it perhaps is as well, and the history.

use crossterm::event::{KeyCode, KeyEvent};
use switchboard_core::{
    ChatId, ContactCard, ContactEdit, ContactHit, ContactId, History, HistoryCursor, HistoryRow, InfoActionKind,
    Information,
};

use super::dialogs::moved;
use super::{App, DeskEffect, Effect, Entry, Labelled, Overlay, Question};
use crate::editor::{Edited, Editor};
use crate::form::Form;
use crate::view::Layout;

/// Whose Information it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InfoOf {
    /// The contact of a chat.
    Chat(ChatId),
    /// A saved contact, of whom no chat need be here.
    Contact(ContactId),
}

/// A line that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InfoLine {
    /// A button, by its place.
    Action(usize),
    /// The labels of the chat.
    ChatLabels,
    /// The labels of the contact.
    ContactLabels,
    /// A contact who is perhaps the same, by its place.
    Suggestion(usize),
    /// Merge with somebody else.
    Merge,
    /// A contact who was merged, by its place.
    Part(usize),
    /// Write a note.
    AddNote,
    /// A note, by its place.
    Note(usize),
}

/// The history, page by page; nothing of it is kept when it is closed.
#[derive(Debug, Default)]
pub struct HistoryView {
    /// What came, the newest first.
    pub rows: Vec<HistoryRow>,
    /// What to ask older ones with.
    pub next: Option<HistoryCursor>,
    /// Whether the server was asked and has not answered.
    pub asking: bool,
    /// Why nothing came.
    pub error: Option<String>,
    /// The first row on the screen.
    pub top: usize,
}

/// The Information screen.
#[derive(Debug)]
pub struct InfoView {
    /// Whose.
    pub of: InfoOf,
    /// What is known of a chat's contact, once it is read.
    pub info: Option<Information>,
    /// What is saved of a contact of whom no chat is here.
    pub card: Option<ContactCard>,
    /// The selected line.
    pub selected: usize,
    /// The history, while it is shown.
    pub history: Option<HistoryView>,
}

impl InfoView {
    fn new(of: InfoOf) -> Self {
        Self { of, info: None, card: None, selected: 0, history: None }
    }

    /// What reads it.
    pub fn ask(&self) -> Effect {
        match self.of {
            InfoOf::Chat(chat) => DeskEffect::Information(chat).into(),
            InfoOf::Contact(contact) => DeskEffect::Card(contact).into(),
        }
    }

    /// What is saved of the contact.
    pub fn saved(&self) -> Option<&ContactCard> {
        self.info.as_ref().and_then(|info| info.card.as_ref()).or(self.card.as_ref())
    }

    /// The contact's name.
    pub fn name(&self) -> Option<&str> {
        let info = self.info.as_ref().and_then(|info| info.name.as_deref());
        info.or_else(|| self.saved().and_then(|card| card.name.as_deref()))
    }

    fn contact(&self) -> Option<ContactId> {
        self.info.as_ref().map(|info| info.contact).or(self.card.as_ref().map(|card| card.contact))
    }

    /// The lines that can be chosen, in their order.
    pub fn lines(&self) -> Vec<InfoLine> {
        let mut lines = Vec::new();
        if let Some(info) = &self.info {
            lines.extend((0..info.actions.len()).map(InfoLine::Action));
            lines.push(InfoLine::ChatLabels);
        }
        if self.saved().is_some() {
            lines.push(InfoLine::ContactLabels);
        }
        if let Some(info) = &self.info {
            lines.extend((0..info.suggestions.len()).map(InfoLine::Suggestion));
        }
        if self.contact().is_some() {
            lines.push(InfoLine::Merge);
        }
        if let Some(card) = self.saved() {
            lines.extend((0..card.merged.len()).map(InfoLine::Part));
            lines.push(InfoLine::AddNote);
            lines.extend((0..card.notes.len()).map(InfoLine::Note));
        }
        lines
    }
}

/// Choosing the contact that another one is merged with.
#[derive(Debug)]
pub struct MergeView {
    /// The contact of the Information screen.
    pub contact: ContactId,
    /// Whether it is saved: then the other one becomes a part of it.
    pub saved: bool,
    /// Its name.
    pub name: String,
    /// The beginning of a name, a number or an address.
    pub query: Editor,
    /// The saved contacts that were found.
    pub rows: Vec<ContactHit>,
    /// The selected one.
    pub selected: usize,
}

impl App {
    /// The Information of a customer's chat; of a staff chat its members.
    pub(super) fn open_information(&mut self, chat: ChatId) -> Vec<Effect> {
        self.cover(Overlay::Info(Box::new(InfoView::new(InfoOf::Chat(chat)))));
        vec![DeskEffect::Information(chat).into()]
    }

    pub(super) fn open_card(&mut self, contact: ContactId) -> Vec<Effect> {
        self.cover(Overlay::Info(Box::new(InfoView::new(InfoOf::Contact(contact)))));
        vec![DeskEffect::Card(contact).into()]
    }

    fn info_mut(&mut self, of: InfoOf) -> Option<&mut InfoView> {
        self.overlay.iter_mut().chain(&mut self.below).find_map(|overlay| match overlay {
            Overlay::Info(view) if view.of == of => Some(&mut **view),
            _ => None,
        })
    }

    pub(super) fn information_came(&mut self, chat: ChatId, information: Information) {
        if let Some(view) = self.info_mut(InfoOf::Chat(chat)) {
            view.info = Some(information);
            view.selected = view.selected.min(view.lines().len().saturating_sub(1));
        }
    }

    pub(super) fn card_came(&mut self, contact: ContactId, card: ContactCard) {
        if let Some(view) = self.info_mut(InfoOf::Contact(contact)) {
            view.card = Some(card);
            view.selected = view.selected.min(view.lines().len().saturating_sub(1));
        }
    }

    pub(super) fn history_came(&mut self, chat: ChatId, page: Result<History, String>) {
        let Some(history) = self.info_mut(InfoOf::Chat(chat)).and_then(|view| view.history.as_mut()) else { return };
        history.asking = false;
        match page {
            Ok(page) => {
                history.rows.extend(page.entries);
                (history.next, history.error) = (page.next, None);
            }
            Err(why) => history.error = Some(why),
        }
    }

    pub(super) fn info_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let height = Layout::of(self.size).whole_height();
        let Some(Overlay::Info(view)) = &mut self.overlay else { return Vec::new() };
        if view.history.is_some() {
            return self.history_key(key, height);
        }
        let lines = view.lines();
        if let Some(selected) = moved(key.code, view.selected, lines.len()) {
            view.selected = selected;
            return Vec::new();
        }
        let here = lines.get(view.selected).copied();
        match key.code {
            KeyCode::Esc | KeyCode::Char('q' | 'r') => self.close(),
            KeyCode::Tab | KeyCode::Char('h') => self.open_history(),
            KeyCode::Enter => here.map_or_else(Vec::new, |line| self.info_chosen(line)),
            KeyCode::Char('n') => self.info_chosen(InfoLine::AddNote),
            KeyCode::Char('e') => self.edit_contact(),
            KeyCode::Char('m') => self.info_chosen(InfoLine::Merge),
            KeyCode::Char('#') if view.info.is_some() => self.info_chosen(InfoLine::ChatLabels),
            KeyCode::Delete => match here {
                Some(InfoLine::Note(place)) => self.delete_note(place),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn open_history(&mut self) -> Vec<Effect> {
        let Some(Overlay::Info(view)) = &mut self.overlay else { return Vec::new() };
        let InfoOf::Chat(chat) = view.of else {
            self.note("The history is that of a chat: open one of this contact.");
            return Vec::new();
        };
        if !view.info.as_ref().is_some_and(|info| info.has_history) {
            self.note("The history is for who has the chat, or is offered it.");
            return Vec::new();
        }
        view.history = Some(HistoryView { asking: true, ..HistoryView::default() });
        vec![DeskEffect::History(chat, None).into()]
    }

    fn history_key(&mut self, key: &KeyEvent, height: usize) -> Vec<Effect> {
        let Some(Overlay::Info(view)) = &mut self.overlay else { return Vec::new() };
        let (InfoOf::Chat(chat), Some(history)) = (view.of, view.history.as_mut()) else { return Vec::new() };
        let last = history.rows.len().saturating_sub(1);
        let page = (height / 4).max(1);
        match key.code {
            KeyCode::Esc | KeyCode::Tab | KeyCode::Char('h' | 'q') => {
                view.history = None;
                return Vec::new();
            }
            KeyCode::Up => history.top = history.top.saturating_sub(1),
            KeyCode::PageUp => history.top = history.top.saturating_sub(page),
            KeyCode::Home => history.top = 0,
            KeyCode::Down => history.top = (history.top + 1).min(last),
            KeyCode::PageDown => history.top = (history.top + page).min(last),
            KeyCode::End => history.top = last,
            _ => return Vec::new(),
        }
        // Older ones are asked for before the reader gets to the end, one page at a time.
        let near = history.top + 2 * page >= history.rows.len();
        match history.next.clone().filter(|_| near && !history.asking) {
            Some(next) => {
                history.asking = true;
                vec![DeskEffect::History(chat, Some(next)).into()]
            }
            None => Vec::new(),
        }
    }

    fn info_chosen(&mut self, line: InfoLine) -> Vec<Effect> {
        let Some(Overlay::Info(view)) = &self.overlay else { return Vec::new() };
        let name = view.name().unwrap_or("this visitor").to_owned();
        let Some(contact) = view.contact() else { return Vec::new() };
        let saved = view.saved().is_some();
        match line {
            InfoLine::Action(place) => {
                let action = view.info.as_ref().and_then(|info| info.actions.get(place));
                match action.map(|action| (action.kind, action.uri.clone())) {
                    Some((InfoActionKind::AddContact | InfoActionKind::EditContact, _)) => self.edit_contact(),
                    // A terminal cannot call: what would is put where it can be pasted.
                    Some((_, Some(uri))) => vec![Effect::Copy(uri)],
                    _ => Vec::new(),
                }
            }
            InfoLine::ChatLabels => match view.of {
                InfoOf::Chat(chat) => self.open_labels(Labelled::Chat(chat), name),
                InfoOf::Contact(_) => Vec::new(),
            },
            InfoLine::ContactLabels => self.open_labels(Labelled::Contact(contact), name),
            InfoLine::AddNote if !saved => {
                self.note("Only a saved contact has notes: e saves this one.");
                Vec::new()
            }
            InfoLine::AddNote => {
                self.cover(Overlay::Entry(Entry::ContactNote(contact), Form::tall(&["Note"], [])));
                Vec::new()
            }
            InfoLine::Note(place) => self.delete_note(place),
            InfoLine::Suggestion(place) => {
                let other = view.info.as_ref().and_then(|info| info.suggestions.get(place));
                let Some(other) = other else { return Vec::new() };
                let other = (other.contact, other.name.clone().unwrap_or_else(|| "somebody without a name".into()));
                self.ask_merge((contact, name), saved, other)
            }
            InfoLine::Part(place) => {
                let part = view.saved().and_then(|card| card.merged.get(place));
                let Some(part) = part else { return Vec::new() };
                let part_name = part.name.clone().unwrap_or_else(|| "a visitor without a name".into());
                self.question(Question::Part { contact: part.contact, name: part_name, of: name })
            }
            InfoLine::Merge => {
                let query = Editor::line();
                self.cover(Overlay::Merge(MergeView { contact, saved, name, query, rows: Vec::new(), selected: 0 }));
                Vec::new()
            }
        }
    }

    fn edit_contact(&mut self) -> Vec<Effect> {
        let Some(Overlay::Info(view)) = &self.overlay else { return Vec::new() };
        let Some(contact) = view.contact() else { return Vec::new() };
        let form = match (view.saved(), view.of) {
            (Some(card), _) => Form::contact(card.name.as_deref(), card.email.as_deref(), card.phone.as_deref()),
            (None, InfoOf::Chat(chat)) => match self.row_of(chat) {
                Some(row) => Form::contact(
                    row.contact_name.as_deref(),
                    row.contact_email.as_deref(),
                    row.contact_phone.as_deref(),
                ),
                None => Form::contact(view.name(), None, None),
            },
            (None, InfoOf::Contact(_)) => Form::contact(None, None, None),
        };
        self.cover(Overlay::Entry(Entry::Contact(contact), form));
        Vec::new()
    }

    /// What was entered in a contact's form.
    pub(super) fn contact_entered(form: &mut Form, contact: ContactId) -> Option<DeskEffect> {
        if form.text(0).is_empty() {
            (form.field, form.error) = (0, Some("A contact needs a name.".into()));
            return None;
        }
        if !form.text(1).is_empty() && !form.text(1).contains('@') {
            (form.field, form.error) = (1, Some("An e-mail address has an @.".into()));
            return None;
        }
        let text = |field| Some(form.text(field).to_owned());
        Some(DeskEffect::EditContact(contact, ContactEdit { name: text(0), email: text(1), phone: text(2) }))
    }

    fn delete_note(&mut self, place: usize) -> Vec<Effect> {
        let owner = self.role == switchboard_core::Role::SystemOwner;
        let Some(Overlay::Info(view)) = &self.overlay else { return Vec::new() };
        match view.saved().and_then(|card| card.notes.get(place)) {
            Some(note) if note.mine || owner => {
                let note = note.id;
                self.question(Question::DeleteNote(note))
            }
            Some(_) => {
                self.note("This note is a colleague's.");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// The saved one of the two stays; of two saved ones the one that was looked at.
    fn ask_merge(
        &mut self,
        (contact, name): (ContactId, String),
        saved: bool,
        (other, other_name): (ContactId, String),
    ) -> Vec<Effect> {
        let (kept, merged) =
            if saved { ((contact, name), (other, other_name)) } else { ((other, other_name), (contact, name)) };
        self.question(Question::Merge { kept: kept.0, kept_name: kept.1, merged: merged.0, merged_name: merged.1 })
    }

    pub(super) fn contacts_came(&mut self, query: &str, rows: Vec<ContactHit>) {
        if let Some(Overlay::Merge(view)) = &mut self.overlay
            && view.query.text() == query
        {
            let own = view.contact;
            view.rows = rows.into_iter().filter(|row| row.known && row.contact != own).collect();
            view.selected = 0;
        }
    }

    pub(super) fn merge_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Merge(view)) = &mut self.overlay else { return Vec::new() };
        match key.code {
            KeyCode::Esc => self.close(),
            KeyCode::Up | KeyCode::Down => {
                view.selected = moved(key.code, view.selected, view.rows.len()).unwrap_or(0);
                Vec::new()
            }
            KeyCode::Enter => {
                let Some(row) = view.rows.get(view.selected) else { return Vec::new() };
                let other_name = row.name.iter().map(|part| part.text.as_str()).collect();
                let (other, own, saved) = (row.contact, (view.contact, view.name.clone()), view.saved);
                self.close();
                self.ask_merge(own, saved, (other, other_name))
            }
            _ => match view.query.key(key, usize::MAX / 2) {
                Edited::Changed => vec![DeskEffect::FindContacts(view.query.text().to_owned()).into()],
                _ => Vec::new(),
            },
        }
    }
}

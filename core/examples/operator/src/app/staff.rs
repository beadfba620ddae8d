//! Staff chats: beginning one, and who is in it.

use crossterm::event::{KeyCode, KeyEvent};
use switchboard_core::{ChatId, Colleague, UserId};

use super::dialogs::moved;
use super::{App, DeskEffect, Effect, Entry, Focus, Overlay, Question};
use crate::editor::{Edited, Editor};
use crate::form::Form;

/// What colleagues are chosen for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choosing {
    /// A new staff chat.
    New,
    /// A staff group that is there.
    Group(ChatId),
}

/// Choosing colleagues.
#[derive(Debug)]
pub struct ColleaguesView {
    /// What for.
    pub choosing: Choosing,
    /// The beginning of a name, or an extension.
    pub query: Editor,
    /// The answer to it; none yet.
    pub rows: Option<Vec<Colleague>>,
    /// The selected one.
    pub selected: usize,
    /// Those who were marked, in that order.
    pub marked: Vec<(UserId, String)>,
}

/// Who is in a staff chat.
#[derive(Debug)]
pub struct MembersView {
    /// The chat.
    pub chat: ChatId,
    /// Its members, once they are read.
    pub rows: Option<Vec<Colleague>>,
    /// The selected one.
    pub selected: usize,
}

impl App {
    /// Begins a staff chat: with whom?
    pub(super) fn open_colleagues(&mut self, choosing: Choosing) -> Vec<Effect> {
        let query = Editor::line();
        self.cover(Overlay::Colleagues(ColleaguesView {
            choosing,
            query,
            rows: None,
            selected: 0,
            marked: Vec::new(),
        }));
        vec![DeskEffect::Colleagues(String::new()).into()]
    }

    pub(super) fn colleagues_came(&mut self, query: &str, mut rows: Vec<Colleague>) -> Vec<Effect> {
        let Some(Overlay::Colleagues(view)) = &mut self.overlay else { return Vec::new() };
        if view.query.text() != query {
            return Vec::new();
        }
        if let Choosing::Group(chat) = view.choosing {
            // Who is in it already cannot be brought in.
            let inside = self.below.iter().find_map(|below| match below {
                Overlay::Members(members) if members.chat == chat => members.rows.as_ref(),
                _ => None,
            });
            rows.retain(|row| !inside.is_some_and(|inside| inside.iter().any(|member| member.user == row.user)));
        }
        view.selected = view.selected.min(rows.len().saturating_sub(1));
        view.rows = Some(rows);
        Vec::new()
    }

    pub(super) fn colleagues_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Colleagues(view)) = &mut self.overlay else { return Vec::new() };
        let rows = view.rows.as_deref().unwrap_or_default();
        if !matches!(key.code, KeyCode::Home | KeyCode::End)
            && let Some(selected) = moved(key.code, view.selected, rows.len())
        {
            view.selected = selected;
            return Vec::new();
        }
        let here = rows.get(view.selected).map(|row| (row.user, row.name.clone()));
        match key.code {
            KeyCode::Esc => self.close(),
            KeyCode::Tab => {
                if let Some((user, name)) = here {
                    match view.marked.iter().position(|(other, _)| *other == user) {
                        Some(place) => drop(view.marked.remove(place)),
                        None => view.marked.push((user, name)),
                    }
                    if !view.query.text().is_empty() {
                        view.query.set("");
                        view.selected = 0;
                        return vec![DeskEffect::Colleagues(String::new()).into()];
                    }
                }
                Vec::new()
            }
            KeyCode::Enter => self.colleagues_chosen(here),
            KeyCode::Backspace if view.query.text().is_empty() => {
                view.marked.pop();
                Vec::new()
            }
            _ => match view.query.key(key, usize::MAX / 2) {
                Edited::Changed => {
                    view.selected = 0;
                    vec![DeskEffect::Colleagues(view.query.text().to_owned()).into()]
                }
                _ => Vec::new(),
            },
        }
    }

    /// Those who are marked; nobody is: the one under the cursor.
    fn colleagues_chosen(&mut self, here: Option<(UserId, String)>) -> Vec<Effect> {
        let Some(Overlay::Colleagues(view)) = &self.overlay else { return Vec::new() };
        let marked: Vec<UserId> = view.marked.iter().map(|(user, _)| *user).collect();
        match (view.choosing.clone(), here) {
            (Choosing::New, _) if !marked.is_empty() => {
                self.cover(Overlay::Entry(Entry::GroupName(marked), Form::new(&["Name"], [])));
                Vec::new()
            }
            (Choosing::New, Some((user, _))) => {
                self.overlay = None;
                vec![DeskEffect::Direct(user).into()]
            }
            (Choosing::Group(chat), here) => {
                let members = if marked.is_empty() { here.map(|(user, _)| user).into_iter().collect() } else { marked };
                if members.is_empty() {
                    return Vec::new();
                }
                let mut effects = self.close();
                effects.extend([DeskEffect::AddMembers(chat, members).into(), DeskEffect::Members(chat).into()]);
                effects
            }
            (Choosing::New, None) => Vec::new(),
        }
    }

    /// A staff chat that was begun or made: the operator writes in it.
    pub(super) fn staff_chat_opened(&mut self, chat: ChatId) -> Vec<Effect> {
        self.overlay = None;
        self.focus = Focus::Chat;
        self.selected = Some(chat);
        self.keep_in_view();
        let mut effects = self.open(chat, None);
        effects.extend(self.read());
        effects
    }

    pub(super) fn open_members(&mut self, chat: ChatId) -> Vec<Effect> {
        self.cover(Overlay::Members(MembersView { chat, rows: None, selected: 0 }));
        vec![DeskEffect::Members(chat).into()]
    }

    pub(super) fn members_came(&mut self, chat: ChatId, rows: Vec<Colleague>) {
        for overlay in self.overlay.iter_mut().chain(&mut self.below) {
            if let Overlay::Members(view) = overlay
                && view.chat == chat
            {
                view.selected = view.selected.min(rows.len().saturating_sub(1));
                view.rows = Some(rows.clone());
            }
        }
    }

    /// Reads the members again when something happened in their chat.
    pub(super) fn refresh_members(&self, chat: ChatId) -> Option<Effect> {
        let shown = |overlay: &Overlay| matches!(overlay, Overlay::Members(view) if view.chat == chat);
        self.overlay.iter().chain(&self.below).any(shown).then(|| DeskEffect::Members(chat).into())
    }

    /// Whether this staff chat is a group, whose members change.
    pub fn is_group(&self, chat: ChatId) -> bool {
        self.row_of(chat).is_some_and(|row| row.actions.members)
    }

    pub(super) fn members_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Members(view)) = &mut self.overlay else { return Vec::new() };
        let (chat, rows) = (view.chat, view.rows.as_deref().unwrap_or_default());
        if let Some(selected) = moved(key.code, view.selected, rows.len()) {
            view.selected = selected;
            return Vec::new();
        }
        let here = rows.get(view.selected).filter(|row| !row.is_me).map(|row| (row.user, row.name.clone()));
        let group = self.is_group(chat);
        let row = self.row_of(chat);
        let name = row.and_then(|row| row.contact_name.clone()).unwrap_or_default();
        let leaves = row.is_some_and(|row| row.actions.leave);
        match (key.code, here) {
            (KeyCode::Esc | KeyCode::Char('q' | 'r'), _) => self.close(),
            (KeyCode::Enter, Some((user, _))) => {
                self.overlay = None;
                vec![DeskEffect::Direct(user).into()]
            }
            (KeyCode::Char('a' | '+'), _) if group => self.open_colleagues(Choosing::Group(chat)),
            (KeyCode::Char('n'), _) if group => {
                self.cover(Overlay::Entry(Entry::Rename(chat), Form::new(&["Name"], [name])));
                Vec::new()
            }
            (KeyCode::Delete, Some((user, member))) if group => {
                self.question(Question::RemoveMember { chat, user, name: member })
            }
            (KeyCode::Char('l'), _) if leaves => self.question(Question::Leave { chat, name }),
            _ => Vec::new(),
        }
    }
}

//! What each key does, by what has the keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{InboxFilter, InboxOrder, Presence};

use super::{Action, App, Choosing, Effect, Focus, Overlay, SearchView, Showing};
use crate::view::Layout;

impl App {
    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if self.account.is_none() {
            self.sign_in.paste(text);
            return Vec::new();
        }
        if self.overlay.is_some() {
            return self.paste_into_dialog(text);
        }
        if self.focus == Focus::Chat
            && self.composes()
            && let Some(chat) = &mut self.chat
        {
            chat.composer.insert(text);
            return self.typed();
        }
        Vec::new()
    }

    pub(super) fn key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && matches!(key.code, KeyCode::Char('c' | 'q')) {
            return self.quit();
        }
        if self.account.is_none() {
            return match self.sign_in.key(key) {
                Some(with) => vec![Effect::SignIn(with)],
                None => Vec::new(),
            };
        }
        match (&self.overlay, self.focus) {
            (Some(Overlay::Search(_)), _) => self.search_key(key),
            (Some(Overlay::Unsent { .. }), _) => self.unsent_key(key),
            (Some(Overlay::Menu(..)), _) => self.menu_key(key),
            (Some(Overlay::Ask(_)), _) => self.question_key(key),
            (Some(Overlay::Transfer(_)), _) => self.transfer_key(key),
            (Some(Overlay::Snooze(_)), _) => self.snooze_key(key),
            (Some(Overlay::Contact(..)), _) => self.contact_key(key),
            (Some(Overlay::Hours(_)), _) => self.hours_key(key),
            (Some(Overlay::Manage(_)), _) => self.manage_key(key),
            (Some(Overlay::Help(_)), _) => self.help_key(key),
            (Some(Overlay::Colleagues(_)), _) => self.colleagues_key(key),
            (Some(Overlay::Members(_)), _) => self.members_key(key),
            (Some(Overlay::Templates(_)), _) => self.templates_key(key),
            (Some(Overlay::Template(_)), _) => self.template_key(key),
            (Some(Overlay::Info(_)), _) => self.info_key(key),
            (Some(Overlay::Merge(_)), _) => self.merge_key(key),
            (Some(Overlay::Labels(_)), _) => self.labels_key(key),
            (Some(Overlay::Settings(_)), _) => self.settings_key(key),
            (Some(Overlay::Entry(..)), _) => self.entry_key(key),
            // One tap, wherever the operator is.
            (Some(Overlay::Work(_)) | None, _) if matches!(key.code, KeyCode::F(2..=4)) => {
                self.wish_presence(match key.code {
                    KeyCode::F(2) => Presence::Available,
                    KeyCode::F(3) => Presence::Away,
                    _ => Presence::OffShift,
                })
            }
            (Some(Overlay::Work(_)), _) => self.work_key(key),
            (None, Focus::List) => self.list_key(key),
            (None, Focus::Chat) => self.chat_key(key),
        }
    }

    fn quit(&mut self) -> Vec<Effect> {
        let mut effects = self.keep_draft_and_stop();
        effects.push(Effect::Quit);
        effects
    }

    fn list_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let page = Layout::of(self.size).list_rows().max(1) as isize;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        // As in a chat, so that the hands need not think where they are; no other letter is asked for with Ctrl or Alt.
        if let KeyCode::Char(letter) = key.code
            && (key.modifiers.contains(KeyModifiers::ALT) || (control && !"tpdnrxz".contains(letter)))
        {
            return Vec::new();
        }
        match key.code {
            KeyCode::Char('q') => self.quit(),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-page),
            KeyCode::PageDown => self.step(page),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            KeyCode::Char('z') => self.undo(),
            KeyCode::Char('x' | ' ') => self.open_menu(),
            code if let Some(action) = Action::of(code) => self.action(action),
            KeyCode::Enter | KeyCode::Right | KeyCode::Char('l') => self.enter_chat(),
            KeyCode::Char('v') => self.toggle_archive(),
            KeyCode::Char('w') => {
                self.overlay = Some(Overlay::Work(0));
                Vec::new()
            }
            KeyCode::Char('m') => self.open_manage(),
            KeyCode::Char('c') => self.open_colleagues(Choosing::New),
            KeyCode::Char(',') => self.open_settings(),
            KeyCode::F(6) => self.follow_toast(),
            KeyCode::Tab | KeyCode::Char('f') => self.show(step_filter(self.filter, 1), self.order),
            KeyCode::BackTab => self.show(step_filter(self.filter, FILTERS.len() - 1), self.order),
            KeyCode::Char(digit @ '1'..='5') => {
                let place = usize::from(u8::try_from(digit).unwrap_or(b'1') - b'1');
                self.show(FILTERS.get(place).copied().unwrap_or_default(), self.order)
            }
            KeyCode::Char('o') => self.show(
                self.filter,
                match self.order {
                    InboxOrder::NewestFirst => InboxOrder::LongestWaiting,
                    InboxOrder::LongestWaiting => InboxOrder::NewestFirst,
                },
            ),
            KeyCode::Char('/') => {
                self.overlay = Some(Overlay::Search(SearchView::default()));
                Vec::new()
            }
            KeyCode::Char('u') => {
                self.overlay = Some(Overlay::Unsent { selected: 0, deleting: false });
                Vec::new()
            }
            KeyCode::Char('?') | KeyCode::F(1) => {
                self.overlay = Some(Overlay::Help(0));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn enter_chat(&mut self) -> Vec<Effect> {
        let Some(row) = self.current_row() else { return Vec::new() };
        let chat = row.chat;
        if row.passed_on.is_some() {
            self.note("This chat was passed on: its messages have left this device.");
            return Vec::new();
        }
        self.focus = Focus::Chat;
        let mut effects = self.open(chat, None);
        effects.extend(self.read());
        // A reply that asks first asks now.
        self.ask_about_stale();
        effects
    }

    fn toggle_archive(&mut self) -> Vec<Effect> {
        self.showing = match self.showing {
            Showing::Recents => Showing::Archive,
            Showing::Archive => Showing::Recents,
        };
        self.first = 0;
        vec![self.list_effect()]
    }

    fn show(&mut self, filter: InboxFilter, order: InboxOrder) -> Vec<Effect> {
        (self.filter, self.order, self.showing) = (filter, order, Showing::Recents);
        vec![self.list_effect()]
    }

    fn step(&mut self, by: isize) -> Vec<Effect> {
        let Some(last) = self.inbox.len().checked_sub(1) else { return Vec::new() };
        let place = self.place().unwrap_or(0).saturating_add_signed(by).min(last);
        let mut effects = self.select(self.inbox.get(place).map(|row| row.chat));
        // The window grows before the reader gets to its end.
        if place + 10 >= last {
            effects.push(Effect::ExtendInbox);
        }
        effects
    }
}

/// The filters of Recents, in the order of their keys.
pub const FILTERS: [InboxFilter; 5] =
    [InboxFilter::All, InboxFilter::Mine, InboxFilter::Waiting, InboxFilter::Staff, InboxFilter::Snoozed];

fn step_filter(filter: InboxFilter, by: usize) -> InboxFilter {
    let place = FILTERS.iter().position(|other| *other == filter).unwrap_or(0);
    FILTERS.get((place + by) % FILTERS.len()).copied().unwrap_or_default()
}

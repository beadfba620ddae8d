//! What each key does, by what has the keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{Composer, InboxFilter, InboxOrder, Presence};

use super::{Action, App, Effect, Focus, Overlay, SearchView, Showing, TYPING_EVERY_MS};
use crate::editor::Edited;
use crate::timeline::{OpenChat, Scroll};
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
            && (key.modifiers.contains(KeyModifiers::ALT) || (control && !"tpdnxz".contains(letter)))
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

    /// Whether the open chat has a composer to type in.
    pub fn composes(&self) -> bool {
        self.chat.as_ref().is_some_and(|chat| !chat.closed)
            && self.open_row().is_none_or(|row| row.composer == Composer::Reply)
    }

    fn chat_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let layout = Layout::of(self.size);
        let page = layout.chat_height.saturating_sub(2).max(1) as isize;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => self.leave_chat(),
            KeyCode::PageUp => self.scroll(-page),
            KeyCode::PageDown => self.scroll(page),
            KeyCode::Up if control => self.scroll(-1),
            KeyCode::Down if control => self.scroll(1),
            KeyCode::End if control => self.jump_to_end(),
            KeyCode::Home if control => self.scroll(isize::MIN),
            // What can be typed stays with the composer: everything else is asked for with Ctrl.
            KeyCode::Char('z') if control => self.undo(),
            KeyCode::Char('x') if control => self.open_menu(),
            KeyCode::Char('t' | 'p' | 'd' | 'n') if control => match Action::of(key.code) {
                Some(action) => self.action(action),
                None => Vec::new(),
            },
            KeyCode::F(1) => {
                self.overlay = Some(Overlay::Help(0));
                Vec::new()
            }
            KeyCode::Enter if self.open_row().is_some_and(|row| row.composer == Composer::TakeFirst) => {
                self.action(Action::Take)
            }
            KeyCode::Char('y') if control => {
                let text = self.chat.as_ref().map(|chat| chat.composer.text().to_owned()).unwrap_or_default();
                if text.is_empty() { Vec::new() } else { vec![Effect::Copy(text)] }
            }
            KeyCode::Enter if key.modifiers.is_empty() => self.send(),
            _ => {
                let (cells, composes) = (layout.composer_cells, self.composes());
                let Some(chat) = self.chat.as_mut().filter(|_| composes) else { return Vec::new() };
                match chat.composer.key(key, cells) {
                    Edited::Changed => self.typed(),
                    Edited::Moved => Vec::new(),
                    Edited::Ignored => match key.code {
                        KeyCode::Up => self.scroll(-1),
                        KeyCode::Down => self.scroll(1),
                        _ => Vec::new(),
                    },
                }
            }
        }
    }

    pub(super) fn leave_chat(&mut self) -> Vec<Effect> {
        let mut effects = self.keep_draft_and_stop();
        self.focus = Focus::List;
        if self.place().is_none() {
            effects.extend(self.select(self.inbox.get(self.first).map(|row| row.chat)));
        }
        effects
    }

    fn scroll(&mut self, by: isize) -> Vec<Effect> {
        let layout = Layout::of(self.size);
        let height = layout.timeline_height(self);
        let Some(chat) = self.chat.as_mut() else { return Vec::new() };
        let lines = chat.lines(layout.chat_cells, &self.zone, self.now);
        let mut effects = Vec::new();
        if chat.scroll(by, &lines, height) && !chat.extending && !chat.closed {
            chat.extending = true;
            effects.push(Effect::ExtendTimeline(chat.id));
        }
        if chat.around && chat.scroll == Scroll::Bottom {
            effects.push(Effect::ExtendNewer(chat.id));
        }
        effects.extend(self.read());
        effects
    }

    /// To the newest message; a window around a search hit may not hold it, and is opened anew.
    fn jump_to_end(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chat.as_mut() else { return Vec::new() };
        if !chat.around {
            return self.scroll(isize::MAX);
        }
        let mut fresh = OpenChat::new(chat.id, None);
        std::mem::swap(&mut fresh.composer, &mut chat.composer);
        fresh.draft_dirty = chat.draft_dirty;
        let id = chat.id;
        *chat = fresh;
        vec![Effect::Open(id, None)]
    }

    fn send(&mut self) -> Vec<Effect> {
        let composes = self.composes();
        let Some(chat) = self.chat.as_mut().filter(|chat| composes && !chat.composer.is_blank()) else {
            return Vec::new();
        };
        if chat.composer.text().len() > crate::MAX_TEXT_BYTES {
            self.note("This text is too long: at most 16 KiB.");
            return Vec::new();
        }
        let text = chat.composer.take();
        chat.draft_dirty = false;
        chat.target = None;
        chat.scroll = Scroll::Bottom;
        let mut effects = vec![Effect::Reply(chat.id, text)];
        effects.extend(self.stop_typing());
        if self.chat.as_ref().is_some_and(|chat| chat.around) {
            effects.extend(self.jump_to_end());
        }
        effects.extend(self.read());
        effects
    }

    fn typed(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chat.as_mut() else { return Vec::new() };
        chat.draft_dirty = true;
        if chat.composer.is_blank() {
            return self.stop_typing().into_iter().collect();
        }
        self.typed_at = Some(self.now);
        if self.typing_told_at.is_some_and(|at| self.now - at < TYPING_EVERY_MS) {
            return Vec::new();
        }
        self.typing_told_at = Some(self.now);
        vec![Effect::Typing(chat.id, true)]
    }

    fn search_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Search(search)) = &mut self.overlay else { return Vec::new() };
        let hits = search.results.as_ref().map_or(0, |results| results.hits.len());
        match key.code {
            KeyCode::Esc => {
                self.overlay = None;
                self.read()
            }
            KeyCode::Up => {
                search.selected = search.selected.saturating_sub(1);
                Vec::new()
            }
            KeyCode::Down => {
                search.selected = (search.selected + 1).min(hits.saturating_sub(1));
                Vec::new()
            }
            KeyCode::Enter => {
                let hit = search.results.as_ref().and_then(|results| results.hits.get(search.selected));
                let Some((chat, no)) = hit.map(|hit| (hit.chat, hit.no)) else { return Vec::new() };
                self.overlay = None;
                self.focus = Focus::Chat;
                self.selected = Some(chat);
                self.keep_in_view();
                self.open(chat, Some(no))
            }
            _ => match search.query.key(key, usize::MAX / 2) {
                Edited::Changed => vec![Effect::Search(search.query.text().to_owned())],
                _ => Vec::new(),
            },
        }
    }

    fn unsent_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Unsent { selected, deleting }) = &mut self.overlay else { return Vec::new() };
        let row = self.unsent.get(*selected);
        if std::mem::take(deleting) {
            return match (key.code, row) {
                (KeyCode::Char('y') | KeyCode::Enter, Some(row)) => vec![Effect::DeleteUnsent(row.id)],
                _ => Vec::new(),
            };
        }
        match (key.code, row) {
            (KeyCode::Esc | KeyCode::Char('q' | 'u'), _) => self.overlay = None,
            (KeyCode::Up | KeyCode::Char('k'), _) => *selected = selected.saturating_sub(1),
            (KeyCode::Down | KeyCode::Char('j'), _) => {
                *selected = (*selected + 1).min(self.unsent.len().saturating_sub(1));
            }
            (KeyCode::Char('c') | KeyCode::Enter, Some(row)) => return vec![Effect::Copy(row.text.clone())],
            (KeyCode::Char('d') | KeyCode::Delete, Some(_)) => *deleting = true,
            _ => {}
        }
        Vec::new()
    }
}

/// The filters of Recents, in the order of their keys.
pub const FILTERS: [InboxFilter; 5] =
    [InboxFilter::All, InboxFilter::Mine, InboxFilter::Waiting, InboxFilter::Staff, InboxFilter::Snoozed];

fn step_filter(filter: InboxFilter, by: usize) -> InboxFilter {
    let place = FILTERS.iter().position(|other| *other == filter).unwrap_or(0);
    FILTERS.get((place + by) % FILTERS.len()).copied().unwrap_or_default()
}

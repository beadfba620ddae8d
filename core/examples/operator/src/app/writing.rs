//! The composer: replies, notes and what staff say, with mentions and the gaps of templates.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{Composer, DeliveryState};

use super::dialogs::moved;
use super::{Action, App, DeskEffect, Effect, Focus, Overlay, Question, TYPING_EVERY_MS};
use crate::editor::Edited;
use crate::text;
use crate::timeline::{OpenChat, Scroll};
use crate::view::Layout;

impl App {
    /// Whether the open chat has a composer to type in.
    pub fn composes(&self) -> bool {
        self.chat.as_ref().is_some_and(|chat| !chat.closed)
            && self
                .open_row()
                .is_none_or(|row| row.composer == Composer::Reply || (self.is_noting() && row.actions.note))
    }

    /// Whether what is being written is a note, which the customer never gets.
    pub fn is_noting(&self) -> bool {
        self.chat.as_ref().is_some_and(|chat| chat.noting)
    }

    /// The composer turns to a note for colleagues, or back to the reply; neither text is lost by it.
    pub(super) fn toggle_note(&mut self) -> Vec<Effect> {
        let can = self.open_row().is_some_and(|row| row.actions.note);
        let mut effects = self.keep_draft_and_stop();
        let Some(chat) = self.chat.as_mut().filter(|chat| !chat.closed && (can || chat.noting)) else {
            self.note("There are no notes in this chat.");
            return Vec::new();
        };
        chat.toggle_note();
        if chat.noting {
            effects.push(DeskEffect::Mentionable(chat.id).into());
        }
        effects
    }

    /// Opens the question about the first reply that asks, if there is one.
    pub(super) fn ask_about_stale(&mut self) -> bool {
        let Some(chat) = self.chat.as_ref() else { return false };
        let asking = chat.rows.iter().find_map(|row| match row.state {
            DeliveryState::Asking(reason) => Some((row.id, row.text.clone(), row.sent_at, reason)),
            _ => None,
        });
        let Some((message, text, at, reason)) = asking else { return false };
        self.question(Question::Stale { chat: chat.id, message, text, at, reason });
        true
    }

    /// The keys of the list of names behind an @.
    fn mention_key(&mut self, key: &KeyEvent) -> bool {
        let Some(chat) = self.chat.as_mut().filter(|_| key.modifiers.is_empty()) else { return false };
        let found = chat.mentioning();
        let count = found.len();
        if count == 0 {
            return false;
        }
        match key.code {
            KeyCode::Up | KeyCode::Down => {
                chat.mention = moved(key.code, chat.mention.min(count - 1), count).unwrap_or(0);
            }
            KeyCode::Enter | KeyCode::Tab => {
                let name = found.get(chat.mention.min(count - 1)).map(|colleague| colleague.name.clone());
                if let Some(name) = name {
                    chat.complete(&name);
                }
            }
            KeyCode::Esc => chat.mention_off = true,
            _ => return false,
        }
        true
    }

    pub(super) fn chat_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let layout = Layout::of(self.size);
        let page = layout.chat_height.saturating_sub(2).max(1) as isize;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if self.composes() && self.mention_key(key) {
            return if matches!(key.code, KeyCode::Enter | KeyCode::Tab) { self.typed() } else { Vec::new() };
        }
        match key.code {
            KeyCode::Esc if self.is_noting() => self.toggle_note(),
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
            KeyCode::Char('f') if control => self.open_templates(),
            KeyCode::Char('o') if control => self.toggle_note(),
            KeyCode::Char('s') if control => {
                if !self.ask_about_stale() {
                    self.note("No reply asks before it is sent.");
                }
                Vec::new()
            }
            KeyCode::Char('l') if control => self.action(Action::Labels),
            KeyCode::F(6) => self.follow_toast(),
            KeyCode::Tab => self.next_gap(),
            KeyCode::Char('t' | 'p' | 'd' | 'n' | 'r') if control => match Action::of(key.code) {
                Some(action) => self.action(action),
                None => Vec::new(),
            },
            KeyCode::F(1) => {
                self.overlay = Some(Overlay::Help(0));
                Vec::new()
            }
            KeyCode::Enter
                if !self.is_noting() && self.open_row().is_some_and(|row| row.composer == Composer::TakeFirst) =>
            {
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
        if let Some(gap) = text::gaps(chat.composer.text()).first().cloned() {
            let gap = chat.composer.text()[gap].to_owned();
            self.note(format!("Not sent: fill in {gap} first. Tab goes to it."));
            return Vec::new();
        }
        let internal = chat.row.first().is_some_and(|row| row.internal.is_some());
        let text = chat.composer.take();
        let noting = chat.noting;
        if noting {
            chat.toggle_note();
        } else {
            chat.draft_dirty = false;
        }
        chat.target = None;
        chat.scroll = Scroll::Bottom;
        let mut effects = vec![match (noting, internal) {
            (true, _) => DeskEffect::Note(chat.id, text).into(),
            (false, true) => DeskEffect::Say(chat.id, text).into(),
            (false, false) => Effect::Reply(chat.id, text),
        }];
        effects.extend(self.stop_typing());
        if self.chat.as_ref().is_some_and(|chat| chat.around) {
            effects.extend(self.jump_to_end());
        }
        effects.extend(self.read());
        effects
    }

    /// Clears the next gap that a template left, and stands there.
    fn next_gap(&mut self) -> Vec<Effect> {
        let composes = self.composes();
        let Some(chat) = self.chat.as_mut().filter(|_| composes) else { return Vec::new() };
        let gaps = text::gaps(chat.composer.text());
        let cursor = chat.composer.cursor();
        let Some(gap) = gaps.iter().find(|gap| gap.end > cursor).or(gaps.first()).cloned() else { return Vec::new() };
        chat.composer.replace(gap, "");
        self.typed()
    }

    pub(super) fn typed(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chat.as_mut() else { return Vec::new() };
        (chat.mention, chat.mention_off) = (0, false);
        // A note is never a draft: a draft becomes a reply.
        if chat.noting {
            return self.ask_mentionable().into_iter().collect();
        }
        chat.draft_dirty = true;
        let asks = self.ask_mentionable();
        let Some(chat) = self.chat.as_mut() else { return Vec::new() };
        if chat.composer.is_blank() {
            return self.stop_typing().into_iter().collect();
        }
        self.typed_at = Some(self.now);
        let id = chat.id;
        let mut effects: Vec<Effect> = asks.into_iter().collect();
        if self.typing_told_at.is_none_or(|at| self.now - at >= TYPING_EVERY_MS) {
            self.typing_told_at = Some(self.now);
            effects.push(Effect::Typing(id, true));
        }
        effects
    }

    /// Asks whom the text can mention, when an @ was typed where that can be.
    fn ask_mentionable(&self) -> Option<Effect> {
        let chat = self.chat.as_ref().filter(|chat| chat.mentionable.is_empty())?;
        chat.mention_at()?;
        Some(DeskEffect::Mentionable(chat.id).into())
    }
}

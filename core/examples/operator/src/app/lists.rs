//! What the lists of the core do to the screen: which chat is selected, what of it is open, and what was read.

use switchboard_core::{ChatId, InboxRow, ListUpdate, TimelineRow};

use super::{App, Effect, Focus, apply};
use crate::timeline::{OpenChat, Scroll};
use crate::view::Layout;

impl App {
    pub(super) fn inbox_changed(&mut self, update: ListUpdate<InboxRow>) -> Vec<Effect> {
        let place = self.place();
        apply(&mut self.inbox, update.changes);
        if let Some(chat) = self.reselect.filter(|chat| self.inbox.iter().any(|row| row.chat == *chat)) {
            self.reselect = None;
            if self.focus == Focus::List && self.overlay.is_none() {
                return self.select(Some(chat));
            }
        }
        if self.selected.is_some_and(|chat| self.inbox.iter().any(|row| row.chat == chat)) {
            self.keep_in_view();
            // Passed on while it was open: only its line is left.
            if self.focus == Focus::List && self.chat.is_some() && !self.current_row().is_none_or(has_content) {
                return self.select(self.selected);
            }
            return self.read();
        }
        // The selected chat left the list. While the operator is in it, the chat stays open and says so.
        if self.focus == Focus::Chat {
            return Vec::new();
        }
        let next = self.inbox.get(place.unwrap_or(0).min(self.inbox.len().saturating_sub(1))).map(|row| row.chat);
        self.select(next)
    }

    pub(super) fn place(&self) -> Option<usize> {
        let chat = self.selected?;
        self.inbox.iter().position(|row| row.chat == chat)
    }

    /// Selects a chat and shows it beside the list.
    pub(super) fn select(&mut self, chat: Option<ChatId>) -> Vec<Effect> {
        self.selected = chat;
        self.keep_in_view();
        // Of a chat that was passed on there is nothing to open.
        let chat = chat.filter(|_| self.place().and_then(|place| self.inbox.get(place)).is_none_or(has_content));
        match chat {
            Some(chat) => self.open(chat, None),
            None if self.chat.is_some() => {
                let mut effects = self.keep_draft_and_stop();
                self.keep_note();
                self.chat = None;
                effects.push(Effect::Close);
                effects
            }
            None => Vec::new(),
        }
    }

    pub(super) fn keep_in_view(&mut self) {
        let shown = Layout::of(self.size).list_rows().max(1);
        let place = self.place().unwrap_or(0);
        self.first = self.first.min(place).max((place + 1).saturating_sub(shown));
        self.first = self.first.min(self.inbox.len().saturating_sub(shown));
    }

    pub(super) fn open(&mut self, chat: ChatId, around: Option<u64>) -> Vec<Effect> {
        if around.is_none()
            && self.chat.as_ref().is_some_and(|open| open.id == chat && !open.closed && open.target.is_none())
        {
            return Vec::new();
        }
        let mut effects = self.keep_draft_and_stop();
        self.keep_note();
        let mut fresh = OpenChat::new(chat, around);
        if let Some(note) = self.notes.remove(&chat) {
            fresh.other.set(&note);
        }
        self.chat = Some(fresh);
        effects.push(Effect::Open(chat, around));
        effects
    }

    /// Keeps a note that was begun, for as long as this screen runs.
    fn keep_note(&mut self) {
        let Some(open) = self.chat.as_ref().filter(|open| !open.closed) else { return };
        let note = open.note().text();
        if !note.trim().is_empty() {
            self.notes.insert(open.id, note.to_owned());
        }
    }

    pub(super) fn timeline_changed(&mut self, chat: ChatId, update: ListUpdate<TimelineRow>) -> Vec<Effect> {
        let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) else { return Vec::new() };
        apply(&mut open.rows, update.changes);
        if update.closed && !open.closed {
            open.closed = true;
            open.scroll = Scroll::Bottom;
            // The core moved the stored draft and what was not accepted to the unsent texts. What it does not have
            // yet stays in the composer, to be copied.
            if !open.draft_dirty {
                open.reply_mut().set("");
            }
            self.typed_at = None;
            self.typing_told_at = None;
        }
        self.read()
    }

    /// Reports the newest message as read when the operator is in the chat and sees its end.
    pub(super) fn read(&mut self) -> Vec<Effect> {
        if self.focus != Focus::Chat || self.overlay.is_some() {
            return Vec::new();
        }
        let layout = Layout::of(self.size);
        let height = layout.timeline_height(self);
        let Some(open) = self.chat.as_mut().filter(|open| !open.closed) else { return Vec::new() };
        let newest = open.newest_no();
        if open.scroll != Scroll::Bottom || newest <= open.read_upto {
            return Vec::new();
        }
        if open.target.is_some() {
            // Opened at a search hit: the end counts as seen only if it is on the screen as well.
            let lines = open.lines(layout.chat_cells, &self.zone, self.now);
            if open.top(&lines, height) + height < lines.len() {
                return Vec::new();
            }
        }
        open.read_upto = newest;
        vec![Effect::Read(open.id, newest)]
    }
}

/// Whether there are messages of this chat on the device.
fn has_content(row: &InboxRow) -> bool {
    row.passed_on.is_none()
}

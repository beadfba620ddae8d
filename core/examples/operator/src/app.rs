//! The inbox's state and what each key and each news from the core does to it. Nothing here touches the core, the
//! terminal or a clock: `update` takes a message and returns what is to be done, so tests need none of them.

mod keys;
mod news;

use crossterm::event::KeyEventKind;
use switchboard_core::{
    ChatId, CommandOutcome, ConnectionState, InboxFilter, InboxOrder, InboxRow, ListChange, ListUpdate, SearchResults,
    TimelineRow, Typing, UnsentRow,
};

pub use news::{Effect, Msg};

use crate::clock::Zone;
use crate::editor::Editor;
use crate::signin::SignIn;
use crate::timeline::{OpenChat, Scroll};
use crate::view::Layout;

/// For how long a note stands in the last line.
const NOTE_MS: i64 = 6_000;
/// How often typing is told again while it goes on.
const TYPING_EVERY_MS: i64 = 3_000;
/// Typing has ended when nothing was typed for this long.
const TYPING_ENDS_MS: i64 = 4_000;
/// The most messages that a search shows.
pub const SEARCH_LIMIT: u32 = 50;

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The list of chats.
    List,
    /// The chat's composer.
    Chat,
}

/// What lies over the inbox.
#[derive(Debug)]
pub enum Overlay {
    /// The search.
    Search(SearchView),
    /// The unsent texts: the selected one, and whether its deletion waits for a yes.
    Unsent {
        /// The selected row.
        selected: usize,
        /// Whether the next y deletes it.
        deleting: bool,
    },
    /// The keys.
    Help,
}

/// The search as it is typed.
#[derive(Debug, Default)]
pub struct SearchView {
    /// The query.
    pub query: Editor,
    /// The answer to `answered`.
    pub results: Option<Box<SearchResults>>,
    /// The query that the results answer.
    pub answered: String,
    /// The selected hit.
    pub selected: usize,
}

/// All that the screen shows.
#[derive(Debug)]
pub struct App {
    /// The signed-in operator's name.
    pub account: Option<String>,
    /// The sign-in form, while nobody is signed in.
    pub sign_in: SignIn,
    /// The state of the connection.
    pub connection: ConnectionState,
    /// The terminal's size.
    pub size: (u16, u16),
    /// Now.
    pub now: i64,
    /// The zone of the times shown.
    pub zone: Zone,
    /// Where keys go.
    pub focus: Focus,
    /// What lies over the inbox.
    pub overlay: Option<Overlay>,
    /// The filter.
    pub filter: InboxFilter,
    /// The order.
    pub order: InboxOrder,
    /// The inbox.
    pub inbox: Vec<InboxRow>,
    /// The selected chat.
    pub selected: Option<ChatId>,
    /// The first row of the inbox on the screen.
    pub first: usize,
    /// The open chat.
    pub chat: Option<OpenChat>,
    /// Who types where.
    pub typing: Vec<Typing>,
    /// The unsent texts.
    pub unsent: Vec<UnsentRow>,
    /// Lines of whoever runs the inbox, shown while no chat is open and under the keys.
    pub hints: Vec<String>,
    /// What the last line says, and until when.
    pub note: Option<(String, i64)>,
    typed_at: Option<i64>,
    typing_told_at: Option<i64>,
}

impl App {
    /// An inbox that knows nothing yet.
    pub fn new(size: (u16, u16), now: i64, zone: Zone) -> Self {
        Self {
            account: None,
            sign_in: SignIn::default(),
            connection: ConnectionState::Stopped,
            size,
            now,
            zone,
            focus: Focus::List,
            overlay: None,
            filter: InboxFilter::All,
            order: InboxOrder::NewestFirst,
            inbox: Vec::new(),
            selected: None,
            first: 0,
            chat: None,
            typing: Vec::new(),
            unsent: Vec::new(),
            hints: Vec::new(),
            note: None,
            typed_at: None,
            typing_told_at: None,
        }
    }

    /// The row of the open chat, also when the list's filter does not show it.
    pub fn open_row(&self) -> Option<&InboxRow> {
        self.chat.as_ref()?.row.first()
    }

    /// Who types in this chat, by name.
    pub fn typing_in(&self, chat: ChatId) -> Vec<&str> {
        self.typing
            .iter()
            .filter(|typing| typing.chat == chat)
            .map(|typing| match (&typing.name, typing.user) {
                (Some(name), _) => name.as_str(),
                (None, Some(_)) => "A colleague",
                (None, None) => self
                    .inbox
                    .iter()
                    .chain(self.open_row())
                    .find(|row| row.chat == chat)
                    .and_then(|row| row.contact_name.as_deref())
                    .unwrap_or("Visitor"),
            })
            .collect()
    }

    /// Handles one message.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
            Msg::Key(key) => self.key(&key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Resized(columns, rows) => {
                self.size = (columns, rows);
                self.read()
            }
            Msg::Tick(now) => self.tick(now),
            Msg::Connection(state) => {
                self.connection = state;
                Vec::new()
            }
            Msg::Account(name) => self.signed_in(name),
            Msg::Inbox(update) => self.inbox_changed(update),
            Msg::Timeline(chat, update) => self.timeline_changed(chat, update),
            Msg::Extended(chat) => {
                if let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) {
                    open.extending = false;
                }
                Vec::new()
            }
            Msg::Draft(chat, text) => {
                if let Some(open) = self.chat.as_mut().filter(|open| open.id == chat && !open.draft_dirty) {
                    open.composer.set(text.as_deref().unwrap_or(""));
                }
                Vec::new()
            }
            Msg::Unsent(update) => {
                apply(&mut self.unsent, update.changes);
                if let Some(Overlay::Unsent { selected, deleting }) = &mut self.overlay {
                    *selected = (*selected).min(self.unsent.len().saturating_sub(1));
                    *deleting = false;
                }
                Vec::new()
            }
            Msg::Typing(typing) => {
                self.typing.retain(|other| (other.chat, other.user) != (typing.chat, typing.user));
                if typing.typing {
                    self.typing.push(typing);
                }
                Vec::new()
            }
            Msg::Chat(chat, update) => {
                if let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) {
                    apply(&mut open.row, update.changes);
                }
                Vec::new()
            }
            Msg::Command(outcome) => self.command_ended(&outcome),
            Msg::Found(query, results) => {
                if let Some(Overlay::Search(search)) = &mut self.overlay
                    && search.query.text() == query
                {
                    search.selected = 0;
                    search.answered = query;
                    search.results = Some(results);
                }
                Vec::new()
            }
            Msg::NotSent(chat, text, why) => {
                if let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) {
                    let typed = open.composer.take();
                    open.composer.set(&if typed.is_empty() { text } else { format!("{text}\n{typed}") });
                    open.draft_dirty = true;
                }
                self.note(why);
                Vec::new()
            }
            Msg::SignInFailed(why) => {
                self.sign_in.failed(why);
                Vec::new()
            }
            Msg::Failed(text) | Msg::Note(text) => {
                self.note(text);
                Vec::new()
            }
        }
    }

    fn note(&mut self, text: impl Into<String>) {
        self.note = Some((text.into(), self.now + NOTE_MS));
    }

    fn signed_in(&mut self, name: Option<String>) -> Vec<Effect> {
        if name.is_some() == self.account.is_some() {
            self.account = name;
            return Vec::new();
        }
        let was_in = self.account.is_some();
        self.account = name;
        if was_in {
            let hints = std::mem::take(&mut self.hints);
            *self = App { hints, ..App::new(self.size, self.now, self.zone) };
            self.sign_in.failed("This device was signed out. Its messages were deleted here.".into());
            return vec![Effect::Close];
        }
        self.sign_in = SignIn::default();
        vec![Effect::Inbox(self.filter, self.order)]
    }

    fn tick(&mut self, now: i64) -> Vec<Effect> {
        self.now = now;
        if self.note.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.note = None;
        }
        let mut effects: Vec<Effect> = self.keep_draft().into_iter().collect();
        if self.typed_at.is_some_and(|at| now - at >= TYPING_ENDS_MS) {
            effects.extend(self.stop_typing());
        }
        effects
    }

    /// Hands what was typed to the store.
    fn keep_draft(&mut self) -> Option<Effect> {
        let chat = self.chat.as_mut().filter(|chat| chat.draft_dirty && !chat.closed)?;
        chat.draft_dirty = false;
        Some(Effect::Draft(chat.id, chat.composer.text().to_owned()))
    }

    fn stop_typing(&mut self) -> Option<Effect> {
        self.typed_at = None;
        self.typing_told_at.take()?;
        self.chat.as_ref().map(|chat| Effect::Typing(chat.id, false))
    }

    fn keep_draft_and_stop(&mut self) -> Vec<Effect> {
        self.stop_typing().into_iter().chain(self.keep_draft()).collect()
    }

    fn inbox_changed(&mut self, update: ListUpdate<InboxRow>) -> Vec<Effect> {
        let place = self.place();
        apply(&mut self.inbox, update.changes);
        if self.selected.is_some_and(|chat| self.inbox.iter().any(|row| row.chat == chat)) {
            self.keep_in_view();
            return self.read();
        }
        // The selected chat left the list. While the operator is in it, the chat stays open and says so.
        if self.focus == Focus::Chat {
            return Vec::new();
        }
        let next = self.inbox.get(place.unwrap_or(0).min(self.inbox.len().saturating_sub(1))).map(|row| row.chat);
        self.select(next)
    }

    fn place(&self) -> Option<usize> {
        let chat = self.selected?;
        self.inbox.iter().position(|row| row.chat == chat)
    }

    /// Selects a chat and shows it beside the list.
    fn select(&mut self, chat: Option<ChatId>) -> Vec<Effect> {
        self.selected = chat;
        self.keep_in_view();
        match chat {
            Some(chat) => self.open(chat, None),
            None if self.chat.is_some() => {
                let mut effects = self.keep_draft_and_stop();
                self.chat = None;
                effects.push(Effect::Close);
                effects
            }
            None => Vec::new(),
        }
    }

    fn keep_in_view(&mut self) {
        let shown = Layout::of(self.size).list_rows().max(1);
        let place = self.place().unwrap_or(0);
        self.first = self.first.min(place).max((place + 1).saturating_sub(shown));
        self.first = self.first.min(self.inbox.len().saturating_sub(shown));
    }

    fn open(&mut self, chat: ChatId, around: Option<u64>) -> Vec<Effect> {
        if around.is_none()
            && self.chat.as_ref().is_some_and(|open| open.id == chat && !open.closed && open.target.is_none())
        {
            return Vec::new();
        }
        let mut effects = self.keep_draft_and_stop();
        self.chat = Some(OpenChat::new(chat, around));
        effects.push(Effect::Open(chat, around));
        effects
    }

    fn timeline_changed(&mut self, chat: ChatId, update: ListUpdate<TimelineRow>) -> Vec<Effect> {
        let Some(open) = self.chat.as_mut().filter(|open| open.id == chat) else { return Vec::new() };
        apply(&mut open.rows, update.changes);
        if update.closed && !open.closed {
            open.closed = true;
            open.scroll = Scroll::Bottom;
            // The core moved the stored draft and what was not accepted to the unsent texts. What it does not have
            // yet stays in the composer, to be copied.
            if !open.draft_dirty {
                open.composer.set("");
            }
            self.typed_at = None;
            self.typing_told_at = None;
        }
        self.read()
    }

    /// Reports the newest message as read when the operator is in the chat and sees its end.
    fn read(&mut self) -> Vec<Effect> {
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

    fn command_ended(&mut self, outcome: &CommandOutcome) -> Vec<Effect> {
        if let Some(text) = crate::words::outcome(outcome) {
            self.note(text);
        }
        Vec::new()
    }
}

/// Applies a list's changes in their order, each index as at that step.
pub fn apply<R>(rows: &mut Vec<R>, changes: Vec<ListChange<R>>) {
    for change in changes {
        match change {
            ListChange::Reset { rows: all } => *rows = all,
            ListChange::Insert { index, row } => rows.insert((index as usize).min(rows.len()), row),
            ListChange::Update { index, row } => {
                if let Some(old) = rows.get_mut(index as usize) {
                    *old = row;
                }
            }
            ListChange::Remove { index } => {
                if (index as usize) < rows.len() {
                    rows.remove(index as usize);
                }
            }
        }
    }
}

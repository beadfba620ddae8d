//! The inbox's state and what each key and each news from the core does to it. Nothing here touches the core, the
//! terminal or a clock: `update` takes a message and returns what is to be done, so tests need none of them.

mod actions;
mod dialogs;
mod keys;
mod news;
mod overlays;

use crossterm::event::KeyEventKind;
use switchboard_core::{
    AlarmRow, ChatId, CommandOutcome, ConnectionState, InboxFilter, InboxOrder, InboxRow, ListChange, ListUpdate,
    Outcome, Role, TimelineRow, Typing, UnsentRow, Work,
};

pub use actions::{Act, Action, Held};
pub use keys::FILTERS;
pub use news::{Effect, Msg};
pub use overlays::{
    ManageTab, ManageView, Overlay, Question, SearchView, Snooze, SnoozeView, TransferField, TransferView, WorkChoice,
};

use crate::clock::Zone;
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

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Showing {
    /// The chats of the day.
    Recents,
    /// What was put away, closed or passed on.
    Archive,
}

/// All that the screen shows.
#[derive(Debug)]
pub struct App {
    /// The signed-in operator's name.
    pub account: Option<String>,
    /// The operator's role.
    pub role: Role,
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
    /// Recents or the Archive.
    pub showing: Showing,
    /// The filter of Recents.
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
    /// Waiting chats that nobody looks after; empty for who does not manage any.
    pub alarms: Vec<AlarmRow>,
    /// The operator's presence, hours and queues.
    pub work: Work,
    /// What was done a moment ago and can be taken back, the newest last.
    pub held: Vec<Held>,
    /// The name of the machine's time zone, for new hours.
    pub zone_name: String,
    /// Lines of whoever runs the inbox, shown while no chat is open and under the keys.
    pub hints: Vec<String>,
    /// What the last line says, and until when.
    pub note: Option<(String, i64)>,
    /// A chat to select once it is back in the list: what was done with it was taken back.
    reselect: Option<ChatId>,
    typed_at: Option<i64>,
    typing_told_at: Option<i64>,
}

impl App {
    /// An inbox that knows nothing yet.
    pub fn new(size: (u16, u16), now: i64, zone: Zone) -> Self {
        Self {
            account: None,
            role: Role::User,
            sign_in: SignIn::default(),
            connection: ConnectionState::Stopped,
            size,
            now,
            zone,
            focus: Focus::List,
            overlay: None,
            showing: Showing::Recents,
            filter: InboxFilter::All,
            order: InboxOrder::NewestFirst,
            inbox: Vec::new(),
            selected: None,
            first: 0,
            chat: None,
            typing: Vec::new(),
            unsent: Vec::new(),
            alarms: Vec::new(),
            work: Work::default(),
            held: Vec::new(),
            zone_name: "UTC".into(),
            hints: Vec::new(),
            note: None,
            reselect: None,
            typed_at: None,
            typing_told_at: None,
        }
    }

    /// The row of the open chat, also when the list's filter does not show it.
    pub fn open_row(&self) -> Option<&InboxRow> {
        self.chat.as_ref()?.row.first()
    }

    /// The row of a chat, wherever it is shown.
    pub fn row_of(&self, chat: ChatId) -> Option<&InboxRow> {
        self.inbox.iter().chain(self.open_row()).find(|row| row.chat == chat)
    }

    /// The row that keys act on: the open chat's within it, otherwise the selected one.
    pub fn current_row(&self) -> Option<&InboxRow> {
        match self.focus {
            Focus::Chat => self.open_row().filter(|_| self.chat.as_ref().is_some_and(|chat| !chat.closed)),
            Focus::List => self.inbox.get(self.place()?),
        }
    }

    /// Whether the operator sees alarms and blocks.
    pub fn manages(&self) -> bool {
        self.role != Role::User
    }

    /// Who types in this chat, by name.
    pub fn typing_in(&self, chat: ChatId) -> Vec<&str> {
        self.typing
            .iter()
            .filter(|typing| typing.chat == chat)
            .map(|typing| match (&typing.name, typing.user) {
                (Some(name), _) => name.as_str(),
                (None, Some(_)) => "A colleague",
                (None, None) => self.row_of(chat).map_or("Visitor", crate::words::contact),
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
            Msg::Account(account) => self.signed_in(account),
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
            Msg::Alarms(update) => {
                apply(&mut self.alarms, update.changes);
                self.alarms_changed();
                Vec::new()
            }
            Msg::Work(work) => {
                self.work = work;
                Vec::new()
            }
            Msg::Acted(chat, command) => {
                self.acted(chat, command);
                Vec::new()
            }
            Msg::NotDone(chat, why) => {
                self.held.retain(|held| held.chat != chat || held.command.is_some());
                self.note(why);
                Vec::new()
            }
            Msg::Undone(done) => {
                if !done {
                    self.reselect = None;
                    self.note("Too late: it was sent already.");
                }
                Vec::new()
            }
            Msg::Targets(query, targets) => self.targets_came(query, targets),
            Msg::Sharing(chat, count) => {
                self.sharing_came(chat, count);
                Vec::new()
            }
            Msg::Blocks(rows) => {
                self.blocks_came(rows);
                Vec::new()
            }
            Msg::Unanswered(count) => self.off_shift(count),
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

    fn signed_in(&mut self, account: Option<(String, Role)>) -> Vec<Effect> {
        self.role = account.as_ref().map_or(Role::User, |(_, role)| *role);
        let name = account.map(|(name, _)| name);
        if name.is_some() == self.account.is_some() {
            self.account = name;
            return Vec::new();
        }
        let was_in = self.account.is_some();
        self.account = name;
        if was_in {
            let (hints, zone_name) = (std::mem::take(&mut self.hints), std::mem::take(&mut self.zone_name));
            *self = App { hints, zone_name, ..App::new(self.size, self.now, self.zone) };
            self.sign_in.failed("This device was signed out. Its messages were deleted here.".into());
            return vec![Effect::Close];
        }
        self.sign_in = SignIn::default();
        vec![self.list_effect()]
    }

    fn list_effect(&self) -> Effect {
        match self.showing {
            Showing::Recents => Effect::Inbox(self.filter, self.order),
            Showing::Archive => Effect::Archive,
        }
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
        self.held.retain(|held| held.until > now);
        effects.extend(self.refresh_targets());
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

    fn place(&self) -> Option<usize> {
        let chat = self.selected?;
        self.inbox.iter().position(|row| row.chat == chat)
    }

    /// Selects a chat and shows it beside the list.
    fn select(&mut self, chat: Option<ChatId>) -> Vec<Effect> {
        self.selected = chat;
        self.keep_in_view();
        // Of a chat that was passed on there is nothing to open.
        let chat = chat.filter(|_| self.place().and_then(|place| self.inbox.get(place)).is_none_or(has_content));
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
        let held = self.held.iter().position(|held| held.command == Some(outcome.id)).map(|at| self.held.remove(at));
        if let Some(text) = crate::words::outcome(outcome, held.as_ref().map(|held| held.name.as_str())) {
            self.note(text);
        } else if let (Outcome::Undone, Some(held)) = (outcome.outcome, held) {
            self.note(format!("Taken back: {}.", held.name));
        }
        Vec::new()
    }
}

/// Whether there are messages of this chat on the device.
fn has_content(row: &InboxRow) -> bool {
    row.passed_on.is_none()
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

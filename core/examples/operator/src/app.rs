//! The inbox's state and what each key and each news from the core does to it. Nothing here touches the core, the
//! terminal or a clock: `update` takes a message and returns what is to be done, so tests need none of them.

mod actions;
mod desk;
mod dialogs;
mod entries;
mod info;
mod keys;
mod labels;
mod lists;
mod news;
mod overlays;
mod search;
mod settings;
mod staff;
mod templates;
mod writing;

use std::collections::HashMap;

use crossterm::event::KeyEventKind;
use switchboard_core::{
    AlarmRow, ChatId, CommandOutcome, ConnectionState, InboxFilter, InboxOrder, InboxRow, ListChange, Outcome, Role,
    Typing, UnsentRow, Work,
};

pub use actions::{Act, Action, Held};
pub use desk::{DeskEffect, DeskNews};
pub use entries::Entry;
pub use info::{HistoryView, InfoLine, InfoOf, InfoView, MergeView};
pub use keys::FILTERS;
pub use labels::{COLORS, Labelled, LabelsView};
pub use news::{Effect, Msg};
pub use overlays::{
    ManageTab, ManageView, Overlay, Question, SearchView, Snooze, SnoozeView, TransferField, TransferView, WorkChoice,
};

pub use search::{Found, found};
pub use settings::{SettingLine, SettingsView, TOASTS, Toast, own_sound};
pub use staff::{Choosing, ColleaguesView, MembersView};
pub use templates::{TemplateForm, TemplatesView};

use crate::clock::Zone;
use crate::signin::SignIn;
use crate::timeline::OpenChat;

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
    /// What lies under it, and comes back when it closes.
    pub below: Vec<Overlay>,
    /// Whether the terminal's window is in front, as far as it says so.
    pub in_front: bool,
    /// What was just notified, the newest last.
    pub toasts: Vec<Toast>,
    /// Notes that were begun and not sent, by chat. They are not drafts, which become replies.
    notes: HashMap<ChatId, String>,
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
            below: Vec::new(),
            in_front: true,
            toasts: Vec::new(),
            notes: HashMap::new(),
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
        if self.overlay.is_none() {
            self.below.clear();
        }
        match msg {
            Msg::Desk(news) => self.desk_news(news),
            Msg::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
            Msg::Key(key) => self.key(&key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Resized(columns, rows) => {
                self.size = (columns, rows);
                self.read()
            }
            Msg::InFront(yes) => {
                self.in_front = yes;
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
                    open.reply_mut().set(text.as_deref().unwrap_or(""));
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
                self.refresh_members(chat).into_iter().collect()
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
                    open.put_back(&text);
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

    /// Puts a dialog over what is on the screen, which comes back when it closes.
    fn cover(&mut self, overlay: Overlay) {
        self.below.extend(self.overlay.replace(overlay));
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
        self.toasts.retain(|toast| toast.until > now);
        effects.extend(self.refresh_targets());
        effects
    }

    /// Hands what was typed to the store.
    fn keep_draft(&mut self) -> Option<Effect> {
        let chat = self.chat.as_mut().filter(|chat| chat.draft_dirty && !chat.closed)?;
        chat.draft_dirty = false;
        Some(Effect::Draft(chat.id, chat.reply().text().to_owned()))
    }

    fn stop_typing(&mut self) -> Option<Effect> {
        self.typed_at = None;
        self.typing_told_at.take()?;
        self.chat.as_ref().map(|chat| Effect::Typing(chat.id, false))
    }

    fn keep_draft_and_stop(&mut self) -> Vec<Effect> {
        self.stop_typing().into_iter().chain(self.keep_draft()).collect()
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

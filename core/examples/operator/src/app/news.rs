//! What comes in, and what is to be done about it.

use crossterm::event::KeyEvent;
use switchboard_core::{
    ChatId, CommandOutcome, ConnectionState, InboxFilter, InboxOrder, InboxRow, ListUpdate, SearchResults, TimelineRow,
    Typing, UnsentId, UnsentRow,
};

use crate::signin::SignInWith;

/// What came in.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// A pasted text.
    Paste(String),
    /// The terminal's size.
    Resized(u16, u16),
    /// A moment passed; Unix milliseconds.
    Tick(i64),
    /// The connection changed.
    Connection(ConnectionState),
    /// Who is signed in, if anybody.
    Account(Option<String>),
    /// The inbox changed.
    Inbox(ListUpdate<InboxRow>),
    /// The open chat's own row changed.
    Chat(ChatId, ListUpdate<InboxRow>),
    /// The open chat's messages changed.
    Timeline(ChatId, ListUpdate<TimelineRow>),
    /// Older messages came, or there are none.
    Extended(ChatId),
    /// A chat's stored draft.
    Draft(ChatId, Option<String>),
    /// The unsent texts changed.
    Unsent(ListUpdate<UnsentRow>),
    /// Somebody started or stopped typing.
    Typing(Typing),
    /// What became of a command.
    Command(CommandOutcome),
    /// The answer to a search.
    Found(String, Box<SearchResults>),
    /// A text could not even be stored: it goes back into the composer.
    NotSent(ChatId, String, String),
    /// A sign-in failed.
    SignInFailed(String),
    /// Something went wrong that the operator should read.
    Failed(String),
    /// Something is done that the operator should read.
    Note(String),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Watch the inbox with this filter and order.
    Inbox(InboxFilter, InboxOrder),
    /// Load more of the inbox.
    ExtendInbox,
    /// Watch a chat, around a message if one is named.
    Open(ChatId, Option<u64>),
    /// Stop watching the open chat.
    Close,
    /// Load older messages.
    ExtendTimeline(ChatId),
    /// Load newer messages, of a chat that was opened at a search hit.
    ExtendNewer(ChatId),
    /// Send a text and, once it is committed, drop the draft: a kill between the two shows a text twice, never not
    /// at all.
    Reply(ChatId, String),
    /// Take a chat.
    Take(ChatId),
    /// Report as read.
    Read(ChatId, u64),
    /// Keep a draft.
    Draft(ChatId, String),
    /// Tell that the operator types, or stopped.
    Typing(ChatId, bool),
    /// Search.
    Search(String),
    /// Delete an unsent text.
    DeleteUnsent(UnsentId),
    /// Put a text in the terminal's clipboard.
    Copy(String),
    /// Sign in.
    SignIn(SignInWith),
    /// Leave.
    Quit,
}

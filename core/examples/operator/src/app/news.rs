//! What comes in, and what is to be done about it.

use crossterm::event::KeyEvent;
use switchboard_core::{
    AlarmRow, BlockId, BlockRow, ChatId, CommandId, CommandOutcome, ConnectionState, InboxFilter, InboxOrder, InboxRow,
    ListUpdate, Presence, QueueId, Role, SearchResults, TimelineRow, TransferTargetRow, Typing, UnsentId, UnsentRow,
    WeekHours, Work,
};

use super::{Act, DeskEffect, DeskNews};
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
    /// The terminal's window came to the front, or left it.
    InFront(bool),
    /// A moment passed; Unix milliseconds.
    Tick(i64),
    /// The connection changed.
    Connection(ConnectionState),
    /// Who is signed in, if anybody, and with which role.
    Account(Option<(String, Role)>),
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
    /// Presence, hours or queues changed.
    Work(Work),
    /// The alarms changed.
    Alarms(ListUpdate<AlarmRow>),
    /// An act on a chat is safe in the store, under this id.
    Acted(ChatId, CommandId),
    /// An act on a chat could not be done, and why.
    NotDone(ChatId, String),
    /// Whether an undo came in time.
    Undone(bool),
    /// To whom a chat can be passed on, for this query.
    Targets(String, Vec<TransferTargetRow>),
    /// How many visitors share an address with the one of this chat.
    Sharing(ChatId, Result<u32, String>),
    /// The blocks in force.
    Blocks(Result<Vec<BlockRow>, String>),
    /// How many customers of this operator wait for an answer, before going off shift.
    Unanswered(u32),
    /// The answer to a search.
    Found(String, Box<SearchResults>),
    /// A text could not even be stored: it goes back into the composer.
    NotSent(ChatId, String, String),
    /// A sign-in failed.
    SignInFailed(String),
    /// Something of the desk.
    Desk(DeskNews),
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
    /// Watch the Archive.
    Archive,
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
    /// Do something with a chat.
    Act(ChatId, Act),
    /// Take back what was done.
    Undo(CommandId),
    /// Look for somebody to pass a chat on to.
    Targets(String),
    /// Ask how many visitors a block would shut out.
    Sharing(ChatId),
    /// Ask for the blocks in force.
    Blocks,
    /// Lift a block, and ask for the others.
    LiftBlock(BlockId),
    /// Count the customers who wait for this operator, before going off shift.
    CountUnanswered,
    /// Available, Away or Off shift, and whether unanswered chats are given back.
    Presence(Presence, bool),
    /// Work by these hours, or by tap alone.
    Schedule(Option<WeekHours>),
    /// Log in to a queue, or out of it.
    QueueLogin(QueueId, bool),
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
    /// Something of the desk.
    Desk(DeskEffect),
    /// Sign in.
    SignIn(SignInWith),
    /// Leave.
    Quit,
}

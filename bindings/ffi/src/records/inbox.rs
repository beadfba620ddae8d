use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, UserId};

use super::{AuthorKind, mirror, time};

mirror! {
    /// Which chats of Recents a list shows.
    InboxFilter {
        /// Every chat that this user sees.
        All,
        /// Those that this user owns.
        Mine,
        /// Those that nobody owns yet.
        Waiting,
    }
}

mirror! {
    /// In which order a list shows them.
    InboxOrder {
        /// By the last message, the newest first.
        NewestFirst,
        /// Waiting chats first, the one that waits longest on top; then the others, the newest first.
        LongestWaiting,
    }
}

mirror! {
    /// The kind of account that a customer writes through.
    ChannelKind {
        /// The website's chat.
        LiveChat,
        /// WhatsApp.
        Whatsapp,
        /// Facebook Messenger.
        Messenger,
        /// SMS and MMS.
        Sms,
    }
}

mirror! {
    /// Who has a chat.
    ChatState {
        /// Offered to its candidates; the first reply or Take owns it.
        Waiting,
        /// One user continues it.
        Owned,
        /// Its last session was ended.
        Closed,
    }
}

/// One chat of the inbox.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct InboxRow {
    /// The chat.
    pub chat: ChatId,
    /// The customer's name; none until one is known, and the app then shows "Visitor" in the user's language.
    pub contact_name: Option<String>,
    /// The kind of channel, for the icon.
    pub channel_kind: ChannelKind,
    /// The queue that it waits in or was taken from.
    pub queue_name: Option<String>,
    /// The newest message; none only for a chat without one.
    pub last_message: Option<LastMessage>,
    /// How many messages of the customer this user has not read.
    pub unread: u32,
    /// Who has it.
    pub state: ChatState,
    /// The user who has it.
    pub owner: Option<UserId>,
    /// That user's name.
    pub owner_name: Option<String>,
    /// Whether that is the user of this device.
    pub is_mine: bool,
    /// Since when it waits, by the server's clock.
    pub waiting_since: Option<SystemTime>,
    /// Whether a text was begun in its composer.
    pub has_draft: bool,
    /// How many texts of this user to it were refused or failed and wait for a decision.
    pub unsent: u32,
    /// How many of this user's replies the server has not accepted yet.
    pub pending: u32,
}

/// The newest message of a chat, as a list shows it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct LastMessage {
    /// Its beginning, on one line.
    pub preview: String,
    /// Which side wrote it.
    pub author: AuthorKind,
    /// Whether the user of this device wrote it.
    pub mine: bool,
    /// When the server stored it.
    pub sent_at: SystemTime,
}

impl From<core::InboxRow> for InboxRow {
    fn from(row: core::InboxRow) -> Self {
        Self {
            chat: row.chat,
            contact_name: row.contact_name,
            channel_kind: row.channel_kind.into(),
            queue_name: row.queue_name,
            last_message: row.last_message.map(LastMessage::from),
            unread: row.unread,
            state: row.state.into(),
            owner: row.owner,
            owner_name: row.owner_name,
            is_mine: row.is_mine,
            waiting_since: row.waiting_since.map(time),
            has_draft: row.has_draft,
            unsent: row.unsent,
            pending: row.pending,
        }
    }
}

impl From<core::LastMessage> for LastMessage {
    fn from(last: core::LastMessage) -> Self {
        Self { preview: last.preview, author: last.author.into(), mine: last.mine, sent_at: time(last.sent_at) }
    }
}

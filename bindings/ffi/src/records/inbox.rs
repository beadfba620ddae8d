use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, UserId};

use super::{AuthorKind, ChatActions, Composer, MessageKind, PassedOnLine, UndoInfo, mirror, time};

mirror! {
    /// Which chats of Recents a list shows.
    InboxFilter {
        /// Every chat that this user sees.
        All,
        /// Those that this user owns.
        Mine,
        /// Those that nobody owns yet.
        Waiting,
        /// Those that were put away until a time; the other filters do not show them.
        Snoozed,
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

/// One chat of the inbox or of the Archive.
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
    /// The group that it waits in or was taken from, when it was offered to a group.
    pub group_name: Option<String>,
    /// The newest text or note; none for a chat without one, and for one that was passed on.
    pub last_message: Option<LastMessage>,
    /// When something last happened, by the server's clock: what "newest first" goes by.
    pub at: SystemTime,
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
    /// The number of its present or last session, from 1.
    pub session: u64,
    /// Whether the contact was added to the contacts.
    pub contact_known: bool,
    /// The contact's phone number.
    pub contact_phone: Option<String>,
    /// The contact's e-mail address.
    pub contact_email: Option<String>,
    /// Whether it is in the Archive.
    pub archived: bool,
    /// Until when it is put away, by the server's clock. It comes back earlier when the customer writes.
    pub snoozed_until: Option<SystemTime>,
    /// Whether to ask what to do with an unknown contact: Add contact, Reply, Ignore.
    pub prompt: bool,
    /// What can be done with it: which buttons and menu entries stand there.
    pub actions: ChatActions,
    /// What stands at the foot of its screen.
    pub composer: Composer,
    /// Of a chat that was passed on: to whom and when. The Archive shows this line; the chat cannot be opened.
    pub passed_on: Option<PassedOnLine>,
    /// What can be taken back. The row shows it as done already; offer Undo until its time.
    pub undo: Option<UndoInfo>,
}

/// The newest text or note of a chat, as a list shows it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct LastMessage {
    /// Its beginning, on one line.
    pub preview: String,
    /// A text, or a note among staff.
    pub kind: MessageKind,
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
            group_name: row.group_name,
            last_message: row.last_message.map(LastMessage::from),
            at: time(row.at),
            unread: row.unread,
            state: row.state.into(),
            owner: row.owner,
            owner_name: row.owner_name,
            is_mine: row.is_mine,
            waiting_since: row.waiting_since.map(time),
            has_draft: row.has_draft,
            unsent: row.unsent,
            pending: row.pending,
            session: row.session,
            contact_known: row.contact_known,
            contact_phone: row.contact_phone,
            contact_email: row.contact_email,
            archived: row.archived,
            snoozed_until: row.snoozed_until.map(time),
            prompt: row.prompt,
            actions: row.actions.into(),
            composer: row.composer.into(),
            passed_on: row.passed_on.map(PassedOnLine::from),
            undo: row.undo.map(UndoInfo::from),
        }
    }
}

impl From<core::LastMessage> for LastMessage {
    fn from(last: core::LastMessage) -> Self {
        Self {
            preview: last.preview,
            kind: last.kind.into(),
            author: last.author.into(),
            mine: last.mine,
            sent_at: time(last.sent_at),
        }
    }
}

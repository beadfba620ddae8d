use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, ContactId, LabelId, UserId};

use super::{
    AuthorKind, ChatActions, Composer, MessageKind, PassedOnLine, Placement, Presence, UndoInfo, mirror, time,
};

mirror! {
    /// Which chats of Recents a list shows.
    InboxFilter {
        /// Every chat that this user sees.
        All,
        /// Those that this user owns.
        Mine,
        /// Those that nobody owns yet.
        Waiting,
        /// Those among staff.
        Staff,
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
        /// Among staff: it has members, and neither owner nor session.
        Internal,
    }
}

/// One chat of the inbox or of the Archive.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct InboxRow {
    /// The chat.
    pub chat: ChatId,
    /// The customer's name; none until one is known, and the app then shows "Visitor" in the user's language. Of a
    /// staff chat the group's name, or the other one's.
    pub contact_name: Option<String>,
    /// The kind of channel, for the icon; none for a staff chat, which has no icon.
    pub channel_kind: Option<ChannelKind>,
    /// What a staff chat has beside that; none for a customer's.
    pub internal: Option<InternalInfo>,
    /// The contact; none for a staff chat.
    pub contact: Option<ContactId>,
    /// The queue that it waits in or was taken from.
    pub queue_name: Option<String>,
    /// The group that it waits in or was taken from, when it was offered to a group.
    pub group_name: Option<String>,
    /// The newest text or note; none for a chat without one, and for one that was passed on.
    pub last_message: Option<LastMessage>,
    /// When something last happened, by the server's clock: what "newest first" goes by.
    pub at: SystemTime,
    /// How many messages of the customer, or of colleagues in a staff chat, this user has not read.
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
    /// Whether an unread message mentions this user.
    pub mentioned: bool,
    /// Its labels, in the order in which they were given.
    pub labels: Vec<LabelInfo>,
    /// How many of this user's replies wait for a decision, because they grew old or the customer wrote meanwhile: their
    /// timeline rows are in the state `Asking`.
    pub asking: u32,
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
    /// What can be done with it.
    pub actions: ChatActions,
    /// Where the buttons and menu entries of its screen stand.
    pub placement: Placement,
    /// What stands at the foot of its screen.
    pub composer: Composer,
    /// Of a chat that was passed on: to whom and when. The Archive shows this line; the chat cannot be opened.
    pub passed_on: Option<PassedOnLine>,
    /// What can be taken back. The row shows it as done already; offer Undo until its time.
    pub undo: Option<UndoInfo>,
}

/// What a list shows of a staff chat.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct InternalInfo {
    /// The other one, in a chat of two; none in a group.
    pub direct_with: Option<UserId>,
    /// Whether that one can be reached now.
    pub presence: Option<Presence>,
    /// How many are in it, this user among them.
    pub members: u32,
}

impl From<core::InternalInfo> for InternalInfo {
    fn from(info: core::InternalInfo) -> Self {
        Self { direct_with: info.direct_with, presence: info.presence.map(Presence::from), members: info.members }
    }
}

/// A label, as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LabelInfo {
    /// Which.
    pub label: LabelId,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
}

impl From<core::LabelInfo> for LabelInfo {
    fn from(label: core::LabelInfo) -> Self {
        Self { label: label.label, name: label.name, color: label.color }
    }
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
    /// The name of the member of staff who wrote it, in a staff group.
    pub author_name: Option<String>,
    /// Whether the user of this device wrote it.
    pub mine: bool,
    /// When the server stored it.
    pub sent_at: SystemTime,
}

impl From<core::InboxRow> for InboxRow {
    fn from(row: core::InboxRow) -> Self {
        let placement = row.placement().into();
        Self {
            chat: row.chat,
            contact_name: row.contact_name,
            channel_kind: row.channel_kind.map(ChannelKind::from),
            internal: row.internal.map(InternalInfo::from),
            contact: row.contact,
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
            mentioned: row.mentioned,
            labels: row.labels.into_iter().map(LabelInfo::from).collect(),
            asking: row.asking,
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
            placement,
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
            author_name: last.author_name,
            mine: last.mine,
            sent_at: time(last.sent_at),
        }
    }
}

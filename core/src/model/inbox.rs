use std::fmt;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::ids::{ChatId, ContactId, LabelId, UserId};
use switchboard_protocol::message::MessageKind;

use super::{AuthorKind, ChatActions, Composer, PassedOnLine, UndoInfo};

/// Which chats of Recents a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum InboxFilter {
    /// Every chat that this user sees.
    #[default]
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

/// In which order a list shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum InboxOrder {
    /// By the last message, the newest first.
    #[default]
    NewestFirst,
    /// Waiting chats first, the one that waits longest on top; then the others, the newest first.
    LongestWaiting,
}

/// One chat of the inbox or of the Archive.
#[derive(Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// The chat.
    pub chat: ChatId,
    /// The customer's name; none until one is known, and the app then shows "Visitor" in the user's language. Of a staff
    /// chat the group's name, or the other one's.
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
    /// When something last happened: what "newest first" goes by.
    pub at: UnixMillis,
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
    pub waiting_since: Option<UnixMillis>,
    /// Whether an unread message mentions this user.
    pub mentioned: bool,
    /// Its labels, in the order in which they were given.
    pub labels: Vec<LabelInfo>,
    /// How many of this user's replies wait for a decision, because they grew old or the customer wrote meanwhile.
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
    /// Until when it is put away, by the server's clock.
    pub snoozed_until: Option<UnixMillis>,
    /// Whether to ask what to do with an unknown contact: Add contact, Reply, Ignore.
    pub prompt: bool,
    /// What can be done with it.
    pub actions: ChatActions,
    /// What stands at the foot of its screen.
    pub composer: Composer,
    /// Of a chat that was passed on: to whom. Nothing else of it is on this device then, once the server has done it.
    pub passed_on: Option<PassedOnLine>,
    /// What can be taken back. The row shows it as done already.
    pub undo: Option<UndoInfo>,
}

/// What a list shows of a staff chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalInfo {
    /// The other one, in a chat of two; none in a group.
    pub direct_with: Option<UserId>,
    /// Whether that one can be reached now.
    pub presence: Option<Presence>,
    /// How many are in it, this user among them.
    pub members: u32,
}

/// A label, as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelInfo {
    /// Which.
    pub label: LabelId,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
}

/// The newest text or note of a chat, as a list shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// Its beginning, on one line.
    pub preview: String,
    /// A text, or a note among staff.
    pub kind: MessageKind,
    /// Who wrote it.
    pub author: AuthorKind,
    /// The name of the member of staff who wrote it, in a staff group.
    pub author_name: Option<String>,
    /// Whether the user of this device wrote it.
    pub mine: bool,
    /// When the server stored it.
    pub sent_at: UnixMillis,
}

// What people wrote and who they are stays out of logs, also by way of `{:?}`.
impl fmt::Debug for InboxRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxRow")
            .field("chat", &self.chat)
            .field("state", &self.state)
            .field("owner", &self.owner)
            .field("unread", &self.unread)
            .field("pending", &self.pending)
            .field("unsent", &self.unsent)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LastMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastMessage")
            .field("author", &self.author)
            .field("sent_at", &self.sent_at)
            .finish_non_exhaustive()
    }
}

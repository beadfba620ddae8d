use std::fmt;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::contact::IdentityKind;
use switchboard_protocol::ids::{ChatId, ContactId, GroupId, LabelId, NoteId, UserId};

use super::LabelInfo;

/// What a button of the Information screen does. The app opens `uri` with the system; without one it is one of our own
/// screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InfoActionKind {
    /// Write an e-mail.
    SendEmail,
    /// Call.
    Call,
    /// Write an SMS with the phone itself.
    SendSms,
    /// Add the person to the contacts.
    AddContact,
    /// Change the saved contact.
    EditContact,
}

/// A button of the Information screen.
#[derive(Clone, PartialEq, Eq)]
pub struct InfoAction {
    /// What it does.
    pub kind: InfoActionKind,
    /// What the system is to open: `mailto:`, `tel:`, `sms:`, encoded.
    pub uri: Option<String>,
}

/// What a line of the Information screen says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InfoFactKind {
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
    /// The name of the channel.
    Channel,
    /// The name of the queue or group.
    Department,
    /// The page on which the visitor writes.
    Page,
    /// The page from which the visitor came.
    Referrer,
    /// The visitor's browser.
    Browser,
    /// The visitor's network address.
    Address,
}

/// A line of the Information screen.
#[derive(Clone, PartialEq, Eq)]
pub struct InfoFact {
    /// What it is.
    pub kind: InfoFactKind,
    /// What it says.
    pub value: String,
}

/// The Information screen of a chat, ready to be drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct Information {
    /// The contact.
    pub contact: ContactId,
    /// The contact's name.
    pub name: Option<String>,
    /// Whether it is a saved contact; only those have notes, labels and merges.
    pub known: bool,
    /// The kind of channel.
    pub channel_kind: ChannelKind,
    /// The buttons, in their order. What has no address is not among them.
    pub actions: Vec<InfoAction>,
    /// The lines, in their order.
    pub facts: Vec<InfoFact>,
    /// The labels of the chat.
    pub chat_labels: Vec<LabelInfo>,
    /// What is saved of the contact; none for an unknown one.
    pub card: Option<ContactCard>,
    /// Saved contacts that are perhaps the same person: equal phone or e-mail.
    pub suggestions: Vec<ContactSuggestion>,
    /// Whether the contact's history can be fetched: [`crate::Core::history`].
    pub has_history: bool,
}

/// A saved contact.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactCard {
    /// The contact.
    pub contact: ContactId,
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// By what channels know the person.
    pub identities: Vec<ContactIdentity>,
    /// The labels.
    pub labels: Vec<LabelInfo>,
    /// The notes, the newest first.
    pub notes: Vec<ContactNote>,
    /// The contacts that were merged into it, which [`crate::Core::part_contact`] parts again.
    pub merged: Vec<MergedPart>,
    /// The chats with this contact that are here, the newest first.
    pub chats: Vec<ChatId>,
}

/// A change of a contact's fields: what is absent stays, what is empty is removed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContactEdit {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
}

/// By what a channel knows a person.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactIdentity {
    /// What it is.
    pub kind: IdentityKind,
    /// The number, address or id.
    pub value: String,
}

/// A note on a contact.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactNote {
    /// Its id.
    pub id: NoteId,
    /// Who wrote it.
    pub author: UserId,
    /// The author's name.
    pub author_name: String,
    /// Whether the user of this device wrote it and can remove it.
    pub mine: bool,
    /// The text.
    pub text: String,
    /// When, by the server's clock; for one that waits for the network by the device's.
    pub at: UnixMillis,
    /// Whether the server does not have it yet.
    pub pending: bool,
}

/// A contact that was merged into another one.
#[derive(Clone, PartialEq, Eq)]
pub struct MergedPart {
    /// The contact.
    pub contact: ContactId,
    /// The name it had.
    pub name: Option<String>,
}

/// A saved contact that is perhaps the same person.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactSuggestion {
    /// The contact.
    pub contact: ContactId,
    /// The name.
    pub name: Option<String>,
    /// By what: the phone or the e-mail address.
    pub by: IdentityKind,
}

/// A label to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelChoice {
    /// Which.
    pub label: LabelId,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
    /// Its group; none: the whole company.
    pub group: Option<GroupId>,
    /// Whether this user may change and delete it.
    pub can_edit: bool,
}

/// Where a history page was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryCursor(String);

impl HistoryCursor {
    /// The cursor that was kept as this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A page of a contact's history. It is shown and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct History {
    /// The entries, the newest first.
    pub entries: Vec<HistoryRow>,
    /// What to ask older ones with; none: there are none.
    pub next: Option<HistoryCursor>,
}

/// A message of a contact's history.
#[derive(Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The chat.
    pub chat: ChatId,
    /// The kind of its channel.
    pub channel_kind: ChannelKind,
    /// The name of its channel.
    pub channel: String,
    /// The queue or group of the chat.
    pub department: Option<String>,
    /// The line, as a timeline shows it.
    pub row: super::TimelineRow,
}

// Who people are stays out of logs, also by way of `{:?}`.
macro_rules! hidden {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}
hidden!(
    InfoAction,
    InfoFact,
    Information,
    ContactCard,
    ContactEdit,
    ContactIdentity,
    ContactNote,
    MergedPart,
    ContactSuggestion,
    History,
    HistoryRow
);

use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, ContactId, GroupId, LabelId, NoteId, UserId};

use super::{ChannelKind, LabelInfo, TimelineRow, mirror, time};

mirror! {
    /// What a button of the Information screen does.
    InfoActionKind {
        /// Write an e-mail.
        SendEmail,
        /// Call.
        Call,
        /// Write an SMS with the phone itself.
        SendSms,
        /// Add the person to the contacts: show the form, then `add_contact`.
        AddContact,
        /// Change the saved contact: show the form, then `edit_contact`.
        EditContact,
    }
}

/// A button of the Information screen.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct InfoAction {
    /// What it does.
    pub kind: InfoActionKind,
    /// What the system is to open: `mailto:`, `tel:`, `sms:`, encoded. None: a screen of the app's own.
    pub uri: Option<String>,
}

mirror! {
    /// What a line of the Information screen says.
    InfoFactKind {
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
}

/// A line of the Information screen.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct InfoFact {
    /// What it is.
    pub kind: InfoFactKind,
    /// What it says.
    pub value: String,
}

/// The Information screen of a chat, ready to be drawn.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    /// Saved contacts that are perhaps the same person: equal phone or e-mail. Offer `merge_contacts`.
    pub suggestions: Vec<ContactSuggestion>,
    /// Whether the contact's history can be fetched: `history`.
    pub has_history: bool,
}

impl From<core::Information> for Information {
    fn from(info: core::Information) -> Self {
        let action = |action: core::InfoAction| InfoAction { kind: action.kind.into(), uri: action.uri };
        let fact = |fact: core::InfoFact| InfoFact { kind: fact.kind.into(), value: fact.value };
        let suggestion = |found: core::ContactSuggestion| ContactSuggestion {
            contact: found.contact,
            name: found.name,
            by: found.by.into(),
        };
        Self {
            contact: info.contact,
            name: info.name,
            known: info.known,
            channel_kind: info.channel_kind.into(),
            actions: info.actions.into_iter().map(action).collect(),
            facts: info.facts.into_iter().map(fact).collect(),
            chat_labels: info.chat_labels.into_iter().map(LabelInfo::from).collect(),
            card: info.card.map(ContactCard::from),
            suggestions: info.suggestions.into_iter().map(suggestion).collect(),
            has_history: info.has_history,
        }
    }
}

/// A saved contact.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    /// The contacts that were merged into it, which `part_contact` parts again.
    pub merged: Vec<MergedPart>,
    /// The chats with this contact that are here, the newest first.
    pub chats: Vec<ChatId>,
}

impl From<core::ContactCard> for ContactCard {
    fn from(card: core::ContactCard) -> Self {
        let identity = |known: core::ContactIdentity| ContactIdentity { kind: known.kind.into(), value: known.value };
        let part = |part: core::MergedPart| MergedPart { contact: part.contact, name: part.name };
        Self {
            contact: card.contact,
            name: card.name,
            email: card.email,
            phone: card.phone,
            identities: card.identities.into_iter().map(identity).collect(),
            labels: card.labels.into_iter().map(LabelInfo::from).collect(),
            notes: card.notes.into_iter().map(ContactNote::from).collect(),
            merged: card.merged.into_iter().map(part).collect(),
            chats: card.chats,
        }
    }
}

/// A change of a contact's fields: what is absent stays, what is empty is removed.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactEdit {
    /// The name.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// The e-mail address.
    #[uniffi(default = None)]
    pub email: Option<String>,
    /// The phone number.
    #[uniffi(default = None)]
    pub phone: Option<String>,
}

impl From<ContactEdit> for core::ContactEdit {
    fn from(edit: ContactEdit) -> Self {
        Self { name: edit.name, email: edit.email, phone: edit.phone }
    }
}

mirror! {
    /// What a contact's identity is.
    IdentityKind {
        /// A phone number.
        Phone,
        /// An e-mail address.
        Email,
        /// A WhatsApp id: the number in international form.
        Whatsapp,
        /// Messenger's id of the person at one page.
        Messenger,
        /// A browser on one of the company's websites.
        Visitor,
        /// A kind of a newer server.
        Unknown,
    }
}

/// By what a channel knows a person.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactIdentity {
    /// What it is.
    pub kind: IdentityKind,
    /// The number, address or id.
    pub value: String,
}

/// A note on a contact.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    pub at: SystemTime,
    /// Whether the server does not have it yet.
    pub pending: bool,
}

impl From<core::ContactNote> for ContactNote {
    fn from(note: core::ContactNote) -> Self {
        Self {
            id: note.id,
            author: note.author,
            author_name: note.author_name,
            mine: note.mine,
            text: note.text,
            at: time(note.at),
            pending: note.pending,
        }
    }
}

/// A contact that was merged into another one.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct MergedPart {
    /// The contact: what `part_contact` takes.
    pub contact: ContactId,
    /// The name it had.
    pub name: Option<String>,
}

/// A saved contact that is perhaps the same person.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactSuggestion {
    /// The contact.
    pub contact: ContactId,
    /// The name.
    pub name: Option<String>,
    /// By what: the phone or the e-mail address.
    pub by: IdentityKind,
}

/// A label to choose from.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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

impl From<core::LabelChoice> for LabelChoice {
    fn from(choice: core::LabelChoice) -> Self {
        Self {
            label: choice.label,
            name: choice.name,
            color: choice.color,
            group: choice.group,
            can_edit: choice.can_edit,
        }
    }
}

/// A page of a contact's history. Show it and forget it: it must not be stored.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct History {
    /// The entries, the newest first.
    pub entries: Vec<HistoryRow>,
    /// What to ask for older ones with; none: there are none.
    pub next: Option<String>,
}

/// A message of a contact's history.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    pub row: TimelineRow,
}

impl From<core::History> for History {
    fn from(page: core::History) -> Self {
        let entry = |entry: core::HistoryRow| HistoryRow {
            chat: entry.chat,
            channel_kind: entry.channel_kind.into(),
            channel: entry.channel,
            department: entry.department,
            row: entry.row.into(),
        };
        Self {
            entries: page.entries.into_iter().map(entry).collect(),
            next: page.next.map(|cursor| cursor.as_str().to_owned()),
        }
    }
}

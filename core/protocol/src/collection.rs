//! Rows that change seldom: pulled by revision, not carried by the feed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::UnixMillis;
use crate::chat::ChannelKind;
use crate::contact::Identity;
use crate::hours::WeekHours;
use crate::ids::{ChannelId, ChatId, ContactId, GroupId, LabelId, NoteId, QueueId, TemplateId, UserId};
use crate::template::Template;

macro_rules! collections {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// The collections, by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Collection {
            $($(#[$doc])* $variant,)+
        }

        impl Collection {
            /// Every collection.
            pub const ALL: &'static [Collection] = &[$(Collection::$variant),+];

            /// The name in JSON and SQL.
            pub const fn as_str(self) -> &'static str {
                match self { $(Collection::$variant => $name,)+ }
            }
        }
    };
}

collections! {
    /// [`UserRow`]: everybody with an account, also disabled ones, whose names old messages show.
    Users = "users",
    /// [`GroupRow`]: all groups.
    Groups = "groups",
    /// [`QueueRow`]: all queues, with whether this user is a member.
    Queues = "queues",
    /// [`ChannelRow`]: all channels.
    Channels = "channels",
    /// [`TemplateRow`]: those of the own group and of the whole company; a system owner has all.
    Templates = "templates",
    /// [`LabelRow`]: all labels. One's own group's and the company's can be given, the others are only shown.
    Labels = "labels",
    /// [`ContactRow`]: the saved contacts.
    Contacts = "contacts",
    /// [`ContactNoteRow`]: the notes on them.
    ContactNotes = "contact_notes",
    /// [`AlarmRow`]: what nobody looks after, for those who manage it.
    Alarms = "alarms",
}

impl Collection {
    /// The collection of this name.
    pub fn from_name(name: &str) -> Option<Collection> {
        Self::ALL.iter().copied().find(|collection| collection.as_str() == name)
    }
}

/// The present revision of each collection, by name. Names of a newer server are kept out of the way as strings.
pub type Revisions = BTreeMap<String, u64>;

/// The right that a user has over others' work; PRODUCT.md's table says what each may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers customers.
    User,
    /// Sees who owns what in the own group.
    Manager,
    /// Runs the own group.
    GroupOwner,
    /// Runs everything.
    SystemOwner,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: &'static [Role] = &[Role::User, Role::Manager, Role::GroupOwner, Role::SystemOwner];

    /// The role as it stands in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Manager => "manager",
            Role::GroupOwner => "group_owner",
            Role::SystemOwner => "system_owner",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Role> {
        Self::ALL.iter().copied().find(|role| role.as_str() == name)
    }
}

/// Whether a user can be offered chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Is offered chats.
    #[default]
    Available,
    /// Is there, and wants no new chats.
    Away,
    /// Is not at work.
    OffShift,
}

impl Presence {
    /// Every presence.
    pub const ALL: &'static [Presence] = &[Presence::Available, Presence::Away, Presence::OffShift];

    /// The presence as it stands in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Presence::Available => "available",
            Presence::Away => "away",
            Presence::OffShift => "off_shift",
        }
    }

    /// The presence of this name.
    pub fn from_name(name: &str) -> Option<Presence> {
        Self::ALL.iter().copied().find(|presence| presence.as_str() == name)
    }
}

/// A user as others see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Its group.
    pub group: GroupId,
    /// The short number by which colleagues find the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Whether the user can be offered chats.
    #[serde(default)]
    pub presence: Presence,
    /// The user's own hours; in nobody else's row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<WeekHours>,
}

/// A group as operators see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// A queue as operators see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// Its id.
    pub id: QueueId,
    /// Its name.
    pub name: String,
    /// Whether this user is one of its members.
    pub member: bool,
    /// Whether this user is logged in to it.
    #[serde(default)]
    pub logged_in: bool,
    /// Whether its waiting chats are taken first and answered then.
    #[serde(default)]
    pub take_first: bool,
}

/// Something that nobody looks after, for managers of the queue's or channel's group and for system owners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRow {
    /// The chat it is about; also the row's id in the collection.
    pub chat: ChatId,
    /// What is wrong.
    pub kind: AlarmKind,
    /// The chat's channel.
    pub channel: ChannelId,
    /// The queue it waits in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// Since when.
    pub since: UnixMillis,
}

/// What is wrong with a waiting chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// It is offered to nobody: no route, no members, or nobody is available.
    Unattended,
    /// All to whom it was offered ignored it; by now it may be offered to more.
    Ignored,
    /// Something of a newer server.
    #[serde(other)]
    Unknown,
}

impl AlarmKind {
    /// The kind as it stands in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlarmKind::Unattended => "unattended",
            AlarmKind::Ignored => "ignored",
            AlarmKind::Unknown => "unknown",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<AlarmKind> {
        [AlarmKind::Unattended, AlarmKind::Ignored].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A channel as operators see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRow {
    /// Its id.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ChannelKind,
}

/// A prepared text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRow {
    /// Its id.
    pub id: TemplateId,
    /// Raised by every change: who changes a template says which edition was looked at.
    pub edition: u64,
    /// What it says.
    #[serde(flatten)]
    pub template: Template,
}

/// A label for chats and contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRow {
    /// Its id.
    pub id: LabelId,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
    /// The group whose members can give it; none: everybody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
}

/// A saved contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRow {
    /// Its id.
    pub id: ContactId,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// By what the company's channels know the person, those of merged contacts among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelId>,
    /// The contacts that were merged into it and can be parted again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<MergedContact>,
}

/// A contact that was merged into another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedContact {
    /// Its id.
    pub id: ContactId,
    /// The name it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A note on a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactNoteRow {
    /// Its id.
    pub id: NoteId,
    /// The contact it stands at: of a merged one, the one it was merged into.
    pub contact: ContactId,
    /// Who wrote it.
    pub author: UserId,
    /// The author's name at that time.
    pub author_name: String,
    /// What.
    pub text: String,
    /// When.
    pub at: UnixMillis,
}

/// One row of a `rows` answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectionRow {
    /// The row's id.
    pub id: Uuid,
    /// The row as JSON of the collection's row type; absent when it is to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Box<RawValue>>,
}

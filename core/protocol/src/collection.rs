//! Rows that change seldom: pulled by revision, not carried by the feed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::chat::ChannelKind;
use crate::ids::{ChannelId, QueueId, UserId};

/// The collections, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collection {
    /// [`UserRow`]: everybody with an account, also disabled ones, whose names old messages show.
    Users,
    /// [`QueueRow`]: all queues, with whether this user is a member.
    Queues,
    /// [`ChannelRow`]: all channels.
    Channels,
}

impl Collection {
    /// Every collection.
    pub const ALL: &'static [Collection] = &[Collection::Users, Collection::Queues, Collection::Channels];

    /// The name in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Collection::Users => "users",
            Collection::Queues => "queues",
            Collection::Channels => "channels",
        }
    }

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

/// One row of a `rows` answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectionRow {
    /// The row's id.
    pub id: Uuid,
    /// The row as JSON of the collection's row type; absent when it is to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Box<RawValue>>,
}

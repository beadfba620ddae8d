//! To whom a chat can be passed on, and what stays with the one who passed it on.

use serde::{Deserialize, Serialize};

use crate::UnixMillis;
use crate::chat::ChannelKind;
use crate::ids::{ChatId, GroupId, QueueId, UserId};

/// Where a chat is passed on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum TransferTarget {
    /// One user, who owns it from then on.
    User(UserId),
    /// A queue: it waits for the queue's members.
    Queue(QueueId),
    /// A group: it waits for the group's users.
    Group(GroupId),
}

/// The line without content that stays in the Archive of the user who passed a chat on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOn {
    /// The chat, which this user no longer sees.
    pub chat: ChatId,
    /// The kind of its channel.
    pub channel_kind: ChannelKind,
    /// The contact's name at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// To whom.
    pub to: TransferTarget,
    /// The name of the user, queue or group at that time.
    pub to_name: String,
    /// When.
    pub at: UnixMillis,
}

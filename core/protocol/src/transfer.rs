//! To whom a chat can be passed on.

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, QueueId, UserId};

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

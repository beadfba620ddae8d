//! The user's own work, the colleagues that a chat can be passed on to, and what managers look after.

use std::fmt;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{AlarmKind, Presence};
use switchboard_protocol::hours::WeekHours;
use switchboard_protocol::ids::{BlockId, ChatId, QueueId};
use switchboard_protocol::transfer::TransferTarget;

/// Whether this user is offered chats, and by which schedule. What was set here counts at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresenceInfo {
    /// What holds now.
    pub presence: Presence,
    /// The user's own hours; none: by tap alone.
    pub schedule: Option<WeekHours>,
}

/// A queue that this user is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyQueue {
    /// The queue.
    pub queue: QueueId,
    /// Its name.
    pub name: String,
    /// Whether the user is offered its chats.
    pub logged_in: bool,
    /// Whether its waiting chats are taken first and answered then.
    pub take_first: bool,
}

/// The state of the user's own work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Work {
    /// Available, Away or Off shift.
    pub presence: PresenceInfo,
    /// The user's queues, by name.
    pub queues: Vec<MyQueue>,
}

/// Somebody or something that a chat can be passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferTargetRow {
    /// What `transfer` takes.
    pub target: TransferTarget,
    /// The name.
    pub name: String,
    /// A user's short number.
    pub extension: Option<String>,
    /// Whether a user is available; none for queues and groups.
    pub presence: Option<Presence>,
    /// A user's group.
    pub detail: Option<String>,
}

/// A person to be added to the contacts.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NewContact {
    /// The name, not empty.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
}

impl fmt::Debug for NewContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewContact").finish_non_exhaustive()
    }
}

/// A waiting chat that nobody looks after, for those who manage its queue or channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// The chat, which need not be on this device.
    pub chat: ChatId,
    /// What is wrong.
    pub kind: AlarmKind,
    /// The name of the channel it came through.
    pub channel_name: Option<String>,
    /// That channel's kind, where it is known.
    pub channel_kind: Option<ChannelKind>,
    /// The name of the queue it waits in.
    pub queue_name: Option<String>,
    /// Since when, by the server's clock.
    pub since: UnixMillis,
}

/// A block in force.
#[derive(Clone, PartialEq, Eq)]
pub struct BlockRow {
    /// What `lift_block` takes.
    pub id: BlockId,
    /// The address that can no longer write: an IPv4 address, or an IPv6 network of 64 bits.
    pub address: String,
    /// How many visitors wrote from it.
    pub visitors: u32,
    /// The chat because of which it was set.
    pub chat: ChatId,
    /// The name of that chat's channel. The block holds on every website channel.
    pub channel_name: Option<String>,
    /// The name of the user who set it.
    pub by_name: Option<String>,
    /// When, by the server's clock.
    pub created_at: UnixMillis,
    /// Until when it holds, by the server's clock.
    pub expires_at: UnixMillis,
}

impl fmt::Debug for BlockRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockRow").field("id", &self.id).field("visitors", &self.visitors).finish_non_exhaustive()
    }
}

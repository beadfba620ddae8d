//! What the world is told after a commit. The database is the truth; these are hints that let sockets follow it at once.

use std::sync::Arc;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::collection::Collection;
use switchboard_protocol::ids::{ChannelId, ChatId, DeviceId, UserId, VisitorId};

/// An event as every recipient gets it: all of the frame behind its `seq`.
#[derive(Debug)]
pub struct EventTail {
    /// The chat that it belongs to.
    pub chat: ChatId,
    /// `"kind":…,"chat":…,"rev":…,"body":…}`
    pub json: Box<str>,
}

/// A message as a visitor's widget gets it: the whole frame.
#[derive(Debug, Clone)]
pub struct VisitorFrame {
    /// The message's `no`.
    pub no: u64,
    /// The frame; none for what is not the visitor's to see, whose number is passed over.
    pub json: Option<Arc<str>>,
}

/// One browser's conversation on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VisitorKey {
    /// The channel.
    pub channel: ChannelId,
    /// The visitor.
    pub visitor: VisitorId,
}

/// What a commit changed that somebody's socket may be waiting for.
#[derive(Debug, Clone)]
pub enum Effect {
    /// A row was appended to a user's feed.
    Feed {
        /// Whose.
        user: UserId,
        /// Where.
        seq: u64,
        /// What.
        tail: Arc<EventTail>,
    },
    /// A user's feed grew by the hand of another process: what and how much stands in the database.
    FeedGrew {
        /// Whose.
        user: UserId,
        /// Its head now.
        head: u64,
    },
    /// The content of a chat was withdrawn from a user's feed.
    Withdrawn {
        /// From whom.
        user: UserId,
        /// Which chat.
        chat: ChatId,
    },
    /// A message was added to a visitor's conversation.
    VisitorMessage {
        /// Whose.
        to: VisitorKey,
        /// The message.
        frame: VisitorFrame,
    },
    /// A visitor's conversation grew by the hand of another process.
    VisitorGrew {
        /// Whose.
        to: VisitorKey,
        /// Its last number now.
        last_no: u64,
    },
    /// Messages of a visitor's conversation got further on their way.
    VisitorStatus {
        /// Whose.
        to: VisitorKey,
        /// The frame.
        json: Arc<str>,
    },
    /// A visitor's address can no longer write: its widgets' sockets are to be closed.
    Blocked {
        /// The address, as [`crate::config::AddressKey`] writes it.
        address: Arc<str>,
        /// The visitor because of whom it was blocked, who is shut out wherever they come from.
        visitor: VisitorKey,
    },
    /// Time does something to a chat or a user at this moment, perhaps earlier than anything before.
    Due {
        /// When.
        at: UnixMillis,
    },
    /// A collection has a new revision.
    Changed {
        /// Which.
        collection: Collection,
        /// The revision.
        rev: u64,
    },
    /// A device may no longer connect.
    Revoked {
        /// Which.
        device: DeviceId,
        /// Whose.
        user: UserId,
    },
}

/// In the order of the changes.
pub type Effects = Vec<Effect>;

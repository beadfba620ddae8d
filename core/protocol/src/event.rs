//! What happens to a chat, as the feed carries it.
//!
//! An event's body is written and serialised once and shared by all who get it; only `seq` differs by recipient.

use serde::{Deserialize, Serialize};

use crate::chat::{Chat, InternalChat, OpenedChat, OpenedInternal, PassedOn, UserChat};
use crate::frame::FrameError;
use crate::message::{Message, MessageStatus};

/// A message was added to a chat. One that the customer wrote brings the chat back to Recents for all who see it
/// ([`UserChat::woken`]), and so does a colleague's text in a staff chat; who said it has read everything up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAdded {
    /// The message.
    pub message: Message,
    /// The chat's row, when this message changed it (a reply that took the chat, a closed chat that reopened).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Chat>,
    /// The staff chat's row, when this message changed it (a name, a member).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal: Option<InternalChat>,
}

/// The status of texts in one direction rose, for all with `from <= no <= upto`; notes and activities between them are on no
/// way. Channels report single messages (`from == upto`) or watermarks; a status that is already higher stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRaised {
    /// Whose messages: true for those of staff, false for the customer's.
    pub outbound: bool,
    /// The first message.
    pub from: u64,
    /// The last message.
    pub upto: u64,
    /// The status they have at least.
    pub status: MessageStatus,
}

/// Why a chat left a user's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoneReason {
    /// Another user took it.
    Taken,
    /// It was passed on.
    Transferred,
    /// It reopened by its route, to others.
    Rerouted,
    /// This user deleted it.
    Deleted,
    /// This user left the staff group.
    Left,
    /// Another candidate closed it without taking it.
    DealtWith,
    /// It is offered to others now: rights, queues, presence or the owner's time changed.
    Unassigned,
    /// It was finished longer ago than phones keep chats.
    Expired,
    /// A reason of a newer server.
    #[serde(other)]
    Unknown,
}

/// The chat leaves this user: everything of it must be removed from the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Why.
    pub reason: GoneReason,
    /// What stays in the Archive of the user who passed it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed_on: Option<PassedOn>,
}

/// Everything that the feed can carry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "one at a time is on the stack, and none is kept")]
pub enum EventBody {
    /// The user was offered, took over or received the chat. Replaces whatever the device held of it.
    ChatOpened(OpenedChat),
    /// The user became a member of the staff chat. Replaces whatever the device held of it.
    InternalOpened(OpenedInternal),
    /// A message was added.
    Message(MessageAdded),
    /// Messages got further on their way.
    Status(StatusRaised),
    /// The chat's row changed.
    Chat(Chat),
    /// This user's own part changed, on this or another device.
    UserChat(UserChat),
    /// The chat leaves the device.
    Gone(Gone),
}

impl EventBody {
    /// The name in the frame's `kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            EventBody::ChatOpened(_) => "chat_opened",
            EventBody::InternalOpened(_) => "internal_opened",
            EventBody::Message(_) => "message",
            EventBody::Status(_) => "status",
            EventBody::Chat(_) => "chat",
            EventBody::UserChat(_) => "user_chat",
            EventBody::Gone(_) => "gone",
        }
    }

    /// The body as JSON, without its kind.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        match self {
            EventBody::ChatOpened(body) => serde_json::to_string(body),
            EventBody::InternalOpened(body) => serde_json::to_string(body),
            EventBody::Message(body) => serde_json::to_string(body),
            EventBody::Status(body) => serde_json::to_string(body),
            EventBody::Chat(body) => serde_json::to_string(body),
            EventBody::UserChat(body) => serde_json::to_string(body),
            EventBody::Gone(body) => serde_json::to_string(body),
        }
    }

    /// Reads a body. `None`: a kind of a newer server; the caller advances its cursor and marks the store.
    pub fn parse(kind: &str, json: &str) -> Result<Option<EventBody>, FrameError> {
        fn body<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, FrameError> {
            serde_json::from_str(json).map_err(|error| FrameError::Malformed(error.to_string()))
        }
        Ok(Some(match kind {
            "chat_opened" => EventBody::ChatOpened(body(json)?),
            "internal_opened" => EventBody::InternalOpened(body(json)?),
            "message" => EventBody::Message(body(json)?),
            "status" => EventBody::Status(body(json)?),
            "chat" => EventBody::Chat(body(json)?),
            "user_chat" => EventBody::UserChat(body(json)?),
            "gone" => EventBody::Gone(body(json)?),
            _ => return Ok(None),
        }))
    }
}

//! What a user does to a chat.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ErrorCode;
use crate::frame::FrameError;
use crate::ids::{ChatId, CommandId, UserId};

/// A command as it travels. The body stays raw until the kind is known, so that an unknown kind is answered and not
/// a broken frame.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandFrame {
    /// Chosen by the device (UUIDv7); the same id with the same content has its effect once.
    pub id: CommandId,
    /// `reply`, `take`, `read`.
    pub kind: String,
    /// The chat it is about.
    pub chat: ChatId,
    /// The chat's `owner_epoch` when the user acted. Needed by `reply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_epoch: Option<u64>,
    /// The last message `no` that the user had seen when acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// What belongs to the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
}

/// A text to the customer. Sent by a candidate of a waiting chat, it takes the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// At most 16 KiB of UTF-8, not empty.
    pub text: String,
}

/// The user has read everything up to this message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// A message `no`.
    pub upto: u64,
}

/// A command's kind with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandBody {
    /// A text to the customer.
    Reply(Reply),
    /// Take the chat without a reply.
    Take,
    /// Messages were read.
    Read(Read),
}

impl CommandBody {
    /// The name in the frame's `kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            CommandBody::Reply(_) => "reply",
            CommandBody::Take => "take",
            CommandBody::Read(_) => "read",
        }
    }

    /// Reads a command's body. `None`: a kind that this build does not know.
    pub fn parse(frame: &CommandFrame) -> Result<Option<CommandBody>, FrameError> {
        fn body<'a, T: Deserialize<'a>>(frame: &'a CommandFrame) -> Result<T, FrameError> {
            let raw = frame.body.as_deref().map_or("{}", RawValue::get);
            serde_json::from_str(raw).map_err(|error| FrameError::Malformed(error.to_string()))
        }
        Ok(Some(match frame.kind.as_str() {
            "reply" => CommandBody::Reply(body(frame)?),
            "take" => CommandBody::Take,
            "read" => CommandBody::Read(body(frame)?),
            _ => return Ok(None),
        }))
    }

    /// The body as JSON; none for a kind without one.
    pub fn to_json(&self) -> Result<Option<String>, serde_json::Error> {
        match self {
            CommandBody::Reply(body) => serde_json::to_string(body).map(Some),
            CommandBody::Take => Ok(None),
            CommandBody::Read(body) => serde_json::to_string(body).map(Some),
        }
    }
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandStatus {
    /// It had its effect, now or when it came the first time.
    Applied,
    /// Somebody was first; nothing happened.
    Conflict,
    /// It can never have an effect; `code` says why.
    Rejected,
    /// The server could not decide now; the same id is to be sent again.
    Retry,
}

/// The answer to a command, sent after the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// The command.
    pub id: CommandId,
    /// What became of it.
    pub status: CommandStatus,
    /// The place in this user's feed of the event that it caused, if it caused one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// The chat's owner, on a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// The chat's owner epoch, on a conflict and after a take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_epoch: Option<u64>,
}

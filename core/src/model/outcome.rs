use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{ChatId, CommandId};

/// What a queued command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandKind {
    /// A text to the customer.
    Reply,
    /// Takes the chat.
    Take,
}

impl CommandKind {
    /// The name in frames and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            CommandKind::Reply => "reply",
            CommandKind::Take => "take",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [CommandKind::Reply, CommandKind::Take].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It had its effect.
    Applied,
    /// Somebody else has the chat, or it is no longer this user's.
    Refused(ErrorCode),
    /// The server could not use it.
    Failed(ErrorCode),
}

/// A command that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandOutcome {
    /// The command; a reply's is its message's id.
    pub id: CommandId,
    /// The chat.
    pub chat: ChatId,
    /// What it was to do.
    pub kind: CommandKind,
    /// How it ended.
    pub outcome: Outcome,
}

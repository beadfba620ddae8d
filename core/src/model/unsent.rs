use std::fmt;
use std::str::FromStr;

use switchboard_protocol::ids::{ChatId, InvalidId, MessageId};
use switchboard_protocol::message::MessageKind;
use switchboard_protocol::{ErrorCode, UnixMillis};

/// A text that did not reach the customer, or the next colleague. For a reply it is the id that the reply had.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnsentId(MessageId);

impl UnsentId {
    pub(crate) fn new() -> Self {
        Self(MessageId::new())
    }

    /// The id with these 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(MessageId::from_bytes(bytes))
    }

    /// The 16 bytes that a database stores.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl From<MessageId> for UnsentId {
    fn from(id: MessageId) -> Self {
        Self(id)
    }
}

impl fmt::Display for UnsentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UnsentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsentId({self})")
    }
}

impl FromStr for UnsentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self)
    }
}

/// Why a text did not reach the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnsentReason {
    /// The server refused it for good: somebody else has the chat, or it is no longer this user's.
    Refused(ErrorCode),
    /// The server could not use it: the code says why.
    Failed(ErrorCode),
    /// The chat left this device before the text was sent.
    ChatGone,
    /// It was on its way when the chat left this device, and the server has not said yet whether it arrived. The row
    /// goes by itself when it did, and becomes `Refused` or `Failed` when it did not.
    Checking,
    /// The server was restored from a backup after it had accepted the text: it may or may not have gone out.
    Unknown,
    /// It was a draft, not sent by the user, in a chat that left this device.
    Draft,
}

/// A text of this user that did not reach whom it was for.
#[derive(Clone, PartialEq, Eq)]
pub struct UnsentRow {
    /// Its id.
    pub id: UnsentId,
    /// The chat that it was written in, which may no longer be on this device.
    pub chat: ChatId,
    /// The customer's name as it was; none for a visitor without one.
    pub contact_name: Option<String>,
    /// A text to the customer, or a note among staff, which is never to be offered as a reply.
    pub kind: MessageKind,
    /// The text.
    pub text: String,
    /// When it was written, by the device's clock.
    pub written_at: UnixMillis,
    /// When it became unsent, by the device's clock.
    pub unsent_at: UnixMillis,
    /// Why.
    pub reason: UnsentReason,
    /// Whether it can be given to who has the chat now: [`crate::Core::unsent_to_owner`].
    pub can_note_owner: bool,
    /// Whether that is under way.
    pub noting_owner: bool,
}

impl fmt::Debug for UnsentRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsentRow").field("id", &self.id).field("reason", &self.reason).finish_non_exhaustive()
    }
}

use switchboard_protocol::device::SignedInUser;
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::{ErrorCode, UnixMillis};
use url::Url;

/// Who is signed in, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: SignedInUser,
    /// The server's address.
    pub server: Url,
}

/// How the core stands to its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// Nobody is signed in.
    SignedOut,
    /// Not started, or stopped.
    Stopped,
    /// No connection; the next attempt is made at this time of the device's clock.
    Offline {
        /// When the next attempt is made.
        retry_at: UnixMillis,
    },
    /// A connection is being made.
    Connecting,
    /// Connected; what happened meanwhile is coming in.
    CatchingUp,
    /// Connected and up to date.
    Online,
    /// The server will not talk to this app or device until the user does something: `unauthorized` (sign in again),
    /// `upgrade_app`, `upgrade_server`.
    Refused(ErrorCode),
}

/// Somebody started or stopped typing in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// The chat.
    pub chat: ChatId,
    /// The member of staff; none for the customer.
    pub user: Option<UserId>,
    /// The member of staff's name, where it is known.
    pub name: Option<String>,
    /// True while typing. An end that never arrives is made up by the core after 5 s.
    pub typing: bool,
}

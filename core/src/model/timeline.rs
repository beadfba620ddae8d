use std::fmt;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::ids::{MessageId, UserId};
use switchboard_protocol::message::MessageStatus;

/// Which side wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthorKind {
    /// The customer.
    Contact,
    /// A member of staff.
    User,
}

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Safe on this device; waits for the network or for an earlier reply.
    Queued,
    /// On its way to the server; the answer is outstanding.
    Sending,
    /// The server has it.
    Stored(MessageStatus),
}

/// One message of a chat.
#[derive(Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// Its id, the same before and after the server accepted it.
    pub id: MessageId,
    /// Its place in the chat; none while the server has not numbered it.
    pub no: Option<u64>,
    /// Which side wrote it.
    pub author: AuthorKind,
    /// The member of staff who wrote it.
    pub author_id: Option<UserId>,
    /// The name of the author: the member of staff's, or the contact's where it is known.
    pub author_name: Option<String>,
    /// Whether the user of this device wrote it.
    pub mine: bool,
    /// The text.
    pub text: String,
    /// When the server stored it; for one that it has not, when it was written, by the device's clock.
    pub sent_at: UnixMillis,
    /// How far it got.
    pub state: DeliveryState,
}

impl fmt::Debug for TimelineRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimelineRow")
            .field("id", &self.id)
            .field("no", &self.no)
            .field("author", &self.author)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

use std::fmt;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::ids::{MessageId, UserId};
use switchboard_protocol::message::{MessageKind, MessageStatus, ReleaseReason};
use switchboard_protocol::transfer::TransferTarget;

/// Which side wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthorKind {
    /// The customer.
    Contact,
    /// A member of staff.
    User,
    /// The server: an out-of-office reply, or something that happened by itself.
    System,
}

/// What happened to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActivityKind {
    /// The author took it.
    Taken,
    /// The route gave it to a user at once.
    Assigned,
    /// The author passed it on.
    Transferred,
    /// Nobody answered after a transfer: it is back with who passed it on, or without a name follows its route.
    Returned,
    /// Its owner could not go on, and it follows its route.
    Released,
    /// The author dealt with it.
    DealtWith,
    /// The author ended the session, and the visitor was told.
    Ended,
    /// The author blocked the visitor.
    Blocked,
    /// The visitor rated the last session.
    Rated,
    /// The author made the staff group.
    GroupCreated,
    /// The author renamed it.
    GroupRenamed,
    /// The author brought people in.
    MembersAdded,
    /// The author took somebody out.
    MemberRemoved,
    /// The author left.
    MemberLeft,
    /// Something of a newer server: to be shown as such, or not at all.
    Unknown,
}

/// A line of the chat's life; the app puts it into words. Who did it is the row's author.
#[derive(Clone, PartialEq, Eq)]
pub struct ActivityLine {
    /// What happened.
    pub kind: ActivityKind,
    /// To whom it was assigned, passed on or returned.
    pub to: Option<TransferTarget>,
    /// The name of that user, queue or group.
    pub to_name: Option<String>,
    /// Whether that is the user of this device.
    pub to_me: bool,
    /// A rating's stars, 1 to 5.
    pub stars: Option<u8>,
    /// What the visitor wrote beside them.
    pub comment: Option<String>,
    /// Why the owner lost it.
    pub reason: Option<ReleaseReason>,
    /// Who came into the staff group or was taken out of it, by name.
    pub members: Vec<String>,
    /// The staff group's name, where it got one.
    pub group_name: Option<String>,
}

impl fmt::Debug for ActivityLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityLine").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Kept back until a person decides: it waited too long for the network, or the customer wrote meanwhile.
    /// [`crate::Core::send_anyway`] or [`crate::Core::withdraw`].
    Asking(StaleReason),
    /// Safe on this device; waits for the network or for an earlier reply.
    Queued,
    /// On its way to the server; the answer is outstanding.
    Sending,
    /// The server has it.
    Stored(MessageStatus),
}

/// Why a reply asks before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StaleReason {
    /// It waited longer than [`crate::STALE_MS`].
    Old,
    /// The customer wrote after it was written.
    Overtaken,
}

/// One line of a chat.
#[derive(Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// Its id, the same before and after the server accepted it.
    pub id: MessageId,
    /// Its place in the chat; none while the server has not numbered it.
    pub no: Option<u64>,
    /// A text between the customer and staff, a note among staff, or something that happened.
    pub kind: MessageKind,
    /// Which side wrote it.
    pub author: AuthorKind,
    /// The member of staff who wrote it.
    pub author_id: Option<UserId>,
    /// The name of the author: the member of staff's, or the contact's where it is known.
    pub author_name: Option<String>,
    /// Whether the user of this device wrote it.
    pub mine: bool,
    /// The text; empty for an activity.
    pub text: String,
    /// The users whom it mentions.
    pub mentions: Vec<UserId>,
    /// Whether the user of this device is one of them.
    pub mentions_me: bool,
    /// What happened, when it is an activity.
    pub activity: Option<ActivityLine>,
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
            .field("kind", &self.kind)
            .field("author", &self.author)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

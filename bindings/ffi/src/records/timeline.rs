use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{MessageId, UserId};

use super::{TransferTarget, mirror, time};

mirror! {
    /// Which side wrote a message.
    AuthorKind {
        /// The customer.
        Contact,
        /// A member of staff.
        User,
        /// The server: an out-of-office reply, or something that happened by itself.
        System,
    }
}

mirror! {
    /// What a line of a chat is.
    MessageKind {
        /// Between the customer and staff.
        Text,
        /// Among staff: the customer never gets it.
        Note,
        /// Something that happened; its [`ActivityLine`] says what.
        Activity,
    }
}

mirror! {
    /// What happened to a chat.
    ActivityKind {
        /// The author took it, by a reply or by Take.
        Taken,
        /// The route gave it to a user at once.
        Assigned,
        /// The author passed it on.
        Transferred,
        /// Nobody answered after a transfer: it is back with who passed it on, or without a name follows its route.
        Returned,
        /// Its owner could not go on, and it follows its route.
        Released,
        /// The author dealt with it: the session is closed.
        DealtWith,
        /// The author ended the session, and the visitor was told.
        Ended,
        /// The author blocked the visitor: the session is closed.
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
        /// Something of a newer server: show that an update of the app would say what, or nothing.
        Unknown,
    }
}

mirror! {
    /// Why an owner lost a chat.
    ReleaseReason {
        /// The account was disabled.
        Disabled,
        /// The owner went off shift, and gave it back or the queue wants it so.
        OffShift,
        /// The customer waited longer for an answer than the queue allows.
        Unanswered,
        /// A reason of a newer server.
        Unknown,
    }
}

/// A line of the chat's life, for the app to put into words. Who did it is the row's author.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ActivityLine {
    /// What happened.
    pub kind: ActivityKind,
    /// To whom it was assigned, passed on or returned.
    pub to: Option<TransferTarget>,
    /// The name of that user, queue or group at that time.
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

impl From<core::ActivityLine> for ActivityLine {
    fn from(line: core::ActivityLine) -> Self {
        Self {
            kind: line.kind.into(),
            to: line.to.map(TransferTarget::from),
            to_name: line.to_name,
            to_me: line.to_me,
            stars: line.stars,
            comment: line.comment,
            reason: line.reason.map(ReleaseReason::from),
            members: line.members,
            group_name: line.group_name,
        }
    }
}

mirror! {
    /// Why a reply asks before it is sent.
    StaleReason {
        /// It waited longer than 30 minutes.
        Old,
        /// The customer wrote after it was written.
        Overtaken,
    }
}

/// How far a message got: one flat scale, from this phone to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum DeliveryState {
    /// Kept back until a person decides: offer `send_anyway` and `withdraw`. What was written after it in this chat waits
    /// behind it.
    Asking {
        /// Why.
        reason: StaleReason,
    },
    /// Safe on this phone; waits for the network or for an earlier reply.
    Queued,
    /// On its way to the server; the answer is outstanding.
    Sending,
    /// The server has it and has not begun to deliver it.
    Accepted,
    /// Kept back by the server, for a reason that is shown (a closed 24-hour window).
    Held,
    /// On its way to the provider.
    Submitting,
    /// The provider's answer was lost: it may or may not have gone out; a person decides.
    Unknown,
    /// Accepted by the provider, or by the server itself for the website's chat.
    Sent,
    /// Refused, with a reason.
    Failed,
    /// On the customer's device; a message of the customer: arrived.
    Delivered,
    /// Seen by its recipient; in a staff chat by all of them.
    Read,
}

impl From<core::DeliveryState> for DeliveryState {
    fn from(state: core::DeliveryState) -> Self {
        match state {
            core::DeliveryState::Asking(reason) => Self::Asking { reason: reason.into() },
            core::DeliveryState::Queued => Self::Queued,
            core::DeliveryState::Sending => Self::Sending,
            core::DeliveryState::Stored(status) => match status {
                core::MessageStatus::Queued => Self::Accepted,
                core::MessageStatus::Held => Self::Held,
                core::MessageStatus::Submitting => Self::Submitting,
                core::MessageStatus::Unknown => Self::Unknown,
                core::MessageStatus::Sent => Self::Sent,
                core::MessageStatus::Failed => Self::Failed,
                core::MessageStatus::Delivered => Self::Delivered,
                core::MessageStatus::Read => Self::Read,
            },
        }
    }
}

/// One line of a chat.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    pub sent_at: SystemTime,
    /// How far it got.
    pub state: DeliveryState,
}

impl From<core::TimelineRow> for TimelineRow {
    fn from(row: core::TimelineRow) -> Self {
        Self {
            id: row.id,
            no: row.no,
            kind: row.kind.into(),
            author: row.author.into(),
            author_id: row.author_id,
            author_name: row.author_name,
            mine: row.mine,
            text: row.text,
            mentions: row.mentions,
            mentions_me: row.mentions_me,
            activity: row.activity.map(ActivityLine::from),
            sent_at: time(row.sent_at),
            state: row.state.into(),
        }
    }
}

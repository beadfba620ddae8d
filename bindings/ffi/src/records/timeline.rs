use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{MessageId, UserId};

use super::{mirror, time};

mirror! {
    /// Which side wrote a message.
    AuthorKind {
        /// The customer.
        Contact,
        /// A member of staff.
        User,
    }
}

/// How far a message got: one flat scale, from this phone to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum DeliveryState {
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
    /// Seen by its recipient.
    Read,
}

impl From<core::DeliveryState> for DeliveryState {
    fn from(state: core::DeliveryState) -> Self {
        match state {
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

/// One message of a chat.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    pub sent_at: SystemTime,
    /// How far it got.
    pub state: DeliveryState,
}

impl From<core::TimelineRow> for TimelineRow {
    fn from(row: core::TimelineRow) -> Self {
        Self {
            id: row.id,
            no: row.no,
            author: row.author.into(),
            author_id: row.author_id,
            author_name: row.author_name,
            mine: row.mine,
            text: row.text,
            sent_at: time(row.sent_at),
            state: row.state.into(),
        }
    }
}

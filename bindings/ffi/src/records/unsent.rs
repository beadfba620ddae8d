use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, UnsentId};

use super::{MessageKind, time};
use crate::errors::ErrorCode;

/// Why a text did not reach the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum UnsentReason {
    /// The server refused it for good: somebody else has the chat, or it is no longer this user's.
    Refused {
        /// Why.
        code: ErrorCode,
    },
    /// The server could not use it.
    Failed {
        /// Why.
        code: ErrorCode,
    },
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

impl From<core::UnsentReason> for UnsentReason {
    fn from(reason: core::UnsentReason) -> Self {
        match reason {
            core::UnsentReason::Refused(code) => Self::Refused { code: code.into() },
            core::UnsentReason::Failed(code) => Self::Failed { code: code.into() },
            core::UnsentReason::ChatGone => Self::ChatGone,
            core::UnsentReason::Checking => Self::Checking,
            core::UnsentReason::Unknown => Self::Unknown,
            core::UnsentReason::Draft => Self::Draft,
        }
    }
}

/// A text of this user that did not reach whom it was for.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct UnsentRow {
    /// Its id.
    pub id: UnsentId,
    /// The chat that it was written in, which may no longer be on this device.
    pub chat: ChatId,
    /// The customer's name as it was; none for a visitor without one.
    pub contact_name: Option<String>,
    /// A text to the customer, or a note among staff, which must never be offered as a reply.
    pub kind: MessageKind,
    /// The text.
    pub text: String,
    /// When it was written, by the device's clock.
    pub written_at: SystemTime,
    /// When it became unsent, by the device's clock.
    pub unsent_at: SystemTime,
    /// Why.
    pub reason: UnsentReason,
    /// Whether it can be given to who has the chat now: offer `unsent_to_owner`.
    pub can_note_owner: bool,
    /// Whether that is under way. The row goes when the server has it, and stays without this when it refuses.
    pub noting_owner: bool,
}

impl From<core::UnsentRow> for UnsentRow {
    fn from(row: core::UnsentRow) -> Self {
        Self {
            id: row.id,
            chat: row.chat,
            contact_name: row.contact_name,
            kind: row.kind.into(),
            text: row.text,
            written_at: time(row.written_at),
            unsent_at: time(row.unsent_at),
            reason: row.reason.into(),
            can_note_owner: row.can_note_owner,
            noting_owner: row.noting_owner,
        }
    }
}

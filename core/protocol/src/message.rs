//! A message and the way of its status.

use serde::{Deserialize, Serialize};

use crate::UnixMillis;
use crate::ids::{MessageId, UserId};

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id; an operator's message has the id of the command that sent it.
    pub id: MessageId,
    /// Its place in the chat, from 1, rising; timeline order, `before`, `read_upto` and `seen` are this number.
    pub no: u64,
    /// Who wrote it.
    pub author: Author,
    /// The text, at most 16 KiB of UTF-8, never empty.
    pub text: String,
    /// When the server stored it.
    pub sent_at: UnixMillis,
    /// How far it got on its way to the customer; an inbound message has arrived and is `delivered`, or `read`.
    pub status: MessageStatus,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Contact,
    /// A member of staff, with the name at the time of writing.
    User {
        /// The user.
        id: UserId,
        /// The user's name as the customer saw it.
        name: String,
    },
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// How far a message got. The order of the variants is the rank: two reports of one message merge to the
        /// higher one, so no status ever goes backwards.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum MessageStatus {
            $($(#[$doc])* $variant,)+
        }

        impl MessageStatus {
            /// Every status, lowest rank first.
            pub const ALL: &'static [MessageStatus] = &[$(MessageStatus::$variant),+];

            /// The status as it stands in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(MessageStatus::$variant => $name,)+ }
            }
        }
    };
}

statuses! {
    /// Stored, and waiting for its turn.
    Queued = "queued",
    /// Kept back, for a reason that is shown (a closed 24-hour window).
    Held = "held",
    /// On its way to the provider.
    Submitting = "submitting",
    /// The provider's answer was lost: it may or may not have gone out; a person decides.
    Unknown = "unknown",
    /// Accepted by the provider, or by our own server for the website's chat.
    Sent = "sent",
    /// Refused, with a reason.
    Failed = "failed",
    /// On the customer's device.
    Delivered = "delivered",
    /// Seen by its recipient.
    Read = "read",
}

impl MessageStatus {
    /// The rank that a database stores.
    pub const fn rank(self) -> i64 {
        self as i64
    }

    /// The status of this rank.
    pub fn from_rank(rank: i64) -> Option<MessageStatus> {
        usize::try_from(rank).ok().and_then(|rank| Self::ALL.get(rank).copied())
    }

    /// What is known after both reports.
    #[must_use]
    pub fn merge(self, other: MessageStatus) -> MessageStatus {
        self.max(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f57_a_status_never_goes_backwards() {
        for &a in MessageStatus::ALL {
            for &b in MessageStatus::ALL {
                assert!(a.merge(b) >= a && a.merge(b) >= b);
                assert_eq!(a.merge(b), b.merge(a));
            }
            assert_eq!(MessageStatus::from_rank(a.rank()), Some(a));
            assert_eq!(serde_json::to_string(&a).unwrap(), format!("\"{}\"", a.as_str()));
        }
        assert_eq!(MessageStatus::from_rank(-1), None);
        assert_eq!(MessageStatus::from_rank(99), None);
    }
}

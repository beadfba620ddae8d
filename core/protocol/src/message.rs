//! A message and the way of its status.

use serde::{Deserialize, Serialize};

use crate::UnixMillis;
use crate::ids::{MessageId, UserId};
use crate::transfer::TransferTarget;

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id; an operator's message has the id of the command that sent it.
    pub id: MessageId,
    /// Its place in the chat, from 1, rising; timeline order, `before`, `read_upto` and `seen` are this number.
    pub no: u64,
    /// Who wrote it.
    pub author: Author,
    /// The text, at most 16 KiB of UTF-8; empty for an activity alone.
    pub text: String,
    /// Whether it is a note among staff, which no customer ever gets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// The users whom it mentions: those of them who see the chat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// What happened, when this is no text but a line of the chat's life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
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
    /// The server: an out-of-office reply, or something that happened by itself.
    System,
}

/// What happened to a chat. It stands among the messages, so that everybody who sees the chat sees the same order. An
/// app shows it in the user's language; the author is who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Activity {
    /// The author took the chat, by a reply or by Take.
    Taken,
    /// The route gave it to this user at once.
    Assigned {
        /// To whom.
        user: UserId,
        /// The name.
        name: String,
    },
    /// The author passed it on.
    Transferred {
        /// To whom.
        to: TransferTarget,
        /// The name of the user, queue or group.
        name: String,
    },
    /// Nobody answered after a transfer: it is back with the one who passed it on, or follows its route.
    Returned {
        /// Back with whom; none when it follows its route.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// The name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Its owner could not go on, and it follows its route.
    Released {
        /// Why.
        reason: ReleaseReason,
    },
    /// The author dealt with it: the session is closed.
    DealtWith,
    /// The author ended the session, and the visitor was told.
    Ended,
    /// The author blocked the visitor: the session is closed.
    Blocked,
    /// The visitor rated the last session.
    Rated {
        /// 1 to 5.
        stars: u8,
        /// What the visitor wrote beside it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// The author made this staff group.
    GroupCreated {
        /// Its name.
        name: String,
    },
    /// The author gave the staff group a name.
    GroupRenamed {
        /// The name.
        name: String,
    },
    /// The author brought people into the staff group.
    MembersAdded {
        /// Whom.
        members: Vec<Named>,
    },
    /// The author took somebody out of the staff group.
    MemberRemoved {
        /// Whom.
        member: Named,
    },
    /// The author left the staff group.
    MemberLeft,
    /// Something of a newer server.
    #[serde(other)]
    Unknown,
}

/// A user with the name at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Who.
    pub id: UserId,
    /// The name.
    pub name: String,
}

/// Why an owner lost a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// The account was disabled.
    Disabled,
    /// The owner went off shift, and gave it back or the queue wants it so.
    OffShift,
    /// The customer waited longer for an answer than the queue allows.
    Unanswered,
    /// A reason of a newer server.
    #[serde(other)]
    Unknown,
}

/// What a line of a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Between the customer and staff.
    Text,
    /// Among staff.
    Note,
    /// Something that happened.
    Activity,
}

impl Message {
    /// What it is.
    pub const fn kind(&self) -> MessageKind {
        match (&self.activity, self.private) {
            (Some(_), _) => MessageKind::Activity,
            (None, true) => MessageKind::Note,
            (None, false) => MessageKind::Text,
        }
    }

    /// Whether the customer wrote it: what counts as unread, wakes a chat and is to be answered.
    pub fn is_inbound(&self) -> bool {
        self.author == Author::Contact && self.activity.is_none()
    }
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

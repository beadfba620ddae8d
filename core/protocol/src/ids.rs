//! Identifiers: a UUID each, a type each, so that a chat's id cannot be passed for a message's.
//!
//! In JSON an id is the hyphenated lower-case string, in SQL a 16-byte blob.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A string that should have been an id is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a UUID such as 0198c0de-0000-7000-8000-000000000001")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id (UUIDv7: ids of one process sort by the time they were made, which keeps B-trees dense).
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The id in this blob, as a database returns it.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, InvalidId> {
                Uuid::from_slice(bytes).map(Self).map_err(|_| InvalidId)
            }

            /// The 16 bytes that a database stores.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )+};
}

ids! {
    /// A member of staff.
    UserId,
    /// A phone (or terminal) on which a user is signed in.
    DeviceId,
    /// A department.
    GroupId,
    /// A contact-centre queue.
    QueueId,
    /// A connected account: a website, a WhatsApp number, a page, a phone number.
    ChannelId,
    /// A person the company talks to.
    ContactId,
    /// A browser that opened the website widget; derived from its token, never chosen by it.
    VisitorId,
    /// The conversation of one contact on one channel, or of staff.
    ChatId,
    /// A message. An operator's message has the id of the command that sent it.
    MessageId,
    /// A command of a phone; the same id never has two effects.
    CommandId,
    /// A block of a visitor's address.
    BlockId,
    /// A prepared text.
    TemplateId,
    /// A label for chats and contacts.
    LabelId,
    /// A note on a contact; the id of the command that wrote it.
    NoteId,
    /// The incarnation of a server's log: a restored database has a new one, and clients then take a snapshot.
    FeedId,
}

/// The name space of direct chats, an arbitrary UUID that never changes.
const DIRECT_CHATS: Uuid =
    Uuid::from_bytes([0x5e, 0x1f, 0x0b, 0x9a, 0x3c, 0x52, 0x4d, 0x8e, 0x9a, 0x1c, 0x6b, 0x0d, 0x2f, 0x77, 0x41, 0xc3]);

impl ChatId {
    /// The direct chat of two users. It follows from the two of them, whoever asks: two phones that open it without a
    /// network mean one chat.
    pub fn direct(one: UserId, other: UserId) -> ChatId {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        let mut name = [0; 32];
        name[..16].copy_from_slice(low.as_bytes());
        name[16..].copy_from_slice(high.as_bytes());
        ChatId(Uuid::new_v5(&DIRECT_CHATS, &name))
    }
}

impl From<CommandId> for NoteId {
    fn from(id: CommandId) -> Self {
        Self(id.0)
    }
}

impl From<CommandId> for MessageId {
    fn from(id: CommandId) -> Self {
        Self(id.0)
    }
}

impl From<MessageId> for CommandId {
    fn from(id: MessageId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_json_and_bytes() {
        let id = ChatId::new();
        assert_eq!(id.to_string().parse::<ChatId>().unwrap(), id);
        assert_eq!(ChatId::from_slice(id.as_bytes()).unwrap(), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<ChatId>(&json).unwrap(), id);
    }

    #[test]
    fn f2_two_users_have_one_direct_chat() {
        let (anna, boris, cleo) = (UserId::new(), UserId::new(), UserId::new());
        assert_eq!(ChatId::direct(anna, boris), ChatId::direct(boris, anna));
        assert_ne!(ChatId::direct(anna, boris), ChatId::direct(anna, cleo));
        // Phones and servers of different versions must agree for ever.
        let fixed = ChatId::direct(UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        assert_eq!(fixed.to_string(), "0f1fca2a-a05d-5db6-969f-99d002f1ca18");
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        assert_eq!("chat-1".parse::<ChatId>(), Err(InvalidId));
        assert_eq!(ChatId::from_slice(&[1, 2, 3]), Err(InvalidId));
    }
}

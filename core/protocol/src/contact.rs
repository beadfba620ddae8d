//! The person the company talks to.

use serde::{Deserialize, Serialize};

use crate::UnixMillis;
use crate::chat::ChannelKind;
use crate::ids::{ChatId, ContactId};
use crate::message::Message;

/// A contact as a chat shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The name the person gave; without one the apps show "Visitor" in the user's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address the person gave, unverified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number, as the channel or a user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether a user added the person to the contacts. Who is not known is asked about: Add contact, Reply, Ignore.
    #[serde(default)]
    pub known: bool,
}

/// What a person is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A WhatsApp id: the number in international form.
    Whatsapp,
    /// Messenger's id of the person at one page (PSID).
    Messenger,
    /// A browser on one of the company's websites.
    Visitor,
    /// A kind of a newer server.
    #[serde(other)]
    Unknown,
}

impl IdentityKind {
    /// Every kind.
    pub const ALL: &'static [IdentityKind] = &[
        IdentityKind::Phone,
        IdentityKind::Email,
        IdentityKind::Whatsapp,
        IdentityKind::Messenger,
        IdentityKind::Visitor,
    ];

    /// The kind as it stands in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            IdentityKind::Phone => "phone",
            IdentityKind::Email => "email",
            IdentityKind::Whatsapp => "whatsapp",
            IdentityKind::Messenger => "messenger",
            IdentityKind::Visitor => "visitor",
            IdentityKind::Unknown => "unknown",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<IdentityKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// Something by which a person is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// What it is.
    pub kind: IdentityKind,
    /// The number, address or id.
    pub value: String,
}

/// A phone number as numbers are compared: its digits, with `00` read as `+`. None for what has fewer than five, which
/// would take strangers for one person.
pub fn phone_key(phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").map_or(digits.as_str(), |rest| rest);
    (digits.len() >= 5).then(|| digits.to_owned())
}

/// An e-mail address as addresses are compared.
pub fn email_key(email: &str) -> Option<String> {
    let key = email.trim().to_lowercase();
    (!key.is_empty()).then_some(key)
}

/// `GET` on `/v1/chats/{id}/history?before=…`: a page of what the chat's contact wrote and was told, with every user and
/// department and through every channel: [`HistoryPage`]. For the chat's owner and candidates; shown, never stored.
pub const HISTORY: &str = "history";

/// A page of a contact's history, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// The entries, the newest first, at most [`crate::limits::HISTORY_PAGE`].
    pub entries: Vec<HistoryEntry>,
    /// What to give as `before` for older ones; none: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A message of a contact's history, with where it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The chat.
    pub chat: ChatId,
    /// The kind of its channel.
    pub channel_kind: ChannelKind,
    /// The name of its channel.
    pub channel: String,
    /// The name of the queue or group in which the chat is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// When the message was written, which orders the entries.
    pub at: UnixMillis,
    /// The message; notes and activities too.
    pub message: Message,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f32_numbers_and_addresses_are_compared_without_what_people_put_between() {
        assert_eq!(phone_key("+49 (30) 901-820"), phone_key("0049 30901820"));
        assert_ne!(phone_key("+49 30 901820"), phone_key("+49 30 901821"));
        assert_eq!(phone_key("12 34"), None);
        assert_eq!(email_key(" Maria@Example.com "), email_key("maria@example.com"));
        assert_eq!(email_key("  "), None);
    }
}

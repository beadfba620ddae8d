use std::fmt;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::ids::{ChatId, ContactId, MessageId, TemplateId};
use switchboard_protocol::message::MessageKind;

use super::AuthorKind;

/// What a search found on this device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchResults {
    /// The messages, the newest first.
    pub hits: Vec<SearchHit>,
    /// Whether there are more messages than the limit asked for.
    pub more: bool,
    /// Saved contacts and customers of the chats that are here, the best match first.
    pub contacts: Vec<ContactHit>,
    /// Templates, the best match first.
    pub templates: Vec<TemplateHit>,
    /// Messages older than this may be on the server only; none when everything is here.
    pub local_since: Option<UnixMillis>,
}

/// A message that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The chat.
    pub chat: ChatId,
    /// The message.
    pub message: MessageId,
    /// Its place in the chat: what `timeline(chat, around)` opens at.
    pub no: u64,
    /// The customer's name; of a staff chat the group's, or the colleague's.
    pub contact_name: Option<String>,
    /// The kind of channel, for the icon; none for a staff chat.
    pub channel_kind: Option<ChannelKind>,
    /// A text, or a note among staff, which the customer never got.
    pub kind: MessageKind,
    /// Which side wrote it.
    pub author: AuthorKind,
    /// The part of the text around the first match, on one line. Parts and not ranges, because Rust, Swift and
    /// Kotlin count characters in three different ways.
    pub snippet: Vec<SnippetPart>,
    /// When the server stored it.
    pub sent_at: UnixMillis,
}

/// A person who was found by name, address or number.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactHit {
    /// The contact.
    pub contact: ContactId,
    /// The name, with what matched.
    pub name: Vec<SnippetPart>,
    /// The address or number that matched, if the match is not in the name.
    pub detail: Vec<SnippetPart>,
    /// Whether it is a saved contact.
    pub known: bool,
    /// The newest chat with this contact that is here.
    pub chat: Option<ChatId>,
}

/// A template that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct TemplateHit {
    /// The template.
    pub template: TemplateId,
    /// The title, with what matched.
    pub title: Vec<SnippetPart>,
    /// The part of the text around the first match.
    pub snippet: Vec<SnippetPart>,
}

/// A stretch of a snippet.
#[derive(Clone, PartialEq, Eq)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it is what was searched for.
    pub matched: bool,
}

impl fmt::Debug for SearchHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchHit").field("chat", &self.chat).field("no", &self.no).finish_non_exhaustive()
    }
}

impl fmt::Debug for ContactHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactHit").field("contact", &self.contact).finish_non_exhaustive()
    }
}

impl fmt::Debug for TemplateHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateHit").field("template", &self.template).finish_non_exhaustive()
    }
}

impl fmt::Debug for SnippetPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnippetPart").field("matched", &self.matched).finish_non_exhaustive()
    }
}

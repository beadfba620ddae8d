use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, ContactId, MessageId, TemplateId};

use super::{AuthorKind, ChannelKind, MessageKind, time};

/// What a search found on this device.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    pub local_since: Option<SystemTime>,
}

/// A message that was found.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SearchHit {
    /// The chat.
    pub chat: ChatId,
    /// The message.
    pub message: MessageId,
    /// Its place in the chat: what a timeline opens at.
    pub no: u64,
    /// The customer's name; of a staff chat the group's, or the colleague's.
    pub contact_name: Option<String>,
    /// The kind of channel, for the icon; none for a staff chat.
    pub channel_kind: Option<ChannelKind>,
    /// A text, or a note among staff, which the customer never got.
    pub kind: MessageKind,
    /// Which side wrote it.
    pub author: AuthorKind,
    /// The part of the text around the first match, on one line. Parts and not ranges, because Rust, Swift and Kotlin
    /// count characters in three different ways.
    pub snippet: Vec<SnippetPart>,
    /// When the server stored it.
    pub sent_at: SystemTime,
}

/// A person who was found by name, address or number.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactHit {
    /// The contact.
    pub contact: ContactId,
    /// The name, with what matched; empty for a visitor without one.
    pub name: Vec<SnippetPart>,
    /// The address or number that matched, if the match is not in the name.
    pub detail: Vec<SnippetPart>,
    /// Whether it is a saved contact, which `contact` shows.
    pub known: bool,
    /// The newest chat with this contact that is here.
    pub chat: Option<ChatId>,
}

/// A template that was found.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TemplateHit {
    /// The template.
    pub template: TemplateId,
    /// The title, with what matched.
    pub title: Vec<SnippetPart>,
    /// The part of the text around the first match.
    pub snippet: Vec<SnippetPart>,
}

/// A stretch of a snippet.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether to mark it: a word that begins with what was searched for, or the characters themselves.
    pub matched: bool,
}

impl From<core::SearchResults> for SearchResults {
    fn from(results: core::SearchResults) -> Self {
        Self {
            hits: results.hits.into_iter().map(SearchHit::from).collect(),
            more: results.more,
            contacts: results.contacts.into_iter().map(ContactHit::from).collect(),
            templates: results.templates.into_iter().map(TemplateHit::from).collect(),
            local_since: results.local_since.map(time),
        }
    }
}

impl From<core::SearchHit> for SearchHit {
    fn from(hit: core::SearchHit) -> Self {
        Self {
            chat: hit.chat,
            message: hit.message,
            no: hit.no,
            contact_name: hit.contact_name,
            channel_kind: hit.channel_kind.map(ChannelKind::from),
            kind: hit.kind.into(),
            author: hit.author.into(),
            snippet: parts(hit.snippet),
            sent_at: time(hit.sent_at),
        }
    }
}

impl From<core::ContactHit> for ContactHit {
    fn from(hit: core::ContactHit) -> Self {
        Self {
            contact: hit.contact,
            name: parts(hit.name),
            detail: parts(hit.detail),
            known: hit.known,
            chat: hit.chat,
        }
    }
}

impl From<core::TemplateHit> for TemplateHit {
    fn from(hit: core::TemplateHit) -> Self {
        Self { template: hit.template, title: parts(hit.title), snippet: parts(hit.snippet) }
    }
}

fn parts(parts: Vec<core::SnippetPart>) -> Vec<SnippetPart> {
    parts.into_iter().map(|part| SnippetPart { text: part.text, matched: part.matched }).collect()
}

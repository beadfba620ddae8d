use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, MessageId};

use super::{AuthorKind, ChannelKind, MessageKind, time};

/// What a search found on this device.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SearchResults {
    /// The messages, the newest first.
    pub hits: Vec<SearchHit>,
    /// Whether there are more than the limit asked for.
    pub more: bool,
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
    /// The customer's name.
    pub contact_name: Option<String>,
    /// The kind of channel, for the icon.
    pub channel_kind: ChannelKind,
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

/// A stretch of a snippet.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it is what was searched for.
    pub matched: bool,
}

impl From<core::SearchResults> for SearchResults {
    fn from(results: core::SearchResults) -> Self {
        Self {
            hits: results.hits.into_iter().map(SearchHit::from).collect(),
            more: results.more,
            local_since: results.local_since.map(time),
        }
    }
}

impl From<core::SearchHit> for SearchHit {
    fn from(hit: core::SearchHit) -> Self {
        let part = |part: core::SnippetPart| SnippetPart { text: part.text, matched: part.matched };
        Self {
            chat: hit.chat,
            message: hit.message,
            no: hit.no,
            contact_name: hit.contact_name,
            channel_kind: hit.channel_kind.into(),
            kind: hit.kind.into(),
            author: hit.author.into(),
            snippet: hit.snippet.into_iter().map(part).collect(),
            sent_at: time(hit.sent_at),
        }
    }
}

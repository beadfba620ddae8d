//! The frames of a phone's socket: JSON text, one frame a WebSocket message, `type` first.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chat::{OpenedChat, OpenedInternal, PassedOn, UserChat};
use crate::collection::{Collection, CollectionRow, Revisions};
use crate::command::{CommandFrame, CommandResult};
use crate::ids::{ChatId, CommandId, DeviceId, FeedId, UserId};
use crate::message::Message;
use crate::{ErrorCode, UnixMillis};

/// A frame that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not JSON, or a field is missing or of the wrong type: the connection cannot go on.
    #[error("malformed frame: {0}")]
    Malformed(String),
    /// A type of a newer peer: to be ignored.
    #[error("unknown frame type {0:?}")]
    UnknownType(String),
}

/// Reads only a frame's type; everything else is skipped without being built.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

pub(crate) fn frame_type(text: &str) -> Result<std::borrow::Cow<'_, str>, FrameError> {
    let head: Head<'_> = serde_json::from_str(text).map_err(malformed)?;
    Ok(head.kind)
}

pub(crate) fn malformed(error: serde_json::Error) -> FrameError {
    FrameError::Malformed(error.to_string())
}

/// Makes an enum of frames, its JSON and its reader. Reading looks at the type first and then reads exactly that
/// frame: serde's own tagged enums would buffer the whole frame, could not hold raw JSON and could not tell an unknown
/// type from a broken frame.
macro_rules! frames {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident($body:ty) = $kind:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize)]
        #[serde(tag = "type")]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $kind)] $variant($body),)+
        }

        impl $name {
            /// Every frame's type, in the order of the enum.
            pub const TYPES: &'static [&'static str] = &[$($kind),+];

            /// The frame's type.
            pub const fn kind(&self) -> &'static str {
                match self { $($name::$variant(_) => $kind,)+ }
            }

            /// Reads a frame. Unknown fields are ignored; an unknown type is told apart from a broken frame.
            pub fn parse(text: &str) -> Result<Self, $crate::FrameError> {
                match &*$crate::frame::frame_type(text)? {
                    $($kind => serde_json::from_str(text).map($name::$variant).map_err($crate::frame::malformed),)+
                    other => Err($crate::FrameError::UnknownType(other.chars().take(40).collect())),
                }
            }

            /// The frame as JSON.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                serde_json::to_string(self)
            }
        }
    };
}
pub(crate) use frames;

frames! {
    /// What a phone sends.
    ClientFrame {
        /// The first frame of a connection.
        Hello(Hello) = "hello",
        /// An action of the user.
        Command(CommandFrame) = "command",
        /// Everything up to this `seq` is stored on the device.
        Ack(Ack) = "ack",
        /// Older messages are wanted; answered by `page` or `error`.
        Fetch(Fetch) = "fetch",
        /// A collection's rows are wanted; answered by `rows` or `error`.
        Pull(Pull) = "pull",
        /// The user is typing, or stopped.
        Ephemeral(Typing) = "ephemeral",
        /// Keeps the connection alive; answered by `pong`.
        Ping(Empty) = "ping",
    }
}

frames! {
    /// What a server sends to a phone.
    ServerFrame {
        /// The answer to `hello`.
        Welcome(Welcome) = "welcome",
        /// One row of the user's feed.
        Event(Event) = "event",
        /// The replay is over: what follows happens now.
        Live(Live) = "live",
        /// A snapshot starts.
        SnapshotBegin(SnapshotBegin) = "snapshot_begin",
        /// Some chats of a snapshot.
        SnapshotPart(SnapshotPart) = "snapshot_part",
        /// The snapshot is complete and is to be swapped in.
        SnapshotEnd(SnapshotEnd) = "snapshot_end",
        /// The answer to `fetch`.
        Page(Page) = "page",
        /// The answer to `pull`.
        Rows(Rows) = "rows",
        /// The answer to a `fetch` or `pull` that cannot be served.
        Error(RequestError) = "error",
        /// A collection has a newer revision.
        Changed(Changed) = "changed",
        /// Somebody is typing, or stopped.
        Ephemeral(PeerTyping) = "ephemeral",
        /// The answer to a command.
        Result(CommandResult) = "result",
        /// The last frame of a connection.
        Bye(Bye) = "bye",
        /// The answer to `ping`.
        Pong(Empty) = "pong",
    }
}

/// A frame that is nothing but its type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

/// The first frame of a phone's connection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol version that the app speaks.
    pub v: u32,
    /// The device, as enrolment answered it.
    pub device: DeviceId,
    /// The device's token. In the frame, never in a URL, where proxies would log it.
    pub token: String,
    /// The log that `cursor` belongs to; none on a fresh store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_id: Option<FeedId>,
    /// The highest `seq` that is stored on the device; 0 on a fresh store.
    #[serde(default)]
    pub cursor: u64,
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello")
            .field("v", &self.v)
            .field("device", &self.device)
            .field("feed_id", &self.feed_id)
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

/// Everything up to this `seq` is stored on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The highest stored `seq`.
    pub cursor: u64,
}

/// Older messages of a chat are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// Chosen by the client, echoed in the answer.
    pub req: u64,
    /// The chat.
    pub chat: ChatId,
    /// Messages with a lower `no` than this.
    pub before: u64,
    /// How many at most; over [`crate::limits::MAX_PAGE_MESSAGES`] counts as that.
    pub n: u32,
}

/// A collection's rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// Chosen by the client, echoed in the answer.
    pub req: u64,
    /// Which.
    pub collection: Collection,
    /// The revision that the client has; rows changed since then are answered. 0 for all.
    pub rev: u64,
}

/// The user is typing, or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// The chat.
    pub chat: ChatId,
    /// True while typing, repeated every 3 s; false at the end. Without a repetition it ends by itself after 5 s.
    pub typing: bool,
}

/// How a connection brings the device up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// By the events after its cursor.
    Replay,
    /// By the present state of all its chats.
    Snapshot,
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The server's log.
    pub feed_id: FeedId,
    /// The user that the device belongs to.
    pub user: UserId,
    /// The highest `seq` of the user's feed.
    pub head: u64,
    /// The revisions of the collections.
    pub revs: Revisions,
    /// How the device is brought up to date.
    pub mode: CatchUp,
    /// The client sends something at least this often; either side gives up after one and a half of it in silence.
    pub heartbeat_ms: u64,
    /// The server's clock, for countdowns.
    pub now: UnixMillis,
}

/// One row of the user's feed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the user's feed, gapless from 1.
    pub seq: u64,
    /// The kind of [`crate::event::EventBody`], or `skip` for a row whose content this user may no longer have.
    pub kind: String,
    /// The chat; none for `skip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The `rev` of the chat's row after this event; 0 for `skip`.
    #[serde(default)]
    pub rev: u64,
    /// What belongs to the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
    /// The command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
}

impl Event {
    /// The kind of a row whose content was withdrawn from this user.
    pub const SKIP: &'static str = "skip";
}

/// The replay is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The highest `seq` sent so far.
    pub seq: u64,
}

/// A snapshot starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotBegin {
    /// The feed's head at the moment of the snapshot.
    pub as_of: u64,
}

/// A chat of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotChat {
    /// The chat with its newest messages.
    #[serde(flatten)]
    pub opened: OpenedChat,
    /// The user's own part of it.
    pub me: UserChat,
}

/// A staff chat of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotInternal {
    /// The chat with its newest messages.
    #[serde(flatten)]
    pub opened: OpenedInternal,
    /// The user's own part of it.
    pub me: UserChat,
}

/// Some chats of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SnapshotPart {
    /// The chats, in no order.
    pub chats: Vec<SnapshotChat>,
    /// The staff chats, in no order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub internal: Vec<SnapshotInternal>,
    /// What stays of chats that the user passed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_on: Vec<PassedOn>,
}

/// The snapshot is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotEnd {
    /// The cursor to go on from: the `as_of` of its beginning.
    pub cursor: u64,
}

/// Older messages of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The request's number.
    pub req: u64,
    /// The chat.
    pub chat: ChatId,
    /// Oldest first; the newest has the highest `no` below the request's `before`.
    pub messages: Vec<Message>,
    /// Whether there are still older ones.
    pub more: bool,
}

/// Rows of a collection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rows {
    /// The request's number.
    pub req: u64,
    /// Which.
    pub collection: Collection,
    /// The revision that the client has after storing them.
    pub rev: u64,
    /// Those that changed since the request's revision, or as many of them as fit.
    pub rows: Vec<CollectionRow>,
    /// Whether there are more, to be pulled with `rev`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A `fetch` or `pull` that cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestError {
    /// The request's number.
    pub req: u64,
    /// Why.
    pub code: ErrorCode,
}

/// A collection has a newer revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Which, by name: a name of a newer server is ignored.
    pub collection: String,
    /// Its revision now.
    pub rev: u64,
}

/// Somebody is typing, or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerTyping {
    /// The chat.
    pub chat: ChatId,
    /// The member of staff; none for the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// True while typing; ends by itself after 5 s without a repetition.
    pub typing: bool,
}

/// The last frame of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// Why.
    pub code: ErrorCode,
    /// When to come back, in milliseconds from now; 0: as the client's backoff says. Never for `revoked`,
    /// `unauthorized` and `upgrade_app`.
    #[serde(default)]
    pub retry_ms: u64,
}

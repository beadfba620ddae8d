//! The frames between the website widget and the server, on `GET /widget/v1/socket`.
//!
//! The widget knows nothing of chats, users or the feed: it has one conversation, whose messages are numbered from 1.

use serde::{Deserialize, Serialize};

use crate::frame::{Empty, frames};
use crate::ids::{FeedId, MessageId, VisitorId};
use crate::message::MessageStatus;
use crate::{ErrorCode, UnixMillis};

/// The path of the widget's socket.
pub const WIDGET_SOCKET_PATH: &str = "/widget/v1/socket";

frames! {
    /// What the widget sends.
    WidgetClientFrame {
        /// The first frame of a connection.
        Hello(WidgetHello) = "hello",
        /// A message; answered by `accepted` or `refused`.
        Send(WidgetSend) = "send",
        /// The visitor is typing, or stopped.
        Typing(WidgetTyping) = "typing",
        /// Messages arrived in the browser.
        Delivered(Upto) = "delivered",
        /// Messages were seen by the visitor.
        Read(Upto) = "read",
        /// What the visitor thinks of the session that ended; answered by `accepted` or `refused`.
        Rate(WidgetRate) = "rate",
        /// Keeps the connection alive; answered by `pong`.
        Ping(Empty) = "ping",
    }
}

frames! {
    /// What the server sends to a widget.
    WidgetServerFrame {
        /// The answer to `hello`.
        Welcome(WidgetWelcome) = "welcome",
        /// A message of the conversation, of either side, in the order of `no`.
        Message(WidgetMessage) = "message",
        /// The visitor's message is stored.
        Accepted(WidgetAccepted) = "accepted",
        /// The visitor's message cannot be stored; the text stays in the widget.
        Refused(WidgetRefused) = "refused",
        /// Messages got further on their way.
        Status(WidgetStatus) = "status",
        /// An operator is typing, or stopped.
        Typing(WidgetTyping) = "typing",
        /// The last frame of a connection.
        Bye(crate::frame::Bye) = "bye",
        /// The answer to `ping`.
        Pong(Empty) = "pong",
    }
}

/// The first frame of a widget's connection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetHello {
    /// The protocol version that the widget speaks.
    pub v: u32,
    /// The channel's public key, from the script tag.
    pub channel: String,
    /// The visitor's token; none for a new visitor, who gets one in `welcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The log that `after` belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_id: Option<FeedId>,
    /// The highest message `no` that the widget has; 0 when none. Without the present `feed_id` it counts as 0.
    #[serde(default)]
    pub after: u64,
    /// The address of the page on which the widget stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The page from which the visitor came to the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

impl std::fmt::Debug for WidgetHello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WidgetHello")
            .field("v", &self.v)
            .field("channel", &self.channel)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// A visitor's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetSend {
    /// Chosen by the widget; sent again under the same id until answered.
    pub id: MessageId,
    /// The text.
    pub text: String,
    /// The name from the pre-chat form; used when the contact has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address from the pre-chat form; used when the contact has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// What the visitor thinks of the session that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetRate {
    /// Chosen by the widget; sent again under the same id until answered.
    pub id: MessageId,
    /// 1 to 5.
    pub stars: u8,
    /// A word beside it, at most [`crate::limits::MAX_COMMENT_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Somebody is typing, or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetTyping {
    /// The operator's name; none from the widget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// True while typing; ends by itself after 5 s without a repetition.
    pub typing: bool,
}

/// Everything up to this message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upto {
    /// A message `no`.
    pub upto: u64,
}

/// Which fields the pre-chat form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreChat {
    /// No form.
    #[default]
    None,
    /// The name.
    Name,
    /// The e-mail address.
    Email,
    /// Both.
    NameAndEmail,
}

/// How a channel's widget looks and greets. Every text is plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WidgetConfig {
    /// The panel's title: the company's name.
    pub title: String,
    /// Shown as the first bubble before anything is written; empty for none.
    pub greeting: String,
    /// Which fields the pre-chat form asks for.
    pub pre_chat: PreChat,
    /// Shown above the form's button; empty for none.
    pub consent: String,
    /// The accent colour, `#rrggbb`; empty for the default.
    pub color: String,
    /// Whether a visitor outside the hours is asked for an e-mail address together with the message.
    pub offline_form: bool,
    /// Shown outside the hours instead of the greeting; empty for the widget's own words.
    pub offline_text: String,
    /// Whether a visitor is asked for a rating after an ended session.
    pub rating: bool,
}

impl Default for WidgetConfig {
    fn default() -> Self {
        Self {
            title: String::new(),
            greeting: String::new(),
            pre_chat: PreChat::None,
            consent: String::new(),
            color: String::new(),
            offline_form: true,
            offline_text: String::new(),
            rating: true,
        }
    }
}

/// Whether somebody is there to answer, by the hours of the queue that the channel leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetHours {
    /// Whether it is within the hours now. Always, where there are none.
    pub open: bool,
    /// When that changes next; none when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_at: Option<UnixMillis>,
}

/// The answer to a widget's `hello`; the messages after `after` follow as `message` frames.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetWelcome {
    /// The server's log. When it is not the one the widget knows, its messages are to be dropped: all come again.
    pub feed_id: FeedId,
    /// The visitor.
    pub visitor: VisitorId,
    /// The token of a new visitor, to be kept in the host page's own storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// How the channel's widget looks and greets.
    pub config: WidgetConfig,
    /// Whether the visitor has given what the pre-chat form asks for.
    pub known: bool,
    /// Whether the visitor has given an e-mail address, which the form outside the hours asks for.
    #[serde(default)]
    pub has_email: bool,
    /// Whether somebody is there to answer.
    pub hours: WidgetHours,
    /// The highest message `no` of the conversation; 0 when there is none yet.
    pub last_no: u64,
    /// The highest message `no` that the visitor has read.
    pub read_upto: u64,
    /// The client sends something at least this often; either side gives up after one and a half of it in silence.
    pub heartbeat_ms: u64,
    /// The server's clock.
    pub now: UnixMillis,
}

impl std::fmt::Debug for WidgetWelcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WidgetWelcome")
            .field("visitor", &self.visitor)
            .field("last_no", &self.last_no)
            .finish_non_exhaustive()
    }
}

/// Who wrote a message, as a visitor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WidgetAuthor {
    /// The visitor, in this tab or another.
    Visitor,
    /// A member of staff.
    Operator {
        /// The name.
        name: String,
    },
    /// The company: an out-of-office reply, or something that happened by itself.
    System,
}

/// What happened, as a visitor sees it: a line of the conversation without a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WidgetEvent {
    /// Somebody answers from now on.
    Joined {
        /// The operator's name.
        name: String,
    },
    /// The conversation was passed on.
    PassedOn {
        /// The name of the operator who goes on; none when a queue or group does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The session was ended. A rating may follow.
    Ended,
    /// The visitor rated the session.
    Rated {
        /// 1 to 5.
        stars: u8,
    },
}

/// A message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetMessage {
    /// Its place in the conversation: rising, but not without gaps, for staff's notes have numbers too.
    pub no: u64,
    /// For the visitor's own messages the widget's id, otherwise the server's.
    pub id: MessageId,
    /// Who wrote it.
    pub author: WidgetAuthor,
    /// The text; empty when something happened.
    pub text: String,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<WidgetEvent>,
    /// When the server stored it.
    pub sent_at: UnixMillis,
    /// How far it got.
    pub status: MessageStatus,
}

/// The visitor's message is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetAccepted {
    /// The widget's id of it.
    pub id: MessageId,
    /// Its place in the conversation.
    pub no: u64,
    /// When the server stored it.
    pub sent_at: UnixMillis,
}

/// The visitor's message cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetRefused {
    /// The widget's id of it.
    pub id: MessageId,
    /// Why.
    pub code: ErrorCode,
}

/// Messages of one direction got further on their way, for all with `from <= no <= upto`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetStatus {
    /// Whose messages: true for those of staff, false for the visitor's.
    pub outbound: bool,
    /// The first message.
    pub from: u64,
    /// The last message.
    pub upto: u64,
    /// The status they have at least.
    pub status: MessageStatus,
}

//! A chat's row, as every user who sees the chat gets it, and the part that differs by user.

use serde::{Deserialize, Serialize};

use crate::UnixMillis;
use crate::contact::Contact;
use crate::ids::{ChannelId, ChatId, GroupId, LabelId, QueueId, UserId};
use crate::message::Message;
use crate::transfer::TransferTarget;

/// The kind of account that a customer writes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// The website widget.
    LiveChat,
    /// WhatsApp.
    Whatsapp,
    /// Facebook Messenger.
    Messenger,
    /// SMS and MMS.
    Sms,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: &'static [ChannelKind] =
        &[ChannelKind::LiveChat, ChannelKind::Whatsapp, ChannelKind::Messenger, ChannelKind::Sms];

    /// The kind as it stands in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            ChannelKind::LiveChat => "live_chat",
            ChannelKind::Whatsapp => "whatsapp",
            ChannelKind::Messenger => "messenger",
            ChannelKind::Sms => "sms",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<ChannelKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// Who has the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatState {
    /// Offered to its candidates; the first reply or Take owns it.
    Waiting,
    /// One user continues it.
    Owned,
    /// Its last session was ended: nobody owns it, and its last owner goes on reading it.
    Closed,
    /// Between staff: it has members, and neither owner nor session. No customer's row is of this state.
    Internal,
}

impl ChatState {
    /// The state as it stands in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            ChatState::Waiting => "waiting",
            ChatState::Owned => "owned",
            ChatState::Closed => "closed",
            ChatState::Internal => "internal",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<ChatState> {
        [ChatState::Waiting, ChatState::Owned, ChatState::Closed, ChatState::Internal]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// The row of a customer's chat: the same for every user who sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// Rises at every change of this row; an older one than the stored is ignored.
    pub rev: u64,
    /// The channel it came through.
    pub channel: ChannelId,
    /// The kind of that channel, so that a list draws its icon without a look-up.
    pub channel_kind: ChannelKind,
    /// The queue it waits in or was taken from; none when it was offered to users directly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// The group it waits in or was taken from, when it was offered to a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// The customer.
    pub contact: Contact,
    /// Who has it.
    pub state: ChatState,
    /// The user who continues it, when `owned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// Rises by one at every change of owner, also to none.
    pub owner_epoch: u64,
    /// Since when it waits, when `waiting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<UnixMillis>,
    /// The number of its present or last session, from 1. A row from before there were sessions is of the first.
    #[serde(default = "first_session")]
    pub session: u64,
    /// Its labels, in the order in which they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelId>,
    /// Where the visitor of a website chat was when writing last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<Visit>,
}

/// What is known of a website visitor beside the contact. Nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Visit {
    /// The page on which the chat stands: an http(s) address without its fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The page from which the visitor came to the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The browser and its system, in a few words: `Firefox 132, Windows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// The network address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A chat between staff: direct, between two, or a named group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalChat {
    /// Its id; of a direct chat [`ChatId::direct`].
    pub id: ChatId,
    /// Rises at every change of this row; an older one than the stored is ignored.
    pub rev: u64,
    /// The group's name; none in a direct chat, which each side shows under the other's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The members, in the order in which they joined. A direct chat always has its two.
    pub members: Vec<UserId>,
}

impl InternalChat {
    /// Whether it is a chat of two.
    pub const fn is_direct(&self) -> bool {
        self.name.is_none()
    }
}

const fn first_session() -> u64 {
    1
}

/// What one user has of a chat beside its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UserChat {
    /// The highest message `no` that the user has read, on any device; 0 when none.
    pub read_upto: u64,
    /// Whether the user moved it out of Recents.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// Whether the user does not want to see it while it waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
    /// Until when the user does not want to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<UnixMillis>,
}

impl UserChat {
    /// What a customer's message does to it, and a colleague's text in a staff chat: the chat is back in Recents. Whoever
    /// applies such a message does this; no event says so.
    #[must_use]
    pub const fn woken(self) -> UserChat {
        UserChat { read_upto: self.read_upto, archived: false, ignored: false, snoozed_until: None }
    }
}

/// A chat with its newest messages, oldest first: what opens a chat on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedChat {
    /// The row.
    pub chat: Chat,
    /// The newest messages, at most [`crate::limits::OPENED_MESSAGES`], oldest first.
    pub messages: Vec<Message>,
    /// Whether the server has older ones, to be had by `fetch`.
    pub more: bool,
}

/// A staff chat with its newest messages, oldest first. Of a group a member gets what was written from joining on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedInternal {
    /// The row.
    pub internal: InternalChat,
    /// The newest messages, at most [`crate::limits::OPENED_MESSAGES`], oldest first.
    pub messages: Vec<Message>,
    /// Whether the server has older ones for this user, to be had by `fetch`.
    pub more: bool,
}

/// The line without content that stays in the Archive of the user who passed a chat on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOn {
    /// The chat, which this user no longer sees.
    pub chat: ChatId,
    /// The kind of its channel.
    pub channel_kind: ChannelKind,
    /// The contact's name at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// To whom.
    pub to: TransferTarget,
    /// The name of the user, queue or group at that time.
    pub to_name: String,
    /// When.
    pub at: UnixMillis,
}

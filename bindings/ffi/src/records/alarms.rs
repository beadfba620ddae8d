use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{BlockId, ChatId};

use super::{ChannelKind, mirror, time};

mirror! {
    /// What is wrong with a waiting chat.
    AlarmKind {
        /// It is offered to nobody: no route, no members, or nobody is available.
        Unattended,
        /// All to whom it was offered ignored it; by now it may be offered to more.
        Ignored,
        /// Something of a newer server: show that nobody looks after the chat.
        Unknown,
    }
}

/// A waiting chat that nobody looks after, for those who manage its queue or channel. It says nothing of the customer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AlarmRow {
    /// The chat, which need not be on this device.
    pub chat: ChatId,
    /// What is wrong.
    pub kind: AlarmKind,
    /// The name of the channel it came through.
    pub channel_name: Option<String>,
    /// That channel's kind, where it is known, for the icon.
    pub channel_kind: Option<ChannelKind>,
    /// The name of the queue it waits in.
    pub queue_name: Option<String>,
    /// Since when, by the server's clock.
    pub since: SystemTime,
}

impl From<core::AlarmRow> for AlarmRow {
    fn from(row: core::AlarmRow) -> Self {
        Self {
            chat: row.chat,
            kind: row.kind.into(),
            channel_name: row.channel_name,
            channel_kind: row.channel_kind.map(ChannelKind::from),
            queue_name: row.queue_name,
            since: time(row.since),
        }
    }
}

/// A block in force.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct BlockRow {
    /// What `lift_block` takes.
    pub id: BlockId,
    /// The address that can no longer write: an IPv4 address, or an IPv6 network of 64 bits.
    pub address: String,
    /// How many visitors wrote from it.
    pub visitors: u32,
    /// The chat because of which it was set.
    pub chat: ChatId,
    /// The name of that chat's channel. The block holds on every website channel.
    pub channel_name: Option<String>,
    /// The name of the user who set it.
    pub by_name: Option<String>,
    /// When, by the server's clock.
    pub created_at: SystemTime,
    /// Until when it holds, by the server's clock.
    pub expires_at: SystemTime,
}

impl From<core::BlockRow> for BlockRow {
    fn from(row: core::BlockRow) -> Self {
        Self {
            id: row.id,
            address: row.address,
            visitors: row.visitors,
            chat: row.chat,
            channel_name: row.channel_name,
            by_name: row.by_name,
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
        }
    }
}

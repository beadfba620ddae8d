//! Blocked visitors: what managers see of them, and how many visitors an address stands for.

use serde::{Deserialize, Serialize};

use crate::UnixMillis;
use crate::ids::{BlockId, ChannelId, ChatId, UserId};

/// `GET`: the blocks in force that this user may see, as an array of [`BlockRow`]. `DELETE` on `/v1/blocks/{id}` lifts
/// one.
pub const BLOCKS_PATH: &str = "/v1/blocks";
/// `GET` on `/v1/chats/{id}/sharing`: [`Sharing`], for who sees the chat.
pub const CHATS_PATH: &str = "/v1/chats";

/// A block in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRow {
    /// Its id.
    pub id: BlockId,
    /// The address that can no longer write: an IPv4 address, or an IPv6 network of 64 bits.
    pub address: String,
    /// How many visitors wrote from it.
    pub visitors: u32,
    /// The chat because of which it was set.
    pub chat: ChatId,
    /// That chat's channel. The block holds on every website channel.
    pub channel: ChannelId,
    /// Who set it.
    pub by: UserId,
    /// When.
    pub created_at: UnixMillis,
    /// Until when it holds.
    pub expires_at: UnixMillis,
}

/// How many visitors a block of a chat's visitor would shut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// Visitors of the last 30 days who wrote from the same address, this one among them.
    pub visitors: u32,
}

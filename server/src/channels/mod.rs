//! The kinds of channels. What belongs to one kind alone stays in its folder.

pub mod live_chat;
pub mod stub;

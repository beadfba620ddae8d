//! The local store.
use std::collections::HashSet;
use switchboard_protocol::ids::ChatId;
#[derive(Default, Clone, Debug)]
pub(crate) struct Changes {
    pub(crate) chats: HashSet<ChatId>,
    pub(crate) all: bool,
}
impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.chats.is_empty() && !self.all
    }
    pub(crate) fn merge(&mut self, other: Changes) {
        self.chats.extend(other.chats);
        self.all |= other.all;
    }
}
pub(crate) struct Store;

use switchboard_protocol::ids::ChatId;

use super::list::{Loaded, Source};
use crate::error::Result;
use crate::model::{InboxFilter, InboxOrder, InboxRow};
use crate::store::inbox::{self, Place};
use crate::store::{Changes, Store};

/// Rows that a window starts with.
pub(super) const WINDOW: u32 = 50;

/// Which rows an inbox list shows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum InboxScope {
    /// Recents.
    Recents(InboxFilter, InboxOrder),
    /// The Archive.
    Archive,
    /// One chat, for its own screen.
    Chat(ChatId),
}

pub(crate) struct InboxSource {
    scope: InboxScope,
    limit: usize,
    floor: Option<Place>,
}

impl InboxSource {
    pub(crate) fn new(scope: InboxScope) -> Self {
        Self { scope, limit: WINDOW as usize, floor: None }
    }
}

impl Source<InboxRow> for InboxSource {
    fn load(&mut self, store: &Store) -> Result<Loaded<InboxRow>> {
        match self.scope {
            InboxScope::Recents(filter, order) => {
                let (rows, floor, more) = store.read(|db| inbox::window(db, filter, order, self.limit, self.floor))?;
                self.floor = floor;
                Ok(Loaded { rows, gone: false, fetch: false, more })
            }
            InboxScope::Archive => {
                // Of one moment: a chat that was just passed on is a chat or a line, never both.
                let (rows, floor, more) = store.read_consistent(|db| inbox::archive(db, self.limit, self.floor))?;
                self.floor = floor;
                Ok(Loaded { rows, gone: false, fetch: false, more })
            }
            InboxScope::Chat(chat) => {
                let row = store.read(|db| inbox::one(db, chat))?;
                Ok(Loaded { gone: row.is_none(), rows: row.into_iter().collect(), fetch: false, more: false })
            }
        }
    }

    fn concerns(&self, changes: &Changes) -> bool {
        match self.scope {
            InboxScope::Recents(..) | InboxScope::Archive => {
                changes.all || changes.names || !changes.chats.is_empty() || !changes.gone.is_empty()
            }
            InboxScope::Chat(chat) => changes.all || changes.names || changes.chats.contains(&chat),
        }
    }

    fn closes(&self, changes: &Changes) -> bool {
        matches!(self.scope, InboxScope::Chat(chat) if changes.gone.contains(&chat))
    }

    fn extend(&mut self, n: u32) {
        self.limit = self.limit.saturating_add(n as usize);
    }

    fn extend_newer(&mut self, _n: u32) {
        // The inbox always shows its top.
    }
}

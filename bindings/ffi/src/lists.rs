//! The list handles. A list arrives as changes, applied in order, an index counting in the list as it is at that step; a
//! move is a removal and an insertion in one batch. The first delivery is always a reset, through the same callback,
//! before `subscribe` returns. A handle is a window that starts with the newest 50 rows and grows by `extend`.

use std::sync::Arc;

use switchboard_core as core;

use crate::errors::SwitchboardError;
use crate::listeners::{Bridge, ListenerError, Subscription, note};
use crate::records::{AlarmRow, InboxRow, TimelineRow, UnsentRow};
use crate::runtime::complete_blocking;

/// UniFFI knows no generics: one handle, one listener and one pair of change types a kind of row.
macro_rules! list {
    (
        $(#[$doc:meta])* $handle:ident of $row:ident,
        $change:ident, $update:ident, $listener:ident, $name:literal
    ) => {
        /// One step of the list.
        #[derive(Clone, PartialEq, Eq, uniffi::Enum)]
        pub enum $change {
            /// Everything is replaced.
            Reset {
                /// The rows.
                rows: Vec<$row>,
            },
            /// A row comes in before the one at this index.
            Insert {
                /// Its place.
                index: u32,
                /// The row.
                row: $row,
            },
            /// The row at this index is drawn anew.
            Update {
                /// Its place.
                index: u32,
                /// The row.
                row: $row,
            },
            /// The row at this index goes.
            Remove {
                /// Its place.
                index: u32,
            },
        }

        impl From<core::ListChange<core::$row>> for $change {
            fn from(change: core::ListChange<core::$row>) -> Self {
                match change {
                    core::ListChange::Reset { rows } => {
                        Self::Reset { rows: rows.into_iter().map($row::from).collect() }
                    }
                    core::ListChange::Insert { index, row } => Self::Insert { index, row: row.into() },
                    core::ListChange::Update { index, row } => Self::Update { index, row: row.into() },
                    core::ListChange::Remove { index } => Self::Remove { index },
                }
            }
        }

        /// What one delivery brings.
        #[derive(Clone, PartialEq, Eq, uniffi::Record)]
        pub struct $update {
            /// Rises by one with every delivery of one subscription.
            pub revision: u64,
            /// What changed, in order.
            pub changes: Vec<$change>,
            /// This is the last delivery: what the list showed has left this device.
            pub closed: bool,
        }

        impl From<core::ListUpdate<core::$row>> for $update {
            fn from(update: core::ListUpdate<core::$row>) -> Self {
                Self {
                    revision: update.revision,
                    changes: update.changes.into_iter().map($change::from).collect(),
                    closed: update.closed,
                }
            }
        }

        /// Told of the list's changes.
        #[uniffi::export(foreign)]
        pub trait $listener: Send + Sync {
            /// The list changed.
            fn on_update(&self, update: $update) -> Result<(), ListenerError>;
        }

        impl core::ListListener<core::$row> for Bridge<dyn $listener> {
            fn on_update(&self, update: core::ListUpdate<core::$row>) {
                note($name, self.0.on_update(update.into()));
            }
        }

        $(#[$doc])*
        #[derive(uniffi::Object)]
        pub struct $handle(pub(crate) core::$handle);

        #[uniffi::export]
        impl $handle {
            /// Calls the listener with all rows now, before this returns, and with every change from then on. The
            /// subscription keeps the list going; this handle is not needed for that.
            pub fn subscribe(&self, listener: Arc<dyn $listener>) -> Result<Arc<Subscription>, SwitchboardError> {
                Ok(Subscription::of_list(self.0.clone(), self.0.subscribe(Arc::new(Bridge(listener)))))
            }

            /// Widens the window by this many rows at its far end: the bottom of an inbox, the older end of a timeline,
            /// which asks the server for what this device does not have. The rows arrive as an update.
            pub async fn extend(&self, rows: u32) -> Result<(), SwitchboardError> {
                let list = self.0.clone();
                complete_blocking(move || list.extend(rows)).await
            }

            /// Whether there is more beyond the window's far end, on this device or on the server.
            pub async fn has_more(&self) -> Result<bool, SwitchboardError> {
                let list = self.0.clone();
                complete_blocking(move || Ok::<_, SwitchboardError>(list.has_more())).await
            }
        }
    };
}

list! {
    /// The chats of Recents, or of the Archive.
    InboxList of InboxRow, InboxChange, InboxUpdate, InboxListener, "inbox"
}

list! {
    /// The messages of one chat, oldest first.
    TimelineList of TimelineRow, TimelineChange, TimelineUpdate, TimelineListener, "timeline"
}

list! {
    /// This user's texts that did not reach their customers, newest first.
    UnsentList of UnsentRow, UnsentChange, UnsentUpdate, UnsentListener, "unsent"
}

list! {
    /// Waiting chats that nobody looks after, the oldest first.
    AlarmList of AlarmRow, AlarmChange, AlarmUpdate, AlarmListener, "alarms"
}

#[uniffi::export]
impl TimelineList {
    /// Widens a timeline that was opened around a message by this many rows at its newer end.
    pub async fn extend_newer(&self, rows: u32) -> Result<(), SwitchboardError> {
        let list = self.0.clone();
        complete_blocking(move || list.extend_newer(rows)).await
    }
}

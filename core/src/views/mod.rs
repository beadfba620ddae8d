//! Live windows over the store, as list changes.
//!
//! After each commit the hub's thread asks every list that somebody watches whether the commit matters to it, reads
//! that list's window again (50 rows along an index) and sends the difference by id. So a list never shows what the
//! store does not hold, and no change is computed for an event that is overtaken within the same batch.

mod alarms;
mod desk;
mod diff;
mod hub;
mod inbox;
mod list;
mod notifications;
mod outlet;
mod timeline;
mod unsent;
mod work;

pub use desk::{DeskListener, DeskPart};
pub use hub::{CommandListener, ConnectionListener, TypingListener};
pub use list::{AlarmList, InboxList, List, ListListener, ListRow, ListUpdate, TimelineList, UnsentList};
pub use notifications::NotificationListener;
pub use outlet::Subscription;
pub use work::WorkListener;

pub use diff::ListChange;

pub(crate) use alarms::AlarmSource;
pub(crate) use desk::DeskWatch;
pub(crate) use hub::{Hub, Watch};
pub(crate) use inbox::{InboxScope, InboxSource};
pub(crate) use list::Source;
pub(crate) use timeline::TimelineSource;
pub(crate) use unsent::UnsentSource;
pub(crate) use work::WorkWatch;

//! All that an operator's phone knows and does.
//!
//! A [`Core`] is one signed-in device: a local SQLite store that answers every read without a network, a sync engine
//! that keeps it equal to the server's log, and an outbox that carries the user's actions to the server exactly once.
//! Apps see it as lists that change ([`InboxList`], [`TimelineList`], [`UnsentList`]), commands that return as soon as
//! they are durable, and a connection state.
//!
//! There is no user interface, no foreign-function interface and no server code in here. `bindings/ffi` converts this
//! surface for Swift and Kotlin, `core/examples/operator` uses it as it is.

mod clock;
mod engine;
mod error;
mod http;
mod information;
pub mod model;
mod notifying;
mod outbox;
mod shared;
mod store;
mod sync;
mod templates;
#[cfg(test)]
mod testing;
mod views;

pub use clock::{Clock, SystemClock};
#[doc(hidden)]
pub use engine::by_hand;
pub use engine::{Core, CoreConfig};
pub use error::{CoreError, StorageProblem};
pub use model::*;
pub use views::{
    AlarmList, CommandListener, ConnectionListener, DeskListener, DeskPart, InboxList, List, ListChange, ListListener,
    ListRow, ListUpdate, NotificationListener, Subscription, TimelineList, TypingListener, UnsentList, WorkListener,
};

pub use switchboard_protocol::chat::{ChannelKind, ChatState};
pub use switchboard_protocol::collection::{AlarmKind, Presence, Role};
pub use switchboard_protocol::contact::IdentityKind;
pub use switchboard_protocol::device::{Platform, SignedInUser};
pub use switchboard_protocol::event::GoneReason;
pub use switchboard_protocol::hours::{Interval, WeekHours};
pub use switchboard_protocol::ids::{
    BlockId, ChatId, CommandId, ContactId, GroupId, LabelId, MessageId, NoteId, QueueId, TemplateId, UserId,
};
pub use switchboard_protocol::limits::{STALE_MS, UNDO_MS};
pub use switchboard_protocol::message::{MessageKind, MessageStatus, ReleaseReason};
pub use switchboard_protocol::template::{Template, VARIABLES};
pub use switchboard_protocol::transfer::TransferTarget;
pub use switchboard_protocol::{ErrorCode, UnixMillis};
